//! The seam between the search and what measures architectures.

use crate::{Event, Fidelity, Memory, Observer, Result, StopSignal};
use radars_space::{Architecture, Candidate};
use radars_supernet::Plan;

/// Who watches, and who may ask to stop, while something is measured.
pub struct Watch<'a> {
    /// Is told what happens.
    pub observer: &'a mut dyn Observer,
    /// Asks to stop.
    pub stop: &'a StopSignal,
}

impl Watch<'_> {
    /// Passes an event on.
    ///
    /// # Errors
    /// The observer's.
    pub fn event(&mut self, event: Event) -> Result<()> {
        self.observer.event(&event)
    }
}

/// A training to be done.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// What to train.
    pub architecture: &'a Architecture,
    /// How thoroughly.
    pub fidelity: Fidelity,
    /// Which architecture of the run it is: random numbers derive from it and the fidelity.
    pub number: u64,
    /// Its plan.
    pub plan: Plan,
}

/// What a training found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Accuracy on the rewards split; on the test set for [`Fidelity::Final`].
    pub accuracy: f64,
    /// The memory it took.
    pub memory: Memory,
    /// A hash of the trained weights.
    pub weights: String,
}

/// A differentiable search to be done.
#[derive(Clone, Copy, Debug)]
pub struct Exploitation<'a> {
    /// The candidates of every layer.
    pub candidates: &'a [Vec<Candidate>],
    /// Iteration of Algorithm 1: random numbers derive from it.
    pub iteration: usize,
    /// The SuperNet's plan.
    pub plan: Plan,
}

/// What a differentiable search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Exploited {
    /// The candidates with the largest mixing weights.
    pub architecture: Architecture,
    /// The memory it took.
    pub memory: Memory,
    /// A hash of the SuperNet's weights.
    pub weights: String,
}

/// Measures architectures: by training them, or by whatever knows better.
pub trait Evaluator {
    /// The bound on memory.
    fn bound_bytes(&self) -> usize;

    /// What training an architecture within the search needs.
    ///
    /// # Errors
    /// When the architecture does not belong to the space.
    fn plan(&self, architecture: &Architecture) -> Result<Plan>;

    /// What the final training of an architecture needs.
    ///
    /// # Errors
    /// When the architecture does not belong to the space.
    fn plan_final(&self, architecture: &Architecture) -> Result<Plan>;

    /// What the SuperNet of these candidates needs.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn plan_supernet(&self, candidates: &[Vec<Candidate>]) -> Result<Plan>;

    /// Trains and measures an architecture; none when it was asked to stop.
    ///
    /// # Errors
    /// Those of training.
    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>>;

    /// Trains a SuperNet and derives an architecture; none when it was asked to stop.
    ///
    /// # Errors
    /// Those of training.
    fn exploit(
        &mut self,
        exploitation: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>>;

    /// Paths through the SuperNet of these candidates that it can tell apart.
    fn paths(&self, candidates: &[Vec<Candidate>]) -> f64;
}
