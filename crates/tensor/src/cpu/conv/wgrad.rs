//! The AVX-512 path of wgrad: sums of outer products of pixels, tile by tile, over in-image pixels only.
//!
//! Output lines are cut into chunks, a chunk into blocks of about 128 pixels that stay in the first-level
//! caches while all taps and tiles go by. Chunks are summed apart and their sums added in order.
//!
//! Lanes are input channels, unless those are few: then a row of taps, `k * ci` neighbours in the framed
//! image, are the factors and output channels the lanes, and the sums are transposed at the end.

use super::gather::Gather;
use super::tile::{self, Operand, ROWS, Run, Tile, VECTOR};
use super::{frame, wgrad_channels, wgrad_chunk, wgrad_chunks};
use crate::Conv2d;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// Pixels of a block, and so the most lines of one.
const BLOCK: usize = 128;

/// Whether output channels are the lanes.
fn narrow(g: &Conv2d) -> bool {
    let (ci, co) = (g.input[2], g.output[2]);
    g.groups == 1 && ci < VECTOR && co >= ci
}

/// Floats of the sums of the chunks: none where the only one is the result itself.
fn sums_len(g: &Conv2d) -> usize {
    match wgrad_chunks(g) {
        1 if !narrow(g) => 0,
        chunks => chunks * g.weight_elements(),
    }
}

/// Floats of scratch of [`run`].
pub(super) fn scratch_len(g: &Conv2d) -> usize {
    let frames = if narrow(g) { frame::len(g) } else { 0 };
    sums_len(g) + frames
}

/// `dw` from `x` and `dy`.
///
/// # Safety
/// The machine has AVX-512.
pub(super) unsafe fn run(
    loops: Loops,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let (sums, frames) = scratch.split_at_mut(sums_len(g));
    if narrow(g) {
        let x = frame::around(loops, g, x, frames);
        // SAFETY: the caller's promise.
        unsafe { narrow_chunks(loops, g, x, dy, sums) };
        transpose(g, sums, dw);
        return;
    }
    let chunks = wgrad_chunks(g);
    let unit = if g.groups > 1 {
        g.output[2] / g.groups
    } else {
        ROWS
    };
    let channels = wgrad_channels(g, chunks, unit);
    let parts = if chunks > 1 { &mut *sums } else { &mut *dw };
    let items = parts.par_chunks_exact_mut(g.weight_elements()).enumerate();
    loops.for_each(items, |(chunk, part)| {
        let lines = wgrad_chunk(g.batch * g.output[0], chunks, chunk);
        let items = part.par_chunks_mut(channels * g.window()).enumerate();
        loops.for_each(items, |(block, part)| {
            // SAFETY: the caller's promise.
            unsafe { wide(g, x, dy, part, block * channels, lines.clone()) }
        });
    });
    if chunks > 1 {
        super::sum_parts(loops, sums, dw);
    }
}

/// The blocks of a chunk's lines.
fn blocks(g: &Conv2d, lines: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let height = (BLOCK / g.output[1]).max(1);
    lines
        .clone()
        .step_by(height)
        .map(move |start| start..(start + height).min(lines.end))
}

/// Parts of `0..total`, as few and as equal as they can be at up to `most` each.
fn parts(total: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = total.div_ceil(most);
    (0..count).map(move |index| wgrad_chunk(total, count, index))
}

/// Sums over the output lines `lines` into the filters that `part` holds, from `channel` on: lanes are
/// input channels.
#[target_feature(enable = "avx512f")]
fn wide(g: &Conv2d, x: &[f32], dy: &[f32], part: &mut [f32], channel: usize, lines: Range<usize>) {
    let gather = Gather::fprop(g);
    let (depth, lanes, window) = (gather.depth(), gather.lanes(), g.window());
    let channels = part.len() / window;
    let first = lines.start;
    for block in blocks(g, lines) {
        for (i, j) in (0..g.kernel * g.kernel).map(|tap| (tap / g.kernel, tap % g.kernel)) {
            let mut runs = [Run::default(); BLOCK];
            let count = tap_runs(g, block.clone(), [i, j], &mut runs);
            let tap = (i * g.kernel + j) * depth;
            // The filters of one group at a time: they see the same input channels.
            for start in (0..channels).step_by(lanes) {
                let group = (channel + start) / lanes;
                for filters in parts(lanes.min(channels - start), ROWS) {
                    for lane in (0..depth).step_by(2 * VECTOR) {
                        let tile = Tile {
                            factor: channel + start + filters.start,
                            factors: filters.len(),
                            lane: group * depth + lane,
                            lanes: (depth - lane).min(2 * VECTOR),
                        };
                        tile::outer(
                            &runs[..count],
                            Operand {
                                values: dy,
                                step: g.output[2],
                            },
                            Operand {
                                values: x,
                                step: g.stride * g.input[2],
                            },
                            tile,
                            &mut part[(start + filters.start) * window + tap + lane..],
                            window,
                            block.start == first,
                        );
                    }
                }
            }
        }
    }
}

