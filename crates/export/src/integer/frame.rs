//! Where the codes of an image lie, and where the windows of a convolution start among them.

use super::kernel::LANES;
use radars_space::{ConvGeometry, ImageShape};

/// Codes of an image with a border of zeros: `[height + 2 border][width + 2 border][channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) image: ImageShape,
    pub(super) border: usize,
}

/// Where the windows of a convolution start, one for each of the output's pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Windows {
    pub(super) output: ImageShape,
    /// The first one, and the distances from row to row and from column to column.
    first: usize,
    row: usize,
    column: usize,
}

/// An output pixel.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// Where its window starts.
    pub(super) window: usize,
    /// Its number, in row order.
    pub(super) pixel: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Frame {
    /// Codes of a row.
    fn row(&self) -> usize {
        (self.image.width + 2 * self.border) * self.image.channels
    }

    /// Codes, with as many behind the last one as vectors that start at a code may reach beyond it.
    pub(super) fn len(&self) -> usize {
        (self.image.height + 2 * self.border) * self.row() + LANES
    }

    /// The first code of a pixel.
    #[inline(always)]
    pub(super) fn at(&self, row: usize, column: usize) -> usize {
        (row + self.border) * self.row() + (column + self.border) * self.image.channels
    }

    /// The codes of the image's rows, one slice each.
    pub(super) fn rows<'a>(&self, codes: &'a [i16]) -> impl Iterator<Item = &'a [i16]> {
        let (side, row) = (self.border * self.image.channels, self.row());
        let rows = codes[self.border * row..].chunks_exact(row);
        let rows = rows.take(self.image.height);
        rows.map(move |codes| &codes[side..row - side])
    }

    /// The codes of the image's rows, one slice each, to be written.
    pub(super) fn rows_mut<'a>(&self, codes: &'a mut [i16]) -> impl Iterator<Item = &'a mut [i16]> {
        let (side, row) = (self.border * self.image.channels, self.row());
        let rows = codes[self.border * row..].chunks_exact_mut(row);
        let rows = rows.take(self.image.height);
        rows.map(move |codes| &mut codes[side..row - side])
    }

    /// Makes the border zero.
    pub(super) fn clear_border(&self, codes: &mut [i16]) {
        let (side, row) = (self.border * self.image.channels, self.row());
        let (top, rest) = codes.split_at_mut(self.border * row);
        let (image, rest) = rest.split_at_mut(self.image.height * row);
        top.fill(0);
        rest[..self.border * row].fill(0);
        for codes in image.chunks_exact_mut(row) {
            codes[..side].fill(0);
            codes[row - side..].fill(0);
        }
    }

    /// The windows of a convolution whose padding is at most the border.
    pub(super) fn windows(&self, geometry: &ConvGeometry, padding: usize) -> Windows {
        let around = self.border - padding;
        Windows {
            output: geometry.output,
            first: around * self.row() + around * self.image.channels,
            row: geometry.stride * self.row(),
            column: geometry.stride * self.image.channels,
        }
    }

    /// What a tap of a kernel is away from the start of its window.
    pub(super) fn tap(&self, row: usize, column: usize) -> usize {
        row * self.row() + column * self.image.channels
    }
}

impl Windows {
    /// Calls `body` on `P` places at a time, in row order, with the number of those that count: the last ones are
    /// filled up with the last place.
    #[inline(always)]
    pub(super) fn tiles<const P: usize>(&self, mut body: impl FnMut(&[Place; P], usize)) {
        let mut place = Place {
            window: self.first,
            ..Place::default()
        };
        let pixels = self.output.height * self.output.width;
        while place.pixel < pixels {
            let mut tile = [place; P];
            let count = P.min(pixels - place.pixel);
            for (index, at) in tile.iter_mut().enumerate() {
                if index < count {
                    *at = place;
                    place.pixel += 1;
                    place.column += 1;
                    place.window += self.column;
                    if place.column == self.output.width {
                        place.column = 0;
                        place.row += 1;
                        place.window = self.first + place.row * self.row;
                    }
                }
            }
            body(&tile, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(height: usize, width: usize, channels: usize) -> ImageShape {
        ImageShape {
            height,
            width,
            channels,
        }
    }

    /// 2 x 2 pixels of one channel with a border of one: a frame of 4 x 4.
    #[test]
    fn the_border_alone_is_cleared() {
        let frame = Frame {
            image: image(2, 2, 1),
            border: 1,
        };
        let mut codes = vec![7; frame.len()];
        frame.clear_border(&mut codes);
        let expected = [0, 0, 0, 0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 0, 0, 0];
        assert_eq!(codes[..16], expected);
        frame.rows_mut(&mut codes).for_each(|row| row[1] = 8);
        let rows: Vec<_> = frame.rows(&codes).collect();
        assert_eq!(rows, [[7, 8], [7, 8]]);
        assert_eq!([frame.at(0, 0), frame.at(1, 1)], [5, 10]);
    }

    /// Windows without padding inside a border of two, at stride 2.
    #[test]
    fn windows_start_at_the_taps_of_their_pixels() {
        let frame = Frame {
            image: image(3, 5, 2),
            border: 2,
        };
        let geometry = ConvGeometry::new(frame.image, 4, 2, 1).unwrap();
        let mut windows = Vec::new();
        frame.windows(&geometry, 0).tiles::<4>(|tile, count| {
            windows.extend(tile[..count].iter().map(|place| place.window));
        });
        let pixels = [(0, 0), (0, 2), (0, 4), (2, 0), (2, 2), (2, 4)];
        assert_eq!(windows, pixels.map(|(y, x)| frame.at(y, x)));
    }
}
