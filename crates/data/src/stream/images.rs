//! The images of a set, one at a time: from the cache, or from their files.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Streaming;
use super::bad::{BadImage, BadImages};
use super::cache::{Budget, Cache};
use super::decode::{Bad, decode, read};
use super::files::Files;
use super::usage::StreamUsage;
use super::workers::{Scratch, Workers};
use crate::error::Result;
use crate::view::{Area, Scaler, View};

/// What the training and the test set of a folder have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    workers: Workers,
    budget: Budget,
    bad: BadImages,
    short_side: usize,
    settings: Streaming,
    decoded: AtomicUsize,
    from_cache: AtomicUsize,
}

impl Shared {
    /// For `images` files in all.
    ///
    /// # Errors
    /// When the settings make no sense, or there are no threads to be had.
    pub(crate) fn new(settings: Streaming, images: usize) -> Result<Arc<Self>> {
        Ok(Arc::new(Shared {
            short_side: settings.checked_short_side()?,
            workers: Workers::new()?,
            budget: Budget::new(settings.cache_bytes),
            bad: BadImages::new(settings.bad_images, images),
            settings,
            decoded: AtomicUsize::new(0),
            from_cache: AtomicUsize::new(0),
        }))
    }

    /// The most that the cache takes.
    pub(crate) fn cache_bytes(&self) -> usize {
        self.budget.bytes()
    }

    /// The bad images that were found so far, by path.
    pub(crate) fn bad_images(&self) -> Vec<BadImage> {
        self.bad.found()
    }

    pub(crate) fn usage(&self) -> StreamUsage {
        StreamUsage {
            workers: self.workers.threads(),
            buffers: self.workers.buffers(),
            buffer_bytes: self.workers.buffer_bytes(),
            cached_bytes: self.budget.kept(),
            decoded: self.decoded.load(Ordering::Relaxed),
            from_cache: self.from_cache.load(Ordering::Relaxed),
        }
    }
}

/// The images of a set; cheap to clone.
#[derive(Clone)]
pub(crate) struct Images {
    shared: Arc<Shared>,
    set: Arc<Set>,
}

struct Set {
    files: Files,
    cache: Cache,
}

impl Images {
    pub(crate) fn new(files: Files, shared: Arc<Shared>) -> Self {
        let cache = Cache::new(files.len());
        Images {
            shared,
            set: Arc::new(Set { files, cache }),
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn image_size(&self) -> usize {
        self.shared.settings.image_size
    }

    /// Host memory that the set takes without images.
    pub(crate) fn bytes(&self) -> usize {
        self.set.files.bytes() + self.set.cache.bytes()
    }

    /// Whether there are no more bad images than allowed.
    ///
    /// # Errors
    /// [`TooManyBad`](crate::Error::TooManyBad).
    pub(crate) fn check(&self) -> Result<()> {
        self.shared.bad.check()
    }

    /// Calls `work` where parallel iterators use the threads that decode.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.shared.workers.run(work)
    }

    /// Calls `work` with an image, decoded and shrunk, on a thread of [`run`](Self::run); none for a bad one.
    ///
    /// # Errors
    /// Where the system cannot read the file, through no fault of the file.
    pub(crate) fn with<T>(
        &self,
        index: usize,
        work: impl FnOnce(View<'_>, &mut Scaler) -> T,
    ) -> Result<Option<T>> {
        self.shared.workers.with_scratch(|scratch| {
            if let Some(known) = self.set.cache.get(index) {
                return Ok(known.as_ref().map(|kept| {
                    self.shared.from_cache.fetch_add(1, Ordering::Relaxed);
                    work(kept.view(), &mut scratch.scaler)
                }));
            }
            match self.decode(index, scratch)? {
                Ok((height, width, in_place)) => {
                    let pixels = if in_place {
                        &scratch.decoded
                    } else {
                        &scratch.shrunk
                    };
                    let view = View {
                        pixels,
                        height,
                        width,
                    };
                    self.set.cache.keep(index, view, &self.shared.budget);
                    Ok(Some(work(view, &mut scratch.scaler)))
                }
                Err(Bad(reason)) => {
                    if self.set.cache.mark_bad(index) {
                        let path = self.set.files.path(index);
                        self.shared.bad.add(BadImage { path, reason });
                    }
                    Ok(None)
                }
            }
        })
    }

    /// Decodes a file and shrinks the image if it is larger than it has to be: height, width, and whether it is
    /// still where it was decoded.
    fn decode(
        &self,
        index: usize,
        scratch: &mut Scratch,
    ) -> Result<std::result::Result<(usize, usize, bool), Bad>> {
        let path = self.set.files.path(index);
        if let Err(bad) = read(&path, &mut scratch.file)? {
            return Ok(Err(bad));
        }
        let (height, width) = match decode(&scratch.file, &mut scratch.decoded) {
            Ok(size) => size,
            Err(bad) => return Ok(Err(bad)),
        };
        self.shared.decoded.fetch_add(1, Ordering::Relaxed);
        let (short, long) = (height.min(width), height.max(width));
        if short <= self.shared.short_side {
            return Ok(Ok((height, width, true)));
        }
        let scaled = (long as f64 * self.shared.short_side as f64 / short as f64).round() as usize;
        let target = if height <= width {
            (self.shared.short_side, scaled)
        } else {
            (scaled, self.shared.short_side)
        };
        scratch.shrunk.resize(target.0 * target.1 * 3, 0);
        let image = View {
            pixels: &scratch.decoded,
            height,
            width,
        };
        let whole = Area::whole(height, width);
        (scratch.scaler).scale(image, whole, target, &mut scratch.shrunk);
        Ok(Ok((target.0, target.1, false)))
    }
}

/// Two sets are equal that read the same files in the same way.
impl PartialEq for Images {
    fn eq(&self, other: &Self) -> bool {
        self.set.files == other.set.files && self.shared.settings == other.shared.settings
    }
}

impl Eq for Images {}

impl fmt::Debug for Images {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Images")
            .field("images", &self.set.files.len())
            .field("settings", &self.shared.settings)
            .finish_non_exhaustive()
    }
}
