//! What a search would need, without running it.

use crate::task::{dnas_settings, weight_settings};
use crate::{Config, Result, kernel_path};
use radars_space::{Candidate, Reward, Space};
use radars_supernet::{
    BatchSizes, Mixing, Plan, Recompute, StepSize, SuperNetPlan, plan_child, plan_one_shot_path,
    plan_supernet,
};
use radars_tensor::Backend;
use serde::Serialize;

/// What one network of a search would need.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanRow {
    /// Which network.
    pub what: String,
    /// How its mixtures are held; none for a single path.
    pub mixing: Option<Mixing>,
    /// Most bytes in use at once.
    pub peak_bytes: usize,
    /// The smallest bound that will do.
    pub high_water_bytes: usize,
    /// Most bytes that a step keeps for its way back.
    pub saved_bytes: usize,
    /// What Eq. 5 says.
    pub eq5_bytes: u64,
    /// Whether it fits the bound.
    pub fits: bool,
    /// The smallest bound for the whole batch with every layer computed again on the way back; none where that is not
    /// offered.
    pub recomputed_bytes: Option<usize>,
    /// What it would need in micro-batches, from half of the batch down to a single image.
    pub micro_batches: Vec<MicroBatchBound>,
}

/// What a training needs with fewer images on the device at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MicroBatchBound {
    /// Images on the device at once.
    pub micro_batch: usize,
    /// The smallest bound that will do.
    pub high_water_bytes: usize,
}

/// The plan of a step in one piece, and what else it may need.
struct Steps {
    whole: Plan,
    recomputed_bytes: usize,
    micro_batches: Vec<MicroBatchBound>,
}

/// Plans a step in one piece, with every layer kept and with every layer recomputed, and in micro-batches.
fn steps(batch: usize, layers: usize, plan: impl Fn(StepSize) -> Result<Plan>) -> Result<Steps> {
    let mut bounds = Vec::new();
    let mut images = batch;
    while images > 1 {
        images = images.div_ceil(2);
        let step = StepSize {
            micro_batch: images,
            ..StepSize::whole(batch)
        };
        bounds.push(MicroBatchBound {
            micro_batch: images,
            high_water_bytes: plan(step)?.high_water_bytes,
        });
    }
    let recomputed = StepSize {
        recompute: Recompute::all(layers),
        ..StepSize::whole(batch)
    };
    Ok(Steps {
        whole: plan(batch.into())?,
        recomputed_bytes: plan(recomputed)?.high_water_bytes,
        micro_batches: bounds,
    })
}

/// Plans the paths of the smallest and of the largest kernels, and the SuperNet of the whole space in
/// every mixing mode; each for a whole batch, with every layer recomputed, and in micro-batches. At last the SuperNet
/// that trains a single path at a time, the largest, and keeps all others on the host.
///
/// # Errors
/// When the space is not resolved.
pub fn plan_rows<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
) -> Result<Vec<PlanRow>> {
    let mut rows = Vec::new();
    let bound_bytes = config.memory.as_u64() as usize;
    for (what, architecture) in [
        ("one path, smallest kernels", kernel_path::smallest(space)?),
        ("one path, largest kernels", kernel_path::largest(space)?),
    ] {
        let steps = steps(config.batch, space.layers().len(), |step| {
            let batches = BatchSizes {
                step,
                evaluated: config.batch,
            };
            let settings = weight_settings(config);
            Ok(plan_child::<B>(
                spec,
                space,
                &architecture,
                batches,
                settings,
            )?)
        })?;
        let candidates: Vec<Vec<Candidate>> =
            architecture.layers().iter().map(|&c| vec![c]).collect();
        rows.push(PlanRow {
            what: what.into(),
            mixing: None,
            peak_bytes: steps.whole.peak_bytes,
            high_water_bytes: steps.whole.high_water_bytes,
            saved_bytes: steps.whole.saved_bytes,
            eq5_bytes: space.memory_estimate_of(&candidates, config.batch)?.bytes,
            fits: steps.whole.fits(bound_bytes),
            recomputed_bytes: Some(steps.recomputed_bytes),
            micro_batches: steps.micro_batches,
        });
    }
    let candidates = space.all_candidates();
    // The trade-off changes no allocation.
    let reward = Reward::balanced(1);
    for mixing in Mixing::ALL {
        let of = SuperNetPlan {
            space,
            candidates: &candidates,
            mixing,
            reward,
        };
        let steps = steps(config.batch, space.layers().len(), |step| {
            Ok(plan_supernet::<B>(spec, of, step, dnas_settings(config))?)
        })?;
        rows.push(PlanRow {
            what: "whole space".into(),
            mixing: Some(mixing),
            peak_bytes: steps.whole.peak_bytes,
            high_water_bytes: steps.whole.high_water_bytes,
            saved_bytes: steps.whole.saved_bytes,
            eq5_bytes: space.memory_estimate(config.batch)?.bytes,
            fits: steps.whole.fits(bound_bytes),
            recomputed_bytes: Some(steps.recomputed_bytes),
            micro_batches: steps.micro_batches,
        });
    }
    let path = kernel_path::largest(space)?;
    let batches = BatchSizes {
        step: config.batch.into(),
        evaluated: config.batch,
    };
    let plan = plan_one_shot_path::<B>(spec, space, &path, batches, weight_settings(config))?;
    rows.push(PlanRow {
        what: "whole space, a single path at a time".into(),
        mixing: None,
        peak_bytes: plan.peak_bytes,
        high_water_bytes: plan.high_water_bytes,
        saved_bytes: plan.saved_bytes,
        eq5_bytes: space.memory_estimate(config.batch)?.bytes,
        fits: plan.fits(bound_bytes),
        recomputed_bytes: None,
        micro_batches: Vec::new(),
    });
    Ok(rows)
}
