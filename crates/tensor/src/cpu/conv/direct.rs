//! The AVX-512 path of fprop and dgrad: no im2col, no copies of activations but those of narrow images.
//!
//! Weights are packed once, in blocks of as many channels as a tile has lanes; a task takes a share of
//! the target's pixels and computes them block after block, tile after tile.

use super::frame;
use super::gather::{Gather, Point};
use super::tile::{self, ROWS, Source, VECTOR};
use crate::Conv2d;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;

/// Target pixels of a task: few enough that what it reads stays in the second-level cache while the
/// blocks of weights go by.
const SHARE: usize = 128;

/// The gather that is computed: from framed images where there are any.
fn framed(g: &Conv2d, gather: &Gather) -> Gather {
    if gather.reads_input() && frame::applies(g) {
        gather.framed()
    } else {
        *gather
    }
}

/// Target channels of a block of packed weights.
fn block(gather: &Gather) -> usize {
    if gather.lanes() > VECTOR {
        2 * VECTOR
    } else {
        VECTOR
    }
}

/// Floats of packed weights.
fn packed_len(gather: &Gather) -> usize {
    let width = block(gather);
    gather
        .windows()
        .map(|window| gather.packed_len(&window, width))
        .sum()
}

/// Floats of a row of taps of zeros.
fn zeros_len(gather: &Gather) -> usize {
    gather.kernel * gather.depth()
}

/// Floats of scratch of [`run`]: packed weights, zeros, framed images.
pub(super) fn scratch_len(g: &Conv2d, gather: &Gather) -> usize {
    let frames = if gather.reads_input() {
        frame::len(g)
    } else {
        0
    };
    packed_len(gather) + zeros_len(gather) + frames
}

/// The fprop or dgrad of `g` that `gather` describes.
///
/// # Safety
/// The machine has AVX-512.
pub(super) unsafe fn run(
    loops: Loops,
    g: &Conv2d,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    scratch: &mut [f32],
) {
    let (packed, scratch) = scratch.split_at_mut(packed_len(gather));
    let (zeros, frames) = scratch.split_at_mut(zeros_len(gather));
    gather.pack(loops, block(gather), weights, packed);
    zeros.fill(0.0);
    let source = frame::around(loops, g, source, frames);
    let gather = &framed(g, gather);
    let (packed, zeros) = (&*packed, &*zeros);
    let (share, channels) = (gather.share(SHARE), gather.target[2]);
    let items = target.par_chunks_mut(share * channels).enumerate();
    loops.for_each(items, |(index, target)| {
        // SAFETY: the caller's promise.
        unsafe { compute(gather, source, packed, zeros, target, index * share) }
    });
}

/// Computes the target pixels from `first` on that `target` holds.
#[target_feature(enable = "avx512f")]
fn compute(
    gather: &Gather,
    source: &[f32],
    packed: &[f32],
    zeros: &[f32],
    target: &mut [f32],
    first: usize,
) {
    let (lanes, width, channels) = (gather.lanes(), block(gather), gather.target[2]);
    let [source_height, source_width, source_channels] = gather.source;
    let pixels = first..first + target.len() / channels;
    let mut packed = packed;
    for window in gather.windows() {
        for group in 0..gather.groups {
            let source = Source {
                pixels: source,
                height: source_height,
                width: source_width,
                channels: source_channels,
                channel: group * gather.depth(),
                depth: gather.depth(),
                taps: window.taps,
                zeros,
            };
            for lane in (0..lanes).step_by(width) {
                let (weights, rest) = packed.split_at(gather.block_len(&window, width));
                packed = rest;
                let count = width.min(lanes - lane);
                let mut points = gather.points(&window, &pixels);
                while let Some(point) = points.next() {
                    let (tile, rows) = take(point, &mut points);
                    let at =
                        tile.map(|point| (point.target - first) * channels + group * lanes + lane);
                    let at = &at[..rows];
                    if count > VECTOR {
                        tile::gather::<2>(&source, &tile, weights, width, target, at, count);
                    } else {
                        tile::gather::<1>(&source, &tile, weights, width, target, at, count);
                    }
                }
            }
        }
    }
}

/// The points of a tile and how many there are; the last one is repeated to fill it.
fn take(first: Point, points: &mut impl Iterator<Item = Point>) -> ([Point; ROWS], usize) {
    let mut tile = [first; ROWS];
    let mut count = 1;
    for point in points.take(ROWS - 1) {
        tile[count..].fill(point);
        count += 1;
    }
    (tile, count)
}
