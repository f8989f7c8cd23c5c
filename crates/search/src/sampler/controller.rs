//! The controller of `radars-controller` as a sampler.

use super::{Proposal, Sampler, SamplerState};
use crate::{Config, Error, Method, Problem, QuantnasController, Result};
use radars_controller::{Controller, ControllerSettings, Decisions};
use radars_space::{Decision, HyperParameter, Space};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu, CpuSpec, Isa, Region};

/// A controller on an arena of its own, exactly as large as it needs.
///
/// It always computes portably: its tensors are tiny, and the search does not depend on the device then.
pub(crate) fn portable_controller(
    decisions: impl Into<Decisions>,
    settings: ControllerSettings,
    seed: Seed,
) -> Result<Controller<Cpu>> {
    let (decisions, spec) = (decisions.into(), CpuSpec::new(Isa::Portable));
    let bytes = Controller::<Cpu>::arena_bytes(spec, decisions.clone(), settings)?;
    let region = Region::reserve(Cpu::with_isa(1, Isa::Portable)?, bytes)?;
    let arena = Arena::new(region);
    Ok(Controller::new(&arena, decisions, settings, seed)?)
}

/// How a method's controller learns.
fn settings(config: &Config) -> ControllerSettings {
    match (config.method, config.baselines.quantnas_controller) {
        (Method::Quantnas, QuantnasController::Published) => ControllerSettings::quantnas(),
        (Method::Quantnas, QuantnasController::PublishedAdam) => {
            ControllerSettings::quantnas_adam()
        }
        _ => config.controller.settings(),
    }
}

/// The decisions of a space; those of one hyper-parameter are alike.
fn decisions(space: &Space) -> Decisions {
    let kind = |decision: &Decision| {
        let mut kinds = HyperParameter::ALL.iter();
        kinds.position(|&kind| kind == decision.kind).unwrap_or(0)
    };
    let decisions = space.decisions();
    Decisions::grouped(decisions.iter().map(|d| (d.choices, kind(d))))
}

/// A controller that samples and learns.
pub(crate) struct Learner(Controller<Cpu>);

impl Learner {
    /// The controller of the problem's method.
    pub fn new(problem: &Problem) -> Result<Self> {
        let (settings, decisions) = (settings(&problem.config), decisions(&problem.space));
        let seed = Seed(problem.config.seed).derive("controller", 0);
        Ok(Learner(portable_controller(decisions, settings, seed)?))
    }
}

impl Sampler for Learner {
    fn propose(&mut self, episode: u64) -> Result<Option<Proposal>> {
        let sample = self.0.sample(episode)?;
        Ok(Some(Proposal {
            choices: sample.choices,
            entropy: Some(sample.entropy),
        }))
    }

    fn learn(&mut self, choices: &[usize], reward: f64) -> Result<Option<f64>> {
        Ok(Some(self.0.update(choices, reward)?.baseline))
    }

    fn state(&self) -> Result<SamplerState> {
        Ok(SamplerState::Controller(self.0.state()?))
    }

    fn restore(&mut self, state: &SamplerState) -> Result<()> {
        let SamplerState::Controller(state) = state else {
            return Err(Error::OtherMethod);
        };
        Ok(self.0.restore(state)?)
    }
}
