//! The weights' gradient: sums over tiles of products of transformed images and gradients.
//!
//! Images go by in chunks. The tiles of a chunk are transformed, then added into one set of sums, position by
//! position: work is dealt out by tiles first and by sums then, so there are no partial sums to add.

use super::{OUT, POSITIONS, ROWS, VECTOR, grid, tiles, transform};
use crate::cpu::conv::outer::{Operand, Run, Sums, Tile, outer};
use crate::cpu::conv::shared::Shared;
use crate::cpu::parallel::Loops;
use crate::cpu::simd::simd;
use crate::{Conv2d, Isa};
use rayon::prelude::*;
use std::arch::x86_64::__m512;

/// Tiles of a chunk, about: their transforms stay in the caches while the sums go by.
const CHUNK: usize = 128;

/// Images of a chunk.
fn images(g: &Conv2d) -> usize {
    CHUNK.div_ceil(tiles(g)).min(g.batch)
}

/// Floats of a transformed tile; see `dgrad` for the vector more.
fn tile_step(channels: usize) -> usize {
    POSITIONS * channels + VECTOR
}

fn sums_len(g: &Conv2d) -> usize {
    POSITIONS * g.output[2] * g.input[2]
}

/// Floats of scratch of [`run`]: sums, transformed images, transformed gradients.
pub(in crate::cpu::conv) fn scratch_len(g: &Conv2d) -> usize {
    let transformed = tile_step(g.input[2]) + tile_step(g.output[2]);
    sums_len(g) + images(g) * tiles(g) * transformed
}

/// `dw` from `x` and `dy`.
///
/// # Safety
/// The machine has AVX-512.
pub(in crate::cpu::conv) unsafe fn run(
    loops: Loops,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    let ([height, width, ci], co) = (g.input, g.output[2]);
    let (sums, transformed) = scratch.split_at_mut(sums_len(g));
    let (xs, dys) = transformed.split_at_mut(images(g) * tiles(g) * tile_step(ci));
    let chunk = images(g) * height * width;
    for (index, (x, dy)) in x.chunks(chunk * ci).zip(dy.chunks(chunk * co)).enumerate() {
        let count = dy.len() / (height * width * co) * tiles(g);
        let items = xs
            .par_chunks_exact_mut(tile_step(ci))
            .zip(dys.par_chunks_exact_mut(tile_step(co)))
            .take(count)
            .enumerate();
        loops.for_each(items, |(tile, (x_tile, dy_tile))| {
            transform_tile(g, x, dy, tile, x_tile, dy_tile);
        });
        let (xs, dys) = (&*xs, &*dys);
        // A task is a position and 8 output channels.
        let items = sums.par_chunks_exact_mut(ROWS * ci).enumerate();
        loops.for_each(items, |(task, sums)| {
            let (position, factor) = (task * ROWS / co, task * ROWS % co);
            let runs = &[Run {
                factors: 0,
                lanes: 0,
                steps: count,
            }];
            let sums = Shared::new(sums);
            for lane in (0..ci).step_by(2 * VECTOR) {
                let tile = Tile {
                    runs,
                    factor_values: Operand {
                        values: dys,
                        pixel: tile_step(co),
                        stride: 1,
                    },
                    lane_values: Operand {
                        values: xs,
                        pixel: tile_step(ci),
                        stride: 1,
                    },
                    factor: position * co + factor,
                    factors: ROWS,
                    lane: position * ci + lane,
                    lanes: (ci - lane).min(2 * VECTOR),
                    whole: false,
                };
                let sums = Sums {
                    values: sums,
                    first: lane,
                    stride: ci,
                    fresh: index == 0,
                };
                // SAFETY: the caller's promise; the sums are this task's.
                unsafe { outer::<__m512>(&tile, sums) }
            }
        });
    }
    let sums = &*sums;
    let items = dw.par_chunks_exact_mut(9 * ci).enumerate();
    loops.for_each(items, |(filter, dw)| {
        simd(
            Isa::Avx512,
            #[inline(always)]
            move || {
                for channel in (0..ci).step_by(VECTOR) {
                    let sums = &sums[filter * ci + channel..];
                    transform::kernel_gradient(sums, co * ci, &mut dw[channel..], ci);
                }
            },
        );
    });
}

fn transform_tile(
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    tile: usize,
    x_tile: &mut [f32],
    dy_tile: &mut [f32],
) {
    let ([height, width, ci], co, [_, columns]) = (g.input, g.output[2], grid(g));
    let (image, within) = (tile / tiles(g), tile % tiles(g));
    let corner = [within / columns * OUT, within % columns * OUT].map(|at| at as isize);
    let image_of = |values, channels: usize| transform::Image {
        values,
        size: [height, width, channels],
    };
    let len = [ci, co].map(|channels| height * width * channels);
    simd(
        Isa::Avx512,
        #[inline(always)]
        move || {
            let x = image_of(&x[image * len[0]..(image + 1) * len[0]], ci);
            transform::input(x, corner.map(|at| at - 1), x_tile);
            let dy = image_of(&dy[image * len[1]..(image + 1) * len[1]], co);
            transform::gradient(dy, corner, dy_tile);
        },
    );
}
