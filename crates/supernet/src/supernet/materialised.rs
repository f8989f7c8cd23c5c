//! A layer that computes every candidate, with weights of its own for each.

use super::gain::gain;
use super::layer::{MixedLayer, Site};
use crate::Result;
use crate::format::{activation_format, weight_format};
use crate::mixed::{CandidateFormat, materialised};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{Initialiser, ParameterId, Pass, Role};
use radars_space::Candidate;

/// See [`mod@crate::mixed`].
pub(super) struct Materialised<B: Backend> {
    alphas: [ParameterId; 1],
    candidates: Vec<(Candidate, CandidateFormat, ParameterId)>,
    gains: Tensor<B>,
    /// AOPS of every candidate, times the cost slope.
    costs: Tensor<B>,
    stride: usize,
    groups: usize,
}

impl<B: Backend> Materialised<B> {
    pub(super) fn new(site: &mut Site<'_, B>, candidates: &[Candidate]) -> Result<Self> {
        let layer = site.index;
        let (mut built, mut gains, mut costs) = (Vec::new(), Vec::new(), Vec::new());
        for (m, candidate) in candidates.iter().enumerate() {
            let format = CandidateFormat {
                activation: candidate.activation().map(|p| activation_format(layer, p)),
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
        Ok(Materialised {
            alphas: [alpha],
            candidates: built,
            gains: site.vector(&gains)?,
            costs: site.vector(&costs)?,
            stride: site.geometry.stride,
            groups: site.geometry.groups,
        })
    }
}

impl<B: Backend> MixedLayer<B> for Materialised<B> {
    fn alphas(&self) -> &[ParameterId] {
        &self.alphas
    }

    fn forward(&self, pass: &mut Pass<'_, B>, x: Var<B>, p: Vec<Var<B>>) -> Result<Var<B>> {
        let terms: Vec<_> = (self.candidates.iter())
            .map(|&(_, format, weights)| (format, pass.parameter(weights)))
            .collect();
        let tape = pass.tape();
        let Some(p) = p.into_iter().next() else {
            return Ok(materialised(
                tape,
                x,
                Var::constant(self.gains.clone()),
                terms,
                self.stride,
                self.groups,
            )?);
        };
        let coefficients = ops::mul(tape, p, Var::constant(self.gains.clone()))?;
        Ok(materialised(
            tape,
            x,
            coefficients,
            terms,
            self.stride,
            self.groups,
        )?)
    }

    fn expected_cost(&self, pass: &mut Pass<'_, B>, p: &[Var<B>]) -> Result<Var<B>> {
        let costs = Var::constant(self.costs.clone());
        Ok(ops::dot(pass.tape(), p[0].clone(), costs)?)
    }

    fn derive(&self, choices: &[usize]) -> Candidate {
        self.candidates[choices[0]].0
    }
}
