//! What a search would choose under a bound, without running it.

use crate::task::weight_settings;
use crate::{
    Config, PlannedSuperNet, Result, SnRule, fitting_child, kernel_path, plan_fitting, span,
};
use radars_space::{Architecture, Candidate, Space};
use radars_supernet::{BatchSizes, Mixing, Plan, Recompute, child_forward_macs, plan_child};
use radars_tensor::Backend;
use serde::Serialize;
use std::collections::HashMap;

/// How one training would be done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChoiceRow {
    /// What is trained.
    pub what: String,
    /// The rule of `SN`; none for what has no choice of members.
    pub rule: Option<SnRule>,
    /// The members of `SN`: positions among the architectures that were given, from 0.
    pub members: Vec<usize>,
    /// How mixtures are held; none for a single path, and where nothing fits.
    pub mixing: Option<Mixing>,
    /// Images of a step on the device at once; for what does not fit, of what needs the least.
    pub micro_batch: Option<usize>,
    /// The layers that are computed again on the way back; for what does not fit, of what needs the least.
    pub recompute: Option<Recompute>,
    /// Most bytes in use at once.
    pub peak_bytes: Option<usize>,
    /// The smallest bound that will do.
    pub high_water_bytes: Option<usize>,
    /// Whether it fits the bound.
    pub fits: bool,
    /// What the first architecture that did not fit beside the members before it would have needed.
    pub refused_bytes: Option<usize>,
}

impl ChoiceRow {
    fn new(what: &str, mixing: Option<Mixing>, plan: Option<Plan>, bound_bytes: usize) -> Self {
        ChoiceRow {
            what: what.into(),
            rule: None,
            members: Vec::new(),
            mixing,
            micro_batch: plan.map(|plan| plan.micro_batch),
            recompute: plan.map(|plan| plan.recompute),
            peak_bytes: plan.map(|plan| plan.peak_bytes),
            high_water_bytes: plan.map(|plan| plan.high_water_bytes),
            fits: plan.is_some_and(|plan| plan.fits(bound_bytes)),
            refused_bytes: None,
        }
    }
}

/// What would be chosen under the configuration's bound: for the path of the largest kernels, for `SN` of these
/// architectures, best first, under either rule, and for the whole space. The mixing, the micro-batch and what is
/// recomputed are the configuration's, where it does not leave them to the planner.
///
/// # Errors
/// When the architectures do not belong to the space, or the space is not resolved.
pub fn plan_choices<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
    architectures: &[Architecture],
) -> Result<Vec<ChoiceRow>> {
    let bound_bytes = usize::try_from(config.memory.as_u64()).unwrap_or(usize::MAX);
    let largest = kernel_path::largest(space)?;
    let layers = || Ok(child_forward_macs(space, &largest)?);
    let child = fitting_child(config, bound_bytes, layers, |step| {
        let batches = BatchSizes {
            step,
            evaluated: config.batch,
        };
        let settings = weight_settings(config);
        Ok(plan_child::<B>(spec, space, &largest, batches, settings)?)
    })?;
    let path = "one path, largest kernels";
    let mut rows = vec![ChoiceRow::new(path, None, Some(child), bound_bytes)];

    // Both rules begin alike.
    let mut known: HashMap<Vec<Vec<Candidate>>, PlannedSuperNet> = HashMap::new();
    let mut plan = |candidates: &[Vec<Candidate>]| -> Result<PlannedSuperNet> {
        if let Some(planned) = known.get(candidates) {
            return Ok(planned.clone());
        }
        let planned = plan_fitting::<B>(spec, space, config, candidates, bound_bytes)?;
        known.insert(candidates.to_vec(), planned.clone());
        Ok(planned)
    };
    for rule in SnRule::ALL {
        let spanned = span(rule, architectures, bound_bytes, &mut plan)?;
        let planned = spanned.supernet;
        let (mixing, of) = (
            planned.as_ref().map(|planned| planned.mixing),
            planned.as_ref().map(|planned| planned.plan),
        );
        rows.push(ChoiceRow {
            rule: Some(rule),
            members: spanned.members,
            refused_bytes: spanned.refused_bytes,
            ..ChoiceRow::new("SN", mixing, of, bound_bytes)
        });
    }
    let planned = plan(&space.all_candidates())?;
    let (mixing, plan) = (Some(planned.mixing), Some(planned.plan));
    rows.push(ChoiceRow::new("whole space", mixing, plan, bound_bytes));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MicroBatch, MixingChoice};
    use bytesize::ByteSize;
    use radars_tensor::random::Seed;
    use radars_tensor::{Cpu, Isa};

    fn rows(memory: u64, change: impl Fn(&mut Config)) -> Vec<ChoiceRow> {
        let space = Space::preset("cifar10-quant").unwrap();
        let mut config = Config::preset("cifar10-quant").unwrap();
        config.memory = ByteSize(memory);
        (config.mixing, config.micro_batch) = (MixingChoice::Auto, Some(MicroBatch::Auto));
        change(&mut config);
        let sample: Vec<Architecture> = (0..6)
            .map(|index| space.random(&mut Seed(0).stream("sample", index)))
            .collect();
        let spec = Cpu::with_isa(1, Isa::Portable).unwrap().spec();
        plan_choices::<Cpu>(&spec, &space, &config, &sample).unwrap()
    }

    /// The whole space at batch 128 as one factorised SuperNet: the paper's runs out of memory at 112 GB.
    #[test]
    fn the_whole_space_factorised_fits_a_gibibyte() {
        let rows = rows(1 << 30, |config| {
            (config.mixing, config.micro_batch) = (Mixing::Factorised.into(), None);
        });
        let whole = rows.last().unwrap();
        assert_eq!(whole.what, "whole space");
        assert!(whole.fits, "{whole:?}");
        assert_eq!(whole.micro_batch, Some(128));
    }

    /// What is chosen fits, and a larger bound never means smaller micro-batches or fewer members.
    #[test]
    fn more_memory_means_no_less() {
        let of = |memory: u64| rows(memory, |_| {});
        let sequence: Vec<Vec<ChoiceRow>> = [1 << 28, 1 << 30, 1 << 32].map(of).into();
        for rows in &sequence {
            let [path, prefix, pack, whole] = &rows[..] else {
                panic!("{rows:?}");
            };
            assert!(path.fits);
            assert!(prefix.fits && pack.fits, "{rows:?}");
            assert!(pack.members.len() >= prefix.members.len());
            assert!(pack.members.starts_with(&prefix.members));
            assert!(whole.mixing.is_some_and(|mixing| mixing.is_exact(&[])));
        }
        for pair in sequence.windows(2) {
            let (less, more) = (&pair[0], &pair[1]);
            assert!(less[1].members.len() <= more[1].members.len());
            assert!(less[0].micro_batch <= more[0].micro_batch);
        }
        // The largest bound holds all of the sample.
        assert_eq!(sequence[2][1].members, [0, 1, 2, 3, 4, 5]);
        assert_eq!(sequence[2][1].refused_bytes, None);
    }
}
