//! Random architectures and SuperNets of them, which stand for those that a search will meet.

use crate::failure::Result;
use radars_search::{Method, PlannedSuperNet, Problem, candidates_of, plan_fitting, span};
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    child_evaluation_macs, child_step_macs, supernet_forward_macs, supernet_step_macs,
};
use radars_tensor::Backend;
use radars_tensor::random::Seed;

/// Random architectures that stand for all.
const SAMPLE: u64 = 32;
/// SuperNets of random architectures that stand for all.
const SUPERNETS: usize = 8;

/// Random architectures of a problem.
pub struct Sample<'a> {
    problem: &'a Problem,
    pub architectures: Vec<Architecture>,
}

/// Multiply-accumulates an image in the mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanMacs {
    pub child_step: f64,
    pub child_evaluation: f64,
    pub weight_step: f64,
    pub alpha_step: f64,
    /// What is computed again in either step of a SuperNet.
    pub recomputed: f64,
}

impl<'a> Sample<'a> {
    /// Draws them; the same ones for the same space.
    pub fn new(problem: &'a Problem) -> Self {
        let random = |draw| problem.space.random(&mut Seed(0).stream("hours", draw));
        Sample {
            problem,
            architectures: (0..SAMPLE).map(random).collect(),
        }
    }

    /// A SuperNet that fits the bound, and how many random architectures it spans; of the whole space, where the
    /// method is DNAS; none where the method has none, or none fits.
    pub fn supernet<B: Backend>(
        &self,
        spec: &B::Spec,
        bound_bytes: usize,
    ) -> Result<Option<(PlannedSuperNet, usize)>> {
        let Problem { config, space, .. } = self.problem;
        let plan = |candidates: &[Vec<Candidate>]| {
            plan_fitting::<B>(spec, space, config, candidates, bound_bytes)
        };
        let most = match config.method {
            Method::Radars => config.search.retrain.min(self.architectures.len()),
            Method::Dnas => {
                let planned = plan(&space.all_candidates())?;
                if planned.plan.fits(bound_bytes) {
                    return Ok(Some((planned, 1)));
                }
                return Err(planned.over(bound_bytes, config.batch).into());
            }
            _ => 0,
        };
        let best = &self.architectures[..most];
        let spanned = span(config.search.sn_rule, best, bound_bytes, plan)?;
        let members = spanned.members.len();
        Ok(spanned.supernet.map(|planned| (planned, members)))
    }

    /// Means over all of them, and over SuperNets like the one that [`Sample::supernet`] gave.
    pub fn means(&self, supernet: Option<&(PlannedSuperNet, usize)>) -> Result<MeanMacs> {
        let space = &self.problem.space;
        let mut means = MeanMacs::default();
        let all = self.architectures.len() as f64;
        for architecture in &self.architectures {
            means.child_step += child_step_macs(space, architecture)? as f64 / all;
            means.child_evaluation += child_evaluation_macs(space, architecture)? as f64 / all;
        }
        let Some((planned, spanned)) = supernet else {
            return Ok(means);
        };
        let several: Vec<Vec<Vec<Candidate>>> = match self.problem.config.method {
            Method::Radars => {
                let cycle = self.architectures.iter().cycle();
                let from = |number: usize| cycle.clone().skip(number * spanned).take(*spanned);
                let draws = (0..SUPERNETS).map(|number| from(number).cloned().collect::<Vec<_>>());
                draws.map(|draw| candidates_of(&draw)).collect()
            }
            _ => vec![planned.candidates.clone()],
        };
        let count = several.len() as f64;
        for candidates in &several {
            let macs = supernet_step_macs(space, candidates, planned.mixing)?;
            let layers = supernet_forward_macs(space, candidates, planned.mixing)?;
            means.weight_step += macs.weight as f64 / count;
            means.alpha_step += macs.alpha as f64 / count;
            means.recomputed += planned.plan.recompute.cost(&layers) as f64 / count;
        }
        Ok(means)
    }
}
