//! Timing steps of training on random images, in exactly the memory that their plan says.

use crate::device::{Devices, Part};
use crate::failure::{Failure, Result};
use crate::quantity::bytes;
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_search::{Config, candidates_of, dnas_settings, fitting_child, weight_settings};
use radars_space::{Architecture, Candidate, Space};
use radars_supernet::{
    BatchSizes, ChildTrainer, DnasTrainer, Images, Plan, Relaxation, SuperNetPlan,
    child_forward_macs, plan_child,
};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Placement, Stats};
use rand::Rng;
use std::time::{Duration, Instant};

/// A rate at which training does not diverge within a measurement.
const RATE: f32 = 0.01;

/// How long to measure, and with which random numbers.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Steps that are not timed: the first ones touch the memory.
    pub warm_up: usize,
    /// Steps that are timed however long they take.
    pub least: usize,
    /// Seconds after which no other step begins.
    pub seconds: f64,
    /// Of weights, images and architectures.
    pub seed: Seed,
}

/// What was measured; times are in the order of the steps.
pub struct Timed<T> {
    pub plan: Plan,
    pub times: Vec<T>,
    pub stats: Stats,
}

/// The time of a step of network weights, and of the step of architecture weights that follows.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub weight: Duration,
    pub alpha: Duration,
}

impl Timing {
    /// Times steps of a child network on a part of the devices.
    pub fn child<D: Devices>(
        self,
        devices: &D,
        part: Part,
        space: &Space,
        config: &Config,
        architecture: &Architecture,
    ) -> Result<Timed<Duration>> {
        let batches = BatchSizes {
            step: config.batch.into(),
            evaluated: 0,
        };
        self.of_child(
            (devices, part),
            (space, config),
            architecture,
            batches,
            |trainer, images| {
                trainer.step(images, RATE)?;
                // Reading the loss waits until all of the step is computed.
                trainer.take_mean_loss().map(drop)
            },
        )
    }

    /// Times the evaluation of batches by a child network.
    pub fn evaluation<D: Devices>(
        self,
        devices: &D,
        space: &Space,
        config: &Config,
        architecture: &Architecture,
    ) -> Result<Timed<Duration>> {
        let batches = BatchSizes {
            step: config.batch.into(),
            evaluated: config.batch,
        };
        self.of_child(
            (devices, Part::Whole),
            (space, config),
            architecture,
            batches,
            |trainer, images| trainer.correct(images).map(drop),
        )
    }

