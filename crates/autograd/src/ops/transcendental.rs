//! Sigmoid, hyperbolic tangent, exponential and logarithm.

use super::in_place;
use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, BinaryOp, Result, Tensor, UnaryOp};

/// `1 / (1 + exp(-x))`, elementwise; `dx = dy * y * (1 - y)`. Keeps the result.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn sigmoid<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    keeping_result(tape, x, UnaryOp::Sigmoid, BinaryOp::SigmoidBackward)
}

/// `tanh(x)`, elementwise; `dx = dy * (1 - y^2)`. Keeps the result.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn tanh<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    keeping_result(tape, x, UnaryOp::Tanh, BinaryOp::TanhBackward)
}

/// `exp(x)`, elementwise; `dx = dy * y`. Keeps the result.
///
/// The result takes over the memory of `x` when nothing else owns it.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn exp<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    keeping_result(tape, x, UnaryOp::Exp, BinaryOp::Mul)
}

/// `ln(x)`, elementwise; `dx = dy / x`. Keeps `x`.
///
/// # Shapes
/// `x`: any; the result has the same.
///
/// # Errors
/// [`radars_tensor::Error::OverBound`], [`radars_tensor::Error::Elements`].
pub fn log<B: Backend>(tape: &mut Tape<B>, x: Var<B>) -> Result<Var<B>> {
    let Some(input) = x.id() else {
        return Ok(Var::constant(in_place::unary(
            x.into_value(),
            UnaryOp::Log,
        )?));
    };
    let y = x.value().unary(UnaryOp::Log)?;
    let x = x.into_value();
    Ok(tape.record(LogBackward { x }, [Some(input)], y))
}

/// `op(x)` with `dx = derivative(y, dy)`.
fn keeping_result<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    op: UnaryOp,
    derivative: BinaryOp,
) -> Result<Var<B>> {
    let input = x.id();
    let y = in_place::unary(x.into_value(), op)?;
    let backward = ResultBackward {
        y: y.clone(),
        derivative,
    };
    Ok(tape.record(backward, [input], y))
}

struct ResultBackward<B: Backend> {
    y: Tensor<B>,
    derivative: BinaryOp,
}

impl<B: Backend> Backward<B> for ResultBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        // In the memory of `y`, once everything after it is done with it.
        Ok(vec![Some(in_place::binary(self.y, self.derivative, &dy)?)])
    }

    fn saved_bytes(&self) -> usize {
        self.y.bytes()
    }
}

struct LogBackward<B: Backend> {
    x: Tensor<B>,
}

impl<B: Backend> Backward<B> for LogBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        Ok(vec![Some(in_place::binary(dy, BinaryOp::Div, &self.x)?)])
    }

    fn saved_bytes(&self) -> usize {
        self.x.bytes()
    }
}
