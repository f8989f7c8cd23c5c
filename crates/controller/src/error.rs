//! What can go wrong with a controller.

use radars_nn::tensor;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a controller.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// An operation of the network failed, above all for want of memory, or a saved state belongs to
    /// another controller.
    #[error(transparent)]
    Network(#[from] radars_nn::Error),
    /// There is nothing to decide.
    #[error("a controller needs at least one decision")]
    NoDecisions,
    /// A decision is not one.
    #[error("decision {decision} has no choices")]
    NoChoices {
        /// The decision, counted from 0.
        decision: usize,
    },
    /// A setting has a value that makes no sense.
    #[error("controller setting `{setting}` is {value}; it has to be {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// What it has to be.
        expected: &'static str,
    },
    /// Choices were given for another number of decisions.
    #[error("{got} choices were given for {expected} decisions")]
    ChoiceCount {
        /// How many there have to be.
        expected: usize,
        /// How many were given.
        got: usize,
    },
    /// A choice does not exist.
    #[error("decision {decision}: choice {choice} is not one of the {choices}, counted from 0")]
    ChoiceRange {
        /// The decision, counted from 0.
        decision: usize,
        /// The choice that was given.
        choice: usize,
        /// How many choices the decision has.
        choices: usize,
    },
    /// A state has more rewards waiting to be learned from than the controller lets wait.
    #[error(
        "the state has {pending} rewards that are not learned from; a step learns from {rollouts}"
    )]
    Pending {
        /// How many wait.
        pending: usize,
        /// Of how many one step learns.
        rollouts: usize,
    },
    /// A reward that nothing can be learned from.
    #[error("the reward is {reward}; it has to be a number between -{limit:e} and {limit:e}")]
    Reward {
        /// The reward.
        reward: f64,
        /// The largest magnitude that is accepted.
        limit: f64,
    },
    /// The parameters have left the range of numbers.
    #[error(
        "decision {decision}: the policy's logits are not finite; a lower rate than {rate} may do"
    )]
    Diverged {
        /// The decision, counted from 0.
        decision: usize,
        /// The learning rate.
        rate: f64,
    },
}

impl From<tensor::Error> for Error {
    fn from(error: tensor::Error) -> Self {
        Error::Network(error.into())
    }
}
