//! Training a child network: one step, one evaluation, nothing about epochs or data sets.

use crate::batch::{DeviceBatch, Images, clear_statistics};
use crate::child::Weights;
use crate::layouts::{LaidOut, Layouts, laid_out, rehearsed, step_laid_out};
use crate::micro_batch::{Batch, Gathered, StepSize, gather};
use crate::{Child, Recompute, Result};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Coefficient, DType, Layout, Meta, Tensor};
use radars_nn::{Mode, Parameters, Pass, Sgd, SgdSettings, Share, Trains, loss};
use radars_space::{Architecture, ImageShape, Space};
use serde::{Deserialize, Serialize};

/// How network weights are trained, the rate of each step aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightSettings {
    /// Momentum, weight decay and clipping.
    pub sgd: SgdSettings,
    /// Label smoothing of the cross entropy.
    pub label_smoothing: f32,
    /// Batches whose statistics replace the running ones before a network is evaluated; 0 keeps the running ones.
    pub statistics_batches: usize,
}

/// What a child's trainer runs by a layout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Step(usize),
    Estimate(usize),
    Evaluation(usize),
}

/// A child network in training: its weights, their optimizer, and the loss so far.
pub struct ChildTrainer<B: Backend> {
    network: Child,
    pub(crate) parameters: Parameters<B>,
    pub(crate) optimizer: Sgd<B>,
    pub(crate) losses: LossSum<B>,
    settings: WeightSettings,
    input: ImageShape,
    micro_batch: usize,
    /// Batches in the running statistics since they were last estimated.
    estimates: usize,
    layouts: Layouts<Program>,
}

impl<B: Backend> ChildTrainer<B> {
    /// Builds the network in `arena`; initial weights are a function of `seed`.
    ///
    /// # Errors
    /// As [`Child::new`].
    pub fn new(
        arena: &Arena<B>,
        space: &Space,
        architecture: &Architecture,
        settings: WeightSettings,
        seed: Seed,
    ) -> Result<Self> {
        ChildTrainer::with_weights(arena, space, architecture, settings, Weights::Drawn(seed))
    }

    /// [`ChildTrainer::new`] with weights from elsewhere.
    pub(crate) fn with_weights(
        arena: &Arena<B>,
        space: &Space,
        architecture: &Architecture,
        settings: WeightSettings,
        weights: Weights,
    ) -> Result<Self> {
        let mut parameters = Parameters::new(arena);
        let network = Child::with_weights(&mut parameters, space, architecture, weights)?;
        let optimizer = Sgd::new(settings.sgd, &parameters, Trains::Weights)?;
        let losses = LossSum::new(arena)?;
        Ok(ChildTrainer {
            network,
            parameters,
            optimizer,
            losses,
            settings,
            input: space.input()?,
            micro_batch: usize::MAX,
            estimates: 0,
            layouts: Layouts::default(),
        })
    }

    /// Takes at most `most` images to the device at once: see [`StepSize`].
    #[must_use]
    pub fn in_micro_batches(self, most: usize) -> Self {
        ChildTrainer {
            micro_batch: most,
            layouts: Layouts::default(),
            ..self
        }
    }

    /// Computes some layers again on the way back instead of keeping them.
    #[must_use]
    pub fn recomputing(mut self, recompute: Recompute) -> Self {
        self.network.set_recompute(recompute);
        self.layouts = Layouts::default();
        self
    }

