//! The evaluator that trains: epochs over the splits, on one arena of the backend.

use crate::evaluator::{Evaluator, Exploitation, Exploited, Measured, Training, Watch};
use crate::{Event, Fidelity, Fingerprint, Memory, Result, Task};
use radars_data::{Augment, Batch, Loader, LoaderOptions};
use radars_space::{Architecture, Candidate};
use radars_supernet::nn::Schedule;
use radars_supernet::{
    ChildTrainer, DnasTrainer, Images, Plan, SuperNetPlan, plan_child, plan_supernet,
};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Backend, Region};
use std::time::Instant;

/// Trains child networks and SuperNets for a task; one at a time, all in the same arena.
pub struct Trainer<'a, B: Backend> {
    task: &'a Task,
    arena: Arena<B>,
    spec: B::Spec,
    weights: Loader,
    alpha: Loader,
    rewards: Loader,
    all: Loader,
    test: Loader,
}

impl<'a, B: Backend> Trainer<'a, B> {
    /// A trainer that has all of `region`.
    ///
    /// # Errors
    /// [`crate::Error::Data`].
    pub fn new(region: Region<B>, task: &'a Task) -> Result<Self> {
        let arena = Arena::new(region);
        let spec = arena.backend().spec();
        let config = &task.config;
        let (train, test) = (&task.data.train, &task.data.test);
        let augment = match (config.data.crop_padding, config.data.flip) {
            (0, false) => None,
            (crop_padding, flip) => Some(Augment { crop_padding, flip }),
        };
        let training = |stream| LoaderOptions {
            augment,
            ..LoaderOptions::training(stream, config.batch)
        };
        let evaluation = LoaderOptions::evaluation(config.batch);
        Ok(Trainer {
            task,
            spec,
            weights: Loader::new(
                train.clone(),
                task.splits.weights.clone(),
                training("weights"),
            )?,
            alpha: Loader::new(train.clone(), task.splits.alpha.clone(), training("alpha"))?,
            rewards: Loader::new(train.clone(), task.splits.rewards.clone(), evaluation)?,
            all: Loader::new(train.clone(), train.indices(), training("all"))?,
            test: Loader::new(test.clone(), test.indices(), evaluation)?,
            arena,
        })
    }

    fn supernet<'b>(&'b self, candidates: &'b [Vec<Candidate>]) -> SuperNetPlan<'b> {
        SuperNetPlan {
            space: &self.task.space,
            candidates,
            mixing: self.task.config.mixing,
            reward: self.task.reward,
        }
    }

    /// What the arena saw since its peaks were reset.
    fn memory(&self, plan: Plan) -> Memory {
        let stats = self.arena.stats();
        Memory {
            planned_peak_bytes: plan.peak_bytes,
            actual_peak_bytes: stats.peak_bytes,
            high_water_bytes: stats.high_water_bytes,
        }
    }

    /// Cosine to zero over `epochs` epochs of `steps` steps, after the warm-up.
    fn schedule(&self, epochs: usize, steps: usize) -> Schedule {
        let training = &self.task.config.training;
        let warm_up = training.warmup_epochs.min(epochs as f64 / 4.0) * steps as f64;
        Schedule::Cosine {
            rate: training.rate as f32,
            floor: 0.0,
            steps: (epochs * steps) as u64,
            warm_up: warm_up as u64,
        }
    }

    /// The accuracy of a child on all images of a loader.
    fn accuracy(&self, child: &mut ChildTrainer<B>, loader: &Loader) -> Result<f64> {
        let mut correct = 0;
        for batch in loader.epoch(Seed(0), 0) {
            correct += child.correct(images(&batch))?;
        }
        Ok(correct as f64 / loader.images_per_epoch() as f64)
    }
}

/// A batch as the trainers take it.
fn images(batch: &Batch) -> Images<'_> {
    Images {
        values: &batch.images,
        labels: &batch.labels,
    }
}

