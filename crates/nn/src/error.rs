//! What can go wrong with a network.

use radars_autograd::tensor;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A tensor operation failed, above all for want of memory.
    #[error(transparent)]
    Tensor(#[from] tensor::Error),
    /// Two parameters of one store would have the same name.
    #[error("there is a parameter named `{name}` already")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// An optimizer was given the gradient of a parameter that it keeps no state for.
    #[error("the optimizer was not made for the parameter `{name}`")]
    NotTrained {
        /// The parameter's name.
        name: String,
    },
    /// Saved values belong to another network.
    #[error(
        "saved value {index} is `{found}` of shape {found_shape:?}, the network has {expected}"
    )]
    Saved {
        /// Position in the saved list.
        index: usize,
        /// The saved name, empty where the list ends too early.
        found: String,
        /// The saved shape.
        found_shape: Vec<usize>,
        /// What the network has there.
        expected: String,
    },
    /// A gradient was asked for through an operation that has none in evaluation mode.
    #[error("{op}: no gradient flows through it in evaluation mode")]
    NoGradient {
        /// The operation.
        op: &'static str,
    },
}
