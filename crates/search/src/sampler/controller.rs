//! The controller of `radars-controller` as a sampler.

use super::{Proposal, Sampler, SamplerState};
use crate::{ControllerConfig, Error, Policy, Result};
use radars_controller::{Controller, ControllerSettings};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu, CpuSpec, Isa, Region};

/// A controller on an arena of its own, exactly as large as it needs.
///
/// It always computes portably: its tensors are tiny, and the search does not depend on the device then.
fn controller(
    config: &ControllerConfig,
    decisions: &[usize],
    seed: Seed,
) -> Result<Controller<Cpu>> {
    let base = match config.policy {
        Policy::Lstm => ControllerSettings::lstm(),
        Policy::Logits => ControllerSettings::logits(),
    };
    let settings = ControllerSettings {
        hidden: config.hidden,
        rate: config.rate,
        baseline_decay: config.baseline_decay,
        entropy_weight: config.entropy,
        ..base
    };
    let bytes = Controller::<Cpu>::arena_bytes(CpuSpec::new(Isa::Portable), decisions, settings)?;
    let region = Region::reserve(Cpu::with_isa(1, Isa::Portable)?, bytes)?;
    let seed = seed.derive("controller", 0);
    Ok(Controller::new(
        &Arena::new(region),
        decisions,
        settings,
        seed,
    )?)
}

/// A controller that samples and learns.
pub(crate) struct Learner(Controller<Cpu>);

impl Learner {
    /// As [`controller`].
    pub fn new(config: &ControllerConfig, decisions: &[usize], seed: Seed) -> Result<Self> {
        Ok(Learner(controller(config, decisions, seed)?))
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
