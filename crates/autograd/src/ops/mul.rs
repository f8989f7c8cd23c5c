//! Product: `y = a * b`, elementwise.

use super::{broadcast, in_place};
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, Result, Shape, Tensor};

/// `a * b`; `b` is repeated where it is smaller. `da = dy * b`, `db = dy * a` summed over the repetitions.
///
/// Each operand is kept only if the other one wants a gradient. The result takes over the memory of `a`
/// when nothing else owns it.
///
/// # Shapes
/// `a`: any; `b`: that of `a`, or its innermost dimensions, or one element. The result has that of `a`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn mul<B: Backend>(tape: &mut Tape<B>, a: Var<B>, b: Var<B>) -> Result<Var<B>> {
    let inputs = [a.id(), b.id()];
    let backward = MulBackward {
        b: a.requires_gradient().then(|| b.value().clone()),
        a: b.requires_gradient().then(|| a.value().clone()),
        b_shape: b.value().shape(),
    };
    let y = in_place::binary(a.into_value(), BinaryOp::Mul, b.value())?;
    Ok(tape.record(backward, inputs, y))
}

struct MulBackward<B: Backend> {
    /// For the gradient of `b`.
    a: Option<Tensor<B>>,
    /// For the gradient of `a`.
    b: Option<Tensor<B>>,
    b_shape: Shape,
}

impl<B: Backend> Backward<B> for MulBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let MulBackward { a, b, b_shape } = *self;
        let db = a
            .map(|a| match b_shape.elements() {
                1 => dy.dot(&a)?.reshape(b_shape),
                // In the memory of `a` where it was the last to need it.
                _ => broadcast::sum_to(&in_place::binary(a, BinaryOp::Mul, &dy)?, b_shape),
            })
            .transpose()?;
        let da = b
            .map(|b| in_place::binary(dy, BinaryOp::Mul, &b))
            .transpose()?;
        Ok(vec![da, db])
    }

    fn saved_bytes(&self) -> usize {
        [&self.a, &self.b]
            .into_iter()
            .flatten()
            .map(Tensor::bytes)
            .sum()
    }
}
