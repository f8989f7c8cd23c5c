//! Training a SuperNet: the differentiable search.

use super::{Trainer, images};
use crate::evaluator::{Exploitation, Exploited};
use crate::{
    DnasConfig, Event, Fingerprint, Memory, Network, NetworkState, Result, Watch, relaxation,
};
use radars_space::Candidate;
use radars_supernet::{DnasTrainer, Mixing, supernet_forward_macs, supernet_step_macs};
use radars_tensor::Backend;
use std::time::Instant;

impl<B: Backend> Trainer<'_, B> {
    /// Multiply-accumulates of a differentiable search.
    pub(super) fn supernet_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<u64> {
        let macs = supernet_step_macs(&self.problem().space, candidates, mixing)?;
        let images = self.weights.images_per_epoch() as u64;
        let weight_epochs = (dnas.warmup_epochs + dnas.epochs) as u64;
        // A step of the architecture weights follows every step of the network weights, in batches of its own.
        let alpha_epochs = dnas.epochs as u64;
        Ok(images * (weight_epochs * macs.weight + alpha_epochs * macs.alpha))
    }

    /// What it adds to that to compute a layer again on the way back, in either kind of step.
    pub(super) fn supernet_recomputation_cost(
        &self,
        candidates: &[Vec<Candidate>],
        mixing: Mixing,
        dnas: DnasConfig,
    ) -> Result<Vec<u64>> {
        let layers = supernet_forward_macs(&self.problem().space, candidates, mixing)?;
        let images = self.weights.images_per_epoch() as u64;
        let steps = images * (dnas.warmup_epochs + 2 * dnas.epochs) as u64;
        Ok(layers.into_iter().map(|macs| steps * macs).collect())
    }

    pub(super) fn train_supernet(
        &mut self,
        exploitation: Exploitation<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Exploited>> {
        let began = Instant::now();
        let Exploitation {
            candidates,
            mixing,
            dnas,
            iteration,
            plan,
        } = exploitation;
        let work = format!("exploitation {iteration}");
        let epochs = dnas.warmup_epochs + dnas.epochs;
        self.arena.reset_peaks();
        let seed = self.seed().derive("exploitation", iteration as u64);
        let of = self.supernet(candidates, mixing);
        let trainer = DnasTrainer::new(&self.arena, of, self.task.dnas_settings(), seed)?;
        let trainer = trainer.in_micro_batches(plan.micro_batch);
        let mut trainer = trainer.recomputing(plan.recompute);
        let mut before = Memory::default();
        let first = match watch.take_network(&work) {
            Some(NetworkState {
                epochs,
                memory,
                network: Network::SuperNet(state),
                ..
            }) => {
                trainer.restore(&state)?;
                before = memory;
                epochs
            }
            _ => 0,
        };
        let vectors = trainer.vectors();
        let steps = self.weights.batches_per_epoch();
        let schedule = self.schedule(epochs, steps);
        let alpha_steps_done = first.saturating_sub(dnas.warmup_epochs) * steps;
        let mut alpha_batches = self.alpha.steps(seed, alpha_steps_done as u64);
        for epoch in first..epochs {
            let started = Instant::now();
            let alpha_trained = epoch >= dnas.warmup_epochs;
            let temperature = dnas.temperature(epoch);
            for (index, batch) in self.weights.epoch(seed, epoch as u64).enumerate() {
                let batch = batch?;
                if watch.stop().is_some() {
                    return Ok(None);
                }
                let step = (epoch * steps + index) as u64;
                let relax = |draw| relaxation::draw(&vectors, temperature, dnas.gumbel, seed, draw);
                trainer.weight_step(images(&batch), &relax(2 * step), schedule.rate(step))?;
                if alpha_trained && let Some(batch) = alpha_batches.next() {
                    let batch = batch?;
                    trainer.alpha_step(
                        images(&batch),
                        &relax(2 * step + 1),
                        dnas.alpha_rate as f32,
                    )?;
                }
                watch.batch(index + 1, steps, self.arena.stats());
            }
            let (weight_loss, alpha_loss) = trainer.take_mean_losses()?;
            watch.event(Event::DnasEpoch {
                iteration,
                epoch,
                alpha_trained,
                weight_loss,
                alpha_loss,
                temperature,
                alpha: trainer.mixing_weights()?,
                seconds: started.elapsed().as_secs_f64(),
            })?;
            watch.keep_network(&NetworkState {
                work: work.clone(),
                epochs: epoch + 1,
                memory: self.memory(plan, before),
                network: Network::SuperNet(trainer.state()?),
            })?;
        }
        let mut weights = Fingerprint::default();
        weights.add_weights(trainer.parameters())?;
        Ok(Some(Exploited {
            architecture: trainer.derive()?,
            memory: self.memory(plan, before),
            weights: weights.to_string(),
            seconds: began.elapsed().as_secs_f64(),
        }))
    }
}
