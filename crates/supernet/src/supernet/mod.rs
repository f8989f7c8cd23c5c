//! The SuperNet: all candidates of a pruned space at once, weighted by architecture weights.

mod blocks;
mod candidates;
mod conv;
mod factorised;
mod gain;
mod layer;

use crate::block::activation;
use crate::child::{Weights, classifier};
use crate::mixed::{materialised, merged};
use crate::{Error, Mixing, Recompute, Result};
use blocks::MixedBlock;
pub(crate) use blocks::branches;
use candidates::Candidates;
use conv::MixedConv;
pub(crate) use factorised::{combinations, distinct};
use layer::{MixedLayer, SearchedLayer};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{BatchNorm2d, Linear, Parameters, Pass};
use radars_space::{Architecture, Candidate, LayerKind, Space};
use std::rc::Rc;

/// How mixing weights follow from architecture weights: `p = softmax((alpha + noise) / temperature)`.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// Softmax temperature.
    pub temperature: f32,
    /// Gumbel noise for every vector of architecture weights, in the order of [`SuperNet::vectors`]; vectors
    /// beyond its end get none.
    ///
    /// # Source
    /// Jang et al. 2017, Gumbel-softmax.
    pub noise: Vec<Vec<f32>>,
}

/// A SuperNet over some candidates of every layer.
///
/// A convolution layer mixes its candidates before one batch norm and one activation, which keeps the mixture linear;
/// a layer of blocks mixes what they put out.
pub struct SuperNet<B: Backend> {
    mixing: Mixing,
    layers: Vec<Box<dyn SearchedLayer<B>>>,
    classifier: Linear,
    recompute: Recompute,
}

/// What a SuperNet computes for a batch.
pub struct Mixture<B: Backend> {
    /// `[n, classes]`.
    pub logits: Var<B>,
    /// The expected AOPS of the convolutions under the mixing weights, times the cost slope; one element.
    pub cost: Var<B>,
}

impl<B: Backend> SuperNet<B> {
    /// Adds the parameters of a SuperNet to an empty store; initial weights are a function of `seed`.
    ///
    /// `candidates` holds a list without duplicates for every layer. `cost_slope` is what one more
    /// expected AOPS adds to the loss (Eq. 2: `(1 - alpha) / gamma`).
    ///
    /// # Errors
    /// [`Error::Candidates`] when a layer has none; [`Error::Nn`] when memory does not suffice.
    pub fn new(
        parameters: &mut Parameters<B>,
        space: &Space,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        cost_slope: f64,
        seed: Seed,
    ) -> Result<Self> {
        check_candidates(space, candidates)?;
        let mut layers: Vec<Box<dyn SearchedLayer<B>>> = Vec::with_capacity(candidates.len());
        for (index, (layer, candidates)) in space.layers().iter().zip(candidates).enumerate() {
            let mut at = layer::Site {
                parameters: &mut *parameters,
                index,
                geometry: space.block(index, &candidates[0])?.path[0].geometry,
                signed_input: space.has_signed_input(index),
                cost_slope,
                seed,
            };
            if layer.kind != LayerKind::Conv {
                layers.push(Box::new(MixedBlock::new(
                    &mut at, space, candidates, mixing,
                )?));
                continue;
            }
            let mixture: Rc<dyn MixedLayer<B>> = match mixing {
                Mixing::Materialised => {
                    Rc::new(Candidates::new(&mut at, candidates, materialised)?)
                }
                Mixing::Merged => Rc::new(Candidates::new(&mut at, candidates, merged)?),
                Mixing::Factorised => Rc::new(factorised::Factorised::new(&mut at, candidates)?),
            };
            let name = format!("layer{index}.norm");
            let activation = Some(activation(layer.activation));
            let norm = BatchNorm2d::new(parameters, &name, layer.channels, activation)?;
            layers.push(Box::new(MixedConv { mixture, norm }));
        }
        let classifier = classifier(parameters, space, Weights::Drawn(seed))?;
        Ok(SuperNet {
            mixing,
            layers,
            classifier,
            recompute: Recompute::NONE,
        })
    }

    /// Says which layers are computed again on the way back.
    pub fn set_recompute(&mut self, recompute: Recompute) {
        self.recompute = recompute;
    }

