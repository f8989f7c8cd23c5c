//! A batch of images on its way to the device.

use crate::child::Child;
use crate::{Error, Result};
use radars_nn::tensor::{Arena, Backend, DType, Placement, Tensor};
use radars_nn::{Mode, Parameters, Pass, Role, Trains, loss};
use radars_space::ImageShape;
use std::ops::Range;

/// A batch of images on the host, channels last, with their labels.
///
/// The device places the images and scales them to `[-1, 1]`: see [`Tensor::place_images`].
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// Pixels `[n, h, w, c]`, in row order.
    pub bytes: &'a [u8],
    /// How each of the `n` images moves; zeros where it does not.
    pub placements: &'a [Placement],
    /// `[n]`.
    pub labels: &'a [i32],
}

impl Images<'_> {
    /// Whether bytes, placements and labels are of equally many images of this shape; bytes of an image then.
    fn check(&self, shape: ImageShape) -> Result<usize> {
        let n = self.labels.len();
        let image = shape.height * shape.width * shape.channels;
        if self.bytes.len() != n * image || self.placements.len() != n {
            return Err(Error::Batch {
                labels: n,
                bytes: self.bytes.len(),
                placements: self.placements.len(),
                image,
            });
        }
        Ok(image)
    }

    /// Some of the images.
    pub(crate) fn part(self, part: Range<usize>, shape: ImageShape) -> Result<Self> {
        let image = self.check(shape)?;
        Ok(Images {
            bytes: &self.bytes[part.start * image..part.end * image],
            placements: &self.placements[part.clone()],
            labels: &self.labels[part],
        })
    }

    /// Copies images and labels to the device, and places the images.
    pub(crate) fn upload<B: Backend>(
        self,
        arena: &Arena<B>,
        shape: ImageShape,
    ) -> Result<DeviceBatch<B>> {
        self.check(shape)?;
        let n = self.labels.len();
        let mut arrival = Arrival::empty(arena, shape, n)?;
        arrival.bytes.write(self.bytes)?;
        arrival.placements.write(self.placements.as_flattened())?;
        arrival.batch.labels.write(self.labels)?;
        arrival.place()
    }

    /// The mean cross entropy of the logits, in nats.
    pub(crate) fn cross_entropy<B: Backend>(self, logits: &Tensor<B>) -> Result<f64> {
        let classes = logits.shape().last();
        let logits = logits.read::<f32>()?;
        Ok(loss::mean_cross_entropy(&logits, classes, self.labels))
    }

    /// How many images have their label among the `k` largest logits, for every `k` of `ranks`.
    pub(crate) fn correct_at<B: Backend, const R: usize>(
        self,
        logits: &Tensor<B>,
        ranks: [usize; R],
    ) -> Result<[usize; R]> {
        let classes = logits.shape().last();
        let logits = logits.read::<f32>()?;
        Ok(ranks.map(|k| loss::top_k(&logits, classes, self.labels, k)))
    }
}

/// Training's statistics, and nobody's gradient.
const ESTIMATE: Mode = Mode::Train {
    trains: Trains::Nothing,
    update_statistics: true,
};

/// A batch on the device.
pub(crate) struct DeviceBatch<B: Backend> {
    /// `[n, h, w, c]`.
    pub images: Tensor<B>,
    /// `[n]`, i32.
    pub labels: Tensor<B>,
}

impl<B: Backend> DeviceBatch<B> {
    /// The memory of `n` images and their labels, taken as an upload takes it but without content: for the
    /// planner, which would otherwise need host memory for what it plans.
    pub fn blank(arena: &Arena<B>, shape: ImageShape, n: usize) -> Result<Self> {
        Arrival::empty(arena, shape, n)?.place()
    }

    /// The logits in evaluation.
    pub fn evaluate(self, network: &Child, parameters: &mut Parameters<B>) -> Result<Tensor<B>> {
        let DeviceBatch { images, labels } = self;
        drop(labels);
        let mut pass = Pass::new(parameters, Mode::Evaluate);
        Ok(network.logits(&mut pass, images)?.into_value())
    }

