//! Batches of images as bytes: how they lie in memory, and what placing one of them means.

use crate::shape::product;

/// How an image moves when it is placed: rows up, columns to the left (both negative the other way), and
/// whether it is then mirrored left and right (any value but 0). Zeros leave it as it is.
///
/// An image that is padded with black by `p` pixels on every side and cropped at `(top, left)` has moved
/// by `(top - p, left - p)`. Every placement is valid: one beyond the image leaves nothing but black.
pub type Placement = [i32; 3];

/// A batch of images of one size, channels last, and a [`Placement`] for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageBatch {
    /// Images.
    pub batch: usize,
    /// Height, width and channels of an image.
    pub image: [usize; 3],
}

impl ImageBatch {
    /// Pixels' channels of the whole batch: bytes before, f32 values after.
    pub fn elements(&self) -> usize {
        let [height, width, channels] = self.image;
        product(&[self.batch, height, width, channels])
    }

    /// Integers that place the batch, three an image.
    pub fn placement_elements(&self) -> usize {
        product(&[self.batch, 3])
    }

    /// The value of a byte, in `[-1, 1]`: `byte / 127.5 - 1`, so 0 (black) is exactly -1 and 255 exactly 1.
    ///
    /// Divided, not multiplied by an inexact reciprocal, so that the ends are exact; rounded after the
    /// division and again after the difference on every backend.
    #[inline(always)]
    pub fn value(byte: u8) -> f32 {
        f32::from(byte) / 127.5 - 1.0
    }
}
