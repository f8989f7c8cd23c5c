//! What `auto` decides of a training: the mixing, the micro-batch and the layers that are recomputed, from plans,
//! once and before it begins.

use crate::config::Recomputation;
use crate::fitting::{Fitting, Way, first_that_fits};
use crate::task::dnas_settings;
use crate::tried::Tried;
use crate::{Config, DnasConfig, Error, Evaluator, Fidelity, Result};
use radars_space::{Architecture, Candidate, Reward, Space};
use radars_supernet::{
    Mixing, Plan, StepSize, SuperNetPlan, plan_supernet, supernet_forward_macs, supernet_step_macs,
};
use radars_tensor::Backend;

/// The plan of a child's training under a bound: in the largest micro-batches that fit it, with the layers
/// recomputed that cost the least; where nothing fits, as it needs the least.
///
/// # Errors
/// Those of `layers`, what computing each layer again costs, which is asked for where layers may be recomputed,
/// and of `plan`.
pub fn fitting_child(
    config: &Config,
    bound_bytes: usize,
    layers: impl FnOnce() -> Result<Vec<u64>>,
    plan: impl FnMut(StepSize) -> Result<Plan>,
) -> Result<Plan> {
    Ok(child_that_fits(config, bound_bytes, layers, plan)?.plan)
}

fn child_that_fits(
    config: &Config,
    bound_bytes: usize,
    layers: impl FnOnce() -> Result<Vec<u64>>,
    mut plan: impl FnMut(StepSize) -> Result<Plan>,
) -> Result<Fitting<()>> {
    let way = Way {
        way: (),
        cost: 0,
        layers: match config.recompute {
            Recomputation::None => Vec::new(),
            Recomputation::Auto => layers()?,
        },
    };
    first_that_fits(config, &[way], bound_bytes, |(), step| plan(step))
}

/// A SuperNet as it would be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedSuperNet {
    /// The candidates of every layer.
    pub candidates: Vec<Vec<Candidate>>,
    /// How it holds their mixtures.
    pub mixing: Mixing,
    /// What that needs, in which micro-batches, and with which layers recomputed.
    pub plan: Plan,
    /// The smallest bound for the way that was tried first: with every layer kept, in the largest micro-batches.
    pub first_bytes: usize,
}

impl PlannedSuperNet {
    /// The error for a bound that it does not fit.
    pub fn over(&self, bound_bytes: usize, batch: usize) -> Error {
        Error::SupernetOverBound {
            bound_bytes,
            mixing: self.mixing,
            tried: Tried::new(batch, self.plan, self.first_bytes),
        }
    }
}

/// How the SuperNet of some candidates is trained under a bound: whole batches before micro-batches, and larger
/// ones before smaller ones; with each, of the ways to hold the mixtures, and of the layers that may be
/// recomputed, those of the fewest multiply-accumulates first. Where nothing fits, what needs the least.
///
/// # Errors
/// Those of `cost`, what a mixing costs, of `layers`, what computing each layer again costs more, both of which
/// are asked for where there is something to choose, and of `plan`.
pub fn fitting_supernet(
    config: &Config,
    candidates: &[Vec<Candidate>],
    bound_bytes: usize,
    mut cost: impl FnMut(Mixing) -> Result<u64>,
    mut layers: impl FnMut(Mixing) -> Result<Vec<u64>>,
    plan: impl FnMut(Mixing, StepSize) -> Result<Plan>,
) -> Result<PlannedSuperNet> {
    let mixings = config.mixing.ways(candidates);
    let several = mixings.len() > 1;
    let ways: Result<Vec<Way<Mixing>>> = (mixings.into_iter())
        .map(|way| {
            Ok(Way {
                way,
                cost: if several { cost(way)? } else { 0 },
                layers: match config.recompute {
                    Recomputation::None => Vec::new(),
                    Recomputation::Auto => layers(way)?,
                },
            })
        })
        .collect();
    let mut ways = ways?;
    ways.sort_by_key(|way| way.cost);
    let fitting = first_that_fits(config, &ways, bound_bytes, plan)?;
    Ok(PlannedSuperNet {
        candidates: candidates.to_vec(),
        mixing: fitting.way,
        plan: fitting.plan,
        first_bytes: fitting.first_bytes,
    })
}

/// [`fitting_supernet`] without an evaluator.
///
/// # Errors
/// When the candidates do not belong to the space, or the space is not resolved.
pub fn plan_fitting<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
    candidates: &[Vec<Candidate>],
    bound_bytes: usize,
) -> Result<PlannedSuperNet> {
    let dnas = config.dnas;
    let cost = |mixing| -> Result<u64> {
        let macs = supernet_step_macs(space, candidates, mixing)?;
        let weight_epochs = (dnas.warmup_epochs + dnas.epochs) as u64;
        let weight = macs.weight.saturating_mul(weight_epochs);
        Ok(weight.saturating_add(macs.alpha.saturating_mul(dnas.epochs as u64)))
    };
    let layers = |mixing| -> Result<Vec<u64>> {
        let steps = (dnas.warmup_epochs + 2 * dnas.epochs) as u64;
        let macs = supernet_forward_macs(space, candidates, mixing)?.into_iter();
        Ok(macs.map(|macs| macs.saturating_mul(steps)).collect())
    };
    let plan = |mixing, step| {
        let of = SuperNetPlan {
            space,
            candidates,
            mixing,
            // The trade-off changes no allocation.
            reward: Reward::balanced(1),
        };
        Ok(plan_supernet::<B>(spec, of, step, dnas_settings(config))?)
    };
    fitting_supernet(config, candidates, bound_bytes, cost, layers, plan)
}