    fn of_child<D: Devices>(
        self,
        (devices, part): (&D, Part),
        (space, config): (&Space, &Config),
        architecture: &Architecture,
        batches: BatchSizes,
        mut step: impl FnMut(&mut ChildTrainer<D::Backend>, Images<'_>) -> radars_supernet::Result<()>,
    ) -> Result<Timed<Duration>> {
        let settings = weight_settings(config);
        let spec = devices.spec();
        let layers = || Ok(child_forward_macs(space, architecture)?);
        let bound = bound_bytes(config);
        let plan = fitting_child(config, bound, layers, |step| {
            let batches = BatchSizes { step, ..batches };
            let plan = plan_child::<D::Backend>(&spec, space, architecture, batches, settings);
            Ok(plan?)
        })?;
        if !plan.fits(bound) {
            return Err(Failure::bad_input(anyhow!(
                "a bound of {} is too small: a step of this network takes {} ({} bytes) at least; raise --memory or \
                 lower --batch",
                bytes(bound),
                bytes(plan.high_water_bytes),
                plan.high_water_bytes
            )));
        }
        let arena = reserve(devices, part, plan)?;
        let trainer = ChildTrainer::new(&arena, space, architecture, settings, self.seed)?;
        let trainer = trainer.in_micro_batches(plan.micro_batch);
        let mut trainer = trainer.recomputing(plan.recompute);
        let images = Batch::random(space, config.batch, self.seed, 0)?;
        let times = self.times(|| {
            let began = Instant::now();
            step(&mut trainer, images.view())?;
            Ok(began.elapsed())
        })?;
        Ok(Timed {
            plan,
            times,
            stats: arena.stats(),
        })
    }

    /// Times pairs of steps of a SuperNet, as it was planned.
    pub fn supernet<D: Devices>(
        self,
        devices: &D,
        of: SuperNetPlan<'_>,
        config: &Config,
        plan: Plan,
    ) -> Result<Timed<Pair>> {
        let settings = dnas_settings(config);
        let arena = reserve(devices, Part::Whole, plan)?;
        let trainer = DnasTrainer::new(&arena, of, settings, self.seed)?;
        let trainer = trainer.in_micro_batches(plan.micro_batch);
        let mut trainer = trainer.recomputing(plan.recompute);
        let vectors = trainer.vectors().into_iter();
        let relaxation = Relaxation {
            temperature: 1.0,
            noise: vectors.map(|length| vec![0.0; length]).collect(),
        };
        let images = Batch::random(of.space, config.batch, self.seed, 0)?;
        let others = Batch::random(of.space, config.batch, self.seed, 1)?;
        let times = self.times(|| {
            let began = Instant::now();
            trainer.weight_step(images.view(), &relaxation, RATE)?;
            trainer.take_mean_losses()?;
            let weight = began.elapsed();
            trainer.alpha_step(others.view(), &relaxation, RATE)?;
            trainer.take_mean_losses()?;
            let alpha = began.elapsed() - weight;
            Ok(Pair { weight, alpha })
        })?;
        Ok(Timed {
            plan,
            times,
            stats: arena.stats(),
        })
    }

    fn times<T>(self, mut step: impl FnMut() -> radars_supernet::Result<T>) -> Result<Vec<T>> {
        for _ in 0..self.warm_up {
            step()?;
        }
        let started = Instant::now();
        let mut times = Vec::new();
        while times.len() < self.least || started.elapsed().as_secs_f64() < self.seconds {
            times.push(step()?);
        }
        Ok(times)
    }
}

/// The candidates of a SuperNet that spans random architectures.
pub fn random_candidates(space: &Space, seed: Seed, architectures: usize) -> Vec<Vec<Candidate>> {
    let random = |index| space.random(&mut seed.stream("bench architecture", index));
    let architectures: Vec<Architecture> = (0..architectures as u64).map(random).collect();
    candidates_of(&architectures)
}

/// The bound of a configuration.
pub fn bound_bytes(config: &Config) -> usize {
    usize::try_from(config.memory.as_u64()).unwrap_or(usize::MAX)
}

/// The middle of times, in seconds; not a number for none.
pub fn median(times: impl IntoIterator<Item = Duration>) -> f64 {
    let mut times: Vec<Duration> = times.into_iter().collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2);
    middle.map_or(f64::NAN, Duration::as_secs_f64)
}

/// Reserves exactly what the plan says.
fn reserve<D: Devices>(devices: &D, part: Part, plan: Plan) -> Result<Arena<D::Backend>> {
    devices.check_available(ByteSize(plan.high_water_bytes as u64))?;
    let backend = devices.open(part).map_err(Failure::bad_input)?;
    Arena::with_bound(backend, plan.high_water_bytes).map_err(Failure::running)
}

/// Random images.
struct Batch {
    bytes: Vec<u8>,
    placements: Vec<Placement>,
    labels: Vec<i32>,
}

impl Batch {
    fn random(space: &Space, images: usize, seed: Seed, index: u64) -> Result<Self> {
        let (elements, classes) = (space.input()?.elements() as usize, space.classes()?);
        let mut rng = seed.stream("bench images", index);
        let mut bytes = vec![0; images * elements];
        rng.fill_bytes(&mut bytes);
        let labels = (0..images)
            .map(|_| (rng.next_u32() as usize % classes) as i32)
            .collect();
        Ok(Self {
            bytes,
            placements: vec![[0; 3]; images],
            labels,
        })
    }

    fn view(&self) -> Images<'_> {
        Images {
            bytes: &self.bytes,
            placements: &self.placements,
            labels: &self.labels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        let times = [5, 1, 3].map(Duration::from_secs);
        assert_eq!(median(times), 3.0);
        assert!(median([]).is_nan());
    }
}
