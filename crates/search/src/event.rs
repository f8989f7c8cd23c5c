//! What happens in a search, as it happens: the lines of `events.jsonl` and the food of progress bars.

use crate::{Method, SnRule};
use radars_space::Architecture;
use radars_supernet::{Mixing, Recompute, Traffic};
use serde::{Deserialize, Serialize};

/// How thoroughly an architecture was trained before it was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// Briefly, within an episode.
    Proxy,
    /// To convergence, on the search's own splits.
    Exact,
    /// From scratch on all training images, once, for the result.
    Final,
}

/// The memory of one network's training, planned and seen; or the most over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Most bytes in use at once, according to the plan.
    pub planned_peak_bytes: usize,
    /// Most bytes in use at once, in the run.
    pub actual_peak_bytes: usize,
    /// End of the highest range in use: the smallest bound that would have done.
    pub high_water_bytes: usize,
}

impl Memory {
    /// Takes another training's figures in: each becomes the larger of both.
    pub fn include(&mut self, other: Memory) {
        self.planned_peak_bytes = self.planned_peak_bytes.max(other.planned_peak_bytes);
        self.actual_peak_bytes = self.actual_peak_bytes.max(other.actual_peak_bytes);
        self.high_water_bytes = self.high_water_bytes.max(other.high_water_bytes);
    }

    /// Adds figures of another part of the memory: what may have been in use at once.
    pub(crate) fn add(&mut self, other: Memory) {
        self.planned_peak_bytes += other.planned_peak_bytes;
        self.actual_peak_bytes += other.actual_peak_bytes;
        self.high_water_bytes += other.high_water_bytes;
    }
}

/// Why a sampled or derived architecture was not trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Refusal {
    /// Its training does not fit the bound.
    OverBound {
        /// The smallest bound that would do.
        needed_bytes: usize,
        /// The bound.
        bound_bytes: usize,
    },
    /// It is over a hard limit.
    OverLimit {
        /// What is limited.
        what: String,
        /// The architecture's value.
        value: u64,
        /// The limit.
        limit: u64,
    },
}

