//! Fprop and dgrad of one filter a channel: tiles of neighbouring pixels of a line, or of many channels of one.

use crate::Isa;
use crate::cpu::conv::gather::{Gather, Window};
use crate::cpu::conv::shared::Shared;
use crate::cpu::conv::vector::{self, Kernel, Vector, load, masks};
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// Tasks that there should be.
const TASKS: usize = 32;

/// The fprop or dgrad that `gather` describes, of as many target as source channels.
///
/// # Safety
/// The machine has the instruction set.
pub(super) unsafe fn run(
    loops: Loops,
    isa: Isa,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    packed: &mut [f32],
) {
    pack(gather, weights, packed);
    let packed = &*packed;
    let target = Shared::new(target);
    let [height, ..] = gather.target;
    // Lines that windows interleave belong to one task.
    let unit = gather
        .windows()
        .next()
        .map_or(1, |window| window.target_step);
    let bands = TASKS.div_ceil(gather.images.max(1));
    let band = height.div_ceil(bands).max(1).next_multiple_of(unit);
    let bands = height.div_ceil(band);
    loops.for_each((0..gather.images * bands).into_par_iter(), |index| {
        let first = index % bands * band;
        let task = Task {
            gather,
            source,
            packed,
            target,
            image: index / bands,
            lines: first..(first + band).min(height),
        };
        // SAFETY: the caller's promise; no two tasks have the same lines.
        unsafe { vector::run(isa, task) }
    });
}

/// `[window][tap row][tap column][channel]`.
fn pack(gather: &Gather, weights: &[f32], packed: &mut [f32]) {
    let (channels, taps) = (gather.groups, gather.kernel * gather.kernel);
    let mut rows = packed.chunks_exact_mut(channels);
    for window in gather.windows() {
        let [height, width] = window.taps;
        for ((i, j), row) in (0..height * width)
            .map(|tap| (tap / width, tap % width))
            .zip(&mut rows)
        {
            let filters = weights[gather.tap_offset(&window, [i, j])..].iter();
            for (value, weight) in row.iter_mut().zip(filters.step_by(taps)) {
                *value = *weight;
            }
        }
    }
}

/// Target lines of an image.
struct Task<'a> {
    gather: &'a Gather,
    source: &'a [f32],
    packed: &'a [f32],
    target: Shared<'a>,
    image: usize,
    /// From a multiple of the windows' target step on.
    lines: Range<usize>,
}

impl Kernel for Task<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let channels = self.gather.groups;
        let mut packed = self.packed;
        for window in self.gather.windows() {
            let (weights, rest) = packed.split_at(window.taps[0] * window.taps[1] * channels);
            packed = rest;
            let step = window.target_step;
            let end = self.lines.end.saturating_sub(window.target_first[0]);
            for a in self.lines.start / step..end.div_ceil(step).min(window.grid[0]) {
                // SAFETY: the caller's promise; the task has the target line.
                unsafe { self.line::<T>(&window, weights, a) }
            }
        }
    }
}

