//! A path of a single-path SuperNet on the device, to be evaluated.

use crate::batch::DeviceBatch;
use crate::{Child, Error, Images, Result};
use radars_nn::tensor::{Backend, Tensor};
use radars_nn::{Mode, Parameters, Pass, Role, Trains};
use radars_space::ImageShape;

/// Training's statistics, and nobody's gradient.
const ESTIMATE: Mode = Mode::Train {
    trains: Trains::Nothing,
    update_statistics: true,
};

/// A path with the weights it inherited from its SuperNet.
///
/// Its statistics are estimated first, with [`InheritedPath::estimate`] on a few batches of training images;
/// then [`InheritedPath::correct`] counts on any number of batches.
pub struct InheritedPath<B: Backend> {
    network: Child,
    parameters: Parameters<B>,
    input: ImageShape,
    /// Batches that the statistics are estimated from.
    estimates: usize,
}

impl<B: Backend> InheritedPath<B> {
    pub(super) fn new(
        network: Child,
        mut parameters: Parameters<B>,
        input: ImageShape,
    ) -> Result<Self> {
        // From zero the first estimate, which replaces what is there by steps, is exact.
        let statistics = parameters
            .iter()
            .filter(|(_, p)| p.role() == Role::Statistic);
        let statistics: Vec<_> = statistics.map(|(id, _)| id).collect();
        for id in statistics {
            parameters.value_mut(id).fill(0.0)?;
        }
        Ok(InheritedPath {
            network,
            parameters,
            input,
            estimates: 0,
        })
    }

    /// Takes one more batch into the statistics: they are the plain means over all batches so far.
    ///
    /// # Errors
    /// [`Error::Batch`], [`Error::Nn`].
    pub fn estimate(&mut self, batch: Images<'_>) -> Result<()> {
        let batch = batch.upload(self.parameters.arena(), self.input)?;
        self.estimate_on(batch)
    }

    /// [`InheritedPath::estimate`] on a batch that is on the device.
    pub(super) fn estimate_on(&mut self, batch: DeviceBatch<B>) -> Result<()> {
        let DeviceBatch { images, labels } = batch;
        drop(labels);
        self.estimates += 1;
        let momentum = 1.0 / self.estimates as f32;
        self.network.set_statistics_momentum(momentum);
        let mut pass = Pass::new(&mut self.parameters, ESTIMATE);
        self.network.logits(&mut pass, images)?;
        Ok(())
    }

    /// How many images of a batch are classified correctly.
    ///
    /// # Errors
    /// [`Error::NoStatistics`] before any [`InheritedPath::estimate`]; [`Error::Batch`], [`Error::Nn`].
    pub fn correct(&mut self, batch: Images<'_>) -> Result<usize> {
        if self.estimates == 0 {
            return Err(Error::NoStatistics);
        }
        let uploaded = batch.upload(self.parameters.arena(), self.input)?;
        batch.correct(&self.logits_of(uploaded)?)
    }

    /// The logits in evaluation.
    pub(super) fn logits_of(&mut self, batch: DeviceBatch<B>) -> Result<Tensor<B>> {
        batch.evaluate(&self.network, &mut self.parameters)
    }

    /// The inherited weights and the statistics.
    pub fn parameters(&self) -> &Parameters<B> {
        &self.parameters
    }
}
