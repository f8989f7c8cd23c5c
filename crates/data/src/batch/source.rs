//! Batch number (epoch, index) as a pure function of a seed: the part that loader and prefetch thread share.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use radars_tensor::random::Seed;
use rand::seq::SliceRandom;
use rayon::prelude::*;

use super::augment::Draws;
use super::loader::LoaderOptions;
use super::pool::{Batch, Pool};
use crate::classes::ClassSubset;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::stream::Images;
use crate::view::{Area, Scaler, View, central};

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
    /// The images in ascending order, once a bad one needs another in its place.
    pub(super) sorted: OnceLock<Box<[usize]>>,
    /// The classes that labels are numbered within; all of the data set without it.
    pub(super) subset: Option<ClassSubset>,
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
    pub(super) fn batch(&self, seed: Seed, position: Position) -> Result<Batch> {
        let order = self.order(seed, position.epoch);
        let batch_size = self.options.batch_size;
        let start = position.index.saturating_mul(batch_size).min(order.len());
        let chosen = &order[start..start.saturating_add(batch_size).min(order.len())];

        let mut batch = self.pool.take();
        batch
            .bytes
            .reserve_exact(chosen.len() * self.dataset.shape().len());
        // A seed for the epoch, then a stream for the image: its place in the order has no part in it.
        let draws = self.options.augment.map(|augment| {
            let purpose = format!("{}/augment", self.options.stream);
            Draws::new(augment, seed.derive(&purpose, position.epoch))
        });
        for &image in chosen {
            let placement = draws.map(|draws| draws.placement(image));
            batch.placements.push(placement.unwrap_or([0; 3]));
        }
        match self.dataset.files() {
            None => self.gather(chosen, draws, &mut batch),
            Some(images) => self.decode(images, chosen, draws, &mut batch)?,
        }
        Ok(batch)
    }

    /// Fills a batch with images in memory.
    fn gather(&self, chosen: &[usize], draws: Option<Draws>, batch: &mut Batch) {
        let shape = self.dataset.shape();
        match draws.filter(|draws| draws.change_pixels()) {
            None => {
                for &image in chosen {
                    batch.bytes.extend_from_slice(self.dataset.image(image));
                }
            }
            Some(draws) => {
                let mut scaler = Scaler::default();
                batch.bytes.resize(chosen.len() * shape.len(), 0);
                let places = batch.bytes.chunks_exact_mut(shape.len());
                for (&image, out) in chosen.iter().zip(places) {
                    let view = View {
                        pixels: self.dataset.image(image),
                        height: shape.height,
                        width: shape.width,
                    };
                    let area = draws.area(image, view.height, view.width);
                    let area = area.unwrap_or_else(|| Area::whole(view.height, view.width));
                    self.render(view, area, Some(draws), image, &mut scaler, out);
                }
            }
        }
        let labels = chosen.iter().map(|&image| self.label(image));
        batch.labels.extend(labels);
    }

    /// Fills a batch with images from their files, on the threads that decode.
    fn decode(
        &self,
        images: &Images,
        chosen: &[usize],
        draws: Option<Draws>,
        batch: &mut Batch,
    ) -> Result<()> {
        images.check()?;
        let len = self.dataset.shape().len();
        batch.bytes.resize(chosen.len() * len, 0);
        let places = batch.bytes.par_chunks_exact_mut(len);
        // Images take as different times as their sizes are: threads take one at a time.
        let shown: Result<Vec<usize>> = images.run(|| {
            (chosen.par_iter().zip(places).with_max_len(1))
                .map(|(&image, out)| self.show(images, image, draws, out))
                .collect()
        });
        batch
            .labels
            .extend(shown?.into_iter().map(|image| self.label(image)));
        images.check()
    }

    /// The label of an image.
    fn label(&self, image: usize) -> i32 {
        let class = self.dataset.labels()[image];
        let number = self.subset.as_ref().and_then(|of| of.number(class.into()));
        // A label is at most 65535, so a number within a subset is as well.
        number.map_or(i32::from(class), |number| number as i32)
    }

    /// Brings an image, or the one that stands in for it, into `out`; which one it was.
    fn show(
        &self,
        images: &Images,
        image: usize,
        draws: Option<Draws>,
        out: &mut [u8],
    ) -> Result<usize> {
        let size = self.dataset.height();
        let mut candidate = image;
        loop {
            let shown = images.with(candidate, |view, scaler| {
                let area = draws.and_then(|draws| draws.area(image, view.height, view.width));
                let area = area.unwrap_or_else(|| central(view.height, view.width, size));
                self.render(view, area, draws, image, scaler, out);
            })?;
            if shown.is_some() {
                return Ok(candidate);
            }
            images.check()?;
            candidate = self.following_image(candidate);
            if candidate == image {
                let images = self.indices.len();
                return Err(Error::NoGoodImage { images });
            }
        }
    }

    /// The image after `image` by index, of those of this loader; after the last the first.
    fn following_image(&self, image: usize) -> usize {
        let sorted = self.sorted.get_or_init(|| {
            let mut sorted: Box<[usize]> = (*self.indices).into();
            sorted.sort_unstable();
            sorted
        });
        let next = sorted.partition_point(|&other| other <= image);
        sorted.get(next).copied().unwrap_or(sorted[0])
    }

    /// Brings an area of an image into `out`, with the colours drawn for `image`.
    fn render(
        &self,
        view: View<'_>,
        area: Area,
        draws: Option<Draws>,
        image: usize,
        scaler: &mut Scaler,
        out: &mut [u8],
    ) {
        let shape = self.dataset.shape();
        scaler.scale(view, area, (shape.height, shape.width), out);
        if let Some(colours) = draws.and_then(|draws| draws.colours(image)) {
            colours.apply(out, shape.channels);
        }
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
