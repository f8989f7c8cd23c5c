//! From an image to what a batch holds of it: an area, brought to the size of the batch, its colours changed.

mod area;
mod colour;
mod resized_crop;
mod scaling;

pub(crate) use area::{Area, central, short_side};
pub use colour::ColourJitter;
pub(crate) use colour::Colours;
pub use resized_crop::ResizedCrop;
pub(crate) use scaling::Scaler;

/// The pixels of one image, `[height, width, channels]`, contiguous.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) pixels: &'a [u8],
    pub(crate) height: usize,
    pub(crate) width: usize,
}
