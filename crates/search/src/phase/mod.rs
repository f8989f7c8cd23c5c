//! The two phases of a search, and what a run is in besides. Every method is made of them.

mod exploitation;
mod exploration;
mod hopeful;
mod retraining;
mod selection;

pub use exploitation::{Chosen, ExploiterState};
pub(crate) use exploitation::{Exploiter, SupernetOf};
pub use exploration::{Explored, ExplorerState, Promising};
pub(crate) use exploration::{Explorer, Plan};

use crate::{NetworkState, Phase, Stop};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that a phase knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseState {
    /// Of the run.
    Run(RunState),
    /// Of exploration.
    Exploration(ExplorerState),
    /// Of exploitation.
    Exploitation(ExploiterState),
}

/// Where a run is as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Why the search is over; none while it is not.
    pub stop: Option<Stop>,
    /// Seconds that the search took until then.
    pub search_seconds: f64,
}

/// Where a search is to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resumed {
    /// Where the run was as a whole.
    pub run: RunState,
    /// What exploration knew; none when it had not begun.
    pub exploration: Option<ExplorerState>,
    /// What exploitation knew; none when it had not begun.
    pub exploitation: Option<ExploiterState>,
    /// The networks that were in training.
    pub networks: BTreeMap<Phase, NetworkState>,
    /// Seconds that the search had taken.
    pub seconds: f64,
}
