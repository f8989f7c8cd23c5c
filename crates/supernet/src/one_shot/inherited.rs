//! A path of a single-path SuperNet on the device, to be evaluated.

use crate::batch::{DeviceBatch, clear_statistics};
use crate::layouts::{LaidOut, Layouts, laid_out, rehearsed};
use crate::micro_batch::Batch;
use crate::{Child, Error, Images, Result};
use radars_nn::Parameters;
use radars_nn::tensor::{Arena, Backend, Layout, Meta, Tensor};
use radars_space::ImageShape;

/// What is run by a layout, and on how many images.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Estimate(usize),
    Evaluation(usize),
}

/// A path with the weights it inherited from its SuperNet.
///
/// Its statistics are estimated first, with [`InheritedPath::estimate`] on a few batches of training images;
/// then [`InheritedPath::correct`] counts on any number of batches. [`InheritedPath::loss`] needs none of it.
pub struct InheritedPath<B: Backend> {
    network: Child,
    parameters: Parameters<B>,
    input: ImageShape,
    /// Batches that the statistics are estimated from.
    estimates: usize,
    layouts: Layouts<Program>,
}

impl<B: Backend> InheritedPath<B> {
    pub(super) fn new(
        network: Child,
        mut parameters: Parameters<B>,
        input: ImageShape,
    ) -> Result<Self> {
        clear_statistics(&mut parameters)?;
        Ok(InheritedPath {
            network,
            parameters,
            input,
            estimates: 0,
            layouts: Layouts::default(),
        })
    }

    /// Takes one more batch into the statistics: they are the plain means over all batches so far.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn estimate(&mut self, batch: Images<'_>) -> Result<()> {
        self.estimate_on(&batch).map(drop)
    }

    /// The mean cross entropy of a batch, in nats, with the statistics of the batch itself, as in training: what one
    /// batch says of a path that nothing is estimated for. It is an [`InheritedPath::estimate`] as well.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn loss(&mut self, batch: Images<'_>) -> Result<f64> {
        let logits = self.estimate_on(&batch)?;
        batch.cross_entropy(&logits)
    }

    /// [`InheritedPath::estimate`] on any kind of batch; the logits of that.
    pub(super) fn estimate_on(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let program = Program::Estimate(batch.images());
        self.estimates += 1;
        let momentum = 1.0 / self.estimates as f32;
        self.network.set_statistics_momentum(momentum);
        laid_out(self, program, |path| path.take_statistics(batch))
    }

    fn take_statistics(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let uploaded = self.upload(batch)?;
        uploaded.take_statistics(&self.network, &mut self.parameters)
    }

    /// How many images of a batch are classified correctly.
    ///
    /// # Errors
    /// [`Error::NoStatistics`] before any [`InheritedPath::estimate`]; [`Error::Batch`], [`Error::Nn`].
    pub fn correct(&mut self, batch: Images<'_>) -> Result<usize> {
        if self.estimates == 0 {
            return Err(Error::NoStatistics);
        }
        let [correct] = batch.correct_at(&self.logits_on(&batch)?, [1])?;
        Ok(correct)
    }

    /// The logits in evaluation.
    pub(super) fn logits_on(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let program = Program::Evaluation(batch.images());
        laid_out(self, program, |path| path.evaluate(batch))
    }

    fn evaluate(&mut self, batch: &impl Batch) -> Result<Tensor<B>> {
        let uploaded = self.upload(batch)?;
        uploaded.evaluate(&self.network, &mut self.parameters)
    }

    fn upload(&self, batch: &impl Batch) -> Result<DeviceBatch<B>> {
        batch.upload(0..batch.images(), self.parameters.arena(), self.input)
    }

    /// The inherited weights and the statistics.
    pub fn parameters(&self) -> &Parameters<B> {
        &self.parameters
    }
}

impl<B: Backend> LaidOut<B> for InheritedPath<B> {
    type Program = Program;

    fn arena(&self) -> &Arena<B> {
        self.parameters.arena()
    }

    fn layouts(&mut self) -> &mut Layouts<Program> {
        &mut self.layouts
    }

    fn rehearse(&self, program: Program, twin: &Arena<Meta<B>>) -> Result<Layout> {
        let mut path = InheritedPath {
            network: self.network.clone(),
            parameters: self.parameters.twin(twin)?,
            input: self.input,
            estimates: self.estimates,
            layouts: Layouts::default(),
        };
        match program {
            Program::Estimate(images) => {
                rehearsed(twin, images, |batch| path.take_statistics(batch).map(drop))
            }
            Program::Evaluation(images) => {
                rehearsed(twin, images, |batch| path.evaluate(batch).map(drop))
            }
        }
    }
}
