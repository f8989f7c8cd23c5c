//! Samplers: which architecture an episode tries next.

mod controller;
mod evolution;
mod random;
mod uniform;

pub(crate) use controller::{Learner, portable_controller};
pub(crate) use evolution::Evolution;
pub(crate) use random::Random;
pub(crate) use uniform::Uniform;

pub use evolution::Individual;

use crate::{Error, Result};
use radars_controller::ControllerState;
use serde::{Deserialize, Serialize};

/// An architecture to try.
pub(crate) struct Proposal {
    /// One choice a decision.
    pub choices: Vec<usize>,
    /// Entropy of what it was drawn from, in nats a decision, where there is such a thing.
    pub entropy: Option<f64>,
}

/// Decides what an episode tries.
pub(crate) trait Sampler {
    /// What episode `episode` tries: a function of the seed, the episode and what was learned. None when there
    /// is nothing left to try.
    fn propose(&mut self, episode: u64) -> Result<Option<Proposal>>;

    /// Learns what it was worth; gives the average that it was compared with, where there is one.
    fn learn(&mut self, choices: &[usize], reward: f64) -> Result<Option<f64>> {
        let _ = (choices, reward);
        Ok(None)
    }

    /// All that was learned.
    fn state(&self) -> Result<SamplerState> {
        Ok(SamplerState::Nothing)
    }

    /// Goes on from a state.
    fn restore(&mut self, state: &SamplerState) -> Result<()> {
        match state {
            SamplerState::Nothing => Ok(()),
            _ => Err(Error::OtherMethod),
        }
    }
}

/// All that a sampler has learned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SamplerState {
    /// It does not learn.
    #[default]
    Nothing,
    /// A controller.
    Controller(ControllerState),
    /// A population, oldest first.
    Population(Vec<Individual>),
}
