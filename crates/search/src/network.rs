//! A network in training, on the host: what an interrupted training goes on from.

use crate::{Memory, PathEvaluatorState};
use radars_supernet::{ChildState, DnasState, OneShotState};

/// A network in training, between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkState {
    /// Which training it belongs to.
    pub work: String,
    /// Epochs that are done.
    pub epochs: usize,
    /// The memory of those epochs: what is left of a training need not reach its peak.
    pub memory: Memory,
    /// Its values.
    pub network: Network,
}

/// The values of a network and of its optimizers.
#[derive(Clone, Debug, PartialEq)]
pub enum Network {
    /// A child network.
    Child(ChildState),
    /// A SuperNet.
    SuperNet(DnasState),
    /// The shared weights of a one-shot SuperNet, and the evaluator of its paths, if there is one.
    OneShot(OneShotState, Option<PathEvaluatorState>),
}
