//! The walk that fprop and dgrad share: every target value gathers from a window of source pixels.
//!
//! Fprop is one window over `x`. Dgrad at stride s is s^2 windows of step 1 over `dy`, one for every phase
//! of a pixel of `dx` modulo s: the pixel `p` meets tap `k` in output `(p + padding - k) / s`, so a phase
//! sees the taps that make this division exact and no others. A phase without taps has an empty window,
//! whose sums are zero.

use crate::Conv2d;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// A convolution as a gather from `source` to `target`.
#[derive(Clone, Copy)]
pub(super) struct Gather {
    pub(super) images: usize,
    /// Height, width and channels.
    pub(super) source: [usize; 3],
    /// Height, width and channels.
    pub(super) target: [usize; 3],
    pub(super) groups: usize,
    pub(super) kernel: usize,
    /// Distance of two target channels, and of two source channels, of one group in `w`.
    lane_stride: usize,
    depth_stride: usize,
    /// Elements of a tap in `w`, and of a group.
    tap_stride: usize,
    group_stride: usize,
    stride: usize,
    padding: usize,
    dgrad: bool,
}

/// The part of a [`Gather`] that is a plain stride-`step` convolution: grid point `(a, b)` sums the taps
/// at source pixels `first + step * (a, b) + tap` into target pixel `target_first + target_step * (a, b)`.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) grid: [usize; 2],
    pub(super) taps: [usize; 2],
    pub(super) step: usize,
    pub(super) first: [isize; 2],
    kernel_first: [usize; 2],
    pub(super) target_first: [usize; 2],
    pub(super) target_step: usize,
}

/// A grid point: where its window starts in the source, and its target pixel, counted over all images.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) image: usize,
    pub(super) row: isize,
    pub(super) column: isize,
    pub(super) target: usize,
}

impl Gather {
    /// `y` from `x`.
    pub(super) fn fprop(g: &Conv2d) -> Self {
        let window = g.window();
        Gather {
            images: g.batch,
            source: g.input,
            target: g.output,
            groups: g.groups,
            kernel: g.kernel,
            lane_stride: window,
            depth_stride: 1,
            tap_stride: g.input[2] / g.groups,
            group_stride: g.output[2] / g.groups * window,
            stride: g.stride,
            padding: g.padding,
            dgrad: false,
        }
    }

    /// `dx` from `dy`.
    pub(super) fn dgrad(g: &Conv2d) -> Self {
        Gather {
            source: g.output,
            target: g.input,
            lane_stride: 1,
            depth_stride: g.window(),
            dgrad: true,
            ..Gather::fprop(g)
        }
    }

    /// Source channels of a group.
    pub(super) fn depth(&self) -> usize {
        self.source[2] / self.groups
    }

    /// Target channels of a group.
    pub(super) fn lanes(&self) -> usize {
        self.target[2] / self.groups
    }

    /// Pixels of a target image.
    fn image_pixels(&self) -> usize {
        self.target[0] * self.target[1]
    }

    /// Target pixels of all images.
    pub(super) fn pixels(&self) -> usize {
        self.images * self.image_pixels()
    }

    /// The windows, those with no taps included.
    pub(super) fn windows(&self) -> impl Iterator<Item = Window> + use<> {
        let gather = *self;
        let phases = if gather.dgrad { gather.stride } else { 1 };
        (0..phases * phases).map(move |phase| gather.phase([phase / phases, phase % phases]))
    }

    fn phase(&self, phase: [usize; 2]) -> Window {
        if !self.dgrad {
            return Window {
                grid: [self.target[0], self.target[1]],
                taps: [self.kernel; 2],
                step: self.stride,
                first: [-(self.padding as isize); 2],
                kernel_first: [0; 2],
                target_first: [0; 2],
                target_step: 1,
            };
        }
        let stride = self.stride;
        // Taps remainder, remainder + s, ... of the kernel, the last of them first: so the source rows
        // they meet ascend.
        let remainder = phase.map(|p| (p + self.padding) % stride);
        let taps = remainder.map(|r| self.kernel.saturating_sub(r).div_ceil(stride));
        let axis = |i: usize| {
            let last = taps[i].saturating_sub(1);
            let first = ((phase[i] + self.padding) / stride) as isize - last as isize;
            (first, remainder[i] + stride * last)
        };
        let ([first_row, first_column], [top, left]) = {
            let (row, column) = (axis(0), axis(1));
            ([row.0, column.0], [row.1, column.1])
        };
        let points = |i: usize| self.target[i].saturating_sub(phase[i]).div_ceil(stride);
        Window {
            grid: [points(0), points(1)],
            taps,
            step: 1,
            first: [first_row, first_column],
            kernel_first: [top, left],
            target_first: phase,
            target_step: stride,
        }
    }

    /// Target pixels of a share: at least `wanted`, and whole images where a window leaves gaps that
    /// others fill.
    pub(super) fn share(&self, wanted: usize) -> usize {
        let unit = if self.dgrad && self.stride > 1 {
            self.image_pixels()
        } else {
            1
        };
        wanted.div_ceil(unit) * unit
    }

