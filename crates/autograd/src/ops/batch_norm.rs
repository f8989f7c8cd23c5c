//! Batch normalisation with the batch's own statistics, alone or with the activation that follows it.

use super::in_place::exclusive;
use crate::{Backward, Tape, Var};
use radars_tensor::{Activation, Backend, FixedPoint, Normalised, Result, Tensor};

/// `y = activation(gamma * xhat + beta)` with `xhat = (x - mean) / sqrt(variance + epsilon)`, mean and
/// biased variance of a channel being taken over all rows. Also gives these statistics.
///
/// **Consumes `x`**: its memory becomes `xhat`, which is what the way back needs, so nothing else may own
/// it. Keeps `xhat`, `gamma`, `beta` and the statistics; the activation's mask is recomputed from `xhat`.
///
/// # Shapes
/// `x [.., c]`, `gamma [c]`, `beta [c]`; the result has that of `x`, the statistics are `[2, c]`: means,
/// then variances.
///
/// # Errors
/// [`radars_tensor::Error::Shared`] when something else owns the memory of `x`,
/// [`radars_tensor::Error::Shapes`], [`radars_tensor::Error::OverBound`].
///
/// # Source
/// Ioffe and Szegedy 2015, Algorithm 1.
pub fn batch_norm<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    gamma: Var<B>,
    beta: Var<B>,
    epsilon: f32,
    activation: Option<Activation>,
) -> Result<(Var<B>, Tensor<B>)> {
    normalise(
        tape,
        [x, gamma, beta],
        epsilon,
        activation,
        |x, gamma, beta| x.batch_norm_in_place(gamma, beta, epsilon, activation),
    )
}

/// [`batch_norm`] with [`Activation::ReluQuantise`] of `format`, whose result is the codes of that format: what
/// takes it has to expect them ([`radars_tensor::Values::Codes`]). Its gradient is that of the values that
/// they stand for, so the gradients of the inputs are those of [`batch_norm`].
///
/// # Errors
/// As [`batch_norm`]; [`radars_tensor::Error::Geometry`] when the format's codes have no type
/// ([`FixedPoint::code_dtype`]).
pub fn batch_norm_encode<B: Backend>(
    tape: &mut Tape<B>,
    x: Var<B>,
    gamma: Var<B>,
    beta: Var<B>,
    epsilon: f32,
    format: FixedPoint,
) -> Result<(Var<B>, Tensor<B>)> {
    let activation = Some(Activation::ReluQuantise(format));
    normalise(
        tape,
        [x, gamma, beta],
        epsilon,
        activation,
        |x, gamma, beta| x.batch_norm_encode_in_place(gamma, beta, epsilon, format),
    )
}

/// What `forward` makes of `x`, `gamma` and `beta`, with the way back.
fn normalise<B: Backend>(
    tape: &mut Tape<B>,
    inputs: [Var<B>; 3],
    epsilon: f32,
    activation: Option<Activation>,
    forward: impl FnOnce(Tensor<B>, &Tensor<B>, &Tensor<B>) -> Result<Normalised<B>>,
) -> Result<(Var<B>, Tensor<B>)> {
    let ids = [0, 1, 2].map(|i: usize| inputs[i].id());
    let [x, gamma, beta] = inputs.map(Var::into_value);
    let normalised = forward(x, &gamma, &beta)?;
    let backward = BatchNormBackward {
        xhat: normalised.xhat,
        stats: normalised.stats.clone(),
        gamma,
        beta,
        epsilon,
        activation,
        wanted: ids.map(|id| id.is_some()),
    };
    let y = tape.record(backward, ids, normalised.y);
    Ok((y, normalised.stats))
}

struct BatchNormBackward<B: Backend> {
    xhat: Tensor<B>,
    stats: Tensor<B>,
    gamma: Tensor<B>,
    beta: Tensor<B>,
    epsilon: f32,
    activation: Option<Activation>,
    /// Whether `x`, `gamma` and `beta` want a gradient.
    wanted: [bool; 3],
}

impl<B: Backend> Backward<B> for BatchNormBackward<B> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let (dx, dgamma, dbeta) = exclusive(dy)?.batch_norm_backward_in_place(
            &self.xhat,
            &self.stats,
            &self.gamma,
            &self.beta,
            self.epsilon,
            self.activation,
        )?;
        let [x, gamma, beta] = self.wanted;
        Ok(vec![
            x.then_some(dx),
            gamma.then_some(dgamma),
            beta.then_some(dbeta),
        ])
    }

    fn saved_bytes(&self) -> usize {
        self.xhat.bytes() + self.stats.bytes() + self.gamma.bytes() + self.beta.bytes()
    }
}
