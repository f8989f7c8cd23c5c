//! Training a child network: one step, one evaluation, nothing about epochs or data sets.

use crate::child::Weights;
use crate::{Child, Error, Result};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Coefficient, DType, Tensor};
use radars_nn::{Mode, Parameters, Pass, Sgd, SgdSettings, Trains, loss};
use radars_space::{Architecture, ImageShape, Space};
use serde::{Deserialize, Serialize};

/// How network weights are trained, the rate of each step aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightSettings {
    /// Momentum, weight decay and clipping.
    pub sgd: SgdSettings,
    /// Label smoothing of the cross entropy.
    pub label_smoothing: f32,
}

/// A batch of images on the host, channels last, with their labels.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// `[n, h, w, c]`, in row order.
    pub values: &'a [f32],
    /// `[n]`.
    pub labels: &'a [i32],
}

impl Images<'_> {
    /// Copies images and labels to the device.
    pub(crate) fn upload<B: Backend>(
        self,
        arena: &Arena<B>,
        shape: ImageShape,
    ) -> Result<DeviceBatch<B>> {
        let image = shape.height * shape.width * shape.channels;
        if self.values.len() != self.labels.len() * image {
            return Err(Error::Batch {
                labels: self.labels.len(),
                values: self.values.len(),
                image,
            });
        }
        let batch = [self.labels.len(), shape.height, shape.width, shape.channels];
        Ok(DeviceBatch {
            images: Tensor::from_slice(arena, batch, self.values)?,
            labels: Tensor::from_slice(arena, [self.labels.len()], self.labels)?,
        })
    }

    /// How many images have their largest logit at their label.
    pub(crate) fn correct<B: Backend>(self, logits: &Tensor<B>) -> Result<usize> {
        let classes = logits.shape().last();
        Ok(loss::top_k(&logits.read::<f32>()?, classes, self.labels, 1))
    }
}

/// A batch on the device.
pub(crate) struct DeviceBatch<B: Backend> {
    /// `[n, h, w, c]`.
    pub images: Tensor<B>,
    /// `[n]`, i32.
    pub labels: Tensor<B>,
}

impl<B: Backend> DeviceBatch<B> {
    /// The memory of `n` images and their labels, without content: for the planner, which would
    /// otherwise need as much host memory as it plans.
    pub fn blank(arena: &Arena<B>, shape: ImageShape, n: usize) -> Result<Self> {
        let batch = [n, shape.height, shape.width, shape.channels];
        // In the order of `Images::upload`.
        Ok(DeviceBatch {
            images: Tensor::empty(arena, "blank", batch, DType::F32)?,
            labels: Tensor::empty(arena, "blank", [n], DType::I32)?,
        })
    }

    /// The logits in evaluation.
    pub fn evaluate(self, network: &Child, parameters: &mut Parameters<B>) -> Result<Tensor<B>> {
        let DeviceBatch { images, labels } = self;
        drop(labels);
        let mut pass = Pass::new(parameters, Mode::Evaluate);
        Ok(network.logits(&mut pass, images)?.into_value())
    }
}

/// A child network in training: its weights, their optimizer, and the loss so far.
pub struct ChildTrainer<B: Backend> {
    network: Child,
    pub(crate) parameters: Parameters<B>,
    pub(crate) optimizer: Sgd<B>,
    pub(crate) losses: LossSum<B>,
    settings: WeightSettings,
    input: ImageShape,
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
        })
    }

    /// One step of the weights at learning rate `rate`; gives the bytes that were saved for the way back.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn step(&mut self, batch: Images<'_>, rate: f32) -> Result<usize> {
        let batch = batch.upload(self.parameters.arena(), self.input)?;
        self.step_on(batch, rate)
    }

    /// [`ChildTrainer::step`] on a batch that is on the device.
    pub(crate) fn step_on(&mut self, batch: DeviceBatch<B>, rate: f32) -> Result<usize> {
        let DeviceBatch { images, labels } = batch;
        let mut pass = Pass::new(&mut self.parameters, Mode::WEIGHTS);
        let logits = self.network.logits(&mut pass, images)?;
        let loss = loss::cross_entropy(&mut pass, logits, &labels, self.settings.label_smoothing)?;
        drop(labels);
        self.losses.add(loss.value())?;
        let saved_bytes = pass.saved_bytes();
        let gradients = pass.backward(loss)?;
        self.optimizer.step(&mut self.parameters, gradients, rate)?;
        Ok(saved_bytes)
    }

    /// The logits of a batch in evaluation.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn logits(&mut self, batch: Images<'_>) -> Result<Tensor<B>> {
        let batch = batch.upload(self.parameters.arena(), self.input)?;
        self.logits_of(batch)
    }

    /// [`ChildTrainer::logits`] of a batch that is on the device.
    pub(crate) fn logits_of(&mut self, batch: DeviceBatch<B>) -> Result<Tensor<B>> {
        batch.evaluate(&self.network, &mut self.parameters)
    }

    /// How many images of a batch are classified correctly.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn correct(&mut self, batch: Images<'_>) -> Result<usize> {
        batch.correct(&self.logits(batch)?)
    }

    /// The mean loss of the steps since it was last asked for; none after no step.
    ///
    /// # Errors
    /// [`Error::Nn`].
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

    pub(crate) fn add(&mut self, loss: &Tensor<B>) -> Result<()> {
        debug_assert_eq!(loss.dtype(), DType::F32);
        self.sum.accumulate(Coefficient::Constant(1.0), loss)?;
        self.steps += 1;
        Ok(())
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
