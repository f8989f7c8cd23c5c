//! Wgrad of few input channels, or of a single tap: a row of taps, `k * ci` neighbours in the framed image, are
//! the factors and output channels the lanes; the sums are transposed at the end.

use super::{BLOCK, blocks, parts, wgrad_chunk, wgrad_chunks};
use crate::cpu::conv::frame;
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
/// The machine has the instruction set.
pub(super) unsafe fn run(
    loops: Loops,
    isa: Isa,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let chunks = wgrad_chunks(g);
    let (sums, frames) = scratch.split_at_mut(chunks * g.weight_elements());
    let framed = frame::around(loops, g, x, frames);
    let row_len = g.kernel * g.input[2] * g.output[2];
    let items = sums.par_chunks_exact_mut(row_len).enumerate();
    loops.for_each(items, |(index, part)| {
        let task = RowTask {
            g,
            framed,
            dy,
            part,
            row: index % g.kernel,
            lines: wgrad_chunk(g.batch * g.output[0], chunks, index / g.kernel),
        };
        // SAFETY: the caller's promise.
        unsafe { vector::run(isa, task) }
    });
    transpose(g, sums, dw);
}

/// Sums over the output lines `lines` into a kernel row, `[kernel column][ci][co]`.
struct RowTask<'a> {
    g: &'a Conv2d,
    framed: &'a [f32],
    dy: &'a [f32],
    part: &'a mut [f32],
    row: usize,
    lines: Range<usize>,
}

impl Kernel for RowTask<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let g = self.g;
        let ([height, width, ci], [ho, wo, co]) = (g.input, g.output);
        let (frame_height, frame_width) = (height + 2 * g.padding, width + 2 * g.padding);
        let first = self.lines.start;
        let part = Shared::new(self.part);
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
            for lane in (0..co).step_by(T::SIZE.width(co)) {
                for taps in parts(g.kernel * ci, ROWS) {
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
                        values: part,
                        first: taps.start * co + lane,
                        stride: co,
                        fresh: block.start == first,
                    };
                    // SAFETY: the caller's promise; the part is this task's.
                    unsafe { outer::<T>(&tile, sums) }
                }
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
