//! Wgrad of few input channels, or of a single tap: a row of taps, `k * ci` neighbours in the framed image, are
//! the factors and output channels the lanes; the sums are transposed at the end.

use super::{BLOCK, blocks, parts, wgrad_chunk, wgrad_chunks};
use crate::cpu::conv::frame;
use crate::cpu::conv::im2col::SLOTS;
use crate::cpu::conv::outer::{Operand, Run, Sums, Tile, outer};
use crate::cpu::conv::shared::Shared;
use crate::cpu::conv::vector::{self, Kernel, TileSize, Vector};
use crate::cpu::parallel::Loops;
use crate::{Conv2d, Isa};
use rayon::prelude::*;
use std::ops::Range;

/// Whether output channels are the lanes.
pub(super) fn applies(size: TileSize, g: &Conv2d) -> bool {
    let (ci, co) = (g.input[2], g.output[2]);
    let few = ci < frame::CHANNELS.min(size.widest()) && co >= ci;
    // Without neighbours the factors lie where they are in one stretch, so neither operand is copied.
    let pointwise = g.kernel == 1 && g.padding == 0 && co > size.widest();
    g.groups == 1 && (few || pointwise)
}

/// Floats of scratch of [`run`]: the sums of the chunks and framed images.
pub(super) fn scratch_len(g: &Conv2d) -> usize {
    wgrad_chunks(g) * g.weight_elements() + frame::len(g)
}

/// `dw` from `x` and `dy`.
///
/// # Safety
/// The machine has the instruction set `isa`, whose tiles are of this size.
pub(super) unsafe fn run(
    loops: Loops,
    (isa, size): (Isa, TileSize),
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let chunks = wgrad_chunks(g);
    let (sums, frames) = scratch.split_at_mut(chunks * g.weight_elements());
    let framed = frame::around(loops, g, x, frames);
    let values = Shared::new(sums);
    // Few chunks are dealt out by lanes too, so that all that a task reads of dy is its own, and then by taps.
    let width = size.width(g.output[2]);
    let lane_tiles = g.output[2].div_ceil(width);
    let tap_tiles = parts(g.kernel * g.input[2], size.rows).count();
    let rows = chunks * g.kernel;
    let lane_shares = (SLOTS / rows).clamp(1, lane_tiles);
    let tap_shares = (SLOTS / (rows * lane_shares)).clamp(1, tap_tiles);
    let tasks = (0..rows * lane_shares * tap_shares).into_par_iter();
    loops.for_each(tasks, |index| {
        let (index, tap_share) = (index / tap_shares, index % tap_shares);
        let (row, lane_share) = (index / lane_shares, index % lane_shares);
        let lanes = wgrad_chunk(lane_tiles, lane_shares, lane_share);
        let task = RowTask {
            g,
            framed,
            dy,
            values,
            first: row * g.kernel * g.input[2] * g.output[2],
            row: row % g.kernel,
            lanes: lanes.start * width..(lanes.end * width).min(g.output[2]),
            tap_tiles: wgrad_chunk(tap_tiles, tap_shares, tap_share),
            lines: wgrad_chunk(g.batch * g.output[0], chunks, row / g.kernel),
        };
        // SAFETY: the caller's promise; no two tasks have the same chunk, row, lanes and taps.
        unsafe { vector::run(isa, task) }
    });
    transpose(loops, g, sums, dw);
}

/// Sums over the output lines `lines` into the channels `lanes` of some tiles of a kernel row,
/// `[kernel column][ci][co]` from `first` of `values` on.
struct RowTask<'a> {
    g: &'a Conv2d,
    framed: &'a [f32],
    dy: &'a [f32],
    values: Shared<'a>,
    first: usize,
    row: usize,
    lanes: Range<usize>,
    tap_tiles: Range<usize>,
    lines: Range<usize>,
}

impl Kernel for RowTask<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let g = self.g;
        let ([height, width, ci], [ho, wo, co]) = (g.input, g.output);
        let (frame_height, frame_width) = (height + 2 * g.padding, width + 2 * g.padding);
        let first = self.lines.start;
        for block in blocks(g, self.lines) {
            let mut runs = [Run::default(); BLOCK];
            let mut count = 0;
            for line in block.clone() {
                let y = line % ho * g.stride + self.row;
                if y < g.padding || y >= height + g.padding {
                    continue;
                }
                runs[count] = Run {
                    factors: (line / ho * frame_height + y) * frame_width,
                    lanes: line * wo,
                    steps: wo,
                };
                count += 1;
            }
            for lane in self.lanes.clone().step_by(T::SIZE.width(co)) {
                let tiles = parts(g.kernel * ci, ROWS);
                for taps in tiles.skip(self.tap_tiles.start).take(self.tap_tiles.len()) {
                    let tile = Tile {
                        runs: &runs[..count],
                        factor_values: Operand {
                            values: self.framed,
                            pixel: ci,
                            stride: g.stride,
                        },
                        lane_values: Operand {
                            values: self.dy,
                            pixel: co,
                            stride: 1,
                        },
                        factor: taps.start,
                        factors: taps.len(),
                        lane,
                        lanes: (co - lane).min(T::SIZE.width(co)),
                        whole: false,
                    };
                    let sums = Sums {
                        values: self.values,
                        first: self.first + taps.start * co + lane,
                        stride: co,
                        fresh: block.start == first,
                    };
                    // SAFETY: the caller's promises.
                    unsafe { outer::<T>(&tile, sums) }
                }
            }
        }
    }
}

/// Adds the sums `[tap and ci][co]` of all chunks, in order, into `dw [co][tap and ci]`.
fn transpose(loops: Loops, g: &Conv2d, sums: &[f32], dw: &mut [f32]) {
    /// Filters that are filled together, from what one line of a cache has of each sum.
    const FILTERS: usize = 16;
    let (window, co) = (g.window(), g.output[2]);
    let items = dw.par_chunks_mut(FILTERS * window).enumerate();
    loops.for_each(items, |(block, filters)| {
        for index in 0..window {
            let from = index * co + block * FILTERS;
            for (channel, filter) in filters.chunks_exact_mut(window).enumerate() {
                let parts = sums.chunks_exact(window * co);
                filter[index] = parts.map(|part| part[from + channel]).sum();
            }
        }
    });
}
