//! Child networks: one architecture of a space, to be trained by itself.

use crate::block::{BlockNet, Build, Seam};
use crate::format::{classifier_formats, input_format};
use crate::{Recompute, Result};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Backend, DType, Shape, Tensor};
use radars_nn::{Linear, LinearSettings, ParameterId, Parameters, Pass, Role};
use radars_space::{Architecture, Block, Shortcut, Space};

/// An architecture as a network: in every layer the convolutions `conv(Qa(x), Qw(W))` of its block, each with its
/// batch norm and activation; then global average pooling and a linear classifier.
///
/// The quantiser of a convolution's input is computed together with the batch norm and the ReLU before it, and hands
/// codes to the convolution, which keeps them as they are. The images, and what goes around a block too, are
/// quantised by the convolutions themselves: an identity carries values as they are.
///
/// There is no code for NaN. What a NaN is made of its codes hide, but every NaN in training shows in the running
/// statistics of the layer that it comes from, and in the gradients of all layers before.
#[derive(Clone, Debug)]
pub struct Child {
    layers: Vec<BlockNet>,
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
        let blocks = space.blocks(architecture)?;
        let candidates = architecture.layers();
        // Whether the layer before quantises for this one.
        let hands_codes = |layer: usize| {
            let before = layer.checked_sub(1).map(|before| &blocks[before]);
            before.is_some_and(ends_in_activation) && has_no_way_around(&blocks[layer])
        };
        let mut layers = Vec::with_capacity(blocks.len());
        for (layer, (block, candidate)) in blocks.iter().zip(candidates).enumerate() {
            let mut build = Build {
                parameters: &mut *parameters,
                name: &format!("layer{layer}"),
                weights,
            };
            let next = candidates.get(layer + 1).filter(|_| hands_codes(layer + 1));
            let seam = Seam {
                quantised_input: hands_codes(layer),
                signed_input: space.has_signed_input(layer),
                next: next.and_then(|next| Some(input_format(false, next.activation()?))),
            };
            let kernel = [candidate.kernel];
            layers.push(BlockNet::new(&mut build, block, candidate, &kernel, seam)?);
        }
        let classifier = classifier(parameters, space, weights)?;
        Ok(Child {
            layers,
            classifier,
            recompute: Recompute::NONE,
        })
    }

    /// Sets the share of the newest batch in the running statistics; gives the one before.
    pub(crate) fn set_statistics_momentum(&mut self, momentum: f32) -> f32 {
        let mut before = momentum;
        for norm in self.layers.iter_mut().flat_map(BlockNet::norms_mut) {
            before = std::mem::replace(&mut norm.momentum, momentum);
        }
        before
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
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(pass, x, self.recompute.contains(index))?;
        }
        let pooled = ops::global_average_pool(pass.tape(), x)?;
        Ok(self.classifier.forward(pass, pooled)?)
    }
}

/// Whether a block's output comes from a batch norm with an activation, which can quantise it in the same pass.
fn ends_in_activation(block: &Block) -> bool {
    let last = block.path.last().and_then(|stage| stage.activation);
    has_no_way_around(block) && last.is_some()
}

