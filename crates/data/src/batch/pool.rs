//! A batch, and the pool its memory returns to.

use std::sync::{Arc, Mutex, PoisonError};

/// Images and labels in the order a training step takes them.
///
/// Dropping a batch gives its memory back to the loader that made it, for a later batch.
#[derive(Debug)]
pub struct Batch {
    /// Pixels in `[-1, 1]`, `[len, height, width, channels]`, contiguous.
    pub images: Vec<f32>,
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
        self.images == other.images && self.labels == other.labels
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.pool.give_back(
            std::mem::take(&mut self.images),
            std::mem::take(&mut self.labels),
        );
    }
}

/// Buffers of batches that were dropped, at most `capacity` of them.
#[derive(Debug)]
pub(super) struct Pool {
    free: Mutex<Vec<(Vec<f32>, Vec<i32>)>>,
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
        let (images, labels) = free.unwrap_or_default();
        Batch {
            images,
            labels,
            pool: Arc::clone(self),
        }
    }

    fn give_back(&self, mut images: Vec<f32>, mut labels: Vec<i32>) {
        if images.capacity() == 0 {
            return; // The owner kept the memory.
        }
        images.clear();
        labels.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < self.capacity {
            free.push((images, labels));
        }
    }
}
