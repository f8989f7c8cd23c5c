//! Batch normalisation, with the activation that follows it.

use crate::{Mode, ParameterId, Parameters, Pass, Result, Role};
use radars_autograd::tensor::{
    self, Activation, Backend, BinaryOp, Coefficient, FixedPoint, Tensor, UnaryOp,
};
use radars_autograd::{Tape, Var, ops};

/// Batch normalisation over all but the innermost dimension, then an activation, if any.
///
/// In training it uses the batch's mean and biased variance, and moves the running statistics:
/// `running += momentum * (batch - running)`, with the unbiased variance (the biased one for a single
/// row). In evaluation it uses the running statistics. A pass over a micro-batch normalises by the statistics of
/// its own images, and moves the running ones by [`crate::Share::momentum`].
///
/// # Source
/// Ioffe and Szegedy 2015, Algorithms 1 and 2; the running averages are those of the common frameworks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm2d {
    /// Scale `[c]`.
    pub gamma: ParameterId,
    /// Shift `[c]`.
    pub beta: ParameterId,
    /// Running mean `[c]`.
    pub mean: ParameterId,
    /// Running variance `[c]`.
    pub variance: ParameterId,
    /// Added to the variance.
    pub epsilon: f32,
    /// The share of the newest batch in the running statistics.
    pub momentum: f32,
    /// What follows, computed in the same pass over memory.
    pub activation: Option<Activation>,
    /// Whether what the activation quantises is left as codes, for a layer that takes
    /// [`tensor::Values::Codes`]: in the format of [`BatchNorm2d::code_format`].
    pub encode: bool,
}

impl BatchNorm2d {
    /// What new layers add to the variance.
    pub const EPSILON: f32 = 1e-5;

    /// Adds `{name}.gamma` (1), `{name}.beta` (0), `{name}.mean` (0) and `{name}.variance` (1); epsilon is
    /// [`BatchNorm2d::EPSILON`] and the momentum 0.1.
    ///
    /// # Errors
    /// [`crate::Error::DuplicateName`]; [`crate::tensor::Error::OverBound`].
    pub fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        channels: usize,
        activation: Option<Activation>,
    ) -> Result<Self> {
        let mut add = |part, role, value| {
            parameters.add_full(format!("{name}.{part}"), role, [channels], value)
        };
        Ok(BatchNorm2d {
            gamma: add("gamma", Role::Norm, 1.0)?,
            beta: add("beta", Role::Norm, 0.0)?,
            mean: add("mean", Role::Statistic, 0.0)?,
            variance: add("variance", Role::Statistic, 1.0)?,
            epsilon: Self::EPSILON,
            momentum: 0.1,
            activation,
            encode: false,
        })
    }

    /// The format that the result is codes of; none when it is values.
    pub fn code_format(&self) -> Option<FixedPoint> {
        match self.activation {
            Some(Activation::ReluQuantise(format)) if self.encode => Some(format),
            _ => None,
        }
    }

    /// Normalises `x`.
    ///
    /// # Shapes
    /// `x [.., c]`; the result has the same shape.
    ///
    /// # Errors
    /// [`crate::tensor::Error::Shapes`], [`crate::tensor::Error::OverBound`]; [`crate::tensor::Error::Geometry`]
    /// for codes of a format that has none;
    /// [`crate::Error::NoGradient`] when `x` requires a gradient in evaluation.
    pub fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        match pass.mode() {
            Mode::Evaluate => self.evaluate(pass, x),
            Mode::Train {
                update_statistics, ..
            } => {
                let rows = x.value().shape().rows();
                let (gamma, beta) = (pass.parameter(self.gamma), pass.parameter(self.beta));
                let (y, stats) = self.normalise(pass.tape(), x, gamma, beta)?;
                if update_statistics {
                    self.observe(pass, &stats, rows)?;
                }
                Ok(y)
            }
        }
    }

    /// With the batch's own statistics, which are given too.
    pub(super) fn normalise<B: Backend>(
        &self,
        tape: &mut Tape<B>,
        x: Var<B>,
        gamma: Var<B>,
        beta: Var<B>,
    ) -> tensor::Result<(Var<B>, Tensor<B>)> {
        match self.code_format() {
            Some(format) => ops::batch_norm_encode(tape, x, gamma, beta, self.epsilon, format),
            None => ops::batch_norm(tape, x, gamma, beta, self.epsilon, self.activation),
        }
    }

    fn evaluate<B: Backend>(&self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        pass.expect_constant("batch normalisation", &x)?;
        let x = ops::exclusive(x.into_value())?;
        let [gamma, beta, mean, variance] =
            [self.gamma, self.beta, self.mean, self.variance].map(|id| pass.parameter(id));
        let y = x.batch_norm_inference_in_place(
            gamma.value(),
            beta.value(),
            mean.value(),
            variance.value(),
            self.epsilon,
            match self.code_format() {
                Some(_) => None,
                None => self.activation,
            },
        )?;
        Ok(Var::constant(match self.code_format() {
            None => y,
            // Codes of a format without a sign are those of what is positive.
            Some(format) if !format.signed => y.encode(format)?,
            Some(format) => y.unary_in_place(UnaryOp::Relu)?.encode(format)?,
        }))
    }

    /// Moves the running statistics towards those of a batch of `rows` rows.
    pub(super) fn observe<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        stats: &Tensor<B>,
        rows: usize,
    ) -> Result<()> {
        let momentum = pass.share().momentum(self.momentum);
        let channels = stats.shape().last();
        let unbiased = match rows {
            0 | 1 => 1.0,
            _ => (rows as f64 / (rows - 1) as f64) as f32,
        };
        if let Some(running) = pass.statistic(self.mean) {
            approach(running, stats.narrow(0, channels)?, momentum)?;
        }
        if let Some(running) = pass.statistic(self.variance) {
            let variance = stats
                .narrow(channels, channels)?
                .unary_in_place(UnaryOp::Affine {
                    scale: unbiased,
                    shift: 0.0,
                })?;
            approach(running, variance, momentum)?;
        }
        Ok(())
    }
}

/// `running += momentum * (batch - running)`.
fn approach<B: Backend>(running: &mut Tensor<B>, batch: Tensor<B>, momentum: f32) -> Result<()> {
    let change = batch.binary_in_place(BinaryOp::Sub, running)?;
    Ok(running.accumulate(Coefficient::Constant(momentum), &change)?)
}
