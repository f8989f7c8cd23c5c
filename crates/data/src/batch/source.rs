//! Batch number (epoch, index) as a pure function of a seed: the part that loader and prefetch thread share.

use std::sync::{Arc, Mutex, PoisonError};

use radars_tensor::random::Seed;
use rand::seq::SliceRandom;

use super::loader::LoaderOptions;
use super::pool::{Batch, Pool};
use crate::dataset::Dataset;

/// Which batch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: u64,
    pub(super) index: usize,
}

/// A shuffled order and what it was shuffled for.
type CachedOrder = (Seed, u64, Arc<[usize]>);

pub(super) struct Source {
    pub(super) dataset: Arc<Dataset>,
    pub(super) indices: Arc<[usize]>,
    pub(super) options: LoaderOptions,
    pub(super) pool: Arc<Pool>,
    /// The order last used: the batches of one epoch are mostly asked for together.
    pub(super) order: Mutex<Option<CachedOrder>>,
}

impl Source {
    /// The number of batches in an epoch, at least one.
    pub(super) fn batches_per_epoch(&self) -> usize {
        let LoaderOptions {
            batch_size,
            drop_last,
            ..
        } = self.options;
        if drop_last {
            self.indices.len() / batch_size
        } else {
            self.indices.len().div_ceil(batch_size)
        }
    }

    /// The position after `position`.
    pub(super) fn following(&self, position: Position) -> Position {
        let Position { epoch, index } = position;
        if index + 1 < self.batches_per_epoch() {
            Position {
                epoch,
                index: index + 1,
            }
        } else {
            Position {
                epoch: epoch.wrapping_add(1),
                index: 0,
            }
        }
    }

    /// The batch at `position`; empty where an epoch has no batch of that index.
    pub(super) fn batch(&self, seed: Seed, position: Position) -> Batch {
        let order = self.order(seed, position.epoch);
        let batch_size = self.options.batch_size;
        let start = position.index.saturating_mul(batch_size).min(order.len());
        let chosen = &order[start..start.saturating_add(batch_size).min(order.len())];

        let mut batch = self.pool.take();
        batch
            .bytes
            .reserve_exact(chosen.len() * self.dataset.shape().len());
        // A seed for the epoch, then a stream for the image: its place in the order has no part in it.
        let augment = self.options.augment.map(|augment| {
            (
                augment,
                seed.derive(&format!("{}/augment", self.options.stream), position.epoch),
            )
        });
        for &image in chosen {
            batch.bytes.extend_from_slice(self.dataset.image(image));
            batch.placements.push(match augment {
                Some((augment, seed)) => augment.draw(&mut seed.stream("image", image as u64)),
                None => [0; 3],
            });
        }
        let labels = self.dataset.labels();
        batch
            .labels
            .extend(chosen.iter().map(|&image| i32::from(labels[image])));
        batch
    }

    /// The order of the images in an epoch.
    fn order(&self, seed: Seed, epoch: u64) -> Arc<[usize]> {
        if !self.options.shuffle {
            return Arc::clone(&self.indices);
        }
        let mut cached = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((for_seed, for_epoch, order)) if (*for_seed, *for_epoch) == (seed, epoch) => {
                Arc::clone(order)
            }
            _ => {
                let mut order = self.indices.to_vec();
                order.shuffle(&mut seed.stream(&format!("{}/order", self.options.stream), epoch));
                let order: Arc<[usize]> = order.into();
                *cached = Some((seed, epoch, Arc::clone(&order)));
                order
            }
        }
    }
}
