//! Sum and difference: `y = a + b`, `y = a - b`.

use super::{broadcast, in_place};
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, Result, Shape, Tensor, UnaryOp};

/// `a + b`; `b` is repeated where it is smaller. `da = dy`, `db = dy` summed over the repetitions.
///
/// The result takes over the memory of `a` when nothing else owns it.
///
/// # Shapes
/// `a`: any; `b`: that of `a`, or its innermost dimensions, or one element. The result has that of `a`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn add<B: Backend>(tape: &mut Tape<B>, a: Var<B>, b: Var<B>) -> Result<Var<B>> {
    combine(tape, a, b, BinaryOp::Add, 1.0)
}

/// `a - b`; `b` is repeated where it is smaller. `da = dy`, `db = -dy` summed over the repetitions.
///
/// The result takes over the memory of `a` when nothing else owns it.
///
/// # Shapes
/// As [`add`].
///
/// # Errors
/// As [`add`].
pub fn sub<B: Backend>(tape: &mut Tape<B>, a: Var<B>, b: Var<B>) -> Result<Var<B>> {
    combine(tape, a, b, BinaryOp::Sub, -1.0)
}

fn combine<B: Backend>(
    tape: &mut Tape<B>,
    a: Var<B>,
    b: Var<B>,
    op: BinaryOp,
    sign: f32,
) -> Result<Var<B>> {
    let inputs = [a.id(), b.id()];
    let backward = AddBackward {
        a: a.requires_gradient(),
        b: b.requires_gradient().then(|| b.value().shape()),
        sign,
    };
    let y = in_place::binary(a.into_value(), op, b.value())?;
    Ok(tape.record(backward, inputs, y))
}

struct AddBackward {
    /// Whether `a` wants a gradient.
    a: bool,
    /// The shape of `b`, if it wants one.
    b: Option<Shape>,
    /// What `b` was multiplied with.
    sign: f32,
}

impl<B: Backend> Backward<B> for AddBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let Some(shape) = self.b else {
            return Ok(vec![Some(dy), None]);
        };
        let mut db = broadcast::sum_to(&dy, shape)?;
        // Given back first, so that `db` can change sign in place when `a` wants nothing.
        let da = self.a.then_some(dy);
        if self.sign != 1.0 {
            let negate = UnaryOp::Affine {
                scale: self.sign,
                shift: 0.0,
            };
            db = in_place::unary(db, negate)?;
        }
        Ok(vec![da, Some(db)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}
