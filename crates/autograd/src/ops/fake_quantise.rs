//! Fake quantisation: the nearest value of a fixed-point format, with a straight-through estimator.

use super::relu::masked;
use crate::{Tape, Var};
use radars_tensor::{Backend, FixedPoint, MaskOp, Result, UnaryOp};

/// `clamp(round_half_even(x * 2^F), lo, hi) / 2^F`, elementwise.
///
/// Rounding has no useful derivative, so the gradient is that of the clamp alone: `dx = dy` where the
/// rounded code lies within the format's limits, else 0. Keeps one bit an element.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
///
/// # Source
/// Straight-through estimator: Bengio et al. 2013.
pub fn fake_quantise<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    format: FixedPoint,
) -> Result<Var<B>> {
    masked(
        tape,
        x,
        UnaryOp::FakeQuantise(format),
        MaskOp::InRange(format),
    )
}
