//! Wgrad of one filter a channel: the sums of a line of taps, of some channels, in registers.

use crate::Conv2d;
use crate::cpu::conv::im2col::SLOTS;
use crate::cpu::conv::shared::Shared;
use crate::cpu::conv::vector::{Kernel, Vector, load, masks};
use std::ops::Range;

/// Output pixels after which sums are added to those in memory.
const BLOCK: usize = 128;
/// Channels of a task are a multiple of this, so that only the last has a part of a vector.
const UNIT: usize = 64;

/// Whether this module has the kernel's size.
pub(super) fn applies(g: &Conv2d) -> bool {
    g.kernel <= 7
}

/// Channels of a task, and tasks of a chunk: few chunks are dealt out by channels too.
pub(super) fn blocks(g: &Conv2d, chunks: usize) -> (usize, usize) {
    let units = g.groups.div_ceil(UNIT);
    let width = units.div_ceil((SLOTS / chunks).clamp(1, units)) * UNIT;
    (width, g.groups.div_ceil(width))
}

/// Sums over the output lines `lines` into the filters of `channels`, `[tap][channel]` from `first` on.
pub(super) struct Task<'a> {
    pub(super) g: &'a Conv2d,
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) sums: Shared<'a>,
    pub(super) first: usize,
    pub(super) channels: Range<usize>,
    pub(super) lines: Range<usize>,
}

impl Kernel for Task<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        // SAFETY: the caller's promise. About as many sums as hide the latency of a multiply-add.
        unsafe {
            match self.g.kernel {
                1 => self.taps::<T, 1, 8>(),
                2 => self.taps::<T, 2, 4>(),
                3 => self.taps::<T, 3, 3>(),
                4 => self.taps::<T, 4, 2>(),
                5 => self.taps::<T, 5, 2>(),
                6 => self.taps::<T, 6, 1>(),
                7 => self.taps::<T, 7, 1>(),
                kernel => unreachable!("a kernel of {kernel}"),
            }
        }
    }
}

impl Task<'_> {
    #[inline(always)]
    unsafe fn taps<T: Vector, const K: usize, const V: usize>(&self) {
        let g = self.g;
        let width = V * T::SIZE.lanes;
        let height = (BLOCK / g.output[1].max(1)).max(1);
        for start in self.lines.clone().step_by(height) {
            let lines = start..(start + height).min(self.lines.end);
            let fresh = start == self.lines.start;
            for channel in self.channels.clone().step_by(width) {
                let lanes = (self.channels.end - channel).min(width);
                for i in 0..K {
                    // SAFETY: the caller's promise.
                    unsafe {
                        T::apart(
                            #[inline(always)]
                            || {
                                if lanes == width {
                                    self.row::<T, K, V, true>(
                                        lines.clone(),
                                        i,
                                        channel,
                                        lanes,
                                        fresh,
                                    );
                                } else {
                                    self.row::<T, K, V, false>(
                                        lines.clone(),
                                        i,
                                        channel,
                                        lanes,
                                        fresh,
                                    );
                                }
                            },
                        );
                    }
                }
            }
        }
    }

    /// Sums over `lines` for the taps of line `i` and `lanes` channels, all of V vectors if `WHOLE`.
    #[inline(always)]
    unsafe fn row<T: Vector, const K: usize, const V: usize, const WHOLE: bool>(
        &self,
        lines: Range<usize>,
        i: usize,
        channel: usize,
        lanes: usize,
        fresh: bool,
    ) {
        let g = self.g;
        let ([height, width, channels], [ho, wo, _]) = (g.input, g.output);
        // Output columns whose taps are all inside the line.
        let low = g.padding.div_ceil(g.stride).min(wo);
        let high = match (width + g.padding).checked_sub(K) {
            Some(last) => (last / g.stride + 1).clamp(low, wo),
            None => low,
        };
        // SAFETY: the caller's promise; lines are of the operands, and columns inside them.
        unsafe {
            let masks = masks::<T, V>(lanes);
            let mut sums = [[T::zero(); V]; K];
            for line in lines {
                let y = line % ho * g.stride + i;
                if y < g.padding || y >= height + g.padding {
                    continue;
                }
                let x = &self.x[(line / ho * height + y - g.padding) * width * channels..]
                    [..width * channels];
                let dy = &self.dy[line * wo * channels..][..wo * channels];
                let (x, dy) = (
                    x.as_ptr().wrapping_add(channel),
                    dy.as_ptr().wrapping_add(channel),
                );
                self.edge::<T, K, V, WHOLE>(0..low, (x, dy), masks, &mut sums);
                let mut dy_pixel = dy.wrapping_add(low * channels);
                let mut x_pixel = x.wrapping_add(
                    (low * g.stride)
                        .wrapping_sub(g.padding)
                        .wrapping_mul(channels),
                );
                for _ in low..high {
                    for (v, &mask) in masks.iter().enumerate() {
                        let lane = v * T::SIZE.lanes;
                        let dy = load::<T, WHOLE>(dy_pixel.wrapping_add(lane), mask);
                        for (j, sums) in sums.iter_mut().enumerate() {
                            let x = x_pixel.wrapping_add(j * channels + lane);
                            let x = load::<T, WHOLE>(x, mask);
                            sums[v] = x.multiply_add(dy, sums[v]);
                        }
                    }
                    dy_pixel = dy_pixel.wrapping_add(channels);
                    x_pixel = x_pixel.wrapping_add(g.stride * channels);
                }
                self.edge::<T, K, V, WHOLE>(high..wo, (x, dy), masks, &mut sums);
            }
            for (j, sums) in sums.iter().enumerate() {
                let at = self.first + (i * K + j) * channels + channel;
                let row = self.sums.part(at, lanes).as_mut_ptr();
                for (v, &sum) in sums.iter().enumerate() {
                    let at = row.wrapping_add(v * T::SIZE.lanes);
                    let sum = if fresh {
                        sum
                    } else {
                        T::load_masked(at, masks[v]).add(sum)
                    };
                    sum.store_masked(at, masks[v]);
                }
            }
        }
    }

    /// Adds what `columns` of a line contribute, some of whose taps may lie outside.
    #[inline(always)]
    unsafe fn edge<T: Vector, const K: usize, const V: usize, const WHOLE: bool>(
        &self,
        columns: Range<usize>,
        (x, dy): (*const f32, *const f32),
        masks: [T::Mask; V],
        sums: &mut [[T; V]; K],
    ) {
        let ([_, width, channels], g) = (self.g.input, self.g);
        for column in columns {
            let dy = dy.wrapping_add(column * channels);
            for (j, sums) in sums.iter_mut().enumerate() {
                let at = (column * g.stride + j).wrapping_sub(g.padding);
                if at < width {
                    let x = x.wrapping_add(at * channels);
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let lane = v * T::SIZE.lanes;
                        // SAFETY: the caller's promises; the tap's column lies inside the line.
                        unsafe {
                            let x = load::<T, WHOLE>(x.wrapping_add(lane), masks[v]);
                            let dy = load::<T, WHOLE>(dy.wrapping_add(lane), masks[v]);
                            *sum = x.multiply_add(dy, *sum);
                        }
                    }
                }
            }
        }
    }
}
