//! Cross entropy.

use super::scratch;
use crate::{Backend, CrossEntropy, DType, Error, Op, Result, Tensor};

impl<B: Backend> Tensor<B> {
    /// The mean cross entropy of logits `self` against labels, one element, and its gradient.
    ///
    /// # Shapes
    /// `self [rows, classes]`, `labels [rows]` of i32.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn cross_entropy(&self, labels: &Self, smoothing: f32) -> Result<(Self, Self)> {
        const NAME: &str = "cross_entropy";
        self.expect(NAME, DType::F32)?;
        labels.expect(NAME, DType::I32)?;
        let (rows, classes) = (self.shape().rows(), self.shape().last());
        if labels.dims() != [rows] {
            let expected = "one label a row";
            return Err(Error::Shapes {
                op: NAME,
                left: self.shape(),
                right: labels.shape(),
                expected,
            });
        }
        let g = CrossEntropy {
            rows,
            classes,
            smoothing,
        };
        let mut gradient = self.like(NAME)?;
        let mut loss = Self::empty(self.arena(), NAME, [1], DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::CrossEntropy(g))?;
        let (l, d) = (loss.view_mut(NAME)?, gradient.view_mut(NAME)?);
        self.arena().backend().cross_entropy(
            &g,
            self.view(),
            labels.view(),
            l,
            d,
            scratch.view_mut(),
        )?;
        Ok((loss, gradient))
    }
}
