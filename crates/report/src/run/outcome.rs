//! What a report says of `result.json`; all the rest is passed over.

use super::Traffic;
use radars_space::Architecture;
use serde::Deserialize;

/// How a run ended.
#[derive(Debug, Deserialize)]
pub struct Outcome {
    #[serde(default)]
    pub device: Option<String>,
    #[serde(default)]
    pub fingerprint: Option<String>,
    /// The winner; none where the method found nothing.
    #[serde(default)]
    pub best: Option<Winner>,
    #[serde(default)]
    pub memory: Option<MemoryUse>,
    #[serde(default)]
    pub search: Counts,
    #[serde(default)]
    pub time: Times,
}

/// The winner of a search.
#[derive(Clone, Debug, Deserialize)]
pub struct Winner {
    pub architecture: Architecture,
    pub reward: Option<f64>,
    pub val_accuracy: Option<f64>,
    pub test_accuracy: Option<f64>,
    pub aops: u64,
    pub macs: Option<u64>,
    pub params: Option<u64>,
}

/// Device memory of a whole run.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct MemoryUse {
    pub bound_bytes: u64,
    pub planned_peak_bytes: u64,
    pub actual_peak_bytes: u64,
    pub high_water_bytes: u64,
}

/// What a search did.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub iterations: Option<usize>,
    pub episodes: Option<usize>,
    pub retrained: Option<usize>,
    /// Multiply-accumulates of training, the final training aside.
    pub spent: Option<u64>,
    pub traffic: Option<Traffic>,
    pub stop: Option<String>,
}

/// How long a run took.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Times {
    pub search_seconds: Option<f64>,
    pub final_training_seconds: Option<f64>,
    pub phases: Phases,
}

/// How long the phases of a search took.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Phases {
    pub exploration_seconds: f64,
    pub retraining_seconds: f64,
    pub exploitation_seconds: f64,
}