impl<B: Backend> Evaluator for Trainer<'_, B> {
    fn bound_bytes(&self) -> usize {
        self.arena.bound_bytes()
    }

    fn plan(&self, architecture: &Architecture) -> Result<Plan> {
        let task = self.task;
        let (batches, settings) = (task.search_batches(), task.weight_settings());
        Ok(plan_child::<B>(
            &self.spec,
            &task.space,
            architecture,
            batches,
            settings,
        )?)
    }

    fn plan_final(&self, architecture: &Architecture) -> Result<Plan> {
        let task = self.task;
        let (batches, settings) = (task.final_batches(), task.weight_settings());
        Ok(plan_child::<B>(
            &self.spec,
            &task.space,
            architecture,
            batches,
            settings,
        )?)
    }

    fn plan_supernet(&self, candidates: &[Vec<Candidate>]) -> Result<Plan> {
        let (batch, settings) = (self.task.config.batch, self.task.dnas_settings());
        Ok(plan_supernet::<B>(
            &self.spec,
            self.supernet(candidates),
            batch,
            settings,
        )?)
    }

    fn train(&mut self, training: Training<'_>, watch: &mut Watch<'_>) -> Result<Option<Measured>> {
        let config = &self.task.config.training;
        let (epochs, purpose, loader, judge) = match training.fidelity {
            Fidelity::Proxy => (
                config.proxy_epochs,
                "proxy training",
                &self.weights,
                &self.rewards,
            ),
            Fidelity::Exact => (
                config.exact_epochs,
                "exact training",
                &self.weights,
                &self.rewards,
            ),
            Fidelity::Final => (config.final_epochs, "final training", &self.all, &self.test),
        };
        watch.event(Event::TrainingStarted {
            fidelity: training.fidelity,
            architecture: training.architecture.clone(),
            epochs,
            planned_peak_bytes: training.plan.peak_bytes,
        })?;
        self.arena.reset_peaks();
        let seed = Seed(self.task.config.seed).derive(purpose, training.number);
        let (space, settings) = (&self.task.space, self.task.weight_settings());
        let mut child =
            ChildTrainer::new(&self.arena, space, training.architecture, settings, seed)?;
        let steps = loader.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        for epoch in 0..epochs {
            let started = Instant::now();
            for (index, batch) in loader.epoch(seed, epoch as u64).enumerate() {
                if watch.stop.reason().is_some() {
                    return Ok(None);
                }
                child.step(
                    images(&batch),
                    schedule.rate((epoch * steps + index) as u64),
                )?;
                watch.observer.batch(index + 1, steps, self.arena.stats());
            }
            watch.event(Event::Epoch {
                fidelity: training.fidelity,
                epoch,
                loss: child.take_mean_loss()?,
                seconds: started.elapsed().as_secs_f64(),
            })?;
        }
        let accuracy = self.accuracy(&mut child, judge)?;
        let memory = self.memory(training.plan);
        let mut weights = Fingerprint::default();
        weights.add_weights(child.parameters())?;
        Ok(Some(Measured {
            accuracy,
            memory,
            weights: weights.to_string(),
        }))
    }

    fn exploit(
        &mut self,
        exploitation: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        let config = &self.task.config.dnas;
        let epochs = config.warmup_epochs + config.epochs;
        self.arena.reset_peaks();
        let seed =
            Seed(self.task.config.seed).derive("exploitation", exploitation.iteration as u64);
        let of = self.supernet(exploitation.candidates);
        let mut trainer = DnasTrainer::new(&self.arena, of, self.task.dnas_settings(), seed)?;
        let vectors = trainer.vectors();
        let steps = self.weights.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        let mut alpha_batches = self.alpha.steps(seed, 0);
        for epoch in 0..epochs {
            let started = Instant::now();
            let alpha_trained = epoch >= config.warmup_epochs;
            let temperature = config.temperature(epoch);
            for (index, batch) in self.weights.epoch(seed, epoch as u64).enumerate() {
                if watch.stop.reason().is_some() {
                    return Ok(None);
                }
                let step = (epoch * steps + index) as u64;
                let relax = |draw| {
                    crate::relaxation::draw(&vectors, temperature, config.gumbel, seed, draw)
                };
                trainer.weight_step(images(&batch), &relax(2 * step), schedule.rate(step))?;
                if alpha_trained && let Some(batch) = alpha_batches.next() {
                    trainer.alpha_step(
                        images(&batch),
                        &relax(2 * step + 1),
                        config.alpha_rate as f32,
                    )?;
                }
                watch.observer.batch(index + 1, steps, self.arena.stats());
            }
            let (weight_loss, alpha_loss) = trainer.take_mean_losses()?;
            watch.event(Event::DnasEpoch {
                iteration: exploitation.iteration,
                epoch,
                alpha_trained,
                weight_loss,
                alpha_loss,
                temperature,
                alpha: trainer.mixing_weights()?,
                seconds: started.elapsed().as_secs_f64(),
            })?;
        }
        let mut weights = Fingerprint::default();
        weights.add_weights(trainer.parameters())?;
        Ok(Some(Exploited {
            architecture: trainer.derive()?,
            memory: self.memory(exploitation.plan),
            weights: weights.to_string(),
        }))
    }

    fn paths(&self, candidates: &[Vec<Candidate>]) -> f64 {
        self.task.config.mixing.paths(candidates)
    }
}
