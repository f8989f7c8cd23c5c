//! The way back through broadcasting: a repeated operand's gradient is the sum over its repetitions.

use radars_tensor::{Axis, Backend, ReduceOp, Result, Shape, Tensor};

/// Sums `gradient` over the repetitions of an operand of shape `shape`, which is the innermost
/// dimensions of the gradient's or has one element.
pub(super) fn sum_to<B: Backend>(gradient: &Tensor<B>, shape: Shape) -> Result<Tensor<B>> {
    let (all, kept) = (gradient.elements(), shape.elements());
    if all == kept {
        return gradient.reshape(shape);
    }
    // One element: `kept` is 1, and this is the sum of all of them.
    let axis = Axis {
        outer: 1,
        axis: all / kept.max(1),
        inner: kept,
    };
    gradient.reduce(ReduceOp::Sum, axis, shape)
}
