//! What a report says of `config.toml`; all the rest is passed over.

use radars_space::Architecture;
use serde::Deserialize;

/// The settings that a report names. All may be missing: a configuration of another version is no error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// How architectures are searched for.
    pub method: Option<String>,
    /// What is trained where nothing is searched for.
    pub architecture: Option<Architecture>,
    pub seed: Option<u64>,
    /// How a SuperNet holds its mixtures.
    pub mixing: Option<String>,
    pub batch: Option<usize>,
    /// Images on the device at once, or `auto`.
    pub micro_batch: Option<toml::Value>,
    /// Whether layers may be computed again on the way back.
    pub recompute: Option<String>,
    pub data: Data,
    pub reward: Option<Reward>,
    pub search: Search,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Data {
    pub source: Option<String>,
}

/// Eq. 2: `alpha * accuracy + (1 - alpha) * (1 - (AOPS - beta) / gamma)`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Reward {
    pub alpha: f64,
    pub beta: f64,
    pub gamma: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    pub iterations: Option<usize>,
    pub episodes: Option<usize>,
    pub target: Option<f64>,
    /// Which of the best span the SuperNet.
    pub sn_rule: Option<String>,
    /// Multiply-accumulates of training at most.
    pub budget: Option<u64>,
    /// Whether phases run one after the other or side by side.
    pub schedule: Option<String>,
}

impl Config {
    /// Reads the settings.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}
