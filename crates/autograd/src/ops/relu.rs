//! Rectified linear unit: `y = max(x, 0)`.

use super::in_place::{self, exclusive};
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, MaskOp, Result, Tensor, UnaryOp};

/// `max(x, 0)`, elementwise; `dx = dy` where `x > 0`, else 0. Keeps one bit an element.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn relu<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    masked(tape, x, UnaryOp::Relu, MaskOp::Positive)
}

/// `op(x)`, whose gradient passes where the bit of `passes` is set.
pub(super) fn masked<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    op: UnaryOp,
    passes: MaskOp,
) -> Result<Var<B>> {
    let Some(input) = x.id() else {
        return Ok(Var::constant(in_place::unary(x.into_value(), op)?));
    };
    let mask = x.value().mask(passes)?;
    let y = in_place::unary(x.into_value(), op)?;
    Ok(tape.record(MaskedBackward { mask }, [Some(input)], y))
}

struct MaskedBackward<B: Backend> {
    mask: Tensor<B>,
}

impl<B: Backend> Backward<B> for MaskedBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        Ok(vec![Some(exclusive(dy)?.masked_in_place(&self.mask)?)])
    }

    fn saved_bytes(&self) -> usize {
        self.mask.bytes()
    }
}
