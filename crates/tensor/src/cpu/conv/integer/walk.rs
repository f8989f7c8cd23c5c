//! The tiles of a convolution, one after the other.

use super::kernel::{LANES, Products, ROWS, Sums, Tile};
use super::{Integer, Part};
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// Tiles of a task at least: a block of weights is fetched for all of them.
const TILES: usize = 8;

/// What every tile is multiplied with, and how.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) products: Products,
    pub(super) cells: &'a [u32],
}

/// Where a block of weights stands.
struct Block<'a> {
    cells: &'a [u32],
    group: usize,
    /// The channels of `y`.
    channels: Range<usize>,
}

impl Integer {
    /// The outputs of whole groups of [`ROWS`] images: a tile is one pixel of all of them.
    pub(super) fn same_pixels(
        &self,
        loops: Loops,
        weights: Weights<'_>,
        images: &[u32],
        y: &mut [f32],
    ) {
        let [part, _] = self.parts();
        let [height, width, channels] = self.g.output;
        let lines = TILES.div_ceil(width).min(height);
        let share = lines * width * channels;
        let image = height * width * channels;
        let groups = images.par_chunks_exact(self.image_cells(Part {
            images: ROWS,
            ..part
        }));
        let items = y.par_chunks_exact_mut(ROWS * image).zip(groups);
        loops.for_each(items, |(y, images)| {
            let mut rest = y;
            let shares: [_; ROWS] = std::array::from_fn(|_| {
                let (mine, others) = std::mem::take(&mut rest).split_at_mut(image);
                rest = others;
                mine.par_chunks_mut(share)
            });
            let [a, b, c, d, e, f, g, h] = shares;
            let items = a
                .zip(b)
                .zip(c)
                .zip(d)
                .zip(e)
                .zip(f)
                .zip(g)
                .zip(h)
                .enumerate();
            loops.for_each(items, |(index, (((((((a, b), c), d), e), f), g), h))| {
                self.lines(weights, images, [a, b, c, d, e, f, g, h], index * lines);
            });
        });
    }

    /// The outputs of [`ROWS`] images from line `first` on, as many as `y` has.
    fn lines(&self, weights: Weights<'_>, images: &[u32], mut y: [&mut [f32]; ROWS], first: usize) {
        let [_, width, channels] = self.g.output;
        let mut sums = Sums::new();
        for block in self.blocks(weights) {
            for pixel in 0..y[0].len() / channels {
                let (row, column) = (first + pixel / width, pixel % width);
                let tile = self.same_pixel(block.group, row, column);
                (weights.products).sums(
                    images,
                    block.cells,
                    &tile,
                    block.channels.len(),
                    &mut sums,
                );
                let at = pixel * channels;
                let at = at + block.channels.start..at + block.channels.end;
                for (y, sums) in y.iter_mut().zip(&sums.0) {
                    put(&mut y[at.clone()], sums);
                }
            }
        }
    }

    /// The tile of output pixel (`row`, `column`): the taps that lie in the image.
    fn same_pixel(&self, group: usize, row: usize, column: usize) -> Tile {
        let [height, width, _] = self.g.input;
        let (stride, padding, kernel) = (self.g.stride, self.g.padding, self.g.kernel);
        // First tap, number of taps, and the pixel that the first one meets.
        let taps = |at: usize, size: usize| {
            let start = at * stride;
            let first = padding.saturating_sub(start);
            let end = (size + padding).saturating_sub(start).min(kernel);
            let meets = (start + first).saturating_sub(padding);
            (first, end.saturating_sub(first), meets)
        };
        let (first_row, rows, y) = taps(row, height);
        let (first_column, columns, x) = taps(column, width);
        let cells = self.pixel_cells();
        let start = ((group * height + y) * width + x) * cells * ROWS;
        Tile {
            starts: std::array::from_fn(|image| start + image),
            step: ROWS,
            line: width * cells * ROWS,
            weights: (first_row * kernel + first_column) * cells,
            weights_line: kernel * cells,
            lines: rows,
            cells: columns * cells,
        }
    }

    /// The outputs of the framed images of `part`: a tile is neighbouring pixels.
    pub(super) fn neighbours(
        &self,
        loops: Loops,
        weights: Weights<'_>,
        part: Part,
        images: &[u32],
        y: &mut [f32],
    ) {
        let [height, width, channels] = self.g.output;
        let share = TILES * ROWS;
        let items = y.par_chunks_mut(share * channels).enumerate();
        loops.for_each(items, |(index, y)| {
            let pixels = y.len() / channels;
            let mut sums = Sums::new();
            for block in self.blocks(weights) {
                for first in (0..pixels).step_by(ROWS) {
                    let starts = std::array::from_fn(|row| {
                        // The last pixel fills the tile.
                        let pixel = index * share + (first + row).min(pixels - 1);
                        let (line, column) = (pixel / width, pixel % width);
                        let (image, line) = (line / height, line % height);
                        self.framed_start(part, block.group, [image, line, column])
                    });
                    let tile = self.framed_tile(part, starts);
                    (weights.products).sums(
                        images,
                        block.cells,
                        &tile,
                        block.channels.len(),
                        &mut sums,
                    );
                    let rows = y[first * channels..].chunks_exact_mut(channels);
                    for (y, sums) in rows.zip(&sums.0) {
                        put(&mut y[block.channels.clone()], sums);
                    }
                }
            }
        });
    }

    /// Where the window of an output pixel [image, row, column] starts in the frames.
    fn framed_start(&self, part: Part, group: usize, [image, row, column]: [usize; 3]) -> usize {
        let [height, width] = self.framed(part);
        let line = (image * self.g.groups + group) * height + row * self.g.stride;
        (line * width + column * self.g.stride) * self.pixel_cells()
    }

    /// The tile of windows that start there: all taps, some of which may meet zeros.
    fn framed_tile(&self, part: Part, starts: [usize; ROWS]) -> Tile {
        let (kernel, cells) = (self.g.kernel, self.pixel_cells());
        Tile {
            starts,
            step: 1,
            line: self.framed(part)[1] * cells,
            weights: 0,
            weights_line: kernel * cells,
            lines: kernel,
            cells: kernel * cells,
        }
    }

    fn blocks<'a>(&self, weights: Weights<'a>) -> impl Iterator<Item = Block<'a>> {
        let (lanes, blocks) = self.lanes();
        let cells = weights.cells.chunks_exact(self.block_cells());
        cells.enumerate().map(move |(index, cells)| {
            let (group, lane) = (index / blocks, index % blocks * LANES);
            let first = group * lanes + lane;
            Block {
                cells,
                group,
                channels: first..first + LANES.min(lanes - lane),
            }
        })
    }
}

/// Copies as many sums as `y` has.
fn put(y: &mut [f32], sums: &[f32; LANES]) {
    // A copy of a length that is known is a few instructions.
    match <&mut [f32; LANES]>::try_from(&mut *y) {
        Ok(y) => *y = *sums,
        Err(_) => y.copy_from_slice(&sums[..y.len()]),
    }
}
