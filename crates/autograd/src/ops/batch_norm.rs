//! Batch normalisation with the batch's own statistics, alone or with the activation that follows it.

use super::in_place::exclusive;
use crate::{Backward, Origin, Tape, Var, VarId};
use radars_tensor::{Activation, Backend, FixedPoint, Normalised, Result, Tensor};

/// `y = activation(gamma * xhat + beta)` with `xhat = (x - mean) / sqrt(variance + epsilon)`, mean and
/// biased variance of a channel being taken over all rows. Also gives these statistics.
///
/// **Consumes `x`**: its memory becomes `xhat`, which is what the way back needs, so nothing else may own
/// it. Keeps `xhat`, `gamma`, `beta` and the statistics; the activation's mask is recomputed from `xhat`, and so is
/// the result for an operation that would keep it ([`Origin`]).
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
    let ids = [&x, &gamma, &beta].map(Var::id);
    let [x, gamma, beta] = [x, gamma, beta].map(Var::into_value);
    let normalised = x.batch_norm_in_place(&gamma, &beta, epsilon, activation)?;
    let origin = Output {
        xhat: normalised.xhat.clone(),
        gamma: gamma.clone(),
        beta: beta.clone(),
        activation,
    };
    let (y, stats) = record(tape, ids, normalised, [gamma, beta], epsilon, activation);
    Ok((y.with_origin(origin), stats))
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
    let ids = [&x, &gamma, &beta].map(Var::id);
    let [x, gamma, beta] = [x, gamma, beta].map(Var::into_value);
    let normalised = x.batch_norm_encode_in_place(&gamma, &beta, epsilon, format)?;
    let activation = Some(Activation::ReluQuantise(format));
    let parameters = [gamma, beta];
    Ok(record(
        tape, ids, normalised, parameters, epsilon, activation,
    ))
}

/// The result and the statistics, with the way back to the inputs `ids`.
fn record<B: Backend>(
    tape: &mut Tape<B>,
    ids: [Option<VarId>; 3],
    normalised: Normalised<B>,
    [gamma, beta]: [Tensor<B>; 2],
    epsilon: f32,
    activation: Option<Activation>,
) -> (Var<B>, Tensor<B>) {
    let backward = BatchNormBackward {
        xhat: normalised.xhat,
        stats: normalised.stats.clone(),
        gamma,
        beta,
        epsilon,
        activation,
        wanted: ids.map(|id| id.is_some()),
    };
    (tape.record(backward, ids, normalised.y), normalised.stats)
}

/// The result, as a function of what [`BatchNormBackward`] keeps.
struct Output<B: Backend> {
    xhat: Tensor<B>,
    gamma: Tensor<B>,
    beta: Tensor<B>,
    activation: Option<Activation>,
}

impl<B: Backend> Origin<B> for Output<B> {
    fn value(&self) -> Result<Tensor<B>> {
        (self.xhat).batch_norm_output(&self.gamma, &self.beta, self.activation)
    }
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
