//! A layer whose candidates have weights of their own, and one vector of architecture weights.

use super::gain::gain;
use super::layer::{MixedLayer, Site};
use crate::Result;
use crate::format::{input_format, weight_format};
use crate::mixed::CandidateFormat;
use radars_nn::autograd::{Tape, Var, ops};
use radars_nn::tensor::{self, Backend, Tensor};
use radars_nn::{Initialiser, ParameterId, Pass, Role};
use radars_space::Candidate;

/// A way to mix candidates: [`crate::mixed::materialised`] or [`crate::mixed::merged`], which give the same.
pub(super) type Mix<B> = fn(
    &mut Tape<B>,
    Var<B>,
    Var<B>,
    Vec<(CandidateFormat, Var<B>)>,
    usize,
    usize,
) -> tensor::Result<Var<B>>;

/// See [`mod@crate::mixed`].
pub(super) struct Candidates<B: Backend> {
    mix: Mix<B>,
    alphas: [ParameterId; 1],
    candidates: Vec<(Candidate, CandidateFormat, ParameterId)>,
    gains: Tensor<B>,
    /// AOPS of every candidate, times the cost slope.
    costs: Tensor<B>,
    stride: usize,
    groups: usize,
}

impl<B: Backend> Candidates<B> {
    pub(super) fn new(
        site: &mut Site<'_, B>,
        candidates: &[Candidate],
        mix: Mix<B>,
    ) -> Result<Self> {
        let layer = site.index;
        let (mut built, mut gains, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for (m, candidate) in candidates.iter().enumerate() {
            let format = CandidateFormat {
                activation: (candidate.activation()).map(|p| input_format(site.signed_input, p)),
                weight: candidate.weight().map(weight_format),
            };
            let fans = site.fans(candidate.kernel);
            let weights = site.parameters.add_random(
                format!("layer{layer}.candidate{m}.weight"),
                Role::Weight,
                site.weight_shape(candidate.kernel),
                Initialiser::kaiming_for(format.weight),
                fans,
                site.seed,
            )?;
            gains.push(gain(
                site.parameters.value(weights),
                fans.fan_in,
                format.weight,
            )?);
            let aops =
                site.geometry.macs(candidate.kernel) as f64 * candidate.aops_per_mac() as f64;
            costs.push((aops * site.cost_slope) as f32);
            built.push((*candidate, format, weights));
        }
        let name = format!("layer{layer}.alpha");
        let alpha = site
            .parameters
            .add_full(name, Role::Architecture, [candidates.len()], 0.0)?;
        Ok(Candidates {
            mix,
            alphas: [alpha],
            candidates: built,
            gains: site.vector(&gains)?,
            costs: site.vector(&costs)?,
            stride: site.geometry.stride,
            groups: site.geometry.groups,
        })
    }
}

impl<B: Backend> MixedLayer<B> for Candidates<B> {
    fn alphas(&self) -> &[ParameterId] {
        &self.alphas
    }

    /// The coefficients, then the weights.
    fn operands(&self, pass: &mut Pass<'_, B>, p: Vec<Var<B>>) -> Result<Vec<Var<B>>> {
        let gains = Var::constant(self.gains.clone());
        let coefficients = match p.into_iter().next() {
            None => gains,
            Some(p) => ops::mul(pass.tape(), p, gains)?,
        };
        let weights = self.candidates.iter().map(|&(_, _, w)| pass.parameter(w));
        Ok([coefficients].into_iter().chain(weights).collect())
    }

    fn mix(&self, tape: &mut Tape<B>, x: Var<B>, operands: Vec<Var<B>>) -> tensor::Result<Var<B>> {
        let mut operands = operands.into_iter();
        let gains = || Var::constant(self.gains.clone());
        let coefficients = operands.next().unwrap_or_else(gains);
        let formats = self.candidates.iter().map(|&(_, format, _)| format);
        let terms = formats.zip(operands).collect();
        (self.mix)(tape, x, coefficients, terms, self.stride, self.groups)
    }

    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>> {
        let costs = Var::constant(self.costs.clone());
        Ok(ops::dot(pass.tape(), p[0].clone(), costs)?)
    }

    fn derive(&self, choices: &[usize]) -> Candidate {
        self.candidates[choices[0]].0
    }
}
