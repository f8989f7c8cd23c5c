//! What a phase of a search has around it: who watches, who may ask to stop, where it went on from.

use crate::phase::PhaseState;
use crate::{Event, NetworkState, Observer, Result, Stop, StopSignal, Trained};
use radars_tensor::Stats;
use serde::{Deserialize, Serialize};

/// The lines of work of a search. Each goes on from its own checkpoint, so the two that can run side by side
/// need not wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The run as a whole: its start, its end, the final training.
    Run,
    /// Architectures are sampled and measured.
    Exploration,
    /// The best of them are trained to convergence and searched among by gradient.
    Exploitation,
}

impl Phase {
    /// All of them.
    pub const ALL: [Phase; 3] = [Phase::Run, Phase::Exploration, Phase::Exploitation];
}

/// What a checkpoint takes in, each time a phase has got a step further.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a> {
    /// A unit of work is done: all that the phase knows. The network that was in training is history.
    Phase(&'a PhaseState),
    /// An epoch is done: the network in training.
    Network(&'a NetworkState),
}

/// Who watches a phase, and who may ask it to stop.
pub struct Watch<'a> {
    phase: Phase,
    observer: &'a mut dyn Observer,
    stop: &'a StopSignal,
    resumed: &'a mut Option<NetworkState>,
}

impl<'a> Watch<'a> {
    /// A watch over `phase`; `resumed` is the network that was in training when the run was left, until its
    /// training asks for it.
    pub fn new(
        phase: Phase,
        observer: &'a mut dyn Observer,
        stop: &'a StopSignal,
        resumed: &'a mut Option<NetworkState>,
    ) -> Self {
        Watch {
            phase,
            observer,
            stop,
            resumed,
        }
    }

    /// Passes an event on.
    ///
    /// # Errors
    /// The observer's.
    pub fn event(&mut self, event: Event) -> Result<()> {
        self.observer.event(self.phase, &event)
    }

    /// Says that batch `done` of `of` of an epoch is done.
    pub fn batch(&mut self, done: usize, of: usize, memory: Stats) {
        self.observer.batch(self.phase, done, of, memory);
    }

    /// Why to stop now; none to go on.
    pub fn stop(&self) -> Option<Stop> {
        self.stop.reason()
    }

    /// Has an epoch of a training taken into the checkpoint.
    ///
    /// # Errors
    /// The observer's.
    pub fn keep_network(&mut self, network: &NetworkState) -> Result<()> {
        self.observer.keep(self.phase, Kept::Network(network))
    }

    /// Hands on the network that a final training came to, once it is measured.
    ///
    /// # Errors
    /// The observer's.
    pub fn trained(&mut self, trained: &Trained<'_>) -> Result<()> {
        self.observer.trained(self.phase, trained)
    }

    /// The network of this work when it was in training as the run was left; only once.
    pub fn take_network(&mut self, work: &str) -> Option<NetworkState> {
        self.resumed.take_if(|network| network.work == work)
    }

    /// Has a finished unit of work taken into the checkpoint.
    pub(crate) fn keep(&mut self, state: &PhaseState) -> Result<()> {
        self.observer.keep(self.phase, Kept::Phase(state))
    }
}
