//! Convolution and pooling, with their gradients.

use super::scratch;
use crate::{Backend, Conv2d, Conv2dOptions, DType, Error, Op, Pool2d, PoolKind, Result, Tensor};

impl<B: Backend> Tensor<B> {
    /// The geometry of a convolution of images `self` with `weight`.
    ///
    /// # Shapes
    /// `self [n, h, w, ci]`, `weight [co, k, k, ci / groups]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`].
    pub fn conv2d_geometry(&self, weight: &Self, options: Conv2dOptions) -> Result<Conv2d> {
        const NAME: &str = "conv2d";
        let bad = |expected| Error::Shapes {
            op: NAME,
            left: self.shape(),
            right: weight.shape(),
            expected,
        };
        let (&[n, h, w, ci], &[co, kh, kw, group]) = (self.dims(), weight.dims()) else {
            return Err(bad(
                "images [n, h, w, ci] and weights [co, k, k, ci / groups]",
            ));
        };
        if kh != kw || options.groups == 0 || group.checked_mul(options.groups) != Some(ci) {
            return Err(bad(
                "weights [co, k, k, ci / groups] for images [n, h, w, ci]",
            ));
        }
        Conv2d::new(n, [h, w, ci], co, kh, options)
    }

    /// The convolution of images `self` with `weight`.
    ///
    /// # Shapes
    /// `self [n, h, w, ci]`, `weight [co, k, k, ci / groups]`; gives `[n, ho, wo, co]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`], [`Error::OverBound`], [`Error::Elements`].
    pub fn conv2d(&self, weight: &Self, options: Conv2dOptions) -> Result<Self> {
        const NAME: &str = "conv2d";
        self.expect(NAME, DType::F32)?;
        weight.expect(NAME, DType::F32)?;
        let g = self.conv2d_geometry(weight, options)?;
        let [ho, wo, co] = g.output;
        let mut y = Self::empty(self.arena(), NAME, [g.batch, ho, wo, co], DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::Conv2dFprop(g))?;
        let backend = self.arena().backend();
        backend.conv2d_fprop(
            &g,
            self.view(),
            weight.view(),
            y.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(y)
    }

    /// The gradient of a convolution's input; `self` is the gradient of its output.
    ///
    /// # Errors
    /// [`Error::Length`] when an operand does not fit `g`; [`Error::Geometry`]; [`Error::OverBound`];
    /// [`Error::Elements`].
    pub fn conv2d_input_gradient(&self, weight: &Self, g: &Conv2d) -> Result<Self> {
        const NAME: &str = "conv2d_input_gradient";
        let g = &g.checked()?;
        self.expect_elements(NAME, "dy", g.output_elements())?;
        weight.expect_elements(NAME, "w", g.weight_elements())?;
        let [h, w, ci] = g.input;
        let mut dx = Self::empty(self.arena(), NAME, [g.batch, h, w, ci], DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::Conv2dDgrad(*g))?;
        let backend = self.arena().backend();
        backend.conv2d_dgrad(
            g,
            self.view(),
            weight.view(),
            dx.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(dx)
    }

    /// The gradient of a convolution's weights; `self` is the gradient of its output.
    ///
    /// # Errors
    /// [`Error::Length`] when an operand does not fit `g`; [`Error::Geometry`]; [`Error::OverBound`];
    /// [`Error::Elements`].
    pub fn conv2d_weight_gradient(&self, x: &Self, g: &Conv2d) -> Result<Self> {
        const NAME: &str = "conv2d_weight_gradient";
        let g = &g.checked()?;
        x.expect_elements(NAME, "x", g.input_elements())?;
        self.expect_elements(NAME, "dy", g.output_elements())?;
        let shape = [g.output[2], g.kernel, g.kernel, g.input[2] / g.groups];
        let mut dw = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        let mut scratch = scratch(self.arena(), NAME, &Op::Conv2dWgrad(*g))?;
        let backend = self.arena().backend();
        backend.conv2d_wgrad(
            g,
            x.view(),
            self.view(),
            dw.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(dw)
    }

    /// The geometry of a pooling of images `self [n, h, w, c]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`], [`Error::Elements`].
    pub fn pool2d_geometry(
        &self,
        kind: PoolKind,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Pool2d> {
        self.expect("pool2d", DType::F32)?;
        let &[batch, h, w, c] = self.dims() else {
            let expected = "images [n, h, w, c]";
            return Err(Error::Shapes {
                op: "pool2d",
                left: self.shape(),
                right: self.shape(),
                expected,
            });
        };
        Pool2d {
            kind,
            batch,
            input: [h, w, c],
            kernel,
            stride,
            padding,
        }
        .checked()
    }

    /// Pools images `self [n, h, w, c]` to `[n, ho, wo, c]`.
    ///
    /// # Errors
    /// [`Error::Length`] when `self` does not fit `g`; [`Error::Geometry`]; [`Error::OverBound`];
    /// [`Error::Elements`].
    pub fn pool2d(&self, g: &Pool2d) -> Result<Self> {
        let g = &g.checked()?;
        self.expect_elements("pool2d", "x", g.input_elements())?;
        let [ho, wo, c] = g.output();
        let mut y = Self::empty(self.arena(), "pool2d", [g.batch, ho, wo, c], DType::F32)?;
        self.arena()
            .backend()
            .pool2d(g, self.view(), y.view_mut("pool2d")?)?;
        Ok(y)
    }

    /// The gradient of a pooling's input `x`; `self` is the gradient of its output.
    ///
    /// # Errors
    /// [`Error::Length`] when an operand does not fit `g`; [`Error::Geometry`]; [`Error::OverBound`];
    /// [`Error::Elements`].
    pub fn pool2d_backward(&self, x: &Self, g: &Pool2d) -> Result<Self> {
        const NAME: &str = "pool2d_backward";
        let g = &g.checked()?;
        x.expect_elements(NAME, "x", g.input_elements())?;
        self.expect_elements(NAME, "dy", g.output_elements())?;
        let mut dx = x.like(NAME)?;
        let out = dx.view_mut(NAME)?;
        self.arena()
            .backend()
            .pool2d_backward(g, x.view(), self.view(), out)?;
        Ok(dx)
    }
}
