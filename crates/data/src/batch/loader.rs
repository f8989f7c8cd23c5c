//! The loader: part of a data set, handed out in batches.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use radars_tensor::random::Seed;

use super::augment::Augment;
use super::iter::Batches;
use super::pool::{Batch, Pool};
use super::source::{Position, Source};
use crate::classes::ClassSubset;
use crate::dataset::Dataset;
use crate::error::{Error, Result};

/// How a [`Loader`] makes its batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoaderOptions {
    /// Images in a batch.
    pub batch_size: usize,
    /// Names the random streams of this loader, so that two loaders under one seed are independent.
    pub stream: &'static str,
    /// Whether each epoch has an order of its own; otherwise the order of the indices.
    pub shuffle: bool,
    /// Random changes to the images, drawn anew for each image and epoch.
    pub augment: Option<Augment>,
    /// Whether to leave out the last batch of an epoch where it is not full.
    pub drop_last: bool,
    /// Batches made ahead of time in a thread; 0 makes each when it is asked for. The batches are the same.
    pub prefetch: usize,
}

impl LoaderOptions {
    /// For training: shuffled, full batches only, two of them prefetched, no augmentation yet.
    pub fn training(stream: &'static str, batch_size: usize) -> Self {
        Self {
            batch_size,
            stream,
            shuffle: true,
            augment: None,
            drop_last: true,
            prefetch: 2,
        }
    }

    /// For measuring accuracy: every image once, in order, unchanged, the last batch as long as it comes out.
    pub fn evaluation(batch_size: usize) -> Self {
        Self {
            batch_size,
            stream: "evaluation",
            shuffle: false,
            augment: None,
            drop_last: false,
            prefetch: 2,
        }
    }
}

/// Part of a data set in batches; cheap to clone.
///
/// A loader has no state to save: every batch is a function of (seed, epoch, index), by whichever way it is
/// asked for. Of a streamed folder it is one of the bad files among its images, too: in the place of each comes the
/// next good one of this loader's images by index, after the last the first, changed as the bad one would have been.
/// Training that counts steps rather than epochs uses [`step`](Self::step) or [`steps`](Self::steps), which go from
/// epoch to epoch without ever starting over.
#[derive(Clone)]
pub struct Loader {
    source: Arc<Source>,
}

impl Loader {
    /// A loader of the images `indices` of `dataset`.
    ///
    /// # Errors
    /// [`Error::NoBatch`] where not a single batch comes out (no images, batch size 0, or fewer images than
    /// a batch with `drop_last`), [`Error::Index`] for an index beyond the data set, [`Error::CropPadding`]
    /// for padding as large as an image, [`Error::Augmentation`] for other changes that make no sense.
    pub fn new(dataset: Arc<Dataset>, indices: Vec<usize>, options: LoaderOptions) -> Result<Self> {
        Self::with_labels(dataset, indices, options, None)
    }

    fn with_labels(
        dataset: Arc<Dataset>,
        indices: Vec<usize>,
        options: LoaderOptions,
        subset: Option<ClassSubset>,
    ) -> Result<Self> {
        let (images, batch_size) = (indices.len(), options.batch_size);
        if images == 0 || batch_size == 0 || (options.drop_last && images < batch_size) {
            return Err(Error::NoBatch { batch_size, images });
        }
        if let Some(&index) = indices.iter().find(|&&index| index >= dataset.len()) {
            return Err(Error::Index {
                index,
                images: dataset.len(),
            });
        }
        if let Some(augment) = options.augment {
            augment.check()?;
        }
        let (height, width) = (dataset.height(), dataset.width());
        if let Some(Augment {
            crop_padding: padding,
            ..
        }) = options.augment
            && padding >= height.min(width)
        {
            return Err(Error::CropPadding {
                padding,
                height,
                width,
            });
        }
        // The prefetched batches, the one in the making and the one in use; kept while batches are iterated over.
        let pool = Pool::new(options.prefetch.saturating_add(2));
        let source = Source {
            dataset,
            indices: indices.into(),
            options,
            pool,
            order: Mutex::new(None),
            sorted: OnceLock::new(),
            subset,
        };
        Ok(Self {
            source: Arc::new(source),
        })
    }

    /// A loader of those of the images `indices` that are of some classes, with the labels that these have among
    /// themselves.
    ///
    /// # Errors
    /// As [`Loader::new`].
    pub fn of_classes(
        dataset: Arc<Dataset>,
        subset: &ClassSubset,
        indices: &[usize],
        options: LoaderOptions,
    ) -> Result<Self> {
        let indices = subset.images(&dataset, indices);
        Self::with_labels(dataset, indices, options, Some(subset.clone()))
    }

    /// The data set behind the loader.
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.source.dataset
    }

    /// The images this loader hands out, as indices of the data set.
    pub fn indices(&self) -> &[usize] {
        &self.source.indices
    }

    /// The options the loader was made with.
    pub fn options(&self) -> LoaderOptions {
        self.source.options
    }

    /// The number of batches in an epoch, at least one.
    pub fn batches_per_epoch(&self) -> usize {
        self.source.batches_per_epoch()
    }

    /// The number of images handed out in an epoch.
    pub fn images_per_epoch(&self) -> usize {
        let images = self.source.indices.len();
        if self.source.options.drop_last {
            images - images % self.source.options.batch_size
        } else {
            images
        }
    }

    /// The batches of one epoch, in order.
    pub fn epoch(&self, seed: Seed, epoch: u64) -> Batches {
        self.epoch_from(seed, epoch, 0)
    }

    /// The batches of one epoch from batch `first` on: how a resumed run goes on mid-epoch.
    pub fn epoch_from(&self, seed: Seed, epoch: u64, first: usize) -> Batches {
        let remaining = self.batches_per_epoch().saturating_sub(first);
        Batches::new(
            Arc::clone(&self.source),
            seed,
            Position {
                epoch,
                index: first,
            },
            Some(remaining),
        )
    }

    /// The batches of step `first` and all that follow, reshuffled at each epoch's end; never ends.
    pub fn steps(&self, seed: Seed, first: u64) -> Batches {
        Batches::new(Arc::clone(&self.source), seed, self.position(first), None)
    }

    /// One batch of an epoch, or `None` where the epoch has no batch `index`.
    ///
    /// # Errors
    /// Where images of a streamed folder cannot be used; those in memory always make a batch.
    pub fn batch(&self, seed: Seed, epoch: u64, index: usize) -> Option<Result<Batch>> {
        (index < self.batches_per_epoch())
            .then(|| self.source.batch(seed, Position { epoch, index }))
    }

    /// The batch of step `step`, counted through the epochs: batch `step % n` of epoch `step / n`.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn step(&self, seed: Seed, step: u64) -> Result<Batch> {
        self.source.batch(seed, self.position(step))
    }

    fn position(&self, step: u64) -> Position {
        let batches = self.batches_per_epoch() as u64;
        Position {
            epoch: step / batches,
            index: (step % batches) as usize,
        }
    }
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("images", &self.source.indices.len())
            .field("options", &self.source.options)
            .finish_non_exhaustive()
    }
}
