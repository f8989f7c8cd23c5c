//! Child networks: one architecture of a space, to be trained by itself.

use crate::format::{activation, activation_format, classifier_formats, weight_format};
use crate::{Recompute, Result};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Backend, Conv2dOptions, DType, FixedPoint, Shape, Tensor, Values};
use radars_nn::{
    BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, ParameterId, Parameters, Pass,
    Role,
};
use radars_space::{Architecture, Candidate, ConvGeometry, Space};

/// An architecture as a network: every layer is `conv(Qa(x), Qw(W))`, batch norm, ReLU; then global average
/// pooling and a linear classifier.
///
/// The quantiser of a layer's input is computed together with the batch norm and the ReLU before it.
#[derive(Clone, Debug)]
pub struct Child {
    input: Option<FixedPoint>,
    layers: Vec<(Conv2d, BatchNorm2d)>,
    classifier: Linear,
    recompute: Recompute,
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
        Child::with_weights(parameters, space, architecture, Weights::Drawn(seed))
    }

    /// [`Child::new`] with weights from elsewhere.
    pub(crate) fn with_weights<B: Backend>(
        parameters: &mut Parameters<B>,
        space: &Space,
        architecture: &Architecture,
        weights: Weights,
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
            let name = format!("layer{layer}.conv");
            let settings = conv_settings(layer, g, candidate);
            let conv = match weights {
                Weights::Drawn(seed) => Conv2d::new(parameters, &name, settings, seed)?,
                Weights::Unset => Conv2d {
                    weight: unset(parameters, &name, weight_shape(&settings))?,
                    options: settings.options,
                    input: settings.input,
                    weight_format: settings.weight_format,
                },
            };
            let follows = Some(activation(input_of(layer + 1)));
            let norm = BatchNorm2d::new(
                parameters,
                &format!("layer{layer}.norm"),
                g.output.channels,
                follows,
            )?;
            layers.push((conv, norm));
        }
        let classifier = classifier(parameters, space, weights)?;
        Ok(Child {
            input: input_of(0),
            layers,
            classifier,
            recompute: Recompute::NONE,
        })
    }

    /// Sets the share of the newest batch in the running statistics.
    pub(crate) fn set_statistics_momentum(&mut self, momentum: f32) {
        for (_, norm) in &mut self.layers {
            norm.momentum = momentum;
        }
    }

    /// Says which layers are computed again on the way back.
    pub fn set_recompute(&mut self, recompute: Recompute) {
        self.recompute = recompute;
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
        for (index, (conv, norm)) in self.layers.iter().enumerate() {
            x = if self.recompute.contains(index) {
                let operands = vec![x, pass.parameter(conv.weight)];
                norm.forward_recomputed(pass, *conv, operands)?
            } else {
                x = conv.forward(pass, x)?;
                norm.forward(pass, x)?
            };
        }
        let pooled = ops::global_average_pool(pass.tape(), x)?;
        Ok(self.classifier.forward(pass, pooled)?)
    }
}

/// Where the weights of a new network come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weights {
    /// Drawn, as a function of the seed and the name.
    Drawn(Seed),
    /// From whoever builds the network and writes them all; drawing takes longer than a training step.
    Unset,
}

/// The memory of weights, without content.
fn unset<B: Backend>(
    parameters: &mut Parameters<B>,
    name: &str,
    shape: impl Into<Shape>,
) -> Result<ParameterId> {
    let value = Tensor::empty(parameters.arena(), "unset", shape, DType::F32)?;
    Ok(parameters.add(format!("{name}.weight"), Role::Weight, value)?)
}

/// The convolution of a candidate for a layer, whose input is quantised before.
pub(crate) fn conv_settings(
    layer: usize,
    geometry: &ConvGeometry,
    candidate: &Candidate,
) -> Conv2dSettings {
    let input = candidate.activation().map(|p| activation_format(layer, p));
    Conv2dSettings {
        in_channels: geometry.input.channels,
        out_channels: geometry.output.channels,
        kernel: candidate.kernel,
        options: Conv2dOptions {
            stride: geometry.stride,
            padding: candidate.kernel / 2,
            groups: geometry.groups,
        },
        input: input.map_or(Values::Float, Values::OnGrid),
        weight_format: candidate.weight().map(weight_format),
    }
}

