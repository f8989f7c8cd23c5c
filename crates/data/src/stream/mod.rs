//! Image folders too large for memory: files are found at opening and decoded when a batch wants them.

mod bad;
mod cache;
mod decode;
mod files;
mod images;
mod usage;
mod workers;

pub use bad::BadImage;
pub(crate) use files::Files;
pub(crate) use images::{Images, Shared};
pub use usage::StreamUsage;

use crate::error::{Error, Result};
use crate::view::short_side;

/// How an image folder is read while it is trained on, instead of as a whole and beforehand.
///
/// Every image takes the same way, whatever is cached: it is decoded to three channels of 8 bits, shrunk to
/// [`short_side`](Self::short_side) if it is larger, and an area of it is scaled to
/// [`image_size`](Self::image_size): the central one (its side 224/256 of the short side), unless
/// [`Augment`](crate::Augment) draws another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streaming {
    /// Height and width of the images in batches.
    pub image_size: usize,
    /// The short side that larger images are shrunk to once decoded, their proportions kept; `None` for 256/224 of
    /// the image size, which evaluation looks at.
    pub short_side: Option<usize>,
    /// Most host memory that shrunk images are kept in, so that they need not be decoded again.
    pub cache_bytes: usize,
    /// Most files, of both sets, that may turn out not to be usable images and are replaced; one more is an error.
    /// `None` for one in a hundred.
    pub bad_images: Option<usize>,
}

/// The largest image size: a batch of one would be 50 MB.
const LARGEST: usize = 4096;

impl Streaming {
    /// Images of `image_size` x `image_size`, without a cache.
    pub fn new(image_size: usize) -> Self {
        Streaming {
            image_size,
            short_side: None,
            cache_bytes: 0,
            bad_images: None,
        }
    }

    /// The short side that larger images are shrunk to.
    ///
    /// # Errors
    /// [`Error::ResizeTo`] for an image size or a short side that is nothing or beyond 4096 and 65536 pixels.
    pub(crate) fn checked_short_side(&self) -> Result<usize> {
        let size = self.image_size;
        if !(1..=LARGEST).contains(&size) {
            return Err(Error::ResizeTo {
                height: size,
                width: size,
            });
        }
        let side = self.short_side.unwrap_or_else(|| short_side(size));
        crate::resize::target_size((side, side))?;
        Ok(side)
    }
}
