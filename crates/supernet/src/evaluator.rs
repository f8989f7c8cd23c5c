//! A trained child network that is only evaluated: its parameters, and nothing of their training.

use crate::batch::{DeviceBatch, Images};
use crate::plan::unbounded;
use crate::{Child, Plan, Result, StepSize};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Placement};
use radars_nn::{Parameters, SavedParameter};
use radars_space::{Architecture, ImageShape, Space};
use std::collections::HashMap;

/// A trained child network, fake-quantised as in training.
pub struct ChildEvaluator<B: Backend> {
    network: Child,
    parameters: Parameters<B>,
    input: ImageShape,
}

impl<B: Backend> ChildEvaluator<B> {
    /// Builds the network in `arena` and gives it its parameters, which may be in any order.
    ///
    /// # Errors
    /// As [`Child::new`]; [`radars_nn::Error::Saved`] for parameters of another network.
    pub fn new(
        arena: &Arena<B>,
        space: &Space,
        architecture: &Architecture,
        parameters: &[SavedParameter],
    ) -> Result<Self> {
        let mut evaluator = ChildEvaluator::blank(arena, space, architecture)?;
        let names = evaluator.parameters.iter().map(|(_, p)| p.name());
        let order: HashMap<&str, usize> = names.zip(0..).collect();
        let mut saved = parameters.to_vec();
        saved.sort_by_key(|p| order.get(&*p.name).copied().unwrap_or(usize::MAX));
        evaluator.parameters.restore(&saved)?;
        Ok(evaluator)
    }

    fn blank(arena: &Arena<B>, space: &Space, architecture: &Architecture) -> Result<Self> {
        let mut parameters = Parameters::new(arena);
        Ok(ChildEvaluator {
            network: Child::new(&mut parameters, space, architecture, Seed(0))?,
            parameters,
            input: space.input()?,
        })
    }

    /// What it needs to evaluate so many images at once, on a device of this kind.
    ///
    /// # Errors
    /// As [`Child::new`].
    pub fn plan(
        spec: &B::Spec,
        space: &Space,
        architecture: &Architecture,
        images: usize,
    ) -> Result<Plan> {
        let arena = unbounded::<B>(spec)?;
        let mut planned = ChildEvaluator::blank(&arena, space, architecture)?;
        let batch = DeviceBatch::blank(&arena, planned.input, images)?;
        batch.evaluate(&planned.network, &mut planned.parameters)?;
        Ok(Plan::new(arena.stats(), 0, StepSize::whole(images)))
    }

    /// The logits `[n, classes]` of `n` images `[n, height, width, channels]`.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn logits(&mut self, images: &[u8], n: usize) -> Result<Vec<f32>> {
        let batch = Images {
            bytes: images,
            placements: &vec![Placement::default(); n],
            labels: &vec![0; n],
        };
        let batch = batch.upload(self.parameters.arena(), self.input)?;
        let logits = batch.evaluate(&self.network, &mut self.parameters)?;
        Ok(logits.read()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ChildTrainer, WeightSettings};
    use radars_nn::SgdSettings;
    use radars_nn::tensor::{Cpu, Region};
    use radars_space::{Candidate, Layer, Precision};

    fn space() -> (Space, Architecture) {
        let bits = Precision {
            integer: 1,
            fraction: 3,
        };
        let candidate = Candidate::quantised(3, bits, bits);
        let choices = Space::preset("fashion-small").unwrap();
        let choices = choices.layers()[0].choices.clone();
        let layers = [(4, 2), (8, 2)].map(|(c, stride)| Layer::conv(c, stride, choices.clone()));
        let input = ImageShape {
            height: 8,
            width: 8,
            channels: 1,
        };
        let space = Space::new("two layers", layers.to_vec()).unwrap();
        (
            space.resolve(input, 3).unwrap(),
            Architecture::uniform(candidate, 2),
        )
    }

    #[test]
    fn it_gives_the_logits_of_the_trainer_in_exactly_the_planned_memory() {
        let (space, architecture) = space();
        let images: Vec<u8> = (0..5 * 64_u32).map(|i| (i * 37 % 251) as u8).collect();
        let batch = Images {
            bytes: &images,
            placements: &[[0; 3]; 5],
            labels: &[0, 1, 2, 0, 1],
        };
        let settings = WeightSettings {
            sgd: SgdSettings::default(),
            label_smoothing: 0.0,
            statistics_batches: 0,
        };
        let arena = Arena::with_bound(Cpu::new(2).unwrap(), 8 << 20).unwrap();
        let mut trainer =
            ChildTrainer::new(&arena, &space, &architecture, settings, Seed(3)).unwrap();
        trainer.step(batch, 0.1).unwrap();
        let expected = trainer.logits(batch).unwrap().read::<f32>().unwrap();
        // As a file has them.
        let mut saved = trainer.parameters().save().unwrap();
        saved.sort_by(|a, b| a.name.cmp(&b.name));

        let cpu = Cpu::new(2).unwrap();
        let plan = ChildEvaluator::<Cpu>::plan(&cpu.spec(), &space, &architecture, 5).unwrap();
        let region = Region::reserve(cpu, plan.high_water_bytes).unwrap();
        let arena = Arena::new(region);
        let mut evaluator = ChildEvaluator::new(&arena, &space, &architecture, &saved).unwrap();
        assert_eq!(evaluator.logits(&images, 5).unwrap(), expected);
        assert_eq!(arena.stats().peak_bytes, plan.peak_bytes);
        assert_eq!(arena.stats().high_water_bytes, plan.high_water_bytes);
        // However many at a time.
        assert_eq!(evaluator.logits(&images[..64], 1).unwrap(), expected[..3]);
    }

    #[test]
    fn parameters_of_another_network_are_refused() {
        let (space, architecture) = space();
        let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap();
        let known = ChildEvaluator::blank(&arena, &space, &architecture).unwrap();
        let saved = known.parameters.save().unwrap();
        let refused = |saved: &[SavedParameter]| {
            ChildEvaluator::new(&arena, &space, &architecture, saved).is_err()
        };
        assert!(!refused(&saved));
        assert!(refused(&saved[1..]));
        let mut other = saved.clone();
        other[0].name = "foreign".into();
        assert!(refused(&other));
        other[0].name = saved[0].name.clone();
        other.push(SavedParameter {
            name: "more".into(),
            shape: vec![1],
            values: vec![0.0],
        });
        assert!(refused(&other));
        other.pop();
        other[0].values.push(0.0);
        assert!(refused(&other));
    }
}
