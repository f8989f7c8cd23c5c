//! The same values seen otherwise: under another shape, or a part of them.

use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, Result, Shape, Tensor};

/// The same values, in the same memory, under another shape. Keeps nothing.
///
/// # Shapes
/// `x`: any; `shape`: as many elements.
///
/// # Errors
/// [`radars_tensor::Error::Shapes`] when the number of elements differs.
pub fn reshape<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    shape: impl Into<Shape>,
) -> Result<Var<B>> {
    let y = x.value().reshape(shape)?;
    let backward = ReshapeBackward {
        shape: x.value().shape(),
    };
    Ok(tape.record(backward, [x.id()], y))
}

struct ReshapeBackward {
    shape: Shape,
}

impl<B: Backend> Backward<B> for ReshapeBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        Ok(vec![Some(dy.reshape(self.shape)?)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}

/// A copy of `length` consecutive elements of `x` from `start` on, in row order; the gradient of the
/// others is zero. Keeps nothing.
///
/// # Shapes
/// `x`: any; the result is `[length]`.
///
/// # Errors
/// [`radars_tensor::Error::Geometry`] when the part reaches over the end,
/// [`radars_tensor::Error::OverBound`].
pub fn narrow<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    start: usize,
    length: usize,
) -> Result<Var<B>> {
    let y = x.value().narrow(start, length)?;
    let backward = NarrowBackward {
        shape: x.value().shape(),
        start,
    };
    Ok(tape.record(backward, [x.id()], y))
}

struct NarrowBackward {
    shape: Shape,
    start: usize,
}

impl<B: Backend> Backward<B> for NarrowBackward {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let mut dx = Tensor::zeros(dy.arena(), self.shape)?;
        dx.write_part(self.start, &dy)?;
        Ok(vec![Some(dx)])
    }

    fn saved_bytes(&self) -> usize {
        0
    }
}
