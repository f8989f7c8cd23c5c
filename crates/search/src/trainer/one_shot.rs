//! Training the shared weights of a one-shot SuperNet, and measuring paths with them.

use super::{Trainer, images};
use crate::evaluator::{Shared, Sharing};
use crate::path_evaluator::PathEvaluator;
use crate::{Event, Fingerprint, Memory, Network, NetworkState, OneShotEvaluator, Result, Watch};
use radars_data::Batches;
use radars_space::{Architecture, Candidate};
use radars_supernet::{
    BatchSizes, OneShot, Plan, child_evaluation_macs, child_step_macs, plan_inherited_path,
    plan_one_shot, plan_one_shot_path,
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

    /// Multiply-accumulates of the very paths that are trained, of as many lessons as those pay for, and of the
    /// measurements.
    pub(super) fn one_shot_cost(&self, sharing: &Sharing<'_>) -> Result<u64> {
        let seed = self.one_shot_seed();
        let mut cost = self.sharing_macs(sharing.epochs)?;
        if sharing.evaluator == OneShotEvaluator::Setn {
            for step in 0..self.sharing_steps(sharing.epochs) {
                cost += self.lesson_macs(&self.path(seed, step))?;
            }
        }
        for path in sharing.paths {
            cost += self.measuring_macs(path)?;
        }
        Ok(cost)
    }

    fn sharing_steps(&self, epochs: usize) -> u64 {
        (epochs * self.weights.batches_per_epoch()) as u64
    }

    /// What the steps of the weights cost.
    fn sharing_macs(&self, epochs: usize) -> Result<u64> {
        let (space, seed) = (&self.problem().space, self.one_shot_seed());
        let batch = self.problem().config.batch as u64;
        let mut macs = 0;
        for step in 0..self.sharing_steps(epochs) {
            macs += batch * child_step_macs(space, &self.path(seed, step))?;
        }
        Ok(macs)
    }

    /// What a lesson costs: the loss of one batch.
    fn lesson_macs(&self, path: &Architecture) -> Result<u64> {
        let batch = self.problem().config.batch as u64;
        Ok(batch * child_evaluation_macs(&self.problem().space, path)?)
    }

    /// What it costs to measure a path.
    fn measuring_macs(&self, path: &Architecture) -> Result<u64> {
        let batch = self.problem().config.batch as u64;
        let images = ESTIMATES * batch + self.rewards.images_per_epoch() as u64;
        Ok(images * child_evaluation_macs(&self.problem().space, path)?)
    }

    /// The plan of the steps of the paths that are trained, which need not be the largest there are.
    fn plan_trained(&self, epochs: usize) -> Result<Plan> {
        let (seed, space) = (self.one_shot_seed(), &self.problem().space);
        let batches = BatchSizes {
            evaluated: 0,
            ..self.task.search_batches()
        };
        let (mut plan, mut planned) = (Plan::default(), BTreeSet::new());
        for step in 0..self.sharing_steps(epochs) {
            let path = self.path(seed, step);
            if planned.insert(path.clone()) {
                let settings = self.task.weight_settings();
                let of_path = plan_one_shot_path::<B>(&self.spec, space, &path, batches, settings);
                plan = plan.largest(of_path?);
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
            evaluator,
            paths,
        } = sharing;
        let mut plan = self.plan_trained(epochs)?;
        self.arena.reset_peaks();
        let (seed, space) = (self.one_shot_seed(), &self.problem().space);
        let mut shared = OneShot::new(space, candidates, self.task.weight_settings(), seed)?;
        let mut evaluator = match evaluator {
            OneShotEvaluator::Uniform => None,
            OneShotEvaluator::Setn => Some(PathEvaluator::new(candidates, seed)?),
        };
        let mut before = Memory::default();
        let first = match watch.take_network(WORK) {
            Some(NetworkState {
                epochs,
                memory,
                network: Network::OneShot(state, lessons),
                ..
            }) => {
                shared.restore(&state)?;
                if let (Some(evaluator), Some(state)) = (&mut evaluator, lessons) {
                    evaluator.restore(&state)?;
                }
                before = memory;
                epochs
            }
            _ => 0,
        };
        let steps = self.weights.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        let lessons = evaluator.as_ref().map(PathEvaluator::lessons);
        let mut validation = lessons.map(|done| self.alpha.steps(seed, done));
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
                if let (Some(evaluator), Some(validation)) = (&mut evaluator, &mut validation) {
                    // On average a lesson for every step: it may cost what one of the step's path would.
                    evaluator.grant(self.lesson_macs(&path)?);
                    let of_lessons = self.teach(evaluator, &mut shared, validation)?;
                    plan = plan.largest(of_lessons);
                }
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
                network: Network::OneShot(
                    shared.state(),
                    evaluator.as_ref().map(PathEvaluator::state).transpose()?,
                ),
            })?;
        }
        let mut spent = self.sharing_macs(epochs)?;
        let measured = match &mut evaluator {
            None => paths.to_vec(),
            Some(evaluator) => {
                spent += evaluator.spent();
                self.affordable(evaluator, paths)?
            }
        };
        let mut accuracies = Vec::with_capacity(measured.len());
        for (done, path) in measured.iter().enumerate() {
            if watch.stop().is_some() {
                return Ok(None);
            }
            spent += self.measuring_macs(path)?;
            plan = plan.largest(self.plan_inherited(path, self.task.search_batches())?);
            accuracies.push(self.inherited_accuracy(&mut shared, path)?);
            watch.batch(done + 1, measured.len(), self.arena.stats());
        }
        let mut weights = Fingerprint::default();
        weights.add_saved(&shared.state().parameters);
        Ok(Some(Shared {
            paths: measured,
            accuracies,
            spent,
            memory: self.memory(plan, before),
            traffic: shared.traffic(),
            weights: weights.to_string(),
        }))
    }

    /// Gives the evaluator the lessons that it can pay for; what they need.
    fn teach(
        &self,
        evaluator: &mut PathEvaluator<'_>,
        shared: &mut OneShot,
        validation: &mut Batches,
    ) -> Result<Plan> {
        let batches = BatchSizes {
            evaluated: 0,
            ..self.task.search_batches()
        };
        let mut plan = Plan::default();
        while let Some(lesson) = evaluator.lesson(|path| self.lesson_macs(path))? {
            let Some(batch) = validation.next() else {
                break;
            };
            plan = plan.largest(self.plan_inherited(&lesson.path, batches)?);
            let mut inherited = shared.inherit(&self.arena, &lesson.path)?;
            let loss = inherited.loss(images(&batch?))?;
            evaluator.learn(&lesson, loss)?;
        }
        Ok(plan)
    }

    /// What the evaluator proposes in place of `paths`: at most as many, and for no more than what those cost and lessons
    /// left over.
    fn affordable(
        &self,
        evaluator: &mut PathEvaluator<'_>,
        paths: &[Architecture],
    ) -> Result<Vec<Architecture>> {
        let mut left = evaluator.credit();
        for path in paths {
            left += self.measuring_macs(path)?;
        }
        let mut affordable = Vec::with_capacity(paths.len());
        for path in evaluator.proposals(paths.len())? {
            let cost = self.measuring_macs(&path)?;
            if cost <= left {
                left -= cost;
                affordable.push(path);
            }
        }
        Ok(affordable)
    }

    fn plan_inherited(&self, path: &Architecture, batches: BatchSizes) -> Result<Plan> {
        let space = &self.problem().space;
        Ok(plan_inherited_path::<B>(&self.spec, space, path, batches)?)
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
