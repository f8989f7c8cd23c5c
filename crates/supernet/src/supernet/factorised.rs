//! A layer with one vector of architecture weights a hyper-parameter type, and one convolution.

use super::gain::gain;
use super::layer::{MixedLayer, Site};
use crate::Result;
use crate::format::{input_format, weight_format};
use crate::mixed::{FactorisedKernel, FactorisedWeights, factorised};
use radars_nn::autograd::{Tape, Var, ops};
use radars_nn::tensor::{self, Backend, FixedPoint, Tensor};
use radars_nn::{Initialiser, ParameterId, Pass, Role};
use radars_space::{Candidate, Precision};

/// See [`mod@crate::mixed`].
pub(super) struct Factorised<B: Backend> {
    /// Of the kernels, and where the space is quantised of the activations and the weights.
    alphas: Vec<ParameterId>,
    kernels: Vec<Kernel<B>>,
    quantised: Option<Quantised<B>>,
    /// MACs of every kernel, times the cost slope.
    macs: Tensor<B>,
    stride: usize,
    groups: usize,
}

struct Kernel<B: Backend> {
    side: usize,
    weights: ParameterId,
    /// One gain a weight format.
    gains: Tensor<B>,
}

struct Quantised<B: Backend> {
    activations: Vec<Precision>,
    weights: Vec<Precision>,
    activation_formats: Vec<FixedPoint>,
    weight_formats: Vec<FixedPoint>,
    activation_bits: Tensor<B>,
    weight_bits: Tensor<B>,
}

impl<B: Backend> Factorised<B> {
    /// The types' choices are those that occur among the candidates, in order of first appearance.
    pub(super) fn new(site: &mut Site<'_, B>, candidates: &[Candidate]) -> Result<Self> {
        let layer = site.index;
        let sides = distinct(candidates.iter().map(|c| c.kernel));
        let activations = distinct(candidates.iter().filter_map(Candidate::activation));
        let weights = distinct(candidates.iter().filter_map(Candidate::weight));
        let weight_formats: Vec<FixedPoint> = weights.iter().map(|&p| weight_format(p)).collect();
        // Weights are shared by all formats, so they have to survive the coarsest.
        let coarsest = weight_formats.iter().copied().min_by_key(|f| f.fraction);
        let mut kernels = Vec::with_capacity(sides.len());
        for &side in &sides {
            let fans = site.fans(side);
            let parameter = site.parameters.add_random(
                format!("layer{layer}.kernel{side}.weight"),
                Role::Weight,
                site.weight_shape(side),
                Initialiser::kaiming_for(coarsest),
                fans,
                site.seed,
            )?;
            let value = site.parameters.value(parameter);
            let gains = match weight_formats.is_empty() {
                true => vec![gain(value, fans.fan_in, None)?],
                false => {
                    let of = |&format: &FixedPoint| gain(value, fans.fan_in, Some(format));
                    weight_formats.iter().map(of).collect::<Result<_>>()?
                }
            };
            kernels.push(Kernel {
                side,
                weights: parameter,
                gains: site.vector(&gains)?,
            });
        }
        let mut vectors = vec![("kernel", sides.len())];
        if !weights.is_empty() {
            vectors.extend([("activation", activations.len()), ("weight", weights.len())]);
        }
        let mut alphas = Vec::with_capacity(vectors.len());
        for (of, length) in vectors {
            let name = format!("layer{layer}.alpha.{of}");
            alphas.push(
                site.parameters
                    .add_full(name, Role::Architecture, [length], 0.0)?,
            );
        }
        let macs: Vec<f32> = sides
            .iter()
            .map(|&side| (site.geometry.macs(side) as f64 * site.cost_slope) as f32)
            .collect();
        let bits = |precisions: &[Precision]| {
            let bits: Vec<f32> = precisions.iter().map(|p| p.width() as f32).collect();
            site.vector(&bits)
        };
        let quantised = match weights.is_empty() {
            true => None,
            false => Some(Quantised {
                activation_formats: activations
                    .iter()
                    .map(|&p| input_format(site.signed_input, p))
                    .collect(),
                activation_bits: bits(&activations)?,
                weight_bits: bits(&weights)?,
                activations,
                weights,
                weight_formats,
            }),
        };
        Ok(Factorised {
            alphas,
            kernels,
            quantised,
            macs: site.vector(&macs)?,
            stride: site.geometry.stride,
            groups: site.geometry.groups,
        })
    }
}

