//! Reductions, their adjoints, inner products.

use super::scratch;
use crate::{Axis, Backend, DType, Error, Op, ReduceOp, Result, Shape, Tensor};

impl<B: Backend> Tensor<B> {
    /// Reduces along an axis: `self`, seen as `[outer, axis, inner]`, gives `[outer * inner]` values in
    /// `shape`.
    ///
    /// # Errors
    /// [`Error::Shapes`] when the elements do not match; [`Error::OverBound`]; [`Error::Elements`].
    pub fn reduce(&self, op: ReduceOp, axis: Axis, shape: impl Into<Shape>) -> Result<Self> {
        const NAME: &str = "reduce";
        self.expect(NAME, DType::F32)?;
        let shape = shape.into();
        expect_axis(NAME, axis, self.shape(), shape)?;
        let mut y = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::Reduce(op, axis))?;
        self.arena().backend().reduce(
            op,
            &axis,
            self.view(),
            y.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(y)
    }

    /// Reduces all elements to one.
    ///
    /// # Errors
    /// As [`Tensor::reduce`].
    pub fn reduce_all(&self, op: ReduceOp) -> Result<Self> {
        self.reduce(
            op,
            Axis {
                outer: 1,
                axis: self.elements(),
                inner: 1,
            },
            [1],
        )
    }

    /// Repeats `self`, seen as `[outer, inner]`, times `scale`, along an axis of the result: the adjoint
    /// of a sum.
    ///
    /// # Errors
    /// As [`Tensor::reduce`].
    pub fn broadcast(&self, axis: Axis, scale: f32, shape: impl Into<Shape>) -> Result<Self> {
        const NAME: &str = "broadcast";
        self.expect(NAME, DType::F32)?;
        let shape = shape.into();
        expect_axis(NAME, axis, shape, self.shape())?;
        let mut y = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        self.arena()
            .backend()
            .broadcast(&axis, scale, self.view(), y.view_mut(NAME)?)?;
        Ok(y)
    }

    /// The inner product with a tensor of the same shape, one element.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn dot(&self, other: &Self) -> Result<Self> {
        const NAME: &str = "dot";
        self.expect(NAME, DType::F32)?;
        other.expect(NAME, DType::F32)?;
        self.expect_same_shape(NAME, other)?;
        let mut y = Self::empty(self.arena(), NAME, [1], DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::Dot(self.elements()))?;
        self.arena().backend().dot(
            self.view(),
            other.view(),
            y.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(y)
    }
}

fn expect_axis(op: &'static str, axis: Axis, full: Shape, reduced: Shape) -> Result<()> {
    if axis.elements() == full.elements() && axis.reduced() == reduced.elements() && axis.axis > 0 {
        return Ok(());
    }
    let expected = "the axis divides the first, and the second is what is left";
    Err(Error::Shapes {
        op,
        left: full,
        right: reduced,
        expected,
    })
}