    /// How the mixtures are held.
    pub fn mixing(&self) -> Mixing {
        self.mixing
    }

    /// The lengths of all vectors of architecture weights, layer by layer.
    pub fn vectors(&self, parameters: &Parameters<B>) -> Vec<usize> {
        let alphas = self.layers.iter().flat_map(|layer| layer.alphas());
        alphas.map(|&id| parameters.value(id).elements()).collect()
    }

    /// The forward pass.
    ///
    /// # Errors
    /// Those of the operations, above all [`radars_nn::tensor::Error::OverBound`].
    pub fn forward(
        &self,
        pass: &mut Pass<'_, B>,
        images: Tensor<B>,
        relaxation: &Relaxation,
    ) -> Result<Mixture<B>> {
        let mut x = Var::constant(images);
        let mut cost: Option<Var<B>> = None;
        let mut noise = relaxation.noise.iter();
        for (index, layer) in self.layers.iter().enumerate() {
            let mut p = Vec::with_capacity(layer.alphas().len());
            for &alpha in layer.alphas() {
                let alpha = pass.parameter(alpha);
                p.push(relax(pass, alpha, noise.next(), relaxation.temperature)?);
            }
            let of_layer = layer.expected_cost(pass, &p)?;
            cost = Some(match cost {
                None => of_layer,
                Some(sum) => ops::add(pass.tape(), sum, of_layer)?,
            });
            x = layer.forward(pass, x, p, self.recompute.contains(index))?;
        }
        let pooled = ops::global_average_pool(pass.tape(), x)?;
        let logits = self.classifier.forward(pass, pooled)?;
        let cost = match cost {
            Some(cost) => cost,
            None => Var::constant(Tensor::zeros(pass.arena(), [1])?),
        };
        Ok(Mixture { logits, cost })
    }

    /// The mixing weights at temperature 1 and without noise, by layer and vector.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn mixing_weights(&self, parameters: &Parameters<B>) -> Result<Vec<Vec<Vec<f32>>>> {
        let read = |layer: &dyn SearchedLayer<B>| {
            let alphas = layer.alphas().iter();
            alphas
                .map(|&id| Ok(softmax(&parameters.value(id).read()?)))
                .collect()
        };
        self.layers
            .iter()
            .map(|layer| read(layer.as_ref()))
            .collect()
    }

    /// The candidate with the largest mixing weight in every layer (in every vector, where there are
    /// several); the first of equals.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn derive(&self, parameters: &Parameters<B>) -> Result<Architecture> {
        let weights = self.mixing_weights(parameters)?;
        let layers = self.layers.iter().zip(&weights);
        let derived =
            layers.map(|(layer, p)| layer.derive(&p.iter().map(|p| argmax(p)).collect::<Vec<_>>()));
        Ok(Architecture(derived.collect()))
    }
}

/// Refuses anything but candidates for every layer.
pub(crate) fn check_candidates(space: &Space, candidates: &[Vec<Candidate>]) -> Result<()> {
    let expected = space.layers().len();
    let found = candidates.iter().filter(|c| !c.is_empty()).count();
    match found == expected && candidates.len() == expected {
        true => Ok(()),
        false => Err(Error::Candidates { expected, found }),
    }
}

/// `softmax((alpha + noise) / temperature)`.
fn relax<B: Backend>(
    pass: &mut Pass<'_, B>,
    alpha: Var<B>,
    noise: Option<&Vec<f32>>,
    temperature: f32,
) -> Result<Var<B>> {
    let alpha = match noise {
        None => alpha,
        Some(noise) => {
            let noise = Tensor::from_slice(pass.arena(), alpha.value().shape(), noise)?;
            ops::add(pass.tape(), alpha, Var::constant(noise))?
        }
    };
    let scaled = ops::affine(pass.tape(), alpha, 1.0 / temperature, 0.0)?;
    Ok(ops::softmax(pass.tape(), scaled)?)
}

/// The softmax of a few values on the host.
fn softmax(values: &[f32]) -> Vec<f32> {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = values.iter().map(|v| libm::expf(v - largest)).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|p| p / sum).collect()
}

fn argmax(values: &[f32]) -> usize {
    let first_largest = |best: usize, i: usize| if values[i] > values[best] { i } else { best };
    (0..values.len()).fold(0, first_largest)
}
