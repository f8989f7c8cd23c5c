//! Fully connected layer.

use crate::{Fans, Initialiser, ParameterId, Parameters, Pass, Result, Role};
use radars_autograd::tensor::random::Seed;
use radars_autograd::tensor::{Backend, FixedPoint};
use radars_autograd::{Var, ops};

/// `y = Qa(x) Qw(W)^T + b`, each quantiser optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// The weights `[out, in]`.
    pub weight: ParameterId,
    /// The bias `[out]`.
    pub bias: Option<ParameterId>,
    /// The format that the input is fake-quantised to.
    pub input_format: Option<FixedPoint>,
    /// The format that the weights are fake-quantised to.
    pub weight_format: Option<FixedPoint>,
}

/// What a [`Linear`] is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinearSettings {
    /// Features of the input.
    pub in_features: usize,
    /// Features of the output.
    pub out_features: usize,
    /// Whether a bias is added; it starts at zero.
    pub bias: bool,
    /// The format that the input is fake-quantised to.
    pub input_format: Option<FixedPoint>,
    /// The format that the weights are fake-quantised to.
    pub weight_format: Option<FixedPoint>,
}

impl LinearSettings {
    /// With a bias, in floats.
    pub fn new(in_features: usize, out_features: usize) -> Self {
        LinearSettings {
            in_features,
            out_features,
            bias: true,
            input_format: None,
            weight_format: None,
        }
    }
}

impl Linear {
    /// Adds `{name}.weight`, drawn from [`Initialiser::XavierUniform`], and `{name}.bias`.
    ///
    /// # Errors
    /// [`crate::Error::DuplicateName`]; [`crate::tensor::Error::OverBound`].
    pub fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        settings: LinearSettings,
        seed: Seed,
    ) -> Result<Self> {
        Linear::with_initialiser(parameters, name, settings, Initialiser::XavierUniform, seed)
    }

    /// [`Linear::new`] with other initial weights.
    ///
    /// # Errors
    /// As [`Linear::new`].
    pub fn with_initialiser<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        settings: LinearSettings,
        initialiser: Initialiser,
        seed: Seed,
    ) -> Result<Self> {
        let LinearSettings {
            in_features,
            out_features,
            ..
        } = settings;
        let fans = Fans {
            fan_in: in_features,
            fan_out: out_features,
        };
        let weight = parameters.add_random(
            format!("{name}.weight"),
            Role::Weight,
            [out_features, in_features],
            initialiser,
            fans,
            seed,
        )?;
        let bias = match settings.bias {
            true => {
                let name = format!("{name}.bias");
                Some(parameters.add_full(name, Role::Bias, [out_features], 0.0)?)
            }
            false => None,
        };
        Ok(Linear {
            weight,
            bias,
            input_format: settings.input_format,
            weight_format: settings.weight_format,
        })
    }

    /// Applies the layer.
    ///
    /// # Shapes
    /// `x [n, in]` gives `[n, out]`.
    ///
    /// # Errors
    /// [`crate::tensor::Error::Shapes`], [`crate::tensor::Error::OverBound`].
    pub fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        let x = quantised(pass, x, self.input_format)?;
        let weight = pass.parameter(self.weight);
        let weight = quantised(pass, weight, self.weight_format)?;
        let y = ops::matmul(pass.tape(), x, false, weight, true)?;
        match self.bias {
            Some(bias) => {
                let bias = pass.parameter(bias);
                Ok(ops::add(pass.tape(), y, bias)?)
            }
            None => Ok(y),
        }
    }
}

/// `x` in a format, or as it is.
fn quantised<B: Backend>(
    pass: &mut Pass<'_, B>,
    x: Var<B>,
    format: Option<FixedPoint>,
) -> Result<Var<B>> {
    match format {
        Some(format) => Ok(ops::fake_quantise(pass.tape(), x, format)?),
        None => Ok(x),
    }
}
