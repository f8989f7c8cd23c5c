//! Child networks: one architecture of a space, to be trained by itself.

use crate::Result;
use crate::format::{activation, activation_format, classifier_formats, weight_format};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Backend, Conv2dOptions, FixedPoint, Tensor};
use radars_nn::{BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, Parameters, Pass};
use radars_space::{Architecture, Space};

/// An architecture as a network: every layer is `conv(Qa(x), Qw(W))`, batch norm, ReLU; then global average
/// pooling and a linear classifier.
///
/// The quantiser of a layer's input is computed together with the batch norm and the ReLU before it.
#[derive(Clone, Debug)]
pub struct Child {
    input: Option<FixedPoint>,
    layers: Vec<(Conv2d, BatchNorm2d)>,
    classifier: Linear,
}

impl Child {
    /// Adds the parameters of `architecture` to an empty store; initial weights are a function of `seed`.
    ///
    /// # Errors
    /// [`crate::Error::Space`] when the architecture does not belong to the space or the space is not
    /// resolved; [`crate::Error::Nn`] when memory does not suffice.
    pub fn new<B: Backend>(
        parameters: &mut Parameters<B>,
        space: &Space,
        architecture: &Architecture,
        seed: Seed,
    ) -> Result<Self> {
        let geometry = space.geometry()?;
        space.cost(architecture)?;
        let candidates = architecture.layers();
        let input_of = |layer: usize| {
            let precision = candidates.get(layer)?.activation()?;
            Some(activation_format(layer, precision))
        };
        let mut layers = Vec::with_capacity(candidates.len());
        for (layer, (g, candidate)) in geometry.iter().zip(candidates).enumerate() {
            let settings = Conv2dSettings {
                in_channels: g.input.channels,
                out_channels: g.output.channels,
                kernel: candidate.kernel,
                options: Conv2dOptions {
                    stride: g.stride,
                    padding: candidate.kernel / 2,
                    groups: g.groups,
                },
                weight_format: candidate.weight().map(weight_format),
            };
            let conv = Conv2d::new(parameters, &format!("layer{layer}.conv"), settings, seed)?;
            let follows = Some(activation(input_of(layer + 1)));
            let norm = BatchNorm2d::new(
                parameters,
                &format!("layer{layer}.norm"),
                g.output.channels,
                follows,
            )?;
            layers.push((conv, norm));
        }
        let classifier = classifier(parameters, space, seed)?;
        Ok(Child {
            input: input_of(0),
            layers,
            classifier,
        })
    }

    /// The logits of a batch.
    ///
    /// # Shapes
    /// `images [n, h, w, c]` gives `[n, classes]`.
    ///
    /// # Errors
    /// Those of the operations, above all [`radars_nn::tensor::Error::OverBound`].
    pub fn logits<B: Backend>(&self, pass: &mut Pass<'_, B>, images: Tensor<B>) -> Result<Var<B>> {
        let mut x = Var::constant(images);
        if let Some(format) = self.input {
            x = ops::fake_quantise(pass.tape(), x, format)?;
        }
        for (conv, norm) in &self.layers {
            x = conv.forward(pass, x)?;
            x = norm.forward(pass, x)?;
        }
        let pooled = ops::global_average_pool(pass.tape(), x)?;
        Ok(self.classifier.forward(pass, pooled)?)
    }
}

/// The classifier that ends every network of a space.
pub(crate) fn classifier<B: Backend>(
    parameters: &mut Parameters<B>,
    space: &Space,
    seed: Seed,
) -> Result<Linear> {
    let in_features = space.geometry()?.last().map_or(0, |g| g.output.channels);
    let (input_format, weight_format) = classifier_formats(space);
    let settings = LinearSettings {
        in_features,
        out_features: space.classes()?,
        bias: true,
        input_format,
        weight_format,
    };
    Ok(Linear::new(parameters, "classifier", settings, seed)?)
}