    /// One step of the weights at learning rate `rate`; gives the bytes that were saved for the way back.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn step(&mut self, batch: Images<'_>, rate: f32) -> Result<usize> {
        self.step_on(&batch, rate)
    }

    /// [`ChildTrainer::step`] on any kind of batch.
    pub(crate) fn step_on(&mut self, batch: &impl Batch, rate: f32) -> Result<usize> {
        let program = Program::Step(batch.images());
        let parts = batch.in_micro_batches(self.micro_batch).len();
        step_laid_out(self, program, parts, |t| t.weight_step(batch, rate))
    }

    fn weight_step(&mut self, batch: &impl Batch, rate: f32) -> Result<usize> {
        self.estimates = 0;
        let arena = self.parameters.arena().clone();
        let (input, micro_batch) = (self.input, self.micro_batch);
        let pass = |part: DeviceBatch<B>, share, gathered| {
            let DeviceBatch { images, labels } = part;
            let mut pass = Pass::of_share(&mut self.parameters, Mode::WEIGHTS, share);
            let logits = self.network.logits(&mut pass, images)?;
            let smoothing = self.settings.label_smoothing;
            let loss = loss::cross_entropy(&mut pass, logits, &labels, smoothing)?;
            drop(labels);
            self.losses.add(loss.value(), share)?;
            let saved_bytes = pass.saved_bytes();
            Ok((pass.backward_onto(loss, gathered)?, saved_bytes))
        };
        let Gathered {
            gradients,
            saved_bytes,
        } = gather(batch, micro_batch, &arena, input, pass)?;
        self.losses.end_step();
        self.optimizer.step(&mut self.parameters, gradients, rate)?;
        Ok(saved_bytes)
    }

    /// The logits of a batch in evaluation, all of which is on the device at once.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn logits(&mut self, batch: Images<'_>) -> Result<Tensor<B>> {
        self.logits_on(&batch)
    }

    /// [`ChildTrainer::logits`] of any kind of batch.
    pub(crate) fn logits_on(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let program = Program::Evaluation(batch.images());
        laid_out(self, program, |trainer| trainer.evaluate(batch))
    }

    fn evaluate(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let arena = self.parameters.arena();
        let batch = batch.upload(0..batch.images(), arena, self.input)?;
        batch.evaluate(&self.network, &mut self.parameters)
    }

    /// How many images of a batch are classified correctly; they are evaluated in micro-batches as well, which
    /// changes nothing, since running statistics normalise them.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn correct(&mut self, batch: Images<'_>) -> Result<usize> {
        let [correct] = self.correct_at(batch, [1])?;
        Ok(correct)
    }

    /// [`ChildTrainer::correct`] with the label among the `k` largest logits, for every `k` of `ranks`.
    ///
    /// # Errors
    /// As [`ChildTrainer::correct`].
    pub fn correct_at<const R: usize>(
        &mut self,
        batch: Images<'_>,
        ranks: [usize; R],
    ) -> Result<[usize; R]> {
        let size = StepSize {
            micro_batch: self.micro_batch,
            ..StepSize::whole(batch.labels.len())
        };
        let mut correct = [0; R];
        for part in size.parts() {
            let part = batch.part(part, self.input)?;
            let of_part = part.correct_at(&self.logits(part)?, ranks)?;
            correct
                .iter_mut()
                .zip(of_part)
                .for_each(|(sum, part)| *sum += part);
        }
        Ok(correct)
    }

    /// Replaces the running statistics by those of the batches that it is called with, one after the other: the first
    /// replaces what training has left, each further one counts as much as those before it. In micro-batches, each
    /// counts as a batch.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn estimate_statistics(&mut self, batch: Images<'_>) -> Result<()> {
        let size = StepSize {
            micro_batch: self.micro_batch,
            ..StepSize::whole(batch.labels.len())
        };
        for part in size.parts() {
            self.estimate_on(&batch.part(part, self.input)?)?;
        }
        Ok(())
    }

    pub(crate) fn estimate_on(&mut self, batch: &impl Batch) -> Result<()> {
        if self.estimates == 0 {
            clear_statistics(&mut self.parameters)?;
        }
        self.estimates += 1;
        let momentum = 1.0 / self.estimates as f32;
        let trained_with = self.network.set_statistics_momentum(momentum);
        let program = Program::Estimate(batch.images());
        let estimated = laid_out(self, program, |trainer| trainer.take_statistics(batch));
        self.network.set_statistics_momentum(trained_with);
        estimated
    }

    fn take_statistics(&mut self, batch: &impl Batch) -> Result<()> {
        let arena = self.parameters.arena();
        let batch = batch.upload(0..batch.images(), arena, self.input)?;
        (batch.take_statistics(&self.network, &mut self.parameters)).map(drop)
    }

    /// The mean loss of the steps since it was last asked for; none after no step.
    ///
    /// # Errors
    /// [`crate::Error::Nn`].
    pub fn take_mean_loss(&mut self) -> Result<Option<f64>> {
        self.losses.take_mean()
    }

    /// The weights and statistics.
    pub fn parameters(&self) -> &Parameters<B> {
        &self.parameters
    }

    /// The weights and statistics, to be restored.
    pub fn parameters_mut(&mut self) -> &mut Parameters<B> {
        &mut self.parameters
    }

    /// The optimizer.
    pub fn optimizer_mut(&mut self) -> &mut Sgd<B> {
        &mut self.optimizer
    }
}

impl<B: Backend> LaidOut<B> for ChildTrainer<B> {
    type Program = Program;

    fn arena(&self) -> &Arena<B> {
        self.parameters.arena()
    }

    fn layouts(&mut self) -> &mut Layouts<Program> {
        &mut self.layouts
    }

    fn rehearse(&self, program: Program, twin: &Arena<Meta<B>>) -> Result<Layout> {
        let parameters = self.parameters.twin(twin)?;
        let mut trainer = ChildTrainer {
            network: self.network.clone(),
            optimizer: Sgd::new(self.settings.sgd, &parameters, Trains::Weights)?,
            losses: LossSum::new(twin)?,
            parameters,
            settings: self.settings,
            input: self.input,
            micro_batch: self.micro_batch,
            estimates: 0,
            layouts: Layouts::default(),
        };
        match program {
            Program::Step(images) => rehearsed(twin, images, |batch| {
                trainer.weight_step(batch, 0.0).map(drop)
            }),
            Program::Estimate(images) => {
                rehearsed(twin, images, |batch| trainer.take_statistics(batch))
            }
            Program::Evaluation(images) => {
                rehearsed(twin, images, |batch| trainer.evaluate(batch).map(drop))
            }
        }
    }
}

/// A sum of losses on the device, so that a step does not wait for its value.
pub(crate) struct LossSum<B: Backend> {
    sum: Tensor<B>,
    steps: usize,
}

impl<B: Backend> LossSum<B> {
    pub(crate) fn new(arena: &Arena<B>) -> Result<Self> {
        Ok(LossSum {
            sum: Tensor::zeros(arena, [1])?,
            steps: 0,
        })
    }

    /// Adds the mean loss of a part of a step.
    pub(crate) fn add(&mut self, loss: &Tensor<B>, share: Share) -> Result<()> {
        debug_assert_eq!(loss.dtype(), DType::F32);
        let weight = Coefficient::Constant(share.weight());
        Ok(self.sum.accumulate(weight, loss)?)
    }

    /// Counts a step, all parts of which were added.
    pub(crate) fn end_step(&mut self) {
        self.steps += 1;
    }

    pub(crate) fn take_mean(&mut self) -> Result<Option<f64>> {
        let steps = std::mem::take(&mut self.steps);
        if steps == 0 {
            return Ok(None);
        }
        let mean = f64::from(self.sum.item()?) / steps as f64;
        self.sum.fill(0.0)?;
        Ok(Some(mean))
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        self.steps = 0;
        Ok(self.sum.fill(0.0)?)
    }
}
