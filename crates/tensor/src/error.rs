//! What can go wrong with a tensor.

use crate::{DType, Shape};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a tensor.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The arena has no free block that is large enough.
    #[error(
        "{op}: needs {requested} bytes, but {in_use} of the {bound}-byte bound are in use and \
         the largest free block has {largest_free}"
    )]
    OverBound {
        /// The operation that asked.
        op: &'static str,
        /// Bytes asked for, rounded up to the arena's alignment.
        requested: usize,
        /// Bytes in use at the time.
        in_use: usize,
        /// The largest block that could have been had.
        largest_free: usize,
        /// The bound of the arena.
        bound: usize,
    },
    /// The planning backend computes nothing, so there is nothing to read.
    #[error(
        "{op}: the planning backend holds no values; nothing that is planned may depend on them"
    )]
    NoValues {
        /// The operation that wanted values.
        op: &'static str,
    },
    /// A tensor that is to be overwritten has other owners.
    #[error("{op}: the tensor {shape} is shared and cannot be overwritten in place")]
    Shared {
        /// The operation that wanted to overwrite.
        op: &'static str,
        /// The tensor's shape.
        shape: Shape,
    },
    /// Two shapes do not go together.
    #[error("{op}: the shapes {left} and {right} do not go together: {expected}")]
    Shapes {
        /// The operation.
        op: &'static str,
        /// The first operand's shape.
        left: Shape,
        /// The second operand's shape.
        right: Shape,
        /// What the operation expects.
        expected: &'static str,
    },
    /// An operand has the wrong element type.
    #[error("{op}: expects elements of type {expected:?}, not {got:?}")]
    Elements {
        /// The operation.
        op: &'static str,
        /// The type it takes.
        expected: DType,
        /// The type it was given.
        got: DType,
    },
    /// A view handed to a backend does not have the length that the operation's geometry says.
    #[error("{op}: {operand} has {got} bytes where the geometry says {expected}")]
    Length {
        /// The operation.
        op: &'static str,
        /// Which operand.
        operand: &'static str,
        /// Bytes it has to have (for scratch: at least).
        expected: usize,
        /// Bytes it has.
        got: usize,
    },
    /// The description of an operation makes no sense.
    #[error("{op}: {what} is {value}, but has to be {expected}")]
    Geometry {
        /// The operation.
        op: &'static str,
        /// The quantity.
        what: &'static str,
        /// Its value.
        value: usize,
        /// What it has to be.
        expected: &'static str,
    },
    /// The device refused to reserve memory.
    #[error("cannot reserve {bytes} bytes of {device} memory: {reason}")]
    Reserve {
        /// Bytes asked for.
        bytes: usize,
        /// The device.
        device: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The device cannot be used as asked.
    #[error("{device}: {reason}")]
    Device {
        /// The device.
        device: &'static str,
        /// Why not, and what would do.
        reason: String,
    },
    /// A kernel of the device could not be launched.
    #[error("{device}: kernel {kernel} on {shapes}: {reason}")]
    Kernel {
        /// The device.
        device: &'static str,
        /// The kernel.
        kernel: &'static str,
        /// The shapes it was to work on.
        shapes: String,
        /// What the driver said.
        reason: String,
    },
}
