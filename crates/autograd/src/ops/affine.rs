//! Affine map of every element: `y = scale * x + shift`.

use super::in_place;
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, Result, Tensor, UnaryOp};

/// `scale * x + shift`, elementwise; `dx = scale * dy`. Keeps nothing.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn affine<B: Backend>(tape: &mut Tape<B>, x: Var<B>, scale: f32, shift: f32) -> Result<Var<B>> {
    let input = x.id();
    let y = in_place::unary(x.into_value(), UnaryOp::Affine { scale, shift })?;
    Ok(tape.record(AffineBackward { scale }, [input], y))
}

struct AffineBackward {
    scale: f32,
}

impl<B: Backend> Backward<B> for AffineBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let scale = UnaryOp::Affine {
            scale: self.scale,
            shift: 0.0,
        };
        Ok(vec![Some(in_place::unary(dy, scale)?)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}
