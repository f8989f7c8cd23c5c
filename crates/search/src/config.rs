//! Everything that decides a search's result, as one value that is written down and read back.

mod auto;
mod baselines;
mod check;
mod controller;
mod data;
mod dnas;
mod search;
mod size;

pub use auto::{MicroBatch, MixingChoice, Recomputation, SnRule};
pub use baselines::{BaselineConfig, OneShotEvaluator, QuantnasController};
pub use controller::{ControllerConfig, Policy};
pub use data::{DataConfig, StreamConfig, Variety};
pub use dnas::{DnasConfig, DnasLoss};
pub use search::{Rewards, SearchConfig};

use crate::{Error, Fidelity, Result};
use bytesize::ByteSize;
use radars_space::{Architecture, Limits, Narrowing};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// How architectures are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// A controller explores and prunes, DNAS picks the winner in the pruned subspace, over and over.
    Radars,
    /// A controller alone, the published one or the project's own: the best child wins.
    Quantnas,
    /// DNAS over the whole space: one SuperNet of every candidate.
    Dnas,
    /// Weights shared by all paths, trained by one uniformly sampled path a step; then a search by validation, of paths
    /// that an evaluator proposes.
    OneShot,
    /// Random search.
    Random,
    /// Regularised evolution.
    Evolution,
    /// The same candidate in every layer: 3x3 kernels, each width of bits.
    Uniform,
    /// Not at all: the architecture is given, and only trained.
    Given,
}

impl Method {
    /// All that search.
    pub const ALL: [Method; 7] = [
        Method::Radars,
        Method::Quantnas,
        Method::Dnas,
        Method::OneShot,
        Method::Random,
        Method::Evolution,
        Method::Uniform,
    ];

    /// Its name, as on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Method::Radars => "radars",
            Method::Quantnas => "quantnas",
            Method::Dnas => "dnas",
            Method::OneShot => "one-shot",
            Method::Random => "random",
            Method::Evolution => "evolution",
            Method::Uniform => "uniform",
            Method::Given => "given",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the search space comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpaceSource {
    /// A built-in space.
    Preset(String),
    /// A space file; a relative path is one from the working directory.
    File(PathBuf),
}

/// A whole search. Every field reaches the result; how it is run (threads, progress) is not part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How architectures are searched for.
    pub method: Method,
    /// What is trained where nothing is searched for, with the method [`Method::Given`]; none with others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub architecture: Option<Architecture>,
    /// All randomness derives from it.
    pub seed: u64,
    /// The bound on device memory: weights, gradients, optimizer state, activations, scratch.
    #[serde(serialize_with = "size::exact")]
    pub memory: ByteSize,
    /// How a SuperNet holds its mixtures.
    pub mixing: MixingChoice,
    /// Images in a batch.
    pub batch: usize,
    /// Images of a step that are on the device at once: of children and SuperNets, not of shared weights; none
    /// for the whole batch, whatever the bound. Gradients add up to those of the whole batch; batch norms see
    /// micro-batches.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub micro_batch: Option<MicroBatch>,
    /// Whether layers of children and SuperNets may be computed again on the way back instead of being kept.
    #[serde(default)]
    pub recompute: Recomputation,
    /// Where the space comes from.
    pub space: SpaceSource,
    /// How the space is made smaller.
    #[serde(skip_serializing_if = "Narrowing::is_none", default)]
    pub narrow: Narrowing,
    /// What the search is done on.
    pub data: DataConfig,
    /// Accuracy against cost; what the space or preset says where nothing is set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reward: Option<RewardConfig>,
    /// Hard limits: an architecture over them is never trained.
    #[serde(default)]
    pub limits: Limits,
    /// Algorithm 1.
    pub search: SearchConfig,
    /// The other methods.
    #[serde(default)]
    pub baselines: BaselineConfig,
    /// The controller that explores.
    pub controller: ControllerConfig,
    /// Training of network weights, at every fidelity.
    pub training: TrainingConfig,
    /// The differentiable search in the pruned subspace.
    pub dnas: DnasConfig,
}

/// Eq. 2: `alpha * accuracy + (1 - alpha) * (1 - (AOPS - beta) / gamma)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewardConfig {
    /// Weight of the accuracy, between 0 and 1.
    pub alpha: f64,
    /// AOPS that cost nothing.
    pub beta: f64,
    /// AOPS over `beta` that cost the whole reward of the cost term.
    pub gamma: f64,
}

/// Training of network weights: SGD with Nesterov momentum, cosine to zero within each fidelity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Epochs of an episode's child network.
    pub proxy_epochs: usize,
    /// Epochs of re-training, and of the architecture that DNAS derives.
    pub exact_epochs: usize,
    /// Epochs of the final training from scratch, on all training images.
    pub final_epochs: usize,
    /// Peak learning rate.
    pub rate: f64,
    /// Epochs over which the rate rises to its peak; at most a quarter of a fidelity's epochs.
    pub warmup_epochs: f64,
    /// Momentum.
    pub momentum: f64,
    /// L2 penalty on weights.
    pub weight_decay: f64,
    /// Largest norm of the gradient.
    pub clip_norm: f64,
    /// Label smoothing.
    pub label_smoothing: f64,
    /// Training batches whose statistics replace the running ones of a trained network before it is evaluated; 0 keeps
    /// the running ones.
    #[serde(default)]
    pub statistics_batches: usize,
}

impl TrainingConfig {
    /// The epochs of a training.
    pub fn epochs(&self, fidelity: Fidelity) -> usize {
        match fidelity {
            Fidelity::Proxy => self.proxy_epochs,
            Fidelity::Exact => self.exact_epochs,
            Fidelity::Final => self.final_epochs,
        }
    }
}

impl Config {
    /// The built-in configurations.
    pub const PRESETS: &[&str] = &["fashion-small", "cifar10-quant", "imagenet-mobile"];

    /// The configuration that belongs to a built-in space.
    ///
    /// # Errors
    /// [`Error::UnknownPreset`] lists those that exist.
    pub fn preset(name: &str) -> Result<Self> {
        let text = match name {
            "fashion-small" => include_str!("../presets/fashion-small.toml"),
            "cifar10-quant" => include_str!("../presets/cifar10-quant.toml"),
            "imagenet-mobile" => include_str!("../presets/imagenet-mobile.toml"),
            _ => {
                return Err(Error::UnknownPreset {
                    name: name.into(),
                    known: Config::PRESETS,
                });
            }
        };
        Config::from_toml(text, name)
    }

    /// This configuration for the training of an architecture from scratch: what it says of searches is left out.
    #[must_use]
    pub fn given(mut self, architecture: Architecture) -> Self {
        (self.method, self.architecture) = (Method::Given, Some(architecture));
        (self.search.target, self.search.budget) = (None, None);
        (self.search.exploration_memory, self.data.proxy_classes) = (None, None);
        self.limits = Limits::default();
        self
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// [`Error::Config`] with line and column of what is wrong.
    pub fn from_toml(text: &str, file: &str) -> Result<Self> {
        let config: Config = toml::from_str(text).map_err(|source| Error::Config {
            file: file.into(),
            source: Box::new(source),
        })?;
        config.check()?;
        Ok(config)
    }

    /// The configuration as a file that [`Config::from_toml`] reads.
    ///
    /// # Errors
    /// [`Error::ConfigWrite`] when a value has no form in TOML (a path that is not UTF-8).
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self).map_err(Error::ConfigWrite)
    }
}
