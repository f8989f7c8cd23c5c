//! Batch normalisation, alone or with the activation that follows it.

use super::scratch;
use crate::{
    Activation, Backend, BatchNorm, BatchNormInference, BatchNormSaved, DType, Error, FixedPoint,
    Op, Operand, Result, Tensor, Values,
};

/// What [`Tensor::batch_norm_in_place`] gives.
pub struct Normalised<B: Backend> {
    /// The result, in the shape of the input; codes where that was asked for.
    pub y: Tensor<B>,
    /// The normalised input, in the memory of the input.
    pub xhat: Tensor<B>,
    /// Mean and biased variance of the batch, `[2, channels]`.
    pub stats: Tensor<B>,
}

impl<B: Backend> Tensor<B> {
    fn batch_norm_geometry(
        &self,
        op: &'static str,
        gamma: &Self,
        beta: &Self,
        epsilon: f32,
    ) -> Result<BatchNorm> {
        self.expect(op, DType::F32)?;
        let channels = self.shape().last();
        for parameter in [gamma, beta] {
            parameter.expect(op, DType::F32)?;
            if parameter.dims() != [channels] {
                let expected = "parameters as long as the input's innermost dimension";
                return Err(Error::Shapes {
                    op,
                    left: self.shape(),
                    right: parameter.shape(),
                    expected,
                });
            }
        }
        Ok(BatchNorm {
            rows: self.shape().rows(),
            channels,
            epsilon,
        })
    }

