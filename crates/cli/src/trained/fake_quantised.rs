//! The network as training evaluates it, in memory that is planned first.

use super::engine::Engine;
use crate::device::{Devices, Part};
use crate::failure::{Failure, Result};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_export::Model;
use radars_supernet::{ChildEvaluator, Plan};
use radars_tensor::{Arena, Backend, Region};

/// A fake-quantised network in an arena of just the size that it needs.
pub struct FakeQuantised<B: Backend> {
    evaluator: ChildEvaluator<B>,
    arena: Arena<B>,
    plan: Plan,
    batch: usize,
    name: String,
}

impl<B: Backend> FakeQuantised<B> {
    /// With the largest batch of at most `most` images that fits the bound.
    pub fn new(
        devices: &impl Devices<Backend = B>,
        model: &Model,
        bound: ByteSize,
        most: usize,
    ) -> Result<Self> {
        let (spec, bound_bytes) = (devices.spec(), bound.as_u64() as usize);
        let (space, architecture) = (&model.space, &model.architecture);
        let mut batch = most;
        let mut plan = ChildEvaluator::<B>::plan(&spec, space, architecture, batch)?;
        while !plan.fits(bound_bytes) && batch > 1 {
            batch = batch.div_ceil(2);
            plan = ChildEvaluator::<B>::plan(&spec, space, architecture, batch)?;
        }
        let needed = ByteSize(plan.high_water_bytes as u64);
        if !plan.fits(bound_bytes) {
            return Err(Failure::bad_input(anyhow!(
                "a bound of {bound} is too small: one image takes {needed} ({} bytes); raise --memory to that",
                plan.high_water_bytes
            )));
        }
        devices.check_available(needed)?;
        let backend = devices.open(Part::Whole).map_err(Failure::bad_input)?;
        let region = Region::reserve(backend, plan.high_water_bytes);
        let arena = Arena::new(region.map_err(Failure::bad_input)?);
        Ok(FakeQuantised {
            evaluator: ChildEvaluator::new(&arena, space, architecture, &model.parameters)?,
            arena,
            plan,
            batch,
            name: format!("fake-quantised on {}", devices.name()),
        })
    }
}

impl<B: Backend> Engine for FakeQuantised<B> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn logits(&mut self, images: &[u8], n: usize) -> Result<Vec<f32>> {
        Ok(self.evaluator.logits(images, n)?)
    }

    fn memory(&self) -> Option<[usize; 2]> {
        Some([self.arena.stats().peak_bytes, self.plan.peak_bytes])
    }
}