/// The runs of output pixels of `lines` whose tap lies inside the image; returns how many.
fn tap_runs(g: &Conv2d, lines: Range<usize>, [i, j]: [usize; 2], runs: &mut [Run; BLOCK]) -> usize {
    let ([height, width, ci], [ho, wo, co]) = (g.input, g.output);
    let low = g.padding.saturating_sub(j).div_ceil(g.stride);
    let high = (width + g.padding)
        .saturating_sub(j)
        .div_ceil(g.stride)
        .min(wo);
    if low >= high {
        return 0;
    }
    let mut count = 0;
    for line in lines {
        let y = line % ho * g.stride + i;
        if y < g.padding || y >= height + g.padding {
            continue;
        }
        let row = line / ho * height + y - g.padding;
        runs[count] = Run {
            factors: (line * wo + low) * co,
            lanes: (row * width + low * g.stride + j - g.padding) * ci,
            pixels: high - low,
        };
        count += 1;
    }
    count
}

/// Sums of every chunk as `[kernel row][kernel column][ci][co]`: lanes are output channels.
///
/// # Safety
/// The machine has AVX-512.
unsafe fn narrow_chunks(loops: Loops, g: &Conv2d, framed: &[f32], dy: &[f32], sums: &mut [f32]) {
    let chunks = wgrad_chunks(g);
    let row_len = g.kernel * g.input[2] * g.output[2];
    let items = sums.par_chunks_exact_mut(row_len).enumerate();
    loops.for_each(items, |(index, part)| {
        let lines = wgrad_chunk(g.batch * g.output[0], chunks, index / g.kernel);
        // SAFETY: the caller's promise.
        unsafe { narrow_row(g, framed, dy, part, index % g.kernel, lines) }
    });
}

/// Sums over the output lines `lines` into kernel row `i`, `[kernel column][ci][co]`.
#[target_feature(enable = "avx512f")]
fn narrow_row(
    g: &Conv2d,
    framed: &[f32],
    dy: &[f32],
    part: &mut [f32],
    i: usize,
    lines: Range<usize>,
) {
    let ([height, width, ci], [ho, wo, co]) = (g.input, g.output);
    let (frame_height, frame_width) = (height + 2 * g.padding, width + 2 * g.padding);
    let first = lines.start;
    for block in blocks(g, lines) {
        let mut runs = [Run::default(); BLOCK];
        let mut count = 0;
        for line in block.clone() {
            let y = line % ho * g.stride + i;
            if y < g.padding || y >= height + g.padding {
                continue;
            }
            runs[count] = Run {
                factors: (line / ho * frame_height + y) * frame_width * ci,
                lanes: line * wo * co,
                pixels: wo,
            };
            count += 1;
        }
        for lane in (0..co).step_by(2 * VECTOR) {
            for taps in parts(g.kernel * ci, ROWS) {
                let tile = Tile {
                    factor: taps.start,
                    factors: taps.len(),
                    lane,
                    lanes: (co - lane).min(2 * VECTOR),
                };
                tile::outer(
                    &runs[..count],
                    Operand {
                        values: framed,
                        step: g.stride * ci,
                    },
                    Operand {
                        values: dy,
                        step: co,
                    },
                    tile,
                    &mut part[taps.start * co + lane..],
                    co,
                    block.start == first,
                );
            }
        }
    }
}

/// Adds the sums `[tap and ci][co]` of all chunks, in order, into `dw [co][tap and ci]`.
fn transpose(g: &Conv2d, sums: &[f32], dw: &mut [f32]) {
    let (window, co) = (g.window(), g.output[2]);
    for (channel, filter) in dw.chunks_exact_mut(window).enumerate() {
        for (index, value) in filter.iter_mut().enumerate() {
            let parts = sums.chunks_exact(window * co);
            *value = parts.map(|part| part[index * co + channel]).sum();
        }
    }
}
