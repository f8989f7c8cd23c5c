//! Micro-batches: a step takes its images in parts, of which one at a time is on the device.

use crate::batch::{DeviceBatch, Images};
use crate::{Recompute, Result};
use radars_nn::tensor::{Arena, Backend};
use radars_nn::{ParameterGradients, Share};
use radars_space::ImageShape;
use std::ops::Range;

/// The images of a step, and how many of them are on the device at once.
///
/// The gradients of micro-batches add up, each weighing what its images do, so a step is the one that all images
/// would make at once, to rounding, but for batch normalisation: that normalises every micro-batch by its own
/// statistics, and moves the running ones once a micro-batch, by [`radars_nn::Share::momentum`], so that what
/// was there before weighs after the step what it does after a step in one piece. A step of one micro-batch is
/// the very program of a step in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepSize {
    /// Images of the step.
    pub images: usize,
    /// Images of a micro-batch; the last one has what is left.
    pub micro_batch: usize,
    /// The layers that are computed again on the way back.
    pub recompute: Recompute,
}

impl StepSize {
    /// A step in one piece.
    pub const fn whole(images: usize) -> Self {
        StepSize {
            images,
            micro_batch: images,
            recompute: Recompute::NONE,
        }
    }

    /// The most images that are on the device at once.
    pub fn largest(self) -> usize {
        self.images.min(self.micro_batch.max(1))
    }

    /// The micro-batches, in order; one, though empty, of no images.
    pub(crate) fn parts(self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let StepSize { images, .. } = self;
        let most = self.largest().max(1);
        let parts = images.div_ceil(most).max(1);
        (0..parts).map(move |part| part * most..((part + 1) * most).min(images))
    }
}

impl From<usize> for StepSize {
    /// A step in one piece.
    fn from(images: usize) -> Self {
        StepSize::whole(images)
    }
}

/// Images that come to the device part by part.
pub(crate) trait Batch {
    /// How many there are.
    fn images(&self) -> usize;

    /// The micro-batches of a step on them.
    fn parts(&self, size: StepSize) -> Vec<Range<usize>> {
        size.parts().collect()
    }

    /// The micro-batches of a step on them, of so many at most.
    fn in_micro_batches(&self, most: usize) -> Vec<Range<usize>> {
        self.parts(StepSize {
            micro_batch: most,
            ..StepSize::whole(self.images())
        })
    }

    /// Brings some of them to the device.
    fn upload<B: Backend>(
        &self,
        part: Range<usize>,
        arena: &Arena<B>,
        shape: ImageShape,
    ) -> Result<DeviceBatch<B>>;
}

impl Batch for Images<'_> {
    fn images(&self) -> usize {
        self.labels.len()
    }

    fn upload<B: Backend>(
        &self,
        part: Range<usize>,
        arena: &Arena<B>,
        shape: ImageShape,
    ) -> Result<DeviceBatch<B>> {
        self.part(part, shape)?.upload(arena, shape)
    }
}

/// So many images without content, for the planner.
pub(crate) struct Blank(pub usize);

impl Batch for Blank {
    fn images(&self) -> usize {
        self.0
    }

    /// The first two and the last. Those in between find what the second found, for gradients stay where the
    /// first left them: they allocate what it did, where it did.
    fn parts(&self, size: StepSize) -> Vec<Range<usize>> {
        let last = size.parts().len() - 1;
        let all = size.parts().enumerate();
        let planned = all.filter(|&(index, _)| index < 2 || index == last);
        planned.map(|(_, part)| part).collect()
    }

    fn upload<B: Backend>(
        &self,
        part: Range<usize>,
        arena: &Arena<B>,
        shape: ImageShape,
    ) -> Result<DeviceBatch<B>> {
        DeviceBatch::blank(arena, shape, part.len())
    }
}

/// What a step over parts gathers.
pub(crate) struct Gathered<B: Backend> {
    /// The gradients of the whole step.
    pub gradients: ParameterGradients<B>,
    /// Most bytes that a part saved for the way back.
    pub saved_bytes: usize,
}

/// Goes forward and back over every part: `pass` gets a part, its share, and the gradients so far, and gives
/// those with its own, and the bytes that it saved.
pub(crate) fn gather<B: Backend>(
    batch: &impl Batch,
    micro_batch: usize,
    arena: &Arena<B>,
    shape: ImageShape,
    mut pass: impl FnMut(
        DeviceBatch<B>,
        Share,
        ParameterGradients<B>,
    ) -> Result<(ParameterGradients<B>, usize)>,
) -> Result<Gathered<B>> {
    let images = batch.images();
    let mut gathered = Gathered {
        gradients: Vec::new(),
        saved_bytes: 0,
    };
    for part in batch.in_micro_batches(micro_batch) {
        let share = Share {
            images: part.len(),
            of: images,
        };
        let on_device = batch.upload(part, arena, shape)?;
        let (gradients, saved_bytes) = pass(on_device, share, gathered.gradients)?;
        gathered = Gathered {
            gradients,
            saved_bytes: saved_bytes.max(gathered.saved_bytes),
        };
    }
    Ok(gathered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(images: usize, micro_batch: usize) -> Vec<usize> {
        let size = StepSize {
            micro_batch,
            ..StepSize::whole(images)
        };
        size.parts().map(|part| part.len()).collect()
    }

    #[test]
    fn the_last_micro_batch_has_what_is_left() {
        assert_eq!(lengths(7, 7), [7]);
        assert_eq!(lengths(7, 100), [7]);
        assert_eq!(lengths(7, 4), [4, 3]);
        assert_eq!(lengths(7, 3), [3, 3, 1]);
        assert_eq!(lengths(2, 0), [1, 1]);
        assert_eq!(lengths(0, 3), [0]);
    }
}
