//! Writing one image into a batch: scaling to `[-1, 1]`, random crop and flip.

use radars_tensor::random::Stream;
use rand::RngExt;

use crate::dataset::ImageShape;

/// Random changes to training images that keep their class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Augment {
    /// Pad every side with this many black pixels (byte 0, which is -1 in a batch), then crop a window of the
    /// original size at a random place: a shift by up to this many pixels in each direction.
    pub crop_padding: usize,
    /// Mirror left and right with probability one half.
    pub flip: bool,
}

/// One image's augmentation: where its window lies in the padded image, and whether it is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    /// Rows by which the content moves up (the window down); negative the other way.
    rows: isize,
    /// Pixels by which the content moves left.
    columns: isize,
    flip: bool,
}

impl Placement {
    /// The image as it is.
    pub(super) const IDENTITY: Placement = Placement {
        rows: 0,
        columns: 0,
        flip: false,
    };

    /// Draws the augmentation of one image; always three draws, so that switching one kind of change off
    /// leaves the others as they were.
    pub(super) fn draw(augment: Augment, random: &mut Stream) -> Self {
        let padding = augment.crop_padding as i64;
        let mut shift = || random.random_range(-padding..=padding) as isize;
        let (rows, columns) = (shift(), shift());
        let flip = random.random::<bool>() && augment.flip;
        Self {
            rows,
            columns,
            flip,
        }
    }
}

/// Maps a byte to `[-1, 1]`: 0 is exactly -1, 255 exactly 1.
///
/// Divided, not multiplied by an inexact reciprocal, so that the ends are exact.
pub(super) fn scale(byte: u8) -> f32 {
    f32::from(byte) / 127.5 - 1.0
}

/// Black, as padding is filled with: `scale(0)`.
const BLACK: f32 = -1.0;

/// Writes `image` to `out`, both `[height, width, channels]`, scaled and placed.
pub(super) fn write_image(image: &[u8], shape: ImageShape, placement: Placement, out: &mut [f32]) {
    if placement == Placement::IDENTITY {
        for (value, &byte) in out.iter_mut().zip(image) {
            *value = scale(byte);
        }
        return;
    }
    let ImageShape {
        height,
        width,
        channels,
    } = shape;
    let row_len = width * channels;
    // Columns of the unflipped window that lie inside the image.
    let first = placement.columns.min(0).unsigned_abs().min(width);
    let last = width.saturating_sub(placement.columns.max(0).unsigned_abs());
    for (row, out) in out.chunks_exact_mut(row_len).enumerate() {
        out.fill(BLACK);
        let Some(source) = row
            .checked_add_signed(placement.rows)
            .filter(|&r| r < height)
        else {
            continue;
        };
        let source = &image[source * row_len..][..row_len];
        for column in first..last {
            // In range: first and last were clipped to keep 0 <= column + columns < width.
            let from = column.wrapping_add_signed(placement.columns) * channels;
            let to = if placement.flip {
                width - 1 - column
            } else {
                column
            } * channels;
            for channel in 0..channels {
                out[to + channel] = scale(source[from + channel]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_tensor::random::Seed;

    const SHAPE: ImageShape = ImageShape {
        height: 5,
        width: 4,
        channels: 3,
    };

    fn image() -> Vec<u8> {
        (0..SHAPE.len()).map(|i| (i * 37 % 251) as u8 + 1).collect()
    }

    /// Pads, crops and mirrors in three plain steps.
    fn reference(placement: Placement, padding: usize) -> Vec<f32> {
        let image = image();
        let (h, w, c) = (SHAPE.height, SHAPE.width, SHAPE.channels);
        let padded_width = w + 2 * padding;
        let mut padded = vec![0u8; (h + 2 * padding) * padded_width * c];
        for y in 0..h {
            for x in 0..w {
                for k in 0..c {
                    padded[((y + padding) * padded_width + x + padding) * c + k] =
                        image[(y * w + x) * c + k];
                }
            }
        }
        let top = (padding as isize + placement.rows) as usize;
        let left = (padding as isize + placement.columns) as usize;
        let mut out = Vec::new();
        for y in 0..h {
            for x in 0..w {
                let x = if placement.flip { w - 1 - x } else { x };
                for k in 0..c {
                    out.push(
                        f32::from(padded[((y + top) * padded_width + x + left) * c + k]) / 127.5
                            - 1.0,
                    );
                }
            }
        }
        out
    }

    #[test]
    fn every_placement_equals_pad_crop_mirror() {
        for rows in -3..=3 {
            for columns in -3..=3 {
                for flip in [false, true] {
                    let placement = Placement {
                        rows,
                        columns,
                        flip,
                    };
                    let mut out = vec![f32::NAN; SHAPE.len()];
                    write_image(&image(), SHAPE, placement, &mut out);
                    assert_eq!(out, reference(placement, 3), "{placement:?}");
                }
            }
        }
    }

    #[test]
    fn bytes_scale_to_the_whole_of_minus_one_to_one() {
        assert_eq!((scale(0), scale(255)), (-1.0, 1.0));
        // 51 / 127.5 = 0.4 and 204 / 127.5 = 1.6
        assert_eq!((scale(51), scale(204)), (0.4 - 1.0, 1.6 - 1.0));
        assert!((0..255u8).all(|byte| scale(byte) < scale(byte + 1)));
    }

    #[test]
    fn draws_reach_every_shift_within_bounds_and_both_directions() {
        let augment = Augment {
            crop_padding: 2,
            flip: true,
        };
        let drawn: Vec<_> = (0..2000)
            .map(|i| Placement::draw(augment, &mut Seed(3).stream("test", i)))
            .collect();
        for shift in -2..=2 {
            // Expected 400 of 2000; 300 is over five standard deviations (18) away.
            assert!(drawn.iter().filter(|p| p.rows == shift).count() > 300);
            assert!(drawn.iter().filter(|p| p.columns == shift).count() > 300);
        }
        assert!(
            drawn
                .iter()
                .all(|p| p.rows.abs() <= 2 && p.columns.abs() <= 2)
        );
        // Expected 1000, standard deviation 22.
        assert!((900..1100).contains(&drawn.iter().filter(|p| p.flip).count()));
        let none = Placement::draw(Augment::default(), &mut Seed(3).stream("test", 0));
        assert_eq!(none, Placement::IDENTITY);
    }
}
