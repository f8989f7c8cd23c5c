//! Scaling areas of images.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::View;
use super::area::Area;

/// Scales areas of images: bilinear, widened when shrinking so that no pixel is left out.
///
/// The sums are of 8-bit pixels and 16-bit weights, so they are the same for every instruction set.
#[derive(Default)]
pub(crate) struct Scaler {
    resizer: Resizer,
}

impl Scaler {
    /// Brings `area` of an image of one or three channels to `height` x `width` pixels, into `out`.
    ///
    /// `area` is to lie within the image, and `out` to have the length for it.
    pub(crate) fn scale(
        &mut self,
        image: View<'_>,
        area: Area,
        (height, width): (usize, usize),
        out: &mut [u8],
    ) {
        let channels = out.len() / (height * width).max(1);
        if let Some([top, left, rows, columns]) = area.whole_pixels()
            && (rows, columns) == (height, width)
        {
            let row = columns * channels;
            for (y, out) in out.chunks_exact_mut(row).enumerate() {
                let start = ((top + y) * image.width + left) * channels;
                out.copy_from_slice(&image.pixels[start..][..row]);
            }
            return;
        }
        let pixel = match channels {
            1 => PixelType::U8,
            _ => PixelType::U8x3,
        };
        let source = ImageRef::new(image.width as u32, image.height as u32, image.pixels, pixel);
        let target = Image::from_slice_u8(width as u32, height as u32, out, pixel);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(area.left, area.top, area.width, area.height)
            .use_alpha(false);
        if let (Ok(source), Ok(mut target)) = (source, target) {
            let scaled = self.resizer.resize(&source, &mut target, &options);
            debug_assert!(scaled.is_ok(), "{scaled:?} of {area:?}");
        } else {
            debug_assert!(false, "a buffer too small for its own image");
        }
    }

    /// Bytes that it keeps for the next image.
    pub(crate) fn bytes(&self) -> usize {
        self.resizer.size_of_internal_buffers()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12x10 pixels of three channels, none like the other.
    fn pixels() -> Vec<u8> {
        (0..360_u32).map(|i| (i * 37 % 251) as u8).collect()
    }

    fn scaled(scaler: &mut Scaler, area: Area, size: (usize, usize)) -> Vec<u8> {
        let pixels = pixels();
        let mut out = vec![0; size.0 * size.1 * 3];
        let image = View {
            pixels: &pixels,
            height: 12,
            width: 10,
        };
        scaler.scale(image, area, size, &mut out);
        out
    }

    #[test]
    fn an_area_of_the_target_size_is_copied() {
        let area = Area {
            top: 2.0,
            left: 3.0,
            height: 4.0,
            width: 5.0,
        };
        let out = scaled(&mut Scaler::default(), area, (4, 5));
        for (y, row) in out.chunks(15).enumerate() {
            assert_eq!(row, &pixels()[((2 + y) * 10 + 3) * 3..][..15]);
        }
    }

    /// Halving with a triangle of four pixels' width weighs 1, 3, 3, 1 eighths; a reference in plain loops.
    #[test]
    fn shrinking_weighs_all_pixels() {
        let pixels = pixels();
        let out = scaled(&mut Scaler::default(), Area::whole(12, 10), (6, 5));
        let at = |y: usize, x: usize| f64::from(pixels[(y * 10 + x) * 3]);
        for (y, x) in [(1, 1), (2, 3), (4, 2)] {
            let mut sum = 0.0;
            for (dy, wy) in [1.0, 3.0, 3.0, 1.0].into_iter().enumerate() {
                for (dx, wx) in [1.0, 3.0, 3.0, 1.0].into_iter().enumerate() {
                    sum += wy * wx / 64.0 * at(2 * y + dy - 1, 2 * x + dx - 1);
                }
            }
            let found = f64::from(out[(y * 5 + x) * 3]);
            // Two roundings to 8 bits, one of each pass.
            assert!((found - sum).abs() <= 1.0, "{found} for {sum}");
        }
    }
}