    /// The grid points of `window` in the target pixels `pixels`, a share.
    pub(super) fn points(
        &self,
        window: &Window,
        pixels: &Range<usize>,
    ) -> impl ExactSizeIterator<Item = Point> + Clone + use<> {
        let [height, width] = window.grid;
        // Exact: a share is whole images unless the grid is the whole target image.
        let grid = |pixel: usize| pixel * (height * width) / self.image_pixels();
        let (start, end) = (grid(pixels.start), grid(pixels.end));
        let mut image = start / (height * width).max(1);
        let mut a = start / width.max(1) % height.max(1);
        let mut b = start % width.max(1);
        let (window, gather) = (*window, *self);
        (start..end).map(move |_| {
            let point = gather.point(&window, image, [a, b]);
            b += 1;
            if b == width {
                (a, b) = (a + 1, 0);
                if a == height {
                    (image, a) = (image + 1, 0);
                }
            }
            point
        })
    }

    /// The point `(a, b)` of the grid of `window` in an image.
    #[inline(always)]
    pub(super) fn point(&self, window: &Window, image: usize, [a, b]: [usize; 2]) -> Point {
        let at = |i: usize, index: usize| window.target_first[i] + window.target_step * index;
        Point {
            image,
            row: window.first[0] + (window.step * a) as isize,
            column: window.first[1] + (window.step * b) as isize,
            target: (image * self.target[0] + at(0, a)) * self.target[1] + at(1, b),
        }
    }

    /// The taps of `window` that lie inside the source image at `point`: a range of rows, and of columns.
    #[inline(always)]
    pub(super) fn inside(&self, window: &Window, point: &Point) -> [Range<usize>; 2] {
        let range = |start: isize, i: usize| {
            let taps = window.taps[i] as isize;
            let low = (-start).clamp(0, taps);
            let high = (self.source[i] as isize - start).clamp(low, taps);
            low as usize..high as usize
        };
        [range(point.row, 0), range(point.column, 1)]
    }

    /// The source pixel, counted over all images, of a tap inside the image at `point`.
    pub(super) fn source_pixel(&self, point: &Point, [row, column]: [usize; 2]) -> usize {
        let [height, width, _] = self.source;
        let y = (point.row + row as isize) as usize;
        let x = (point.column + column as isize) as usize;
        (point.image * height + y) * width + x
    }

    /// Floats of the weights of `window` packed in blocks of `width` target channels.
    pub(super) fn packed_len(&self, window: &Window, width: usize) -> usize {
        self.groups * self.lanes().div_ceil(width) * self.block_len(window, width)
    }

    /// Floats of one block of [`Gather::packed_len`].
    pub(super) fn block_len(&self, window: &Window, width: usize) -> usize {
        window.taps[0] * window.taps[1] * self.depth() * width
    }

    /// Packs the weights of all windows, one after the other, as
    /// `[window][group][block][tap row][tap column][depth][width]`; lanes beyond the group are zero.
    pub(super) fn pack(&self, loops: Loops, width: usize, weights: &[f32], packed: &mut [f32]) {
        let (depth, lanes) = (self.depth(), self.lanes());
        let blocks = lanes.div_ceil(width);
        let mut rest = packed;
        for window in self.windows() {
            let (mine, others) = rest.split_at_mut(self.packed_len(&window, width));
            rest = others;
            if mine.is_empty() {
                continue;
            }
            let chunks = mine.par_chunks_exact_mut(self.block_len(&window, width));
            loops.for_each(chunks.enumerate(), |(index, block)| {
                let lane = index % blocks * width;
                let count = width.min(lanes - lane);
                let base = index / blocks * self.group_stride + lane * self.lane_stride;
                for (tap, rows) in block.chunks_exact_mut(depth * width).enumerate() {
                    let tap = [tap / window.taps[1], tap % window.taps[1]];
                    let tap = base + self.tap_offset(&window, tap);
                    for row in rows.chunks_exact_mut(width) {
                        row[count..].fill(0.0);
                    }
                    if self.lane_stride == 1 {
                        for (d, row) in rows.chunks_exact_mut(width).enumerate() {
                            let from = &weights[tap + d * self.depth_stride..];
                            row[..count].copy_from_slice(&from[..count]);
                        }
                    } else {
                        // A line of memory of every filter at a time: filters may be so far apart that lines
                        // of all of them do not stay in the first-level cache together.
                        for (part, rows) in rows.chunks_mut(16 * width).enumerate() {
                            for lane in 0..count {
                                let from = tap + lane * self.lane_stride + part * 16;
                                let values = &weights[from..][..rows.len() / width];
                                for (row, &value) in rows.chunks_exact_mut(width).zip(values) {
                                    row[lane] = value;
                                }
                            }
                        }
                    }
                }
            });
        }
    }

    /// Where a tap of `window` stands in a filter of `w`.
    pub(super) fn tap_offset(&self, window: &Window, tap: [usize; 2]) -> usize {
        let [row, column] = [0, 1].map(|i| {
            if self.dgrad {
                window.kernel_first[i] - self.stride * tap[i]
            } else {
                tap[i]
            }
        });
        (row * self.kernel + column) * self.tap_stride
    }
}
