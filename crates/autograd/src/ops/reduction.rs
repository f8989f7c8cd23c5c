//! Reductions to one element: inner product, sum, mean.

use super::in_place;
use crate::{Backward, Tape, Var};
use radars_tensor::{Axis, Backend, BinaryOp, ReduceOp, Result, Shape, Tensor};

/// The inner product `sum over i of a_i * b_i`; `da = dy * b`, `db = dy * a`.
///
/// Keeps `a` if `b` wants a gradient, and `b` if `a` does.
///
/// # Shapes
/// `a` and `b`: equal; the result is `[1]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
pub fn dot<B: Backend>(tape: &mut Tape<B>, a: Var<B>, b: Var<B>) -> Result<Var<B>> {
    let y = a.value().dot(b.value())?;
    let inputs = [a.id(), b.id()];
    let (a, b) = (
        inputs[1].is_some().then(|| a.value().clone()),
        inputs[0].is_some().then(|| b.value().clone()),
    );
    Ok(tape.record(DotBackward { a, b }, inputs, y))
}

struct DotBackward<B: Backend> {
    /// For the gradient of `b`.
    a: Option<Tensor<B>>,
    /// For the gradient of `a`.
    b: Option<Tensor<B>>,
}

impl<B: Backend> Backward<B> for DotBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let scaled = |other: Tensor<B>| in_place::binary(other, BinaryOp::Mul, &dy);
        let da = self.b.map(scaled).transpose()?;
        let db = self.a.map(scaled).transpose()?;
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

/// The sum of all elements; `dx_i = dy`. Keeps nothing.
///
/// # Shapes
/// `x`: any; the result is `[1]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`] when there are no elements, [`radars_tensor::Error::OverBound`].
pub fn sum<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    all(tape, x, ReduceOp::Sum, |_| 1.0)
}

/// The mean of all elements; `dx_i = dy / n`. Keeps nothing.
///
/// # Shapes
/// `x`: any; the result is `[1]`.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`] when there are no elements, [`radars_tensor::Error::OverBound`].
pub fn mean<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    all(tape, x, ReduceOp::Mean, |elements| 1.0 / elements as f32)
}

fn all<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    op: ReduceOp,
    share: fn(usize) -> f32,
) -> Result<Var<B>> {
    let y = x.value().reduce_all(op)?;
    let backward = AllBackward {
        shape: x.value().shape(),
        share: share(x.value().elements()),
    };
    Ok(tape.record(backward, [x.id()], y))
}

struct AllBackward {
    shape: Shape,
    /// What one element contributes to the result.
    share: f32,
}

impl<B: Backend> Backward<B> for AllBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let axis = Axis {
            outer: 1,
            axis: self.shape.elements(),
            inner: 1,
        };
        Ok(vec![Some(dy.broadcast(axis, self.share, self.shape)?)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}
