//! `ControllerState`: everything that a controller has learned, on the host.

use crate::Baseline;
use radars_nn::SavedParameter;
use serde::{Deserialize, Serialize};

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
    /// Adam's moments of them.
    pub moments: Vec<SavedParameter>,
    /// Updates so far.
    pub updates: u64,
    /// The moving averages of the rewards.
    pub baseline: Baseline,
}
