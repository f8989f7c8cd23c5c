//! The portable path: windows are copied into the rows of a panel, which is then a matrix product.
//!
//! Work is dealt to a fixed number of slots, each with a panel of its own in scratch, so that neither the
//! scratch nor the result depends on the number of threads.

use super::gather::{Gather, Point, Window};
use super::matmul::{Matrix, multiply};
use crate::Conv2d;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// Slots that work is dealt to.
pub(super) const SLOTS: usize = 16;
/// Floats that a panel should have, 256 KiB: it stays in a second-level cache.
const PANEL: usize = 1 << 16;

/// Rows of a panel of `columns` columns.
pub(super) fn panel_rows(columns: usize, most: usize) -> usize {
    (PANEL / columns.max(1)).clamp(8, most)
}

/// How the portable fprop and dgrad use their scratch.
struct Layout {
    /// Floats of the packed weights.
    weights: usize,
    /// Target pixels of a slot.
    share: usize,
    /// Rows of a panel.
    rows: usize,
    /// Columns of the widest panel.
    columns: usize,
}

impl Layout {
    fn new(gather: &Gather) -> Self {
        let lanes = gather.lanes();
        let columns = gather
            .windows()
            .map(|window| gather.block_len(&window, 1))
            .max()
            .unwrap_or(0);
        Layout {
            weights: gather
                .windows()
                .map(|window| gather.packed_len(&window, lanes))
                .sum(),
            share: gather.share(gather.pixels().div_ceil(SLOTS)),
            rows: panel_rows(columns, 128),
            columns,
        }
    }

    /// Floats of a slot: a panel, and its products.
    fn slot(&self, gather: &Gather) -> usize {
        self.rows * (self.columns + gather.lanes())
    }
}

/// Floats of scratch of [`run`].
pub(super) fn scratch_len(gather: &Gather) -> usize {
    let layout = Layout::new(gather);
    layout.weights + gather.pixels().div_ceil(layout.share) * layout.slot(gather)
}

/// The fprop or dgrad that `gather` describes.
pub(super) fn run(
    loops: Loops,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    scratch: &mut [f32],
) {
    let layout = Layout::new(gather);
    let (lanes, channels) = (gather.lanes(), gather.target[2]);
    let (packed, slots) = scratch.split_at_mut(layout.weights);
    gather.pack(loops, lanes, weights, packed);
    let packed = &*packed;
    let items = target
        .par_chunks_mut(layout.share * channels)
        .zip(slots.par_chunks_exact_mut(layout.slot(gather)))
        .enumerate();
    loops.for_each(items, |(index, (target, slot))| {
        let (panel, products) = slot.split_at_mut(layout.rows * layout.columns);
        let first = index * layout.share;
        let pixels = first..first + target.len() / channels;
        let mut packed = packed;
        for window in gather.windows() {
            let columns = gather.block_len(&window, 1);
            for group in 0..gather.groups {
                let (mine, rest) = packed.split_at(gather.block_len(&window, lanes));
                packed = rest;
                let mut points = gather.points(&window, &pixels);
                while points.len() > 0 {
                    let count = points.len().min(layout.rows);
                    let batch = points.clone().take(count);
                    fill(gather, &window, group, source, batch.clone(), panel);
                    multiply(
                        [count, lanes, columns],
                        Matrix::rows(panel, columns),
                        Matrix::rows(mine, lanes),
                        products,
                        lanes,
                        false,
                    );
                    for (point, row) in batch.zip(products.chunks_exact(lanes)) {
                        let at = (point.target - first) * channels + group * lanes;
                        target[at..at + lanes].copy_from_slice(row);
                    }
                    points.nth(count - 1);
                }
            }
        }
    });
}

/// Copies the windows of `points`, one a row, into `panel`: the channels of `group`, zero outside the
/// image.
fn fill(
    gather: &Gather,
    window: &Window,
    group: usize,
    source: &[f32],
    points: impl Iterator<Item = Point>,
    panel: &mut [f32],
) {
    let channels = gather.source[2];
    let depth = gather.depth();
    let columns = gather.block_len(window, 1);
    if columns == 0 {
        return;
    }
    for (point, row) in points.zip(panel.chunks_exact_mut(columns)) {
        let [
            rows_inside,
            Range {
                start: low,
                end: high,
            },
        ] = gather.inside(window, &point);
        for (tap, row) in row.chunks_exact_mut(window.taps[1] * depth).enumerate() {
            if !rows_inside.contains(&tap) || low == high {
                row.fill(0.0);
                continue;
            }
            row[..low * depth].fill(0.0);
            row[high * depth..].fill(0.0);
            let inside = &mut row[low * depth..high * depth];
            let start = gather.source_pixel(&point, [tap, low]) * channels;
            if gather.groups == 1 {
                inside.copy_from_slice(&source[start..start + inside.len()]);
            } else {
                let pixels = source[start..].chunks(channels);
                for (to, from) in inside.chunks_exact_mut(depth).zip(pixels) {
                    to.copy_from_slice(&from[group * depth..(group + 1) * depth]);
                }
            }
        }
    }
}

