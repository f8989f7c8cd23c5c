//! What `auto` decides of a training: the mixing and the micro-batch, from plans, once and before it begins.

use crate::task::dnas_settings;
use crate::{Config, Error, Evaluator, Fidelity, Result};
use radars_space::{Architecture, Candidate, Reward, Space};
use radars_supernet::{Mixing, Plan, StepSize, SuperNetPlan, plan_supernet, supernet_step_macs};
use radars_tensor::Backend;

/// How many images of a step may be on the device at once, in the order they are tried.
pub(crate) fn micro_batches(config: &Config) -> Vec<usize> {
    match config.micro_batch {
        Some(micro_batch) => micro_batch.sizes(config.batch),
        None => vec![config.batch],
    }
}

/// The plan of a child's training under a bound: in the largest micro-batches that fit it; where none do, in
/// those that need the least.
///
/// # Errors
/// Those of `plan`, which is given the images of a micro-batch.
pub fn fitting_child(
    config: &Config,
    bound_bytes: usize,
    mut plan: impl FnMut(usize) -> Result<Plan>,
) -> Result<Plan> {
    let ways = micro_batches(config).into_iter().map(|images| ((), images));
    let (_, plan) = first_that_fits(ways, bound_bytes, |_, images| plan(images))?;
    Ok(plan)
}

/// A SuperNet as it would be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedSuperNet {
    /// The candidates of every layer.
    pub candidates: Vec<Vec<Candidate>>,
    /// How it holds their mixtures.
    pub mixing: Mixing,
    /// What that needs, and in which micro-batches.
    pub plan: Plan,
}

impl PlannedSuperNet {
    /// The error for a bound that it does not fit.
    pub fn over(&self, bound_bytes: usize, batch: usize) -> Error {
        Error::SupernetOverBound {
            planned_bytes: self.plan.high_water_bytes,
            bound_bytes,
            mixing: self.mixing,
            batch,
            micro_batch: self.plan.micro_batch,
        }
    }
}

/// How the SuperNet of some candidates is trained under a bound: whole batches before micro-batches, and larger
/// ones before smaller ones; with each, of the ways to hold the mixtures, that of the fewest
/// multiply-accumulates first. Where nothing fits, what needs the least.
///
/// # Errors
/// Those of `cost`, what a mixing costs, and of `plan`, which is given a mixing and the images of a micro-batch.
pub fn fitting_supernet(
    config: &Config,
    candidates: &[Vec<Candidate>],
    bound_bytes: usize,
    mut cost: impl FnMut(Mixing) -> Result<u64>,
    plan: impl FnMut(Mixing, usize) -> Result<Plan>,
) -> Result<PlannedSuperNet> {
    let mut mixings = config.mixing.ways();
    if mixings.len() > 1 {
        let costs: Result<Vec<(u64, Mixing)>> = (mixings.into_iter())
            .map(|mixing| Ok((cost(mixing)?, mixing)))
            .collect();
        let mut costs = costs?;
        costs.sort_by_key(|&(cost, _)| cost);
        mixings = costs.into_iter().map(|(_, mixing)| mixing).collect();
    }
    let sizes = micro_batches(config).into_iter();
    let ways = sizes.flat_map(|images| mixings.iter().map(move |&mixing| (mixing, images)));
    let (mixing, plan) = first_that_fits(ways, bound_bytes, plan)?;
    Ok(PlannedSuperNet {
        candidates: candidates.to_vec(),
        mixing,
        plan,
    })
}

/// The first way whose plan fits the bound; where there is none, that of the least need.
fn first_that_fits<W: Copy>(
    ways: impl IntoIterator<Item = (W, usize)>,
    bound_bytes: usize,
    mut plan: impl FnMut(W, usize) -> Result<Plan>,
) -> Result<(W, Plan)> {
    let mut least: Option<(W, Plan)> = None;
    for (way, images) in ways {
        let planned = plan(way, images)?;
        if planned.fits(bound_bytes) {
            return Ok((way, planned));
        }
        let less = |(_, known): &(W, Plan)| planned.high_water_bytes < known.high_water_bytes;
        if least.as_ref().is_none_or(less) {
            least = Some((way, planned));
        }
    }
    least.ok_or(Error::Unsupported {
        what: "any way to hold a mixture",
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
    let plan = |mixing, micro_batch| {
        let of = SuperNetPlan {
            space,
            candidates,
            mixing,
            // The trade-off changes no allocation.
            reward: Reward::balanced(1),
        };
        let step = StepSize {
            micro_batch,
            ..StepSize::whole(config.batch)
        };
        Ok(plan_supernet::<B>(spec, of, step, dnas_settings(config))?)
    };
    fitting_supernet(config, candidates, bound_bytes, cost, plan)
}

/// [`fitting_child`], as an evaluator plans it.
pub(crate) fn child(
    evaluator: &impl Evaluator,
    config: &Config,
    architecture: &Architecture,
    fidelity: Fidelity,
    bound_bytes: usize,
) -> Result<Plan> {
    fitting_child(config, bound_bytes, |images| {
        evaluator.plan(architecture, fidelity, images)
    })
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
        |mixing, images| evaluator.plan_supernet(candidates, mixing, images),
    )
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
            let plan = |images| Ok(needs(100 + 10 * images, images));
            let plan = fitting_child(&config(micro_batch), bound, plan).unwrap();
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
        let config = config(None);
        let planned = fitting_supernet(
            &config,
            &[],
            100,
            |_| unreachable!("there is nothing to compare"),
            |_, images| Ok(needs(200, images)),
        );
        let planned = planned.unwrap();
        assert_eq!(planned.mixing, Mixing::Materialised);
        assert!(!planned.plan.fits(100));
    }

    #[test]
    fn auto_takes_exact_mixings_alone_whatever_the_bound() {
        let mut config = config(Some(MicroBatch::Auto));
        config.mixing = MixingChoice::Auto;
        let plan = |mixing: Mixing, images| {
            assert!(mixing.is_exact());
            Ok(needs(10 * images, images))
        };
        let planned = fitting_supernet(&config, &[], 100, |_| Ok(1), plan).unwrap();
        assert_eq!(planned.plan.micro_batch, 8);
    }
}
