//! Convolution of operands on fixed-point grids, with its gradients.
//!
//! What is quantised on the way in is never a tensor of its own: at most it takes scratch, while the
//! operation runs.

use super::scratch;
use crate::{Backend, Conv2d, Conv2dOptions, ConvValues, DType, Op, Result, Tensor};

impl<B: Backend> Tensor<B> {
    /// The convolution of images `self` with `weight`, of which `values` says what is known, what is
    /// quantised first and what is codes.
    ///
    /// # Shapes
    /// `self [n, h, w, ci]`, `weight [co, k, k, ci / groups]`; gives `[n, ho, wo, co]`.
    ///
    /// # Errors
    /// [`crate::Error::Shapes`], [`crate::Error::Geometry`], [`crate::Error::OverBound`], [`crate::Error::Elements`].
    pub fn fake_quantised_conv2d(
        &self,
        weight: &Self,
        values: ConvValues,
        options: Conv2dOptions,
    ) -> Result<Self> {
        const NAME: &str = "fake_quantised_conv2d";
        self.expect(NAME, values.x.dtype(NAME)?)?;
        weight.expect(NAME, values.w.dtype(NAME)?)?;
        let g = self.conv2d_geometry(weight, options)?;
        let [ho, wo, co] = g.output;
        let mut y = Self::empty(self.arena(), NAME, [g.batch, ho, wo, co], DType::F32)?;
        let op = Op::FakeQuantisedConv2dFprop(g, values);
        let mut scratch = scratch(self.arena(), NAME, &op)?;
        let backend = self.arena().backend();
        backend.fake_quantised_conv2d_fprop(
            &g,
            values,
            self.view(),
            weight.view(),
            y.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(y)
    }

    /// The gradient of what [`Tensor::fake_quantised_conv2d`] makes of the images; `self` is the gradient of
    /// its output. Where the images are quantised, whether it passes their quantiser is left to the caller.
    ///
    /// # Errors
    /// [`crate::Error::Length`] when an operand does not fit `g`; [`crate::Error::Geometry`]; [`crate::Error::OverBound`];
    /// [`crate::Error::Elements`].
    pub fn fake_quantised_conv2d_input_gradient(
        &self,
        weight: &Self,
        values: ConvValues,
        g: &Conv2d,
    ) -> Result<Self> {
        const NAME: &str = "fake_quantised_conv2d_input_gradient";
        let g = &g.checked()?;
        self.expect_elements(NAME, "dy", g.output_elements())?;
        weight.expect_values(NAME, "w", values.w, g.weight_elements())?;
        let [h, w, ci] = g.input;
        let mut dx = Self::empty(self.arena(), NAME, [g.batch, h, w, ci], DType::F32)?;
        let op = Op::FakeQuantisedConv2dDgrad(*g, values);
        let mut scratch = scratch(self.arena(), NAME, &op)?;
        let backend = self.arena().backend();
        backend.fake_quantised_conv2d_dgrad(
            g,
            values,
            self.view(),
            weight.view(),
            dx.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(dx)
    }

    /// The gradient of `weight` in [`Tensor::fake_quantised_conv2d`] of the images `x`, zero where the
    /// weights' quantiser lets none pass; `self` is the gradient of its output.
    ///
    /// # Errors
    /// [`crate::Error::Length`] when an operand does not fit `g`; [`crate::Error::Geometry`]; [`crate::Error::OverBound`];
    /// [`crate::Error::Elements`].
    pub fn fake_quantised_conv2d_weight_gradient(
        &self,
        x: &Self,
        weight: &Self,
        values: ConvValues,
        g: &Conv2d,
    ) -> Result<Self> {
        const NAME: &str = "fake_quantised_conv2d_weight_gradient";
        let g = &g.checked()?;
        x.expect_values(NAME, "x", values.x, g.input_elements())?;
        weight.expect_values(NAME, "w", values.w, g.weight_elements())?;
        self.expect_elements(NAME, "dy", g.output_elements())?;
        let shape = [g.output[2], g.kernel, g.kernel, g.input[2] / g.groups];
        let mut dw = Self::empty(self.arena(), NAME, shape, DType::F32)?;
        let op = Op::FakeQuantisedConv2dWgrad(*g, values);
        let mut scratch = scratch(self.arena(), NAME, &op)?;
        let backend = self.arena().backend();
        backend.fake_quantised_conv2d_wgrad(
            g,
            values,
            x.view(),
            weight.view(),
            self.view(),
            dw.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(dw)
    }
}
