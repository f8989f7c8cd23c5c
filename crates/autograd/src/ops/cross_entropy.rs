//! Mean cross entropy of logits against labels, with label smoothing.

use super::in_place;
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, Result, Tensor};

/// `mean over rows r of -sum over c of t[r, c] * ln softmax(logits)[r, c]`, where the target `t` is
/// `1 - smoothing` on the label plus `smoothing / classes` on every class.
///
/// `dlogits = dy * (softmax(logits) - t) / rows`. Keeps that gradient, which falls out of the forward pass.
///
/// # Shapes
/// `logits [rows, classes]`, `labels [rows]` of i32; the result is `[1]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::Elements`],
/// [`radars_tensor::Error::OverBound`].
///
/// # Source
/// Label smoothing: Szegedy et al. 2016, section 7.
pub fn cross_entropy<B: Backend>(
    tape: &mut Tape<B>,
    logits: Var<B>,
    labels: &Tensor<B>,
    smoothing: f32,
) -> Result<Var<B>> {
    let (loss, gradient) = logits.value().cross_entropy(labels, smoothing)?;
    Ok(tape.record(CrossEntropyBackward { gradient }, [logits.id()], loss))
}

struct CrossEntropyBackward<B: Backend> {
    gradient: Tensor<B>,
}

impl<B: Backend> Backward<B> for CrossEntropyBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let gradient = in_place::binary(self.gradient, BinaryOp::Mul, &dy)?;
        Ok(vec![Some(gradient)])
    }

    fn saved_bytes(&self) -> usize {
        self.gradient.bytes()
    }
}