    /// Moves the running statistics towards the batch's; gives the logits under the latter.
    pub fn take_statistics(
        self,
        network: &Child,
        parameters: &mut Parameters<B>,
    ) -> Result<Tensor<B>> {
        let DeviceBatch { images, labels } = self;
        drop(labels);
        let mut pass = Pass::new(parameters, ESTIMATE);
        Ok(network.logits(&mut pass, images)?.into_value())
    }
}

/// Sets all running statistics to zero: from there the first estimate, which replaces what is there by a step, is exact.
pub(crate) fn clear_statistics<B: Backend>(parameters: &mut Parameters<B>) -> Result<()> {
    let statistics = (parameters.iter()).filter(|(_, p)| p.role() == Role::Statistic);
    let statistics: Vec<_> = statistics.map(|(id, _)| id).collect();
    for id in statistics {
        parameters.value_mut(id).fill(0.0)?;
    }
    Ok(())
}

/// A batch and what it is made of. The batch's memory is taken first, so that what the bytes leave behind
/// is no gap before it: they are gone before the step begins, and add nothing to its peak.
struct Arrival<B: Backend> {
    batch: DeviceBatch<B>,
    /// `[n, h, w, c]`, u8.
    bytes: Tensor<B>,
    /// `[n, 3]`, i32.
    placements: Tensor<B>,
}

impl<B: Backend> Arrival<B> {
    fn empty(arena: &Arena<B>, shape: ImageShape, n: usize) -> Result<Self> {
        const NAME: &str = "upload of a batch";
        let images = [n, shape.height, shape.width, shape.channels];
        Ok(Arrival {
            batch: DeviceBatch {
                images: Tensor::empty(arena, NAME, images, DType::F32)?,
                labels: Tensor::empty(arena, NAME, [n], DType::I32)?,
            },
            bytes: Tensor::empty(arena, NAME, images, DType::U8)?,
            placements: Tensor::empty(arena, NAME, [n, 3], DType::I32)?,
        })
    }

    fn place(self) -> Result<DeviceBatch<B>> {
        let mut batch = self.batch;
        batch.images.place_images(&self.bytes, &self.placements)?;
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_nn::tensor::{Cpu, aligned};

    const SHAPE: ImageShape = ImageShape {
        height: 2,
        width: 2,
        channels: 3,
    };

    #[test]
    fn a_batch_arrives_placed_and_its_bytes_are_gone() {
        let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 16).unwrap();
        let bytes: Vec<u8> = (0..24).map(|i| i * 10).collect();
        let batch = Images {
            bytes: &bytes,
            placements: &[[0, 0, 1], [1, 0, 0]],
            labels: &[4, 5],
        };
        let batch = batch.upload(&arena, SHAPE).unwrap();
        // The first image mirrored, the second a row up: its first row gone, black below.
        let expected = [
            30, 40, 50, 0, 10, 20, 90, 100, 110, 60, 70, 80, 180, 190, 200, 210, 220, 230, 0, 0, 0,
            0, 0, 0,
        ];
        let expected = expected.map(|byte: u8| f32::from(byte) / 127.5 - 1.0);
        assert_eq!(batch.images.read::<f32>().unwrap(), expected);
        assert_eq!(batch.labels.read::<i32>().unwrap(), [4, 5]);
        // 24 values and 2 labels of 4 bytes.
        assert_eq!(arena.stats().live_bytes, aligned(96) + aligned(8));
    }

    #[test]
    fn a_batch_that_does_not_add_up_says_what_it_has() {
        let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 16).unwrap();
        let refused = |bytes: usize, placements: usize| {
            let batch = Images {
                bytes: &vec![0; bytes],
                placements: &vec![[0; 3]; placements],
                labels: &[0, 1],
            };
            batch
                .upload(&arena, SHAPE)
                .map(drop)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused(23, 2),
            "a batch of 2 labels has 23 bytes of pixels and 2 placements, which is not 2 images of 12 bytes, \
             each with its placement"
        );
        assert!(refused(24, 1).contains(" 24 bytes of pixels and 1 placements,"));
    }
}