    /// Batch normalisation over all but the innermost dimension with the batch's own statistics, then
    /// `activation`, if any. The memory of `self` holds the normalised input afterwards.
    ///
    /// # Shapes
    /// `self [.., channels]`, `gamma` and `beta` `[channels]`.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn batch_norm_in_place(
        mut self,
        gamma: &Self,
        beta: &Self,
        epsilon: f32,
        activation: Option<Activation>,
    ) -> Result<Normalised<B>> {
        const NAME: &str = "batch_norm_in_place";
        let g = self.batch_norm_geometry(NAME, gamma, beta, epsilon)?;
        let arena = self.arena().clone();
        let mut y = self.like(NAME)?;
        let mut stats = Self::empty(&arena, NAME, [2, g.channels], DType::F32)?;
        let op = match activation {
            None => Op::BatchNorm(g),
            Some(_) => Op::BatchNormActivation(g),
        };
        let mut scratch = scratch(&arena, NAME, &op)?;
        let (x, out) = (self.view_mut(NAME)?, y.view_mut(NAME)?);
        let (gamma, beta, stat, scratch) = (
            gamma.view(),
            beta.view(),
            stats.view_mut(NAME)?,
            scratch.view_mut(),
        );
        let backend = arena.backend();
        match activation {
            None => backend.batch_norm(&g, x, gamma, beta, out, stat, scratch)?,
            Some(a) => backend.batch_norm_activation(&g, a, x, gamma, beta, out, stat, scratch)?,
        }
        Ok(Normalised {
            y,
            xhat: self,
            stats,
        })
    }

    /// [`Tensor::batch_norm_in_place`] with [`Activation::ReluQuantise`] of `format`, whose result is codes: see
    /// [`Tensor::encode`].
    ///
    /// # Errors
    /// As [`Tensor::batch_norm_in_place`]; [`Error::Geometry`] when the format's codes have no type.
    pub fn batch_norm_encode_in_place(
        mut self,
        gamma: &Self,
        beta: &Self,
        epsilon: f32,
        format: FixedPoint,
    ) -> Result<Normalised<B>> {
        const NAME: &str = "batch_norm_encode_in_place";
        let g = self.batch_norm_geometry(NAME, gamma, beta, epsilon)?;
        let arena = self.arena().clone();
        let dtype = Values::Codes(format).dtype(NAME)?;
        let mut y = Self::empty(&arena, NAME, self.shape(), dtype)?;
        let mut stats = Self::empty(&arena, NAME, [2, g.channels], DType::F32)?;
        let mut scratch = scratch(&arena, NAME, &Op::BatchNormEncode(g, format))?;
        arena.backend().batch_norm_encode(
            &g,
            format,
            self.view_mut(NAME)?,
            gamma.view(),
            beta.view(),
            y.view_mut(NAME)?,
            stats.view_mut(NAME)?,
            scratch.view_mut(),
        )?;
        Ok(Normalised {
            y,
            xhat: self,
            stats,
        })
    }

    /// The result of [`Tensor::batch_norm_in_place`] once more, to the bit; `self` is the normalised input.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::OverBound`].
    pub fn batch_norm_output(
        &self,
        gamma: &Self,
        beta: &Self,
        activation: Option<Activation>,
    ) -> Result<Self> {
        const NAME: &str = "batch_norm_output";
        // Of mean 0 and deviation 1, which no rounding changes.
        let g = self.batch_norm_geometry(NAME, gamma, beta, 0.0)?;
        let mean = Self::zeros(self.arena(), gamma.shape())?;
        let variance = Self::full(self.arena(), gamma.shape(), 1.0)?;
        let parameters = BatchNormInference {
            gamma: gamma.view(),
            beta: beta.view(),
            mean: mean.view(),
            variance: variance.view(),
            activation,
        };
        let mut y = self.like(NAME)?;
        let (x, backend) = (Operand::Read(self.view()), self.arena().backend());
        backend.batch_norm_inference(&g, x, parameters, y.view_mut(NAME)?)?;
        Ok(y)
    }

    /// Gradients of [`Tensor::batch_norm_in_place`]; `self`, the gradient of the result, becomes that of
    /// the input. Gives the gradients of input, `gamma` and `beta`.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Shapes`], [`Error::OverBound`], [`Error::Elements`].
    pub fn batch_norm_backward_in_place(
        mut self,
        xhat: &Self,
        stats: &Self,
        gamma: &Self,
        beta: &Self,
        epsilon: f32,
        activation: Option<Activation>,
    ) -> Result<(Self, Self, Self)> {
        const NAME: &str = "batch_norm_backward_in_place";
        let g = self.batch_norm_geometry(NAME, gamma, beta, epsilon)?;
        xhat.expect(NAME, DType::F32)?;
        self.expect_same_shape(NAME, xhat)?;
        stats.expect(NAME, DType::F32)?;
        if stats.dims() != [2, g.channels] {
            let expected = "statistics [2, channels] for the input's innermost dimension";
            return Err(Error::Shapes {
                op: NAME,
                left: self.shape(),
                right: stats.shape(),
                expected,
            });
        }
        let arena = self.arena().clone();
        let (mut dgamma, mut dbeta) = (gamma.like(NAME)?, beta.like(NAME)?);
        let op = match activation {
            None => Op::BatchNormBackward(g),
            Some(_) => Op::BatchNormActivationBackward(g),
        };
        let mut scratch = scratch(&arena, NAME, &op)?;
        let saved = BatchNormSaved {
            xhat: xhat.view(),
            gamma: gamma.view(),
            beta: beta.view(),
            stats: stats.view(),
        };
        let (dy, dg, db) = (
            self.view_mut(NAME)?,
            dgamma.view_mut(NAME)?,
            dbeta.view_mut(NAME)?,
        );
        let backend = arena.backend();
        match activation {
            None => backend.batch_norm_backward(&g, saved, dy, dg, db, scratch.view_mut())?,
            Some(a) => backend.batch_norm_activation_backward(
                &g,
                a,
                saved,
                dy,
                dg,
                db,
                scratch.view_mut(),
            )?,
        }
        Ok((self, dgamma, dbeta))
    }

    /// Batch normalisation with given statistics (evaluation), then `activation`, if any, in the memory of `self`.
    ///
    /// # Shapes
    /// `self [.., channels]`, all parameters `[channels]`.
    ///
    /// # Errors
    /// [`Error::Shared`], [`Error::Shapes`], [`Error::Elements`].
    pub fn batch_norm_inference_in_place(
        mut self,
        gamma: &Self,
        beta: &Self,
        mean: &Self,
        variance: &Self,
        epsilon: f32,
        activation: Option<Activation>,
    ) -> Result<Self> {
        const NAME: &str = "batch_norm_inference_in_place";
        let g = self.batch_norm_geometry(NAME, gamma, beta, epsilon)?;
        self.batch_norm_geometry(NAME, mean, variance, epsilon)?;
        let arena = self.arena().clone();
        let parameters = BatchNormInference {
            gamma: gamma.view(),
            beta: beta.view(),
            mean: mean.view(),
            variance: variance.view(),
            activation,
        };
        let y = self.view_mut(NAME)?;
        arena
            .backend()
            .batch_norm_inference(&g, Operand::InPlace, parameters, y)?;
        Ok(self)
    }
}