/// The shape of a convolution's weights; the groups of a [`ConvGeometry`] divide its channels.
pub(crate) fn weight_shape(conv: &Conv2dSettings) -> [usize; 4] {
    let depth = conv.in_channels / conv.options.groups;
    [conv.out_channels, conv.kernel, conv.kernel, depth]
}

/// The classifier that ends every network of a space.
pub(crate) fn classifier<B: Backend>(
    parameters: &mut Parameters<B>,
    space: &Space,
    weights: Weights,
) -> Result<Linear> {
    const NAME: &str = "classifier";
    let in_features = space.geometry()?.last().map_or(0, |g| g.output.channels);
    let out_features = space.classes()?;
    let (input_format, weight_format) = classifier_formats(space);
    Ok(match weights {
        Weights::Drawn(seed) => {
            let settings = LinearSettings {
                in_features,
                out_features,
                bias: true,
                input_format,
                weight_format,
            };
            Linear::new(parameters, NAME, settings, seed)?
        }
        Weights::Unset => Linear {
            weight: unset(parameters, NAME, [out_features, in_features])?,
            bias: Some(parameters.add_full(
                format!("{NAME}.bias"),
                Role::Bias,
                [out_features],
                0.0,
            )?),
            input_format,
            weight_format,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_nn::tensor::{Arena, Cpu};
    use radars_nn::{Mode, loss};
    use radars_space::ImageShape;
    use rand::RngExt;

    /// Logits and all gradients, in the order of the parameters.
    fn step(child: &Child, parameters: &mut Parameters<Cpu>, mode: Mode) -> Vec<Vec<f32>> {
        let arena = parameters.arena().clone();
        let mut rng = Seed(3).stream("images", 0);
        let images: Vec<f32> = (0..2 * 16 * 16 * 3)
            .map(|_| rng.random_range(-3.0..3.0))
            .collect();
        let images = Tensor::from_slice(&arena, [2, 16, 16, 3], &images).unwrap();
        let mut pass = Pass::new(parameters, mode);
        let logits = child.logits(&mut pass, images).unwrap();
        let mut results = vec![logits.value().read().unwrap()];
        if mode == Mode::WEIGHTS {
            let labels = Tensor::from_slice(&arena, [2], &[1i32, 2]).unwrap();
            let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.0).unwrap();
            let gradients = pass.backward(loss).unwrap();
            results.extend(gradients.iter().map(|(_, g)| g.read().unwrap()));
        }
        results
    }

    /// Quantising what lies on its grid already changes nothing; to a coarser grid it does.
    #[test]
    fn the_input_of_every_convolution_lies_on_the_grid_that_it_states() {
        let images = ImageShape {
            height: 16,
            width: 16,
            channels: 3,
        };
        let layers = Space::preset("fashion-small").unwrap().layers().to_vec();
        let space = Space::new("test", layers).unwrap();
        let space = space.resolve(images, 10).unwrap();
        for index in 0..3 {
            let architecture = space.random(&mut Seed(5).stream("architecture", index));
            let arena = Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap();
            let mut parameters = Parameters::new(&arena);
            let mut child =
                Child::new(&mut parameters, &space, &architecture, Seed(index)).unwrap();
            for mode in [Mode::WEIGHTS, Mode::Evaluate] {
                let stated = step(&child, &mut parameters, mode);
                let mut again = child.clone();
                for (conv, _) in &mut again.layers {
                    let Values::OnGrid(format) = conv.input else {
                        panic!("{:?}", conv.input);
                    };
                    conv.input = Values::Quantise(format);
                }
                assert_eq!(step(&again, &mut parameters, mode), stated, "{mode:?}");
            }
            let stated = step(&child, &mut parameters, Mode::Evaluate);
            for (conv, _) in &mut child.layers {
                conv.input = Values::Quantise(FixedPoint::unsigned(1, 0));
            }
            assert_ne!(step(&child, &mut parameters, Mode::Evaluate), stated);
        }
    }
}
