//! Matrix products and softmax.

use super::scratch;
use crate::{Backend, DType, Error, MatMul, Op, Result, Tensor};

impl<B: Backend> Tensor<B> {
    /// The matrix product of `self` and `b`, either of them transposed first.
    ///
    /// # Shapes
    /// `[m, k]` (transposed: `[k, m]`) and `[k, n]` (transposed: `[n, k]`) give `[m, n]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn matmul(&self, transpose_a: bool, b: &Self, transpose_b: bool) -> Result<Self> {
        const NAME: &str = "matmul";
        self.expect(NAME, DType::F32)?;
        b.expect(NAME, DType::F32)?;
        let bad = || Error::Shapes {
            op: NAME,
            left: self.shape(),
            right: b.shape(),
            expected: "two matrices with one inner size",
        };
        let (&[a0, a1], &[b0, b1]) = (self.dims(), b.dims()) else {
            return Err(bad());
        };
        let (m, k) = if transpose_a { (a1, a0) } else { (a0, a1) };
        let (k2, n) = if transpose_b { (b1, b0) } else { (b0, b1) };
        if k != k2 {
            return Err(bad());
        }
        let shape = MatMul {
            m,
            n,
            k,
            transpose_a,
            transpose_b,
        };
        let mut c = Self::empty(self.arena(), NAME, [m, n], DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::MatMul(shape))?;
        self.arena().backend().matmul(
            &shape,
            self.view(),
            b.view(),
            c.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(c)
    }

    /// Softmax over the innermost dimension.
    ///
    /// # Errors
    /// [`Error::OverBound`], [`Error::Elements`].
    pub fn softmax(&self) -> Result<Self> {
        self.expect("softmax", DType::F32)?;
        let mut y = self.like("softmax")?;
        self.arena()
            .backend()
            .softmax(self.shape().last(), self.view(), y.view_mut("softmax")?)?;
        Ok(y)
    }

    /// The gradient of the softmax's input; `self` is the softmax.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn softmax_backward(&self, dy: &Self) -> Result<Self> {
        const NAME: &str = "softmax_backward";
        self.expect(NAME, DType::F32)?;
        dy.expect(NAME, DType::F32)?;
        self.expect_same_shape(NAME, dy)?;
        let mut dx = self.like(NAME)?;
        let columns = self.shape().last();
        self.arena().backend().softmax_backward(
            columns,
            self.view(),
            dy.view(),
            dx.view_mut(NAME)?,
        )?;
        Ok(dx)
    }
}
