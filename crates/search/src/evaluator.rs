//! The seam between the search and what measures architectures.

use crate::{DnasConfig, Error, Fidelity, Memory, OneShotEvaluator, Result, Watch};
use radars_space::{Architecture, Candidate};
use radars_supernet::nn::SavedParameter;
use radars_supernet::{Mixing, Plan, StepSize, Traffic};

/// The images that an evaluator measures with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataSizes {
    /// Images in the weights, alpha and rewards splits, and in the test set; all are weights where nothing is
    /// searched for.
    pub images: [usize; 4],
    /// Host memory that they take, outside the bound.
    pub bytes: usize,
}

/// A training to be done.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// What to train.
    pub architecture: &'a Architecture,
    /// How thoroughly. Random numbers derive from the run's seed, the architecture and this.
    pub fidelity: Fidelity,
    /// Its plan, which says in which micro-batches, and which layers are recomputed.
    pub plan: Plan,
}

/// What a training found.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Accuracy on the rewards split; on the test set for [`Fidelity::Final`].
    pub accuracy: f64,
    /// The same with the label among the five most likely classes; none of five classes or fewer.
    pub top5: Option<f64>,
    /// The memory it took.
    pub memory: Memory,
    /// A hash of the trained weights.
    pub weights: String,
}

/// A network at the end of its final training, as it was tested.
#[derive(Clone, Copy, Debug)]
pub struct Trained<'a> {
    /// What was trained.
    pub architecture: &'a Architecture,
    /// Weights and statistics, under the names that the child network gives them.
    pub parameters: &'a [SavedParameter],
}

/// A differentiable search to be done.
#[derive(Clone, Copy, Debug)]
pub struct Exploitation<'a> {
    /// The candidates of every layer.
    pub candidates: &'a [Vec<Candidate>],
    /// How the SuperNet holds their mixtures.
    pub mixing: Mixing,
    /// How long, and how.
    pub dnas: DnasConfig,
    /// Iteration of Algorithm 1: random numbers derive from it.
    pub iteration: usize,
    /// The SuperNet's plan, which says in which micro-batches, and which layers are recomputed.
    pub plan: Plan,
}

/// What a differentiable search found.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Exploited {
    /// The candidates with the largest mixing weights.
    pub architecture: Architecture,
    /// The memory it took.
    pub memory: Memory,
    /// A hash of the SuperNet's weights.
    pub weights: String,
    /// Seconds it took.
    pub seconds: f64,
}

/// A one-shot search to be done: weights shared by all paths are trained by one uniformly sampled path a
/// step, then paths are measured with the weights they inherit.
#[derive(Clone, Copy, Debug)]
pub struct Sharing<'a> {
    /// The candidates of every layer.
    pub candidates: &'a [Vec<Candidate>],
    /// Epochs of training.
    pub epochs: usize,
    /// What proposes the paths to measure.
    pub evaluator: OneShotEvaluator,
    /// Uniformly drawn paths: those to measure, unless something else proposes them, at most as many and for no more
    /// than what these cost.
    pub paths: &'a [Architecture],
}

/// What a one-shot search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Shared {
    /// The paths that were measured.
    pub paths: Vec<Architecture>,
    /// Accuracy of each of them with inherited weights, on the rewards split.
    pub accuracies: Vec<f64>,
    /// What it cost, at most [`Evaluator::sharing_cost`].
    pub spent: u64,
    /// The memory it took.
    pub memory: Memory,
    /// What was moved between host and device, because the weights of all candidates are kept on the host.
    pub traffic: Traffic,
    /// A hash of the shared weights.
    pub weights: String,
}

/// Measures architectures: by training them, or by whatever knows better.
///
/// What it cannot do it need not offer: the methods that would need it end with [`Error::Unsupported`].
pub trait Evaluator {
    /// The bound on memory.
    fn bound_bytes(&self) -> usize;

    /// What it measures with.
    fn data(&self) -> DataSizes {
        DataSizes::default()
    }

    /// What training an architecture needs, in steps of this kind.
    ///
    /// # Errors
    /// When the architecture does not belong to the space.
    fn plan(&self, architecture: &Architecture, fidelity: Fidelity, step: StepSize)
    -> Result<Plan>;

    /// What training and measuring an architecture costs, in the unit that budgets are counted in:
    /// multiply-accumulates, unless the evaluator says otherwise.
    ///
    /// # Errors
    /// When the architecture does not belong to the space.
    fn cost(&self, architecture: &Architecture, fidelity: Fidelity) -> Result<u64>;

    /// What it adds to [`Evaluator::cost`] to compute a layer again on the way back, for every layer; empty, where
    /// the evaluator does no such thing.
    ///
    /// # Errors
    /// When the architecture does not belong to the space.
    fn recomputation_cost(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
    ) -> Result<Vec<u64>> {
        let _ = (architecture, fidelity);
        Ok(Vec::new())
    }

    /// Trains and measures an architecture; none when it was asked to stop.
    ///
    /// # Errors
    /// Those of training.
    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>>;

    /// Whether measuring an architecture again says something new; else it is never measured twice.
    fn measures_anew(&self) -> bool {
        false
    }

    /// Whether it trains SuperNets; where it does not, RADARS leaves its differentiable search out, and says so.
    fn offers_supernets(&self) -> bool {
        true
    }

    /// What the SuperNet of these candidates needs, in steps of this kind.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn plan_supernet(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        step: StepSize,
    ) -> Result<Plan> {
        let _ = (candidates, mixing, step);
        Err(Error::Unsupported { what: "SuperNets" })
    }

    /// What a differentiable search costs.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn exploitation_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<u64> {
        let _ = (candidates, mixing, dnas);
        Err(Error::Unsupported { what: "SuperNets" })
    }

    /// What it adds to [`Evaluator::exploitation_cost`] to compute a layer of the SuperNet again on the way back,
    /// for every layer; empty, where the evaluator does no such thing.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn exploitation_recomputation_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<Vec<u64>> {
        let _ = (candidates, mixing, dnas);
        Ok(Vec::new())
    }

    /// Trains a SuperNet and derives an architecture; none when it was asked to stop.
    ///
    /// # Errors
    /// Those of training.
    fn exploit(
        &mut self,
        exploitation: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        let _ = (exploitation, watch);
        Err(Error::Unsupported { what: "SuperNets" })
    }

    /// What the largest path needs, with the weights of all others on the host.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn plan_sharing(&self, candidates: &[Vec<Candidate>]) -> Result<Plan> {
        let _ = candidates;
        Err(Error::Unsupported {
            what: "shared weights",
        })
    }

    /// What a one-shot search costs at most; less by no more than one path, where what is learned decides over paths,
    /// and [`Shared::spent`] says what it was.
    ///
    /// # Errors
    /// When the candidates do not belong to the space.
    fn sharing_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        let _ = sharing;
        Err(Error::Unsupported {
            what: "shared weights",
        })
    }

    /// Trains shared weights and measures paths with them; none when it was asked to stop.
    ///
    /// # Errors
    /// Those of training.
    fn share(&mut self, sharing: Sharing<'_>, watch: &mut Watch<'_>) -> Result<Option<Shared>> {
        let _ = (sharing, watch);
        Err(Error::Unsupported {
            what: "shared weights",
        })
    }
}
