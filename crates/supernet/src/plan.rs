//! The planner: what a training needs, found by running it on the planning backend.

use crate::micro_batch::{Blank, StepSize};
use crate::{
    ChildTrainer, DnasSettings, DnasTrainer, Recompute, Result, SuperNetPlan, WeightSettings,
};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Meta, Stats};
use radars_space::{Architecture, Space};

/// What a training needs, to the byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Most bytes in use at once.
    pub peak_bytes: usize,
    /// End of the highest range in use: the smallest bound that will do.
    pub high_water_bytes: usize,
    /// Most bytes that a step keeps for its way back.
    pub saved_bytes: usize,
    /// Ranges handed out in the planned program.
    pub allocations: usize,
    /// Images on the device at once in a step: those of a micro-batch.
    pub micro_batch: usize,
    /// The layers that are computed again on the way back.
    pub recompute: Recompute,
}

impl Plan {
    pub(crate) fn new(stats: Stats, saved_bytes: usize, step: StepSize) -> Self {
        Plan {
            micro_batch: step.largest(),
            recompute: step.recompute,
            peak_bytes: stats.peak_bytes,
            high_water_bytes: stats.high_water_bytes,
            saved_bytes,
            allocations: stats.allocations,
        }
    }

    /// The larger of each figure: what two trainings need, one after the other.
    pub fn largest(self, other: Plan) -> Plan {
        Plan {
            peak_bytes: self.peak_bytes.max(other.peak_bytes),
            high_water_bytes: self.high_water_bytes.max(other.high_water_bytes),
            saved_bytes: self.saved_bytes.max(other.saved_bytes),
            allocations: self.allocations.max(other.allocations),
            micro_batch: self.micro_batch.max(other.micro_batch),
            recompute: self.recompute,
        }
    }

    /// Whether it fits a bound.
    pub fn fits(&self, bound_bytes: usize) -> bool {
        // A bound is used in whole blocks of the alignment, and the mark ends on one.
        self.high_water_bytes <= bound_bytes
    }
}

/// The batch sizes of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BatchSizes {
    /// Images of a training step.
    pub step: StepSize,
    /// Images that are evaluated in the end, in batches of a step's images and in its micro-batches, the last
    /// ones smaller; 0 for none.
    pub evaluated: usize,
}

impl BatchSizes {
    /// The sizes of evaluations, in order; equal ones once in each batch.
    pub(crate) fn evaluations(self) -> impl Iterator<Item = usize> {
        let images = self.step.images;
        let full = (self.evaluated >= images).then_some(images);
        let rest = self.evaluated % images.max(1);
        let batches = full.into_iter().chain((rest > 0).then_some(rest));
        let micro_batch = self.step.largest();
        batches.flat_map(move |images| {
            let parts = StepSize {
                micro_batch,
                ..StepSize::whole(images)
            };
            let mut lengths: Vec<usize> = parts.parts().map(|part| part.len()).collect();
            lengths.dedup();
            lengths
        })
    }
}

/// An arena for planning: as large as addresses go, so that nothing is refused.
pub(crate) fn unbounded<B: Backend>(spec: &B::Spec) -> Result<Arena<Meta<B>>> {
    Ok(Arena::with_bound(
        Meta::new(spec.clone()),
        isize::MAX as usize,
    )?)
}

/// Plans the training of a child network: two steps, for the second finds what the first left behind,
/// and the evaluations.
///
/// # Errors
/// As [`crate::Child::new`].
pub fn plan_child<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    architecture: &Architecture,
    batches: BatchSizes,
    settings: WeightSettings,
) -> Result<Plan> {
    let arena = unbounded::<B>(spec)?;
    let trainer = ChildTrainer::new(&arena, space, architecture, settings, Seed(0))?;
    let mut trainer =
        (trainer.in_micro_batches(batches.step.micro_batch)).recomputing(batches.step.recompute);
    let step = Blank(batches.step.images);
    let mut saved_bytes = 0;
    for _ in 0..2 {
        saved_bytes = trainer.step_on(&step, 0.1)?.max(saved_bytes);
    }
    if settings.statistics_batches > 0 {
        trainer.estimate_on(&Blank(batches.step.largest()))?;
    }
    for images in batches.evaluations() {
        trainer.logits_on(&Blank(images))?;
    }
    Ok(Plan::new(arena.stats(), saved_bytes, batches.step))
}

/// Plans the training of a SuperNet: two steps of each kind, in turn.
///
/// # Errors
/// As [`crate::SuperNet::new`].
pub fn plan_supernet<B: Backend>(
    spec: &B::Spec,
    of: SuperNetPlan<'_>,
    step: impl Into<StepSize>,
    settings: DnasSettings,
) -> Result<Plan> {
    let step = step.into();
    let arena = unbounded::<B>(spec)?;
    let trainer = DnasTrainer::new(&arena, of, settings, Seed(0))?;
    let mut trainer = (trainer.in_micro_batches(step.micro_batch)).recomputing(step.recompute);
    let relaxation = trainer.without_noise();
    let batch = Blank(step.images);
    let mut saved_bytes = 0;
    for _ in 0..2 {
        saved_bytes = trainer
            .weight_step_on(&batch, &relaxation, 0.1)?
            .max(saved_bytes);
        saved_bytes = trainer
            .alpha_step_on(&batch, &relaxation, 0.1)?
            .max(saved_bytes);
    }
    Ok(Plan::new(arena.stats(), saved_bytes, step))
}
