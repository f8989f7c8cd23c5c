//! A rectangle within an image, and the one that evaluation looks at.

/// A rectangle within an image, in pixels; fractions of pixels are allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) top: f64,
    pub(crate) left: f64,
    pub(crate) height: f64,
    pub(crate) width: f64,
}

impl Area {
    /// A whole image.
    pub(crate) fn whole(height: usize, width: usize) -> Self {
        Area {
            top: 0.0,
            left: 0.0,
            height: height as f64,
            width: width as f64,
        }
    }

    /// The rows and columns of whole pixels that it is, if it is.
    pub(crate) fn whole_pixels(self) -> Option<[usize; 4]> {
        let sides = [self.top, self.left, self.height, self.width];
        sides
            .iter()
            .all(|side| side.fract() == 0.0)
            .then(|| sides.map(|side| side as usize))
    }
}

/// The short side that an image is scaled to before the central `size` x `size` pixels are taken: 256 for 224.
pub(crate) fn short_side(size: usize) -> usize {
    (size as f64 * 256.0 / 224.0).round() as usize
}

/// The area of an image of `height` x `width` that becomes `size` x `size` pixels when its short side is scaled to
/// [`short_side`] and the centre is taken.
pub(crate) fn central(height: usize, width: usize, size: usize) -> Area {
    let scaled = short_side(size);
    let side = (height.min(width) * size) as f64 / scaled as f64;
    let (mut top, mut left) = ((height as f64 - side) / 2.0, (width as f64 - side) / 2.0);
    if side.fract() == 0.0 {
        // Whole pixels are copied rather than interpolated.
        (top, left) = (top.round_ties_even(), left.round_ties_even());
    }
    Area {
        top,
        left,
        height: side,
        width: side,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torchvision's Resize(256), CenterCrop(224) of 256x341 takes rows 16..240 and columns 58..282
    /// (58.5 rounded to even).
    #[test]
    fn the_centre_of_an_image_of_256_rows_is_whole_pixels() {
        assert_eq!(short_side(224), 256);
        assert_eq!(
            central(256, 341, 224).whole_pixels(),
            Some([16, 58, 224, 224])
        );
    }

    /// 375 * 224 / 256 = 328.125 pixels, whatever the long side; (500 - 328.125) / 2 = 85.9375.
    #[test]
    fn other_sizes_keep_the_share_of_the_short_side() {
        let area = central(375, 500, 224);
        assert_eq!((area.height, area.width), (328.125, 328.125));
        assert_eq!((area.top, area.left), (23.4375, 85.9375));
        assert_eq!(area.whole_pixels(), None);
    }

    #[test]
    fn a_single_pixel_has_a_centre() {
        let area = central(1, 1, 224);
        assert_eq!((area.top, area.height), (0.0625, 0.875));
    }
}
