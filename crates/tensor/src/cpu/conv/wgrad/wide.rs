//! Wgrad with input channels in the lanes and output channels as factors.

use super::{BLOCK, block_lines, blocks, panels, parts, wgrad_channels, wgrad_chunk, wgrad_chunks};
use crate::cpu::conv::im2col::SLOTS;
use crate::cpu::conv::outer::{Operand, Run, Sums, Tile, outer};
use crate::cpu::conv::shared::Shared;
use crate::cpu::conv::sum_parts;
use crate::cpu::conv::vector::{self, Kernel, TileSize, Vector};
use crate::cpu::parallel::Loops;
use crate::{Conv2d, Isa};
use rayon::prelude::*;
use std::ops::Range;

/// How the work is dealt, and how its tasks use their scratch.
struct Layout {
    /// Chunks of output lines, summed apart.
    chunks: usize,
    /// Output channels of a task: whole groups, or a part of the only one.
    channels: usize,
    /// Input channels of a task: all, or a multiple of `width`.
    depth: usize,
    /// Input channels of a tile.
    width: usize,
    /// Floats of a task's panel of `dy`, and of its panel of `x`.
    dy_panel: usize,
    x_panel: usize,
}

impl Layout {
    fn new(size: TileSize, g: &Conv2d) -> Self {
        let chunks = wgrad_chunks(g);
        let depth = g.input[2] / g.groups;
        let width = size.width(depth);
        // Few chunks are dealt out by channels too: by input channels first, so that fewer tasks copy the same
        // part of x, which is the larger operand where the stride is above 1.
        let blocks = depth.div_ceil(width);
        let (unit, parts) = if g.groups > 1 {
            (g.output[2] / g.groups, 1)
        } else {
            (size.rows, (SLOTS / chunks).clamp(1, blocks))
        };
        let channels = wgrad_channels(g, chunks * parts, unit);
        let lines = block_lines(g);
        Layout {
            chunks,
            channels,
            depth: blocks.div_ceil(parts) * width,
            width,
            dy_panel: lines * g.output[1] * channels,
            x_panel: if copies_x(g) {
                block_rows(g, lines) * row_pixels(g) * width
            } else {
                0
            },
        }
    }

    /// Floats of the sums of the chunks: none where the only one is the result itself.
    fn sums(&self, g: &Conv2d) -> usize {
        match self.chunks {
            1 => 0,
            chunks => chunks * g.weight_elements(),
        }
    }

    /// Parts of the output channels, and of the input channels of a group.
    fn parts(&self, g: &Conv2d) -> [usize; 2] {
        [
            g.output[2].div_ceil(self.channels),
            (g.input[2] / g.groups).div_ceil(self.depth),
        ]
    }

    /// Tasks of all chunks.
    fn tasks(&self, g: &Conv2d) -> usize {
        self.chunks * self.parts(g).iter().product::<usize>()
    }

    /// Floats of a task's panels.
    fn slot(&self) -> usize {
        self.dy_panel + self.x_panel
    }
}

/// Whether a pixel of `x` meets several taps, so that a copy pays.
fn copies_x(g: &Conv2d) -> bool {
    g.kernel > 1
}

/// Pixels of a row of the panel of `x`: columns that are the stride apart are neighbours in it.
fn row_pixels(g: &Conv2d) -> usize {
    g.input[1].next_multiple_of(g.stride)
}

/// The most input rows that the taps of `lines` neighbouring output lines meet, with those between images.
fn block_rows(g: &Conv2d, lines: usize) -> usize {
    let between = g.input[0].saturating_sub(g.output[0] * g.stride);
    let images = (lines - 1).div_ceil(g.output[0]);
    // Taps that lie in the padding altogether are taken for the image's edge.
    let outside = 2 * g.padding.saturating_sub(g.kernel);
    let rows = images * between + (lines - 1) * g.stride + g.kernel + outside;
    rows.min(g.batch * g.input[0])
}

/// The input rows that the taps of output lines meet, counted over all images.
fn input_rows(g: &Conv2d, lines: &Range<usize>) -> Range<usize> {
    let row = |line: usize, tap: usize| {
        let y = (line % g.output[0] * g.stride + tap).saturating_sub(g.padding);
        line / g.output[0] * g.input[0] + y.min(g.input[0])
    };
    row(lines.start, 0)..row(lines.end - 1, g.kernel)
}

/// Floats of scratch of [`run`]: the sums of the chunks, and the tasks' panels.
pub(super) fn scratch_len(size: TileSize, g: &Conv2d) -> usize {
    let layout = Layout::new(size, g);
    layout.sums(g) + layout.tasks(g) * layout.slot()
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
    let layout = &Layout::new(size, g);
    let (sums, slots) = scratch.split_at_mut(layout.sums(g));
    let values = Shared::new(if layout.chunks > 1 {
        &mut *sums
    } else {
        &mut *dw
    });
    let [_, depths] = layout.parts(g);
    let tasks = layout.tasks(g) / layout.chunks;
    let slots = slots.par_chunks_exact_mut(layout.slot()).enumerate();
    loops.for_each(slots, |(index, slot)| {
        let (chunk, index) = (index / tasks, index % tasks);
        let (channels, depth) = (
            index / depths * layout.channels,
            index % depths * layout.depth,
        );
        let task = Task {
            g,
            layout,
            x,
            dy,
            slot,
            values,
            first: chunk * g.weight_elements(),
            channels: channels..(channels + layout.channels).min(g.output[2]),
            depth: depth..(depth + layout.depth).min(g.input[2] / g.groups),
            lines: wgrad_chunk(g.batch * g.output[0], layout.chunks, chunk),
        };
        // SAFETY: the caller's promise; no two tasks have the same chunk, filters and input channels.
        unsafe { vector::run(isa, task) }
    });
    if layout.chunks > 1 {
        sum_parts(loops, sums, dw);
    }
}

