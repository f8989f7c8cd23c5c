//! Training and measuring one architecture.

use super::{Trainer, images};
use crate::evaluator::{Measured, Trained, Training};
use crate::fingerprint::number;
use crate::{Event, Fidelity, Fingerprint, Memory, Network, NetworkState, Result, Watch};
use radars_data::Loader;
use radars_space::{Architecture, Space};
use radars_supernet::{ChildTrainer, child_evaluation_macs, child_forward_macs, child_step_macs};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use std::time::Instant;

/// What a fidelity means.
struct Course<'a> {
    /// What the child is built in.
    space: &'a Space,
    epochs: usize,
    /// What its random numbers are for.
    purpose: &'static str,
    /// What is trained on.
    images: &'a Loader,
    /// What is measured on.
    judge: &'a Loader,
}

impl<B: Backend> Trainer<'_, B> {
    fn course(&self, fidelity: Fidelity) -> Course<'_> {
        let purpose = match fidelity {
            Fidelity::Proxy => "proxy training",
            Fidelity::Exact => "exact training",
            Fidelity::Final => "final training",
        };
        let (images, judge) = match (fidelity, &self.proxy) {
            (Fidelity::Proxy, Some(proxy)) => (&proxy.weights, &proxy.rewards),
            (Fidelity::Proxy | Fidelity::Exact, _) => (&self.weights, &self.rewards),
            (Fidelity::Final, _) => (&self.all, &self.test),
        };
        Course {
            space: self.task.space(fidelity),
            epochs: self.problem().config.training.epochs(fidelity),
            purpose,
            images,
            judge,
        }
    }

    /// Multiply-accumulates of a training and its evaluation.
    pub(super) fn child_cost(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
    ) -> Result<u64> {
        let course = self.course(fidelity);
        let space = course.space;
        let trained = (course.epochs * course.images.images_per_epoch()) as u64;
        let training = &self.problem().config.training;
        let estimated = training.statistics_batches * self.problem().config.batch;
        let estimated = estimated.min(course.images.images_per_epoch());
        let measured = (course.judge.images_per_epoch() + estimated) as u64;
        Ok(trained * child_step_macs(space, architecture)?
            + measured * child_evaluation_macs(space, architecture)?)
    }

    /// What it adds to that to compute a layer again on the way back.
    pub(super) fn child_recomputation_cost(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
    ) -> Result<Vec<u64>> {
        let course = self.course(fidelity);
        let trained = (course.epochs * course.images.images_per_epoch()) as u64;
        let layers = child_forward_macs(course.space, architecture)?;
        Ok(layers.into_iter().map(|macs| trained * macs).collect())
    }

    pub(super) fn train_child(
        &mut self,
        training: Training<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Measured>> {
        let Training {
            architecture,
            fidelity,
            plan,
        } = training;
        let Course {
            space,
            epochs,
            purpose,
            images: loader,
            judge,
        } = self.course(fidelity);
        let work = format!("{purpose} of {architecture}");
        let settings = self.task.weight_settings();
        self.arena.reset_peaks();
        let seed = self.seed().derive(purpose, number(architecture));
        let child = ChildTrainer::new(&self.arena, space, architecture, settings, seed)?;
        let child = child.in_micro_batches(plan.micro_batch);
        let mut child = child.recomputing(plan.recompute);
        let mut before = Memory::default();
        let first = match watch.take_network(&work) {
            Some(NetworkState {
                epochs,
                memory,
                network: Network::Child(state),
                ..
            }) => {
                child.restore(&state)?;
                before = memory;
                epochs
            }
            _ => {
                watch.event(Event::TrainingStarted {
                    fidelity,
                    architecture: architecture.clone(),
                    epochs,
                    planned_peak_bytes: plan.peak_bytes,
                    micro_batch: plan.micro_batch,
                    recompute: plan.recompute,
                })?;
                0
            }
        };
        let steps = loader.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        for epoch in first..epochs {
            let started = Instant::now();
            for (index, batch) in loader.epoch(seed, epoch as u64).enumerate() {
                let batch = batch?;
                if watch.stop().is_some() {
                    return Ok(None);
                }
                let rate = schedule.rate((epoch * steps + index) as u64);
                child.step(images(&batch), rate)?;
                watch.batch(index + 1, steps, self.arena.stats());
            }
            watch.event(Event::Epoch {
                fidelity,
                epoch,
                loss: child.take_mean_loss()?,
                seconds: started.elapsed().as_secs_f64(),
            })?;
            // A brief training is soon done again; what it would save is less than writing it down.
            if fidelity != Fidelity::Proxy {
                watch.keep_network(&NetworkState {
                    work: work.clone(),
                    epochs: epoch + 1,
                    memory: self.memory(plan, before),
                    network: Network::Child(child.state()?),
                })?;
            }
        }
        let batches = self.problem().config.training.statistics_batches;
        for batch in loader.epoch(seed, epochs as u64).take(batches) {
            child.estimate_statistics(images(&batch?))?;
        }
        let Some([accuracy, top5]) = accuracy(&mut child, judge, watch)? else {
            return Ok(None);
        };
        let memory = self.memory(plan, before);
        let mut weights = Fingerprint::default();
        match fidelity {
            Fidelity::Final => {
                let parameters = child
                    .parameters()
                    .save()
                    .map_err(radars_supernet::Error::from)?;
                weights.add_saved(&parameters);
                watch.trained(&Trained {
                    architecture,
                    parameters: &parameters,
                })?;
            }
            _ => weights.add_weights(child.parameters())?,
        }
        Ok(Some(Measured {
            accuracy,
            top5: (space.classes()? > 5).then_some(top5),
            memory,
            weights: weights.to_string(),
        }))
    }
}

/// The accuracies of a child on all images of a loader, of its first answer and of its first five; none when asked to
/// stop.
fn accuracy<B: Backend>(
    child: &mut ChildTrainer<B>,
    loader: &Loader,
    watch: &Watch<'_>,
) -> Result<Option<[f64; 2]>> {
    let mut correct = [0; 2];
    for batch in loader.epoch(Seed(0), 0) {
        let batch = batch?;
        if watch.stop().is_some() {
            return Ok(None);
        }
        let of_batch = child.correct_at(images(&batch), [1, 5])?;
        correct
            .iter_mut()
            .zip(of_batch)
            .for_each(|(sum, batch)| *sum += batch);
    }
    let images = loader.images_per_epoch() as f64;
    Ok(Some(correct.map(|correct| correct as f64 / images)))
}
