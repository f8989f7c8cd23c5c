//! What a SuperNet asks of a mixed layer, whichever way it holds its mixture.

use crate::Result;
use radars_nn::autograd::{Tape, Var};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{self, Backend, Tensor};
use radars_nn::{Fans, Mapping, ParameterId, Parameters, Pass};
use radars_space::{Candidate, ConvGeometry};
use std::rc::Rc;

/// A layer of a SuperNet.
pub(super) trait SearchedLayer<B: Backend> {
    /// The vectors of architecture weights.
    fn alphas(&self) -> &[ParameterId];

    /// The layer's output under the mixing weights `p`, one vector for each of [`SearchedLayer::alphas`]; with
    /// `recompute` it keeps its input alone for the way back.
    fn forward(
        &self,
        pass: &mut Pass<'_, B>,
        x: Var<B>,
        p: Vec<Var<B>>,
        recompute: bool,
    ) -> Result<Var<B>>;

    /// The expected AOPS of the layer under `p`, times the cost slope; one element.
    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>>;

    /// The candidate of one choice in every vector.
    fn derive(&self, choices: &[usize]) -> Candidate;
}

/// A convolution layer that mixes candidates.
pub(super) trait MixedLayer<B: Backend> {
    /// The vectors of architecture weights.
    fn alphas(&self) -> &[ParameterId];

    /// What the mixture is computed from beside the layer's input, under the mixing weights `p`, one vector for
    /// each of [`MixedLayer::alphas`].
    fn operands(&self, pass: &mut Pass<'_, B>, p: Vec<Var<B>>) -> Result<Vec<Var<B>>>;

    /// The mixture of `x` and the [`MixedLayer::operands`].
    fn mix(&self, tape: &mut Tape<B>, x: Var<B>, operands: Vec<Var<B>>) -> tensor::Result<Var<B>>;

    /// The expected AOPS of the layer under `p`, times the cost slope; one element.
    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>>;

    /// The candidate of one choice in every vector.
    fn derive(&self, choices: &[usize]) -> Candidate;
}

/// A layer in the hands of the network and of the way back. Takes the layer's input and its operands.
pub(super) struct Shared<B: Backend>(pub Rc<dyn MixedLayer<B>>);

impl<B: Backend> Mapping<B> for Shared<B> {
    fn map(&self, tape: &mut Tape<B>, mut operands: Vec<Var<B>>) -> tensor::Result<Var<B>> {
        if operands.is_empty() {
            return Err(tensor::Error::Geometry {
                op: "mixed layer",
                what: "the number of operands",
                value: 0,
                expected: "at least 1",
            });
        }
        let x = operands.remove(0);
        self.0.mix(tape, x, operands)
    }
}

/// Where in a SuperNet a layer is built.
pub(super) struct Site<'a, B: Backend> {
    /// The store its parameters go to.
    pub parameters: &'a mut Parameters<B>,
    /// Which layer, from 0.
    pub index: usize,
    /// Its fixed sizes, where it is a convolution.
    pub geometry: ConvGeometry,
    /// Whether its input can be negative.
    pub signed_input: bool,
    /// What one expected AOPS adds to the loss.
    pub cost_slope: f64,
    /// Initial weights derive from it.
    pub seed: Seed,
}

impl<B: Backend> Site<'_, B> {
    /// The fans of a kernel of side `kernel`.
    pub fn fans(&self, kernel: usize) -> Fans {
        let g = &self.geometry;
        Fans::conv2d([g.input.channels, g.output.channels], kernel, g.groups)
    }

    /// The shape of a kernel of side `kernel`.
    pub fn weight_shape(&self, kernel: usize) -> [usize; 4] {
        let g = &self.geometry;
        [
            g.output.channels,
            kernel,
            kernel,
            g.input.channels / g.groups,
        ]
    }

    /// A constant vector on the device.
    pub fn vector(&self, values: &[f32]) -> Result<Tensor<B>> {
        Ok(Tensor::from_slice(
            self.parameters.arena(),
            [values.len()],
            values,
        )?)
    }
}