/// Sums over the output lines `lines` into the filters `channels`, and of them the input channels `depth` of a
/// group, of the weights that begin at `first` of `values`.
struct Task<'a> {
    g: &'a Conv2d,
    layout: &'a Layout,
    x: &'a [f32],
    dy: &'a [f32],
    slot: &'a mut [f32],
    values: Shared<'a>,
    first: usize,
    channels: Range<usize>,
    depth: Range<usize>,
    lines: Range<usize>,
}

impl Kernel for Task<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let (g, width) = (self.g, self.layout.width);
        let (depth, lanes, window) = (g.input[2] / g.groups, g.output[2] / g.groups, g.window());
        let ([_, row, ci], [_, wo, co]) = (g.input, g.output);
        let channels = self.channels.len();
        let (dy_panel, x_panel) = self.slot.split_at_mut(self.layout.dy_panel);
        let first = self.lines.start;
        for block in blocks(g, self.lines) {
            let pixels = block.len() * wo;
            let mine = &self.dy[block.start * wo * co..][..pixels * co];
            panels::tiles(mine, co, self.channels.clone(), lanes, ROWS, dy_panel);
            let rows = input_rows(g, &block);
            // The filters of one group at a time: they see the same input channels.
            for start in (0..channels).step_by(lanes) {
                let group = (self.channels.start + start) / lanes;
                for lane in self.depth.clone().step_by(width) {
                    let count = (self.depth.end - lane).min(width);
                    let channel = group * depth + lane;
                    let x = if copies_x(g) {
                        let mine = &self.x[rows.start * row * ci..rows.end * row * ci];
                        for (to, from) in x_panel
                            .chunks_exact_mut(row_pixels(g) * width)
                            .zip(mine.chunks_exact(row * ci))
                        {
                            panels::columns(from, ci, channel, count, g.stride, width, to);
                        }
                        Pixels {
                            values: x_panel,
                            row: rows.start,
                            pitch: width,
                            channel: 0,
                            phases: g.stride,
                        }
                    } else {
                        Pixels {
                            values: self.x,
                            row: 0,
                            pitch: ci,
                            channel,
                            phases: 1,
                        }
                    };
                    for tap in 0..g.kernel * g.kernel {
                        let tap = [tap / g.kernel, tap % g.kernel];
                        let mut runs = [Run::default(); BLOCK];
                        let runs = tap_runs(g, block.clone(), tap, &x, &mut runs);
                        for filters in parts(lanes.min(channels - start), ROWS) {
                            let panel = (start + filters.start) * pixels;
                            let tile = Tile {
                                runs,
                                factor_values: Operand {
                                    values: &dy_panel[panel..][..pixels * filters.len()],
                                    pixel: filters.len(),
                                    stride: 1,
                                },
                                lane_values: Operand {
                                    values: x.values,
                                    pixel: x.pitch,
                                    stride: g.stride / x.phases,
                                },
                                factor: 0,
                                factors: filters.len(),
                                lane: x.channel,
                                lanes: count,
                                whole: copies_x(g),
                            };
                            let filter = self.channels.start + start + filters.start;
                            let tap = (tap[0] * g.kernel + tap[1]) * depth;
                            let sums = Sums {
                                values: self.values,
                                first: self.first + filter * window + tap + lane,
                                stride: window,
                                fresh: block.start == first,
                            };
                            // SAFETY: the caller's promises.
                            unsafe { outer::<T>(&tile, sums) }
                        }
                    }
                }
            }
        }
    }
}

/// Pixels of `x` as tiles read them.
struct Pixels<'a> {
    values: &'a [f32],
    /// The first row, counted over all images.
    row: usize,
    /// Distance of two pixels.
    pitch: usize,
    /// The first channel.
    channel: usize,
    /// Distance of two columns that are neighbours here.
    phases: usize,
}

/// The runs of output pixels of `lines` whose tap lies inside the image.
#[inline(always)]
fn tap_runs<'a>(
    g: &Conv2d,
    lines: Range<usize>,
    [i, j]: [usize; 2],
    x: &Pixels<'_>,
    runs: &'a mut [Run; BLOCK],
) -> &'a [Run] {
    let ([height, width, _], [ho, wo, _]) = (g.input, g.output);
    let low = g.padding.saturating_sub(j).div_ceil(g.stride);
    let high = (width + g.padding)
        .saturating_sub(j)
        .div_ceil(g.stride)
        .min(wo);
    if low >= high {
        return &[];
    }
    let columns = width.next_multiple_of(x.phases);
    let first = low * g.stride + j - g.padding;
    let first = first % x.phases * (columns / x.phases) + first / x.phases;
    let mut count = 0;
    let (mut image, mut oh) = (lines.start / ho, lines.start % ho);
    for index in 0..lines.len() {
        let y = oh * g.stride + i;
        if y >= g.padding && y < height + g.padding {
            let row = image * height + y - g.padding - x.row;
            runs[count] = Run {
                factors: index * wo + low,
                lanes: row * columns + first,
                steps: high - low,
            };
            count += 1;
        }
        oh += 1;
        if oh == ho {
            (image, oh) = (image + 1, 0);
        }
    }
    &runs[..count]
}
