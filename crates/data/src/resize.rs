//! Bringing images to a common size.

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, RgbImage};
use rayon::prelude::*;

use crate::dataset::{ImageShape, blank_images};
use crate::error::{Error, Result};

/// The filter of every resize: bilinear, widened when shrinking so that no pixel is left out.
///
/// It computes with additions and multiplications only, so it needs no function of the C library.
const FILTER: FilterType = FilterType::Triangle;

/// Stretches a decoded image to `height` x `width`; the aspect ratio is not kept.
pub(crate) fn resize(image: &DynamicImage, height: u32, width: u32) -> DynamicImage {
    image.resize_exact(width, height, FILTER)
}

/// Resizes images that lie one after the other, `[images, height, width, channels]`.
pub(crate) fn resize_all(images: Vec<u8>, from: ImageShape, to: ImageShape) -> Result<Vec<u8>> {
    if from == to || from.is_empty() {
        return Ok(images);
    }
    let (height, width) = target_size((to.height, to.width))?;
    let mut out = blank_images(images.len() / from.len(), to)?;
    let sources = images.par_chunks_exact(from.len());
    sources
        .zip(out.par_chunks_exact_mut(to.len()))
        .for_each(|(source, out)| {
            let (w, h) = (from.width as u32, from.height as u32);
            let image = match from.channels {
                1 => GrayImage::from_raw(w, h, source.to_vec()).map(DynamicImage::from),
                _ => RgbImage::from_raw(w, h, source.to_vec()).map(DynamicImage::from),
            };
            // `None` would mean a buffer too small for its own shape.
            if let Some(image) = image {
                out.copy_from_slice(resize(&image, height, width).as_bytes());
            }
        });
    Ok(out)
}

/// Checks a size asked for: a side has 1 to 65536 pixels.
pub(crate) fn target_size((height, width): (usize, usize)) -> Result<(u32, u32)> {
    let side = |pixels: usize| {
        u32::try_from(pixels)
            .ok()
            .filter(|side| (1..=65536).contains(side))
    };
    side(height)
        .zip(side(width))
        .ok_or(Error::ResizeTo { height, width })
}