impl<B: Backend> MixedLayer<B> for Factorised<B> {
    fn alphas(&self) -> &[ParameterId] {
        &self.alphas
    }

    /// The mixing weights, then the kernels' weights.
    fn operands(&self, pass: &mut Pass<'_, B>, p: Vec<Var<B>>) -> Result<Vec<Var<B>>> {
        let weights = self
            .kernels
            .iter()
            .map(|kernel| pass.parameter(kernel.weights));
        Ok(p.into_iter().chain(weights).collect())
    }

    fn mix(&self, tape: &mut Tape<B>, x: Var<B>, operands: Vec<Var<B>>) -> tensor::Result<Var<B>> {
        let expected = self.alphas.len() + self.kernels.len();
        if operands.len() != expected {
            return Err(tensor::Error::Geometry {
                op: "factorised",
                what: "the number of operands",
                value: operands.len(),
                expected: "a vector for every type and the weights of every kernel",
            });
        }
        let mut operands = operands.into_iter();
        let mut p = operands.by_ref().take(self.alphas.len());
        let (Some(kernel), activation, weight) = (p.next(), p.next(), p.next()) else {
            return Err(tensor::Error::Geometry {
                op: "factorised",
                what: "the number of types",
                value: 0,
                expected: "at least 1",
            });
        };
        let mixing = FactorisedWeights {
            kernel,
            activation,
            weight,
        };
        let kernels = operands.zip(&self.kernels);
        let kernels = kernels.map(|(weights, kernel)| FactorisedKernel {
            weights,
            gains: Var::constant(kernel.gains.clone()),
        });
        let kernels = kernels.collect();
        let formats = match &self.quantised {
            None => (&[][..], &[][..]),
            Some(q) => (&q.activation_formats[..], &q.weight_formats[..]),
        };
        factorised(tape, x, mixing, kernels, formats, self.stride, self.groups)
    }

    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>> {
        let mut expectation = |p: &Var<B>, values: &Tensor<B>| {
            ops::dot(pass.tape(), p.clone(), Var::constant(values.clone()))
        };
        let macs = expectation(&p[0], &self.macs)?;
        let Some(quantised) = &self.quantised else {
            return Ok(macs);
        };
        let activation_bits = expectation(&p[1], &quantised.activation_bits)?;
        let weight_bits = expectation(&p[2], &quantised.weight_bits)?;
        let per_weight_bit = ops::mul(pass.tape(), macs, activation_bits)?;
        Ok(ops::mul(pass.tape(), per_weight_bit, weight_bits)?)
    }

    fn derive(&self, choices: &[usize]) -> Candidate {
        let kernel = self.kernels[choices[0]].side;
        match &self.quantised {
            None => Candidate::float(kernel),
            Some(q) => {
                Candidate::quantised(kernel, q.activations[choices[1]], q.weights[choices[2]])
            }
        }
    }
}

/// The distinct values, in order of first appearance.
pub(crate) fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

/// How many candidates the types that occur among some candidates combine to.
pub(crate) fn combinations(candidates: &[Candidate]) -> usize {
    let kernels = distinct(candidates.iter().map(|c| c.kernel)).len();
    let activations = distinct(candidates.iter().filter_map(Candidate::activation)).len();
    let weights = distinct(candidates.iter().filter_map(Candidate::weight)).len();
    kernels * activations.max(1) * weights.max(1)
}