impl Task<'_> {
    /// Computes line `a` of the grid of `window`.
    #[inline(always)]
    unsafe fn line<T: Vector>(&self, window: &Window, weights: &[f32], a: usize) {
        let [_, source_width, _] = self.gather.source;
        let (width, taps) = (window.grid[1], window.taps[1]);
        // Points whose taps are all inside the line.
        let first = window.first[1];
        let low = (-first).max(0) as usize;
        let low = low.div_ceil(window.step).min(width);
        let last = source_width as isize - taps as isize - first;
        let high = if last < 0 {
            low
        } else {
            (last as usize / window.step + 1).clamp(low, width)
        };
        let mut b = 0;
        while b < width {
            // The last tile of the points inside begins early enough to be whole: what it computes again is the same.
            // SAFETY: the caller's promises.
            unsafe {
                if b < low || b >= high || high - low < 4 {
                    self.tile::<T, 1, 8>(window, weights, [a, b]);
                    b += 1;
                } else if high - low < 8 {
                    self.tile::<T, 4, 2>(window, weights, [a, b.min(high - 4)]);
                    b = (b + 4).min(high);
                } else {
                    self.tile::<T, 8, 1>(window, weights, [a, b.min(high - 8)]);
                    b = (b + 8).min(high);
                }
            }
        }
    }

    /// Computes `COLUMNS` points from `at` on, of whose taps the same columns lie inside the image: V vectors of
    /// channels at a time.
    #[inline(always)]
    unsafe fn tile<T: Vector, const COLUMNS: usize, const V: usize>(
        &self,
        window: &Window,
        weights: &[f32],
        at: [usize; 2],
    ) {
        let channels = self.gather.groups;
        let [height, width, _] = self.gather.source;
        let point = self.gather.point(window, self.image, at);
        let [rows, columns] = self.gather.inside(window, &point);
        let (rows, columns) = if columns.is_empty() {
            (0..0, 0..0)
        } else {
            (rows, columns)
        };
        let sums = Sums {
            rows: rows.len(),
            columns: columns.len(),
            channels,
            line: width * channels,
            point: window.step * channels,
            tap_line: window.taps[1] * channels,
            target_point: window.target_step * channels,
        };
        let (mut source, mut tap) = (self.source, weights);
        if !rows.is_empty() {
            let line = point.image * height + (point.row + rows.start as isize) as usize;
            let pixel = line * width + (point.column + columns.start as isize) as usize;
            source = &source[pixel * channels..];
            tap = &tap[(rows.start * window.taps[1] + columns.start) * channels..];
            let reach = (rows.len() - 1) * width + (COLUMNS - 1) * window.step + columns.len();
            assert!(reach * channels <= source.len());
            let reach = (rows.len() - 1) * window.taps[1] + columns.len();
            assert!(reach * channels <= tap.len());
        }
        let reach = ((COLUMNS - 1) * window.target_step + 1) * channels;
        // SAFETY: the task has the line; the caller's promise; all that is read and written was just looked up.
        unsafe {
            let target = self.target.part(point.target * channels, reach);
            let pointers = (source.as_ptr(), tap.as_ptr(), target.as_mut_ptr());
            T::apart(
                #[inline(always)]
                || sums.all::<T, COLUMNS, V>(pointers),
            );
        }
    }
}

/// How the operands of a tile lie in memory; distances in floats.
struct Sums {
    /// Taps.
    rows: usize,
    columns: usize,
    channels: usize,
    /// Between source lines.
    line: usize,
    /// Between the source pixels of neighbouring points.
    point: usize,
    /// Between lines of taps.
    tap_line: usize,
    /// Between the target pixels of neighbouring points.
    target_point: usize,
}

impl Sums {
    #[inline(always)]
    unsafe fn all<T: Vector, const COLUMNS: usize, const V: usize>(
        &self,
        (source, weights, target): (*const f32, *const f32, *mut f32),
    ) {
        let width = V * T::SIZE.lanes;
        for channel in (0..self.channels).step_by(width) {
            let lanes = (self.channels - channel).min(width);
            let pointers = (
                source.wrapping_add(channel),
                weights.wrapping_add(channel),
                target.wrapping_add(channel),
            );
            // SAFETY: the caller's promises.
            unsafe {
                if lanes == width {
                    self.block::<T, COLUMNS, V, true>(lanes, pointers);
                } else {
                    self.block::<T, COLUMNS, V, false>(lanes, pointers);
                }
            }
        }
    }

    /// The first `lanes` channels, all of V vectors if `WHOLE`.
    #[inline(always)]
    unsafe fn block<T: Vector, const COLUMNS: usize, const V: usize, const WHOLE: bool>(
        &self,
        lanes: usize,
        (source, weights, target): (*const f32, *const f32, *mut f32),
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            let masks = masks::<T, V>(lanes);
            let mut sums = [[T::zero(); V]; COLUMNS];
            for i in 0..self.rows {
                let mut source = source.wrapping_add(i * self.line);
                let mut weights = weights.wrapping_add(i * self.tap_line);
                for _ in 0..self.columns {
                    for (v, &mask) in masks.iter().enumerate() {
                        let lane = v * T::SIZE.lanes;
                        let weight = load::<T, WHOLE>(weights.wrapping_add(lane), mask);
                        for (column, sums) in sums.iter_mut().enumerate() {
                            let value = source.wrapping_add(column * self.point + lane);
                            let value = load::<T, WHOLE>(value, mask);
                            sums[v] = value.multiply_add(weight, sums[v]);
                        }
                    }
                    source = source.wrapping_add(self.channels);
                    weights = weights.wrapping_add(self.channels);
                }
            }
            for (column, sums) in sums.iter().enumerate() {
                let target = target.wrapping_add(column * self.target_point);
                for (v, sum) in sums.iter().enumerate() {
                    sum.store_masked(target.wrapping_add(v * T::SIZE.lanes), masks[v]);
                }
            }
        }
    }
}
