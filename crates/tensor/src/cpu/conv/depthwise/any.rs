//! Depthwise convolutions of any multiplier, on any machine.
//!
//! Channel `c * m + i` of `y` is the i-th filter's view of channel `c` of `x`, m being the channel
//! multiplier. Weights are packed as `[tap][multiplier][channel]`, so that every operand is contiguous
//! for the usual m = 1.

use crate::cpu::conv::gather::{Gather, Point, Window};
use crate::cpu::parallel::Loops;
use crate::cpu::simd::simd;
use crate::{Conv2d, Isa};
use rayon::prelude::*;
use std::ops::Range;

/// Target pixels of a task.
const SHARE: usize = 128;

/// The fprop or dgrad that `gather` describes.
pub(super) fn run(
    loops: Loops,
    isa: Isa,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    packed: &mut [f32],
) {
    let (groups, taps) = (gather.groups, gather.kernel * gather.kernel);
    let multiplier = weights.len() / (groups * taps);
    for (tap, rows) in packed.chunks_exact_mut(multiplier * groups).enumerate() {
        for (i, row) in rows.chunks_exact_mut(groups).enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                *value = weights[(c * multiplier + i) * taps + tap];
            }
        }
    }
    let packed = &*packed;
    let (share, channels) = (gather.share(SHARE), gather.target[2]);
    let items = target.par_chunks_mut(share * channels).enumerate();
    loops.for_each(items, |(index, target)| {
        let first = index * share;
        let pixels = first..first + target.len() / channels;
        simd(
            isa,
            #[inline(always)]
            move || gather_pixels(gather, source, packed, target, pixels),
        );
    });
}

/// Sums over the output lines `lines` into `part [tap][multiplier][channel]`.
pub(super) fn wgrad(
    isa: Isa,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    part: &mut [f32],
    lines: Range<usize>,
) {
    let pixels = lines.start * g.output[1]..lines.end * g.output[1];
    simd(
        isa,
        #[inline(always)]
        move || wgrad_pixels(g, x, dy, part, pixels),
    );
}

/// Computes the target pixels `pixels`, which `target` holds.
#[inline(always)]
fn gather_pixels(
    gather: &Gather,
    source: &[f32],
    packed: &[f32],
    target: &mut [f32],
    pixels: Range<usize>,
) {
    let (from, to) = (gather.source[2], gather.target[2]);
    let filter = from.max(to);
    for window in gather.windows() {
        for point in gather.points(&window, &pixels) {
            let row = &mut target[(point.target - pixels.start) * to..][..to];
            if from == to {
                let taps = Taps {
                    gather,
                    window,
                    point,
                    source,
                    packed,
                };
                let rest = taps.blocks::<64>(0, row);
                let rest = taps.blocks::<16>(to - rest.len(), rest);
                taps.blocks::<1>(to - rest.len(), rest);
                continue;
            }
            row.fill(0.0);
            let [rows, columns] = gather.inside(&window, &point);
            for i in rows {
                for j in columns.clone() {
                    let pixel = gather.source_pixel(&point, [i, j]);
                    let tap = gather.tap_offset(&window, [i, j]);
                    let source = &source[pixel * from..][..from];
                    let weights = &packed[tap * filter..][..filter];
                    if to > from {
                        spread(gather.groups, source, weights, row);
                    } else {
                        collect(gather.groups, source, weights, row);
                    }
                }
            }
        }
    }
}

/// What one target pixel gathers from.
struct Taps<'a> {
    gather: &'a Gather,
    window: Window,
    point: Point,
    source: &'a [f32],
    packed: &'a [f32],
}

impl Taps<'_> {
    /// Computes blocks of N channels from `first` on, and returns the channels that make no whole block.
    #[inline(always)]
    fn blocks<'a, const N: usize>(&self, first: usize, row: &'a mut [f32]) -> &'a mut [f32] {
        let channels = self.gather.groups;
        let [rows, columns] = self.gather.inside(&self.window, &self.point);
        let (blocks, rest) = row.as_chunks_mut::<N>();
        for (index, block) in blocks.iter_mut().enumerate() {
            let channel = first + index * N;
            let mut sums = [0.0; N];
            for i in rows.clone() {
                for j in columns.clone() {
                    let pixel = self.gather.source_pixel(&self.point, [i, j]);
                    let tap = self.gather.tap_offset(&self.window, [i, j]);
                    let source = &self.source[pixel * channels + channel..][..N];
                    let weights = &self.packed[tap * channels + channel..][..N];
                    for lane in 0..N {
                        sums[lane] += source[lane] * weights[lane];
                    }
                }
            }
            *block = sums;
        }
        rest
    }
}

/// Sums over the output pixels `pixels` into `part [tap][multiplier][channel]`.
#[inline(always)]
fn wgrad_pixels(g: &Conv2d, x: &[f32], dy: &[f32], part: &mut [f32], pixels: Range<usize>) {
    let gather = Gather::fprop(g);
    let (ci, co) = (g.input[2], g.output[2]);
    part.fill(0.0);
    for window in gather.windows() {
        for point in gather.points(&window, &pixels) {
            let dy = &dy[point.target * co..][..co];
            let [rows, columns] = gather.inside(&window, &point);
            for i in rows {
                for j in columns.clone() {
                    let x = &x[gather.source_pixel(&point, [i, j]) * ci..][..ci];
                    let sums = &mut part[gather.tap_offset(&window, [i, j]) * co..][..co];
                    outer(ci, x, dy, sums);
                }
            }
        }
    }
}

/// `to[c * m + i] += from[c] * weights[i][c]`.
#[inline(always)]
fn spread(groups: usize, from: &[f32], weights: &[f32], to: &mut [f32]) {
    let multiplier = to.len() / groups;
    for (i, weights) in weights.chunks_exact(groups).enumerate() {
        let to = to[i..].iter_mut().step_by(multiplier);
        for ((to, from), weight) in to.zip(from).zip(weights) {
            *to += from * weight;
        }
    }
}

/// `to[c] += from[c * m + i] * weights[i][c]`, i ascending.
#[inline(always)]
fn collect(groups: usize, from: &[f32], weights: &[f32], to: &mut [f32]) {
    let multiplier = from.len() / groups;
    for (i, weights) in weights.chunks_exact(groups).enumerate() {
        let from = from[i..].iter().step_by(multiplier);
        for ((to, from), weight) in to.iter_mut().zip(from).zip(weights) {
            *to += from * weight;
        }
    }
}

/// `sums[i][c] += dy[c * m + i] * x[c]`.
#[inline(always)]
fn outer(groups: usize, x: &[f32], dy: &[f32], sums: &mut [f32]) {
    if dy.len() == groups {
        for ((sum, dy), x) in sums.iter_mut().zip(dy).zip(x) {
            *sum += dy * x;
        }
        return;
    }
    let multiplier = dy.len() / groups;
    for (i, sums) in sums.chunks_exact_mut(groups).enumerate() {
        let dy = dy[i..].iter().step_by(multiplier);
        for ((sum, dy), x) in sums.iter_mut().zip(dy).zip(x) {
            *sum += dy * x;
        }
    }
}