/// [`fitting_child`], as an evaluator plans it.
pub(crate) fn child(
    evaluator: &impl Evaluator,
    config: &Config,
    architecture: &Architecture,
    fidelity: Fidelity,
    bound_bytes: usize,
) -> Result<Plan> {
    Ok(fitting_of(evaluator, config, architecture, fidelity, bound_bytes)?.plan)
}

/// [`child`], with what the way needs that was tried first.
pub(crate) fn fitting_of(
    evaluator: &impl Evaluator,
    config: &Config,
    architecture: &Architecture,
    fidelity: Fidelity,
    bound_bytes: usize,
) -> Result<Fitting<()>> {
    child_that_fits(
        config,
        bound_bytes,
        || evaluator.recomputation_cost(architecture, fidelity),
        |step| evaluator.plan(architecture, fidelity, step),
    )
}

/// [`fitting_supernet`], as an evaluator plans it and under its own bound.
pub(crate) fn supernet(
    evaluator: &impl Evaluator,
    config: &Config,
    candidates: &[Vec<Candidate>],
) -> Result<PlannedSuperNet> {
    fitting_supernet(
        config,
        candidates,
        evaluator.bound_bytes(),
        |mixing| evaluator.exploitation_cost(candidates, mixing, config.dnas),
        |mixing| evaluator.exploitation_recomputation_cost(candidates, mixing, config.dnas),
        |mixing, step| evaluator.plan_supernet(candidates, mixing, step),
    )
}

/// What a differentiable search costs in a SuperNet held like this, recomputation included.
pub(crate) fn supernet_cost(
    evaluator: &impl Evaluator,
    planned: &PlannedSuperNet,
    dnas: DnasConfig,
) -> Result<u64> {
    let (candidates, mixing) = (&planned.candidates, planned.mixing);
    let recompute = planned.plan.recompute;
    let mut cost = evaluator.exploitation_cost(candidates, mixing, dnas)?;
    if !recompute.is_empty() {
        let layers = evaluator.exploitation_recomputation_cost(candidates, mixing, dnas)?;
        cost = cost.saturating_add(recompute.cost(&layers));
    }
    Ok(cost)
}

/// What a child's training costs under a plan, recomputation included.
pub(crate) fn child_cost(
    evaluator: &impl Evaluator,
    architecture: &Architecture,
    fidelity: Fidelity,
    plan: Plan,
) -> Result<u64> {
    let mut cost = evaluator.cost(architecture, fidelity)?;
    if !plan.recompute.is_empty() {
        let layers = evaluator.recomputation_cost(architecture, fidelity)?;
        cost = cost.saturating_add(plan.recompute.cost(&layers));
    }
    Ok(cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MicroBatch, MixingChoice};

    fn needs(bytes: usize, micro_batch: usize) -> Plan {
        Plan {
            peak_bytes: bytes,
            high_water_bytes: bytes,
            micro_batch,
            ..Plan::default()
        }
    }

    fn config(micro_batch: Option<MicroBatch>) -> Config {
        let mut config = Config::preset("fashion-small").unwrap();
        (config.batch, config.micro_batch) = (32, micro_batch);
        config
    }

    /// 100 bytes of weights and 10 an image: 420, 260, 180, 140 for 32, 16, 8, 4 images.
    #[test]
    fn a_child_is_trained_in_the_largest_micro_batches_that_fit() {
        let fitting = |micro_batch, bound| {
            let layers = || unreachable!("all layers are kept");
            let plan = |step: StepSize| Ok(needs(100 + 10 * step.largest(), step.largest()));
            let plan = fitting_child(&config(micro_batch), bound, layers, plan).unwrap();
            (plan.micro_batch, plan.high_water_bytes)
        };
        let auto = Some(MicroBatch::Auto);
        assert_eq!(fitting(auto, 420), (32, 420));
        assert_eq!(fitting(auto, 419), (16, 260));
        assert_eq!(fitting(auto, 140), (4, 140));
        assert_eq!(fitting(auto, 139), (4, 140));
        assert_eq!(fitting(None, 139), (32, 420));
        assert_eq!(fitting(Some(MicroBatch::Images(5)), 1000), (5, 150));
    }

    #[test]
    fn a_supernet_of_a_fixed_mixing_is_not_asked_for_its_cost() {
        let mut config = config(None);
        config.mixing = Mixing::Materialised.into();
        let planned = fitting_supernet(
            &config,
            &[],
            100,
            |_| unreachable!("there is nothing to compare"),
            |_| unreachable!("all layers are kept"),
            |_, step| Ok(needs(200, step.largest())),
        );
        let planned = planned.unwrap();
        assert_eq!(planned.mixing, Mixing::Materialised);
        assert!(!planned.plan.fits(100));
    }

    #[test]
    fn auto_takes_exact_mixings_alone_whatever_the_bound() {
        let mut config = config(Some(MicroBatch::Auto));
        config.mixing = MixingChoice::Auto;
        let plan = |mixing: Mixing, step: StepSize| {
            assert!(mixing.is_exact(&[]));
            Ok(needs(10 * step.largest(), step.largest()))
        };
        let layers = |_| Ok(Vec::new());
        let planned = fitting_supernet(&config, &[], 100, |_| Ok(1), layers, plan).unwrap();
        assert_eq!(planned.plan.micro_batch, 8);
    }
}