/// Whether a block's input goes to its first convolution alone.
fn has_no_way_around(block: &Block) -> bool {
    block.shortcut == Shortcut::None
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
pub(crate) fn unset<B: Backend>(
    parameters: &mut Parameters<B>,
    name: &str,
    shape: impl Into<Shape>,
) -> Result<ParameterId> {
    let value = Tensor::empty(parameters.arena(), "unset", shape, DType::F32)?;
    Ok(parameters.add(format!("{name}.weight"), Role::Weight, value)?)
}

/// The classifier that ends every network of a space.
pub(crate) fn classifier<B: Backend>(
    parameters: &mut Parameters<B>,
    space: &Space,
    weights: Weights,
) -> Result<Linear> {
    const NAME: &str = "classifier";
    let in_features = space.shapes()?.last().map_or(0, |g| g.output.channels);
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
    use radars_nn::tensor::{Arena, Cpu, FixedPoint, Values};
    use radars_nn::{Mode, loss};
    use radars_space::ImageShape;
    use rand::RngExt;

    fn images() -> Vec<f32> {
        let mut rng = Seed(3).stream("images", 0);
        let values = (0..2 * 16 * 16 * 3).map(|_| rng.random_range(-3.0..3.0));
        values.collect()
    }

    /// Logits and all gradients, in the order of the parameters.
    fn step(child: &Child, parameters: &mut Parameters<Cpu>, mode: Mode) -> Vec<Vec<f32>> {
        step_on(child, parameters, mode, &images())
    }

    fn step_on(
        child: &Child,
        parameters: &mut Parameters<Cpu>,
        mode: Mode,
        images: &[f32],
    ) -> Vec<Vec<f32>> {
        let arena = parameters.arena().clone();
        let images = Tensor::from_slice(&arena, [2, 16, 16, 3], images).unwrap();
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

    fn fashion_small() -> Space {
        let images = ImageShape {
            height: 16,
            width: 16,
            channels: 3,
        };
        let layers = Space::preset("fashion-small").unwrap().layers().to_vec();
        let space = Space::new("test", layers).unwrap();
        space.resolve(images, 10).unwrap()
    }

    /// The same logits, and the same gradients to the bit, as with layers that pass values on and quantise them
    /// again on the way in; with another format they are others.
    #[test]
    fn codes_that_layers_pass_on_change_nothing() {
        let space = fashion_small();
        for index in 0..3 {
            let architecture = space.random(&mut Seed(5).stream("architecture", index));
            let arena = Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap();
            let mut parameters = Parameters::new(&arena);
            let mut child =
                Child::new(&mut parameters, &space, &architecture, Seed(index)).unwrap();
            let mut values = child.clone();
            for (layer, block) in values.layers.iter_mut().enumerate() {
                let (conv, norm) = block.only_stage();
                let format = match conv.input {
                    Values::Quantise(format) if layer == 0 => format,
                    Values::Codes(format) if layer > 0 => format,
                    other => panic!("{other:?} in layer {layer}"),
                };
                conv.input = Values::Quantise(format);
                norm.encode = false;
            }
            for mode in [Mode::WEIGHTS, Mode::Evaluate] {
                let coded = step(&child, &mut parameters, mode);
                assert_eq!(step(&values, &mut parameters, mode), coded, "{mode:?}");
            }
            let coded = step(&child, &mut parameters, Mode::Evaluate);
            for block in &mut child.layers {
                let (conv, norm) = block.only_stage();
                conv.input = Values::Quantise(FixedPoint::unsigned(1, 0));
                norm.encode = false;
            }
            assert_ne!(step(&child, &mut parameters, Mode::Evaluate), coded);
        }
    }

    /// A NaN in a weight of any layer, or in an image, is seen in a single step: in the running statistics of its
    /// layer, from which it would spread to every later evaluation, and in the gradients of its layer's weights.
    #[test]
    fn a_nan_is_seen_although_codes_have_none() {
        let space = fashion_small();
        let architecture = space.random(&mut Seed(5).stream("architecture", 0));
        let layers = architecture.layers().len();
        // One after the last: the images.
        for place in 0..=layers {
            let arena = Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap();
            let mut parameters = Parameters::new(&arena);
            let mut child = Child::new(&mut parameters, &space, &architecture, Seed(1)).unwrap();
            let mut images = images();
            if place == layers {
                images[700] = f32::NAN;
            } else {
                let weight = parameters.value_mut(child.layers[place].only_stage().0.weight);
                let mut values: Vec<f32> = weight.read().unwrap();
                values[3] = f32::NAN;
                weight.write(&values).unwrap();
            }
            let layer = place % layers;
            let results = step_on(&child, &mut parameters, Mode::WEIGHTS, &images);
            let (_, norm) = child.layers[layer].only_stage();
            let nan = |values: &[f32]| values.iter().any(|value| value.is_nan());
            let mean: Vec<f32> = parameters.value(norm.mean).read().unwrap();
            assert!(nan(&mean), "statistics of layer {layer}");
            // Behind the logits: gradients of weights, gamma and beta of every layer.
            assert!(nan(&results[1 + 3 * layer]), "gradient of layer {layer}");
        }
    }
}
