//! A batch, and the pool its memory returns to.

use radars_tensor::Placement;
use std::sync::{Arc, Mutex, PoisonError};

/// Images and labels in the order a training step takes them.
///
/// Images are bytes as they are in the data set, and for each of them where it is to be placed: crop, flip
/// and scaling to `[-1, 1]` are [`Tensor::place_images`](radars_tensor::Tensor::place_images), on the device
/// that trains. So a batch takes a quarter of the memory, and of the way there, that its values would.
///
/// Dropping a batch gives its memory back to the loader that made it, for a later batch.
#[derive(Debug)]
pub struct Batch {
    /// Pixels, `[len, height, width, channels]`, contiguous.
    pub bytes: Vec<u8>,
    /// The augmentation of each image.
    pub placements: Vec<Placement>,
    /// The class of each image.
    pub labels: Vec<i32>,
    pool: Arc<Pool>,
}

impl Batch {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images; never so for a batch of a loader.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
            && self.placements == other.placements
            && self.labels == other.labels
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.pool.give_back(Buffers {
            bytes: std::mem::take(&mut self.bytes),
            placements: std::mem::take(&mut self.placements),
            labels: std::mem::take(&mut self.labels),
        });
    }
}

/// The memory of a batch.
#[derive(Debug, Default)]
struct Buffers {
    bytes: Vec<u8>,
    placements: Vec<Placement>,
    labels: Vec<i32>,
}

/// Buffers of batches that were dropped, at most `capacity` of them.
#[derive(Debug)]
pub(super) struct Pool {
    free: Mutex<Vec<Buffers>>,
    capacity: usize,
}

impl Pool {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Mutex::default(),
            capacity,
        })
    }

    /// An empty batch, with the memory of an earlier one where there is any.
    pub(super) fn take(self: &Arc<Self>) -> Batch {
        // A poisoned lock still guards a valid list of buffers.
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let Buffers {
            bytes,
            placements,
            labels,
        } = free.unwrap_or_default();
        Batch {
            bytes,
            placements,
            labels,
            pool: Arc::clone(self),
        }
    }

    /// Lets go of the buffers that nobody uses.
    pub(super) fn release(&self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.clear();
    }

    fn give_back(&self, mut buffers: Buffers) {
        if buffers.bytes.capacity() == 0 {
            return; // The owner kept the memory.
        }
        buffers.bytes.clear();
        buffers.placements.clear();
        buffers.labels.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < self.capacity {
            free.push(buffers);
        }
    }
}