/// One event of a search.
///
/// Iterations, episodes and epochs count from 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// The search begins.
    Started {
        /// The program's version.
        version: String,
        /// The device and its code path, on which the result may depend.
        device: String,
        /// How the search is done.
        method: Method,
        /// The bound.
        bound_bytes: usize,
        /// Host memory that the decoded data set takes, outside the bound.
        data_bytes: usize,
        /// Images in the weights, alpha and rewards splits, and in the test set.
        images: [usize; 4],
        /// Iterations at most.
        iterations: usize,
        /// Episodes of an exploration.
        episodes: usize,
    },
    /// A network's training begins.
    TrainingStarted {
        /// How thoroughly.
        fidelity: Fidelity,
        /// What is trained.
        architecture: Architecture,
        /// Epochs.
        epochs: usize,
        /// What the plan says it takes.
        planned_peak_bytes: usize,
        /// Images of a step on the device at once.
        micro_batch: usize,
        /// The layers that are computed again on the way back.
        recompute: Recompute,
    },
    /// A network was trained for an epoch.
    Epoch {
        /// How thoroughly.
        fidelity: Fidelity,
        /// Which epoch.
        epoch: usize,
        /// Mean training loss; none when it is not a number.
        loss: Option<f64>,
        /// Seconds it took.
        seconds: f64,
    },
    /// An episode of exploration is over.
    Episode {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// Which episode of this exploration.
        episode: usize,
        /// What was sampled.
        architecture: Architecture,
        /// Whether its reward was known already.
        repeated: bool,
        /// Accuracy on the rewards split; none when it was not trained.
        accuracy: Option<f64>,
        /// How thoroughly it was trained.
        fidelity: Fidelity,
        /// Adjusted operations.
        aops: u64,
        /// What the sampler learns from.
        reward: f64,
        /// Why it was not trained.
        refused: Option<Refusal>,
        /// Entropy of the policy that sampled it, in nats a decision; none where there is no such thing.
        entropy: Option<f64>,
        /// The moving average that the reward is compared with; none where there is no such thing.
        baseline: Option<f64>,
        /// The memory of its training.
        memory: Option<Memory>,
        /// What the search has spent so far: multiply-accumulates of training. Where each phase has its own
        /// memory: this phase, and the other as far as this one has heard of it.
        spent: u64,
        /// Seconds it took.
        seconds: f64,
    },
    /// One of the best architectures was trained to convergence.
    Retrained {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// Which of the best.
        rank: usize,
        /// The architecture.
        architecture: Architecture,
        /// Its proxy reward.
        proxy_reward: f64,
        /// Accuracy on the rewards split.
        accuracy: f64,
        /// Its reward at that accuracy.
        reward: f64,
        /// Adjusted operations.
        aops: u64,
        /// The memory of its training.
        memory: Memory,
        /// What the search has spent so far.
        spent: u64,
        /// Seconds it took.
        seconds: f64,
    },
    /// SN was chosen: the architectures that span the pruned SuperNet.
    Pruned {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// The rule that chose them; none for the whole space.
        rule: Option<SnRule>,
        /// The architectures, best exact reward first.
        architectures: Vec<Architecture>,
        /// How many of those that were chosen from are not among them.
        left_out: usize,
        /// Candidates a layer, duplicates removed.
        candidates: Vec<usize>,
        /// How the mixtures are held; none where no SuperNet fits.
        mixing: Option<Mixing>,
        /// Images of a step on the device at once; 0 where no SuperNet fits.
        micro_batch: usize,
        /// The layers that are computed again on the way back.
        recompute: Recompute,
        /// Paths through the SuperNet, as many as the mixing can tell apart.
        paths: f64,
        /// What the plan says it takes.
        planned_peak_bytes: usize,
        /// What the plan says the first architecture that did not fit would have needed; none when all did.
        refused_bytes: Option<usize>,
    },
    /// There is no differentiable search in this iteration.
    DnasSkipped {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// Why not.
        why: Skip,
    },
    /// The SuperNet was trained for an epoch.
    DnasEpoch {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// Which epoch, those of the warm-up included.
        epoch: usize,
        /// Whether architecture weights were trained.
        alpha_trained: bool,
        /// Mean loss of the weight steps; none when it is not a number.
        weight_loss: Option<f64>,
        /// Mean loss of the architecture steps; none when there were none or it is not a number.
        alpha_loss: Option<f64>,
        /// Softmax temperature.
        temperature: f64,
        /// Mixing weights without noise, by layer and vector.
        alpha: Vec<Vec<Vec<f32>>>,
        /// Seconds it took.
        seconds: f64,
    },
    /// DNAS is over.
    Derived {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// The candidates with the largest mixing weights.
        architecture: Architecture,
        /// Why it was not trained.
        refused: Option<Refusal>,
        /// Accuracy on the rewards split.
        accuracy: Option<f64>,
        /// Its reward.
        reward: Option<f64>,
        /// Adjusted operations.
        aops: u64,
        /// The memory of the SuperNet.
        supernet_memory: Memory,
        /// The memory of the derived architecture's training.
        memory: Option<Memory>,
        /// What the search has spent so far.
        spent: u64,
        /// Seconds that DNAS took.
        seconds: f64,
    },
    /// There is a new best architecture.
    Best {
        /// Iteration of Algorithm 1.
        iteration: usize,
        /// The architecture.
        architecture: Architecture,
        /// Its exact reward.
        reward: f64,
        /// Its accuracy on the rewards split.
        accuracy: f64,
        /// Its adjusted operations.
        aops: u64,
        /// What the search has spent so far.
        spent: u64,
    },
    /// The shared weights of a one-shot SuperNet were trained for an epoch.
    SharedEpoch {
        /// Which epoch.
        epoch: usize,
        /// Epochs in all.
        epochs: usize,
        /// Mean training loss; none when it is not a number.
        loss: Option<f64>,
        /// Seconds it took.
        seconds: f64,
    },
    /// Paths were measured with the shared weights they inherit.
    Screened {
        /// How many.
        paths: usize,
        /// The best of them.
        best: Architecture,
        /// Its accuracy with inherited weights.
        accuracy: f64,
        /// Its reward at that accuracy.
        reward: f64,
        /// The memory of the largest path.
        memory: Memory,
        /// What was moved between host and device for the weights.
        traffic: Traffic,
        /// What the search has spent so far.
        spent: u64,
        /// Seconds that training and measuring took.
        seconds: f64,
    },
    /// The run goes on from a checkpoint.
    Resumed {
        /// The checkpoint, as the number of its folder.
        checkpoint: String,
        /// Newer checkpoints that could not be used, with the reasons.
        refused: Vec<String>,
    },
    /// The search is over, and why; the final training follows.
    SearchEnded {
        /// Why.
        stop: Stop,
        /// Iterations done.
        iterations: usize,
        /// Seconds it took.
        seconds: f64,
    },
    /// The winner was trained from scratch and tested, once.
    Tested {
        /// The winner.
        architecture: Architecture,
        /// Accuracy on the test set.
        test_accuracy: f64,
        /// The memory of its training.
        memory: Memory,
        /// Seconds it took.
        seconds: f64,
    },
}

/// Why an iteration has no differentiable search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// SN has one candidate in every layer: there is nothing to choose.
    OnePath,
    /// An earlier iteration searched a SuperNet of the same candidates.
    SameSupernet,
    /// The evaluator has no SuperNets.
    NoSupernets,
}

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Skip::OnePath => "SN has one candidate in every layer",
            Skip::SameSupernet => "a SuperNet of the same candidates was searched before",
            Skip::NoSupernets => "the evaluator has no SuperNets",
        })
    }
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// All iterations are done.
    Iterations,
    /// The target reward was reached.
    Target,
    /// The budget is used up.
    Budget,
    /// The time limit was reached.
    TimeLimit,
    /// The user asked for it.
    Interrupted,
}
