//! Softmax of every row: `y_i = exp(x_i) / sum over j of exp(x_j)`.

use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, Result, Tensor};

/// Softmax over the innermost dimension; `dx = y * (dy - <dy, y>)` for every row. Keeps the result.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn softmax<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    let y = x.value().softmax()?;
    Ok(tape.record(SoftmaxBackward { y: y.clone() }, [x.id()], y))
}

struct SoftmaxBackward<B: Backend> {
    y: Tensor<B>,
}

impl<B: Backend> Backward<B> for SoftmaxBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        Ok(vec![Some(self.y.softmax_backward(&dy)?)])
    }

    fn saved_bytes(&self) -> usize {
        self.y.bytes()
    }
}
