//! Training the shared weights of a one-shot SuperNet, and measuring paths with them.

use super::{Trainer, images};
use crate::evaluator::{Shared, Sharing};
use crate::{Event, Fingerprint, Memory, Network, NetworkState, Result, Watch};
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    OneShot, Plan, child_evaluation_macs, child_step_macs, plan_one_shot, plan_one_shot_path,
};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use std::collections::BTreeSet;
use std::time::Instant;

/// Which training a checkpoint's network belongs to: there is only one in a run.
const WORK: &str = "one-shot training";

/// Training batches that a path's statistics are estimated from.
const ESTIMATES: u64 = 4;

impl<B: Backend> Trainer<'_, B> {
    fn one_shot_seed(&self) -> Seed {
        self.seed().derive("one-shot", 0)
    }

    /// The path that a step trains.
    fn path(&self, seed: Seed, step: u64) -> Architecture {
        let mut rng = seed.stream("one-shot path", step);
        self.problem().space.random(&mut rng)
    }

    pub(super) fn plan_one_shot(&self, candidates: &[Vec<Candidate>]) -> Result<Plan> {
        Ok(plan_one_shot::<B>(
            &self.spec,
            &self.problem().space,
            candidates,
            self.task.search_batches(),
            self.task.weight_settings(),
        )?)
    }

    /// Multiply-accumulates of the very paths that are trained and measured.
    pub(super) fn one_shot_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        let space = &self.problem().space;
        let seed = self.one_shot_seed();
        let batch = self.problem().config.batch as u64;
        let steps = (sharing.epochs * self.weights.batches_per_epoch()) as u64;
        let mut cost = 0;
        for step in 0..steps {
            cost += batch * child_step_macs(space, &self.path(seed, step))?;
        }
        let measured = ESTIMATES * batch + self.rewards.images_per_epoch() as u64;
        for path in sharing.paths {
            cost += measured * child_evaluation_macs(space, path)?;
        }
        Ok(cost)
    }

    /// The plan of the paths that are sampled, which need not be the largest there are.
    fn plan_sampled(&self, sharing: &Sharing<'_>) -> Result<Plan> {
        let (seed, space) = (self.one_shot_seed(), &self.problem().space);
        let steps = (sharing.epochs * self.weights.batches_per_epoch()) as u64;
        let trained = (0..steps).map(|step| self.path(seed, step));
        let (mut plan, mut planned) = (Plan::default(), BTreeSet::new());
        for path in trained.chain(sharing.paths.iter().cloned()) {
            if planned.insert(path.clone()) {
                let (batches, settings) = (self.task.search_batches(), self.task.weight_settings());
                plan = plan.largest(plan_one_shot_path::<B>(
                    &self.spec, space, &path, batches, settings,
                )?);
            }
        }
        Ok(plan)
    }

    pub(super) fn train_one_shot(
        &mut self,
        sharing: Sharing<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Shared>> {
        let Sharing {
            candidates,
            epochs,
            paths,
        } = sharing;
        let plan = self.plan_sampled(&sharing)?;
        self.arena.reset_peaks();
        let (seed, space) = (self.one_shot_seed(), &self.problem().space);
        let mut shared = OneShot::new(space, candidates, self.task.weight_settings(), seed)?;
        let mut before = Memory::default();
        let first = match watch.take_network(WORK) {
            Some(NetworkState {
                epochs,
                memory,
                network: Network::OneShot(state),
                ..
            }) => {
                shared.restore(&state)?;
                before = memory;
                epochs
            }
            _ => 0,
        };
        let steps = self.weights.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        for epoch in first..epochs {
            let started = Instant::now();
            let mut loss = 0.0;
            for (index, batch) in self.weights.epoch(seed, epoch as u64).enumerate() {
                let batch = batch?;
                if watch.stop().is_some() {
                    return Ok(None);
                }
                let step = (epoch * steps + index) as u64;
                let path = self.path(seed, step);
                loss += shared.step(&self.arena, &path, images(&batch), schedule.rate(step))?;
                watch.batch(index + 1, steps, self.arena.stats());
            }
            let mean = loss / steps as f64;
            watch.event(Event::SharedEpoch {
                epoch,
                epochs,
                loss: mean.is_finite().then_some(mean),
                seconds: started.elapsed().as_secs_f64(),
            })?;
            watch.keep_network(&NetworkState {
                work: WORK.into(),
                epochs: epoch + 1,
                memory: self.memory(plan, before),
                network: Network::OneShot(shared.state()),
            })?;
        }
        let mut accuracies = Vec::with_capacity(paths.len());
        for (done, path) in paths.iter().enumerate() {
            if watch.stop().is_some() {
                return Ok(None);
            }
            accuracies.push(self.inherited_accuracy(&mut shared, path)?);
            watch.batch(done + 1, paths.len(), self.arena.stats());
        }
        let mut weights = Fingerprint::default();
        weights.add_saved(&shared.state().parameters);
        Ok(Some(Shared {
            accuracies,
            memory: self.memory(plan, before),
            traffic: shared.traffic(),
            weights: weights.to_string(),
        }))
    }

    fn inherited_accuracy(&self, shared: &mut OneShot, path: &Architecture) -> Result<f64> {
        let seed = self.one_shot_seed();
        let mut inherited = shared.inherit(&self.arena, path)?;
        for step in 0..ESTIMATES {
            inherited.estimate(images(&self.weights.step(seed, step)?))?;
        }
        let mut correct = 0;
        for batch in self.rewards.epoch(Seed(0), 0) {
            let batch = batch?;
            correct += inherited.correct(images(&batch))?;
        }
        Ok(correct as f64 / self.rewards.images_per_epoch() as f64)
    }
}
