//! The input's gradient: the convolution of `dy` with the kernels turned by half a circle.

use super::product::{WIDTH, eight_tiles};
use super::{OUT, POSITIONS, ROWS, VECTOR, grid, tiles, transform};
use crate::cpu::parallel::Loops;
use crate::cpu::simd::simd;
use crate::{Conv2d, Isa};
use rayon::prelude::*;

/// Parts that the images are dealt out in, each with a buffer of its own.
const SLOTS: usize = 16;

/// Floats between two tiles in a buffer: not a multiple of a page, or the rows of a product would share
/// their places in the first-level cache.
fn tile_step(depth: usize) -> usize {
    POSITIONS * depth + VECTOR
}

/// Tiles that are transformed before they are multiplied: few enough for the second-level cache and for
/// little scratch, and enough that the kernels are not fetched for each.
fn group(depth: usize) -> usize {
    (2048 / depth / ROWS).clamp(1, 4) * ROWS
}

/// Floats of the transformed kernels, `[blocks of target channels][36][depth][WIDTH]`.
fn kernels_len(g: &Conv2d) -> usize {
    g.input[2].div_ceil(WIDTH) * POSITIONS * g.output[2] * WIDTH
}

/// Floats of a slot: transformed tiles, and the products of a block of channels.
fn slot_len(g: &Conv2d) -> usize {
    group(g.output[2]) * (tile_step(g.output[2]) + POSITIONS * WIDTH)
}

/// Images of a slot, and slots in use.
fn slots(g: &Conv2d) -> (usize, usize) {
    let images = g.batch.div_ceil(SLOTS).max(1);
    (images, g.batch.div_ceil(images))
}

/// Floats of scratch of [`run`].
pub(in crate::cpu::conv) fn scratch_len(g: &Conv2d) -> usize {
    kernels_len(g) + slots(g).1 * slot_len(g)
}

/// `dx` from `dy` and `w`.
///
/// # Safety
/// The machine has AVX-512.
pub(in crate::cpu::conv) unsafe fn run(
    loops: Loops,
    g: &Conv2d,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let (kernels, buffers) = scratch.split_at_mut(kernels_len(g));
    transform_kernels(loops, g, w, kernels);
    let kernels = &*kernels;
    let (images, _) = slots(g);
    let image = |channels: usize| images * g.input[0] * g.input[1] * channels;
    let items = dx
        .par_chunks_mut(image(g.input[2]))
        .zip(dy.par_chunks(image(g.output[2])))
        .zip(buffers.par_chunks_exact_mut(slot_len(g)));
    loops.for_each(items, |((dx, dy), buffer)| {
        // SAFETY: the caller's promise.
        unsafe { compute(g, dy, kernels, dx, buffer) }
    });
}

/// Turns and transforms the kernels; lanes beyond the target channels are zero.
fn transform_kernels(loops: Loops, g: &Conv2d, w: &[f32], kernels: &mut [f32]) {
    let (lanes, depth) = (g.input[2], g.output[2]);
    let items = kernels
        .par_chunks_exact_mut(POSITIONS * depth * WIDTH)
        .enumerate();
    loops.for_each(items, |(block, kernels)| {
        simd(
            Isa::Avx512,
            #[inline(always)]
            move || {
                for d in 0..depth {
                    for v in 0..WIDTH / VECTOR {
                        let lane = block * WIDTH + v * VECTOR;
                        if lane >= lanes {
                            for position in 0..POSITIONS {
                                let start = (position * depth + d) * WIDTH + v * VECTOR;
                                kernels[start..start + VECTOR].fill(0.0);
                            }
                            continue;
                        }
                        transform::kernel(
                            w,
                            #[inline(always)]
                            |i, j| ((d * 3 + 2 - i) * 3 + 2 - j) * lanes + lane,
                            #[inline(always)]
                            |position, value| {
                                let start = (position * depth + d) * WIDTH + v * VECTOR;
                                kernels[start..start + VECTOR].copy_from_slice(&value);
                            },
                        );
                    }
                }
            },
        );
    });
}

/// Computes the images that `dx` holds.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn compute(g: &Conv2d, dy: &[f32], kernels: &[f32], dx: &mut [f32], buffer: &mut [f32]) {
    let ([height, width, lanes], depth) = (g.input, g.output[2]);
    let (group, step) = (group(depth), tile_step(depth));
    let (transformed, products) = buffer.split_at_mut(group * step);
    let [_, columns] = grid(g);
    let per_image = tiles(g);
    let count = dx.len() / (height * width * lanes) * per_image;
    let corner = |tile: usize| {
        let within = tile % per_image;
        [within / columns * OUT, within % columns * OUT]
    };
    for first in (0..count).step_by(group) {
        let here = group.min(count - first);
        for (t, target) in transformed.chunks_exact_mut(step).take(here).enumerate() {
            let image = (first + t) / per_image * height * width * depth;
            let image = transform::Image {
                values: &dy[image..image + height * width * depth],
                size: [height, width, depth],
            };
            let corner = corner(first + t).map(|at| at as isize - 1);
            transform::input(image, corner, target);
        }
        let blocks = kernels.chunks_exact(POSITIONS * depth * WIDTH);
        for (block, kernels) in blocks.enumerate() {
            for (position, kernel) in kernels.chunks_exact(depth * WIDTH).enumerate() {
                // Tiles beyond the last are whatever the buffer held; nobody looks at their products.
                for t in (0..here).step_by(ROWS) {
                    eight_tiles(
                        &transformed[t * step + position * depth..],
                        step,
                        depth,
                        kernel,
                        &mut products[(position * group + t) * WIDTH..],
                    );
                }
            }
            let block = block * WIDTH..lanes.min((block + 1) * WIDTH);
            for t in 0..here {
                let image = (first + t) / per_image * height * width * lanes;
                for lane in block.clone().step_by(VECTOR) {
                    transform::output(
                        &products[t * WIDTH + lane - block.start..],
                        group * WIDTH,
                        &mut dx[image..image + height * width * lanes],
                        g.input,
                        corner(first + t),
                        lane,
                    );
                }
            }
        }
    }
}