/// How the portable wgrad deals its work and uses its scratch.
struct WgradLayout {
    /// Chunks of output pixels, summed apart.
    chunks: usize,
    /// Output channels of a task: whole groups, or a part of the only one.
    channels: usize,
    /// Rows of a panel.
    rows: usize,
}

impl WgradLayout {
    fn new(g: &Conv2d) -> Self {
        let chunks = super::wgrad_chunks(g);
        let unit = if g.groups > 1 {
            g.output[2] / g.groups
        } else {
            16
        };
        WgradLayout {
            chunks,
            channels: super::wgrad_channels(g, chunks, unit),
            rows: panel_rows(g.window(), super::matmul::PIECE),
        }
    }

    fn tasks(&self, g: &Conv2d) -> usize {
        self.chunks * g.output[2].div_ceil(self.channels)
    }

    /// Floats of the sums of the chunks: none where the only one is the result.
    fn sums(&self, g: &Conv2d) -> usize {
        if self.chunks > 1 {
            self.chunks * g.weight_elements()
        } else {
            0
        }
    }
}

/// Floats of scratch of [`wgrad`].
pub(super) fn wgrad_scratch_len(g: &Conv2d) -> usize {
    let layout = WgradLayout::new(g);
    layout.sums(g) + layout.tasks(g) * layout.rows * g.window()
}

/// `dw` from `x` and `dy`.
pub(super) fn wgrad(
    loops: Loops,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let layout = WgradLayout::new(g);
    let (gather, window, co) = (Gather::fprop(g), g.window(), g.output[2]);
    let panel_len = layout.rows * window;
    let blocks = co.div_ceil(layout.channels);
    let (sums, panels) = scratch.split_at_mut(layout.sums(g));
    let parts = if layout.chunks > 1 {
        &mut *sums
    } else {
        &mut *dw
    };
    let items = parts
        .par_chunks_exact_mut(co * window)
        .zip(panels.par_chunks_exact_mut(blocks * panel_len))
        .enumerate();
    loops.for_each(items, |(chunk, (part, panels))| {
        let pixels = super::wgrad_chunk(g.output_pixels(), layout.chunks, chunk);
        let items = part
            .par_chunks_mut(layout.channels * window)
            .zip(panels.par_chunks_exact_mut(panel_len))
            .enumerate();
        loops.for_each(items, |(block, (part, panel))| {
            let lanes = layout.channels.min(gather.lanes());
            let first = block * layout.channels;
            for (index, part) in part.chunks_mut(lanes * window).enumerate() {
                let channel = first + index * lanes;
                let count = part.len() / window;
                let group = channel / gather.lanes();
                sum_chunk(
                    &gather,
                    group,
                    x,
                    &pixels,
                    panel,
                    layout.rows,
                    |rows, panel| {
                        multiply(
                            [count, window, rows.len()],
                            Matrix {
                                values: &dy[rows.start * co + channel..],
                                rows: 1,
                                columns: co,
                            },
                            Matrix::rows(panel, window),
                            part,
                            window,
                            rows.start > pixels.start,
                        );
                    },
                );
            }
        });
    });
    if layout.chunks > 1 {
        super::sum_parts(loops, sums, dw);
    }
}

/// Fills the panel with the windows of `rows` output pixels of the chunk at a time, in order.
fn sum_chunk(
    gather: &Gather,
    group: usize,
    x: &[f32],
    pixels: &Range<usize>,
    panel: &mut [f32],
    rows: usize,
    mut add: impl FnMut(Range<usize>, &[f32]),
) {
    for window in gather.windows() {
        let mut points = gather.points(&window, pixels);
        let mut start = pixels.start;
        while start < pixels.end {
            let count = rows.min(pixels.end - start);
            fill(
                gather,
                &window,
                group,
                x,
                points.by_ref().take(count),
                panel,
            );
            add(start..start + count, panel);
            start += count;
        }
    }
}
