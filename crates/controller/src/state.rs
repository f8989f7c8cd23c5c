//! `ControllerState`: everything that a controller has learned, on the host.

use crate::Baseline;
use radars_nn::SavedParameter;
use serde::{Deserialize, Serialize};

/// Choices whose reward is known and not yet learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// One choice a decision.
    pub choices: Vec<usize>,
    /// What their reward was worth among those before.
    pub advantage: f64,
}

/// Everything that a controller has learned; with the settings, the decisions and the seed it was made
/// from, all of it.
///
/// Only formats that keep floats to the bit continue a search to the bit (for JSON with `serde_json`:
/// its feature `float_roundtrip`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerState {
    /// The policy's parameters.
    pub parameters: Vec<SavedParameter>,
    /// What the optimizer keeps of them: Adam's moments, the velocities of gradient descent.
    pub moments: Vec<SavedParameter>,
    /// Steps of the optimizer so far.
    pub updates: u64,
    /// The moving averages of the rewards.
    pub baseline: Baseline,
    /// What the next step will learn from, where one learns from several rewards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Rollout>,
}
