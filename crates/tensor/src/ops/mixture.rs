//! Mixtures of candidate operations: of their outputs, of quantised values, of kernels.

use super::scratch;
use crate::{Backend, Coefficient, DType, Embedding, Error, FixedPoint, Op, Result, Shape, Tensor};

impl<B: Backend> Tensor<B> {
    /// The one-element coefficient `self[index]`, for a vector `self` on the device.
    ///
    /// # Errors
    /// [`Error::Geometry`] when there is no such element; [`Error::Elements`].
    pub fn coefficient(&self, index: usize) -> Result<Coefficient<'_, B>> {
        self.expect("coefficient", DType::F32)?;
        if index >= self.elements() {
            let (what, expected) = ("the index", "less than the number of elements");
            return Err(Error::Geometry {
                op: "coefficient",
                what,
                value: index,
                expected,
            });
        }
        let bytes = DType::F32.bytes();
        Ok(Coefficient::Element(
            self.view().slice(index * bytes..(index + 1) * bytes),
        ))
    }

    /// The mixture `sum_m self[m] * terms[m]` of tensors of one shape.
    ///
    /// # Shapes
    /// `self [terms]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn mix(&self, terms: &[Self]) -> Result<Self> {
        const NAME: &str = "mix";
        self.expect_weights(NAME, terms.len())?;
        let Some(first) = terms.first() else {
            let (what, expected) = ("the number of terms", "at least 1");
            return Err(Error::Geometry {
                op: NAME,
                what,
                value: 0,
                expected,
            });
        };
        for term in terms {
            term.expect(NAME, DType::F32)?;
            first.expect_same_shape(NAME, term)?;
        }
        let mut y = first.like(NAME)?;
        let views: Vec<_> = terms.iter().map(Tensor::view).collect();
        self.arena()
            .backend()
            .mix(self.view(), &views, y.view_mut(NAME)?)?;
        Ok(y)
    }

    /// The mixture `sum_m p[m] * quantise_m(self)`.
    ///
    /// # Shapes
    /// `p [formats]`; the result has the shape of `self`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn mix_quantised(&self, formats: &[FixedPoint], p: &Self) -> Result<Self> {
        const NAME: &str = "mix_quantised";
        self.expect(NAME, DType::F32)?;
        p.expect_weights(NAME, formats.len())?;
        let mut y = self.like(NAME)?;
        let mut scratch = scratch(
            self.arena(),
            NAME,
            &Op::MixQuantised(formats, self.elements()),
        )?;
        let backend = self.arena().backend();
        backend.mix_quantised(
            formats,
            p.view(),
            self.view(),
            y.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(y)
    }

    /// Gradients of [`Tensor::mix_quantised`] for input `x` and weights `p`, those that are `wanted`;
    /// `self` is the gradient of the result.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn mix_quantised_backward(
        &self,
        formats: &[FixedPoint],
        p: &Self,
        x: &Self,
        wanted: (bool, bool),
    ) -> Result<(Option<Self>, Option<Self>)> {
        const NAME: &str = "mix_quantised_backward";
        self.expect(NAME, DType::F32)?;
        x.expect(NAME, DType::F32)?;
        self.expect_same_shape(NAME, x)?;
        p.expect_weights(NAME, formats.len())?;
        let mut dx = wanted.0.then(|| x.like(NAME)).transpose()?;
        let mut dp = wanted.1.then(|| p.like(NAME)).transpose()?;
        let mut scratch = scratch(
            self.arena(),
            NAME,
            &Op::MixQuantisedBackward(formats, x.elements()),
        )?;
        let dx_view = dx.as_mut().map(|t| t.view_mut(NAME)).transpose()?;
        let dp_view = dp.as_mut().map(|t| t.view_mut(NAME)).transpose()?;
        let (p, x, dy) = (p.view(), x.view(), self.view());
        let backend = self.arena().backend();
        backend.mix_quantised_backward(formats, p, x, dy, dx_view, dp_view, scratch.view_mut())?;
        Ok((dx, dp))
    }

    /// `self += coefficient * pad(small)` for square kernels, both of odd size.
    ///
    /// # Shapes
    /// `self [co, K, K, ci]`, `small [co, k, k, ci]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Shared`], [`Error::Elements`].
    pub fn embed_kernel(&mut self, coefficient: Coefficient<'_, B>, small: &Self) -> Result<()> {
        const NAME: &str = "embed_kernel";
        self.expect(NAME, DType::F32)?;
        small.expect(NAME, DType::F32)?;
        let g = embedding(NAME, small.shape(), self.shape())?;
        let arena = self.arena().clone();
        arena
            .backend()
            .embed_kernel(&g, coefficient, small.view(), self.view_mut(NAME)?)
    }

    /// The middle of the kernels `self`, of side `side`: the adjoint of padding.
    ///
    /// # Shapes
    /// `self [co, K, K, ci]` gives `[co, side, side, ci]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn crop_kernel(&self, side: usize) -> Result<Self> {
        const NAME: &str = "crop_kernel";
        self.expect(NAME, DType::F32)?;
        let shape = match *self.dims() {
            [co, _, _, ci] => Shape::from([co, side, side, ci]),
            _ => Shape::from([side]),
        };
        let g = embedding(NAME, shape, self.shape())?;
        let mut small = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        self.arena()
            .backend()
            .crop_kernel(&g, self.view(), small.view_mut(NAME)?)?;
        Ok(small)
    }

    fn expect_weights(&self, op: &'static str, terms: usize) -> Result<()> {
        self.expect(op, DType::F32)?;
        if self.elements() == terms {
            return Ok(());
        }
        let expected = "one weight a term";
        Err(Error::Shapes {
            op,
            left: self.shape(),
            right: Shape::from([terms]),
            expected,
        })
    }
}

fn embedding(op: &'static str, small: Shape, large: Shape) -> Result<Embedding> {
    if let (&[co, k, k2, ci], &[co_large, side, side2, ci_large]) = (small.dims(), large.dims())
        && (co, ci, k, side) == (co_large, ci_large, k2, side2)
        && k <= side
        && k % 2 == 1
        && side % 2 == 1
    {
        return Ok(Embedding {
            out_channels: co,
            small: k,
            large: side,
            in_channels: ci,
        });
    }
    let expected =
        "square kernels of odd size, equal in channels, the first no larger than the second";
    Err(Error::Shapes {
        op,
        left: small,
        right: large,
        expected,
    })
}
