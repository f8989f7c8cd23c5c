//! Convolution with float or fake-quantised weights.

use super::Mapping;
use crate::{Fans, Initialiser, ParameterId, Parameters, Pass, Result, Role};
use radars_autograd::tensor::random::Seed;
use radars_autograd::tensor::{
    self, Backend, Conv2dOptions, ConvValues, Error, FixedPoint, Values,
};
use radars_autograd::{Tape, Var, ops};

/// A two-dimensional convolution without bias, `y = conv(Qx(x), Qw(W))`; a batch normalisation follows it.
///
/// Mostly the activation before it quantises its input (see
/// [`Activation::ReluQuantise`](radars_autograd::tensor::Activation)): then [`Conv2d::input`] says so, as
/// [`Values::OnGrid`], or as [`Values::Codes`] where it leaves the codes
/// ([`BatchNorm2d::encode`](crate::BatchNorm2d::encode)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// The weights `[co, k, k, ci / groups]`.
    pub weight: ParameterId,
    /// Stride, padding and groups.
    pub options: Conv2dOptions,
    /// What is known of the input, and whether it is fake-quantised.
    pub input: Values,
    /// The format that the weights are fake-quantised to.
    pub weight_format: Option<FixedPoint>,
}

/// What a [`Conv2d`] is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dSettings {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Side of the square kernel.
    pub kernel: usize,
    /// Stride, padding and groups.
    pub options: Conv2dOptions,
    /// What is known of the input, and whether it is fake-quantised.
    pub input: Values,
    /// The format that the weights are fake-quantised to.
    pub weight_format: Option<FixedPoint>,
}

impl Conv2dSettings {
    /// Stride 1, the padding that keeps the size of the image (odd kernels), one group, floats.
    pub fn same(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Conv2dSettings {
            in_channels,
            out_channels,
            kernel,
            options: Conv2dOptions {
                stride: 1,
                padding: kernel / 2,
                groups: 1,
            },
            input: Values::Float,
            weight_format: None,
        }
    }

    /// How many values flow into and out of one of its units.
    pub fn fans(&self) -> Fans {
        let channels = [self.in_channels, self.out_channels];
        Fans::conv2d(channels, self.kernel, self.options.groups)
    }
}

impl Conv2d {
    /// Adds the weights, initialised as [`Initialiser::kaiming_for`] their format, as `{name}.weight`.
    ///
    /// # Errors
    /// [`Error::Geometry`] when the groups do not divide the channels;
    /// [`crate::Error::DuplicateName`]; [`Error::OverBound`].
    pub fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        settings: Conv2dSettings,
        seed: Seed,
    ) -> Result<Self> {
        let initialiser = Initialiser::kaiming_for(settings.weight_format);
        Conv2d::with_initialiser(parameters, name, settings, initialiser, seed)
    }

    /// [`Conv2d::new`] with other initial weights.
    ///
    /// # Errors
    /// As [`Conv2d::new`].
    pub fn with_initialiser<B: Backend>(
        parameters: &mut Parameters<B>,
        name: &str,
        settings: Conv2dSettings,
        initialiser: Initialiser,
        seed: Seed,
    ) -> Result<Self> {
        let Conv2dSettings {
            in_channels,
            out_channels,
            kernel,
            options,
            input,
            weight_format,
        } = settings;
        let groups = options.groups;
        if groups == 0 || in_channels % groups != 0 || out_channels % groups != 0 {
            return Err(crate::Error::Tensor(Error::Geometry {
                op: "conv2d",
                what: "groups",
                value: groups,
                expected: "a divisor of the input and of the output channels",
            }));
        }
        let weight = parameters.add_random(
            format!("{name}.weight"),
            Role::Weight,
            [out_channels, kernel, kernel, in_channels / groups],
            initialiser,
            settings.fans(),
            seed,
        )?;
        Ok(Conv2d {
            weight,
            options,
            input,
            weight_format,
        })
    }

    /// Convolves `x`.
    ///
    /// # Shapes
    /// `x [n, h, w, ci]` gives `[n, ho, wo, co]`.
    ///
    /// # Errors
    /// [`Error::Shapes`], [`Error::Geometry`], [`Error::OverBound`].
    pub fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, x: Var<B>) -> Result<Var<B>> {
        let weight = pass.parameter(self.weight);
        Ok(self.map(pass.tape(), vec![x, weight])?)
    }
}

/// Takes the images and the weights.
impl<B: Backend> Mapping<B> for Conv2d {
    fn map(&self, tape: &mut Tape<B>, operands: Vec<Var<B>>) -> tensor::Result<Var<B>> {
        let values = ConvValues {
            x: self.input,
            w: self.weight_format.map_or(Values::Float, Values::Quantise),
        };
        let [x, w] = <[Var<B>; 2]>::try_from(operands).map_err(|operands| Error::Geometry {
            op: "conv2d",
            what: "the number of operands",
            value: operands.len(),
            expected: "2",
        })?;
        ops::fake_quantised_conv2d(tape, x, w, values, self.options)
    }
}
