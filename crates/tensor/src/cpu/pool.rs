//! Pooling of images, channels last, and its gradient.

use super::Cpu;
use super::memory::{read, write};
use super::simd::simd;
use super::sums::{BLOCK, column_blocks};
use crate::shape::product;
use crate::{Mut, Pool2d, PoolKind, Ref, Result};
use rayon::prelude::*;
use std::ops::Range;

/// The rows, or columns, of the image under window `index`.
fn window(g: &Pool2d, size: usize, index: usize) -> Range<usize> {
    let start = index * g.stride;
    start.saturating_sub(g.padding)..(start + g.kernel - g.padding).min(size)
}

/// Indices of the first channel of the pixels under a window, in row order.
fn pixels(g: &Pool2d, oy: usize, ox: usize) -> impl Iterator<Item = usize> + use<> {
    let [height, width, channels] = g.input;
    let columns = window(g, width, ox);
    window(g, height, oy)
        .flat_map(move |y| columns.clone().map(move |x| (y * width + x) * channels))
}

/// `1 / n` for the `n` pixels under a window.
fn share(g: &Pool2d, oy: usize, ox: usize) -> f32 {
    let [height, width, _] = g.input;
    1.0 / (window(g, height, oy).len() * window(g, width, ox).len()) as f32
}

/// Elements of an image before and after a checked pooling.
fn image_elements(g: &Pool2d) -> Result<(usize, usize)> {
    let g = g.checked()?;
    Ok((product(&g.input), product(&g.output())))
}

/// Pools `x [n, h, w, c]` into `y`.
pub(super) fn forward(cpu: &Cpu, g: &Pool2d, x: Ref<'_, Cpu>, y: Mut<'_, Cpu>) -> Result<()> {
    const NAME: &str = "pool2d";
    let (image, _) = image_elements(g)?;
    let [height, width, channels] = g.output();
    let x = read(NAME, "x", x, g.input_elements())?;
    let y = write(NAME, "y", y, g.output_elements())?;
    let isa = cpu.spec.isa;
    let items = y.par_chunks_mut(width * channels).enumerate();
    cpu.for_each(x.len(), items, |(row, y)| {
        let x = &x[row / height * image..][..image];
        simd(
            isa,
            #[inline(always)]
            move || {
                for (ox, y) in y.chunks_exact_mut(channels).enumerate() {
                    pool_window(g, row % height, ox, x, y);
                }
            },
        );
    });
    Ok(())
}

#[inline(always)]
fn pool_window(g: &Pool2d, oy: usize, ox: usize, image: &[f32], y: &mut [f32]) {
    let channels = y.len();
    match g.kind {
        PoolKind::Max => {
            y.fill(f32::NEG_INFINITY);
            for pixel in pixels(g, oy, ox) {
                for (y, &x) in y.iter_mut().zip(&image[pixel..][..channels]) {
                    *y = if x > *y { x } else { *y };
                }
            }
        }
        PoolKind::Average => {
            y.fill(0.0);
            for pixel in pixels(g, oy, ox) {
                for (y, &x) in y.iter_mut().zip(&image[pixel..][..channels]) {
                    *y += x;
                }
            }
            let share = share(g, oy, ox);
            for y in y {
                *y *= share;
            }
        }
    }
}

/// The gradient `dx` of the input, image by image.
pub(super) fn backward(
    cpu: &Cpu,
    g: &Pool2d,
    x: Ref<'_, Cpu>,
    dy: Ref<'_, Cpu>,
    dx: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "pool2d_backward";
    let (image, output) = image_elements(g)?;
    let x = read(NAME, "x", x, g.input_elements())?;
    let dy = read(NAME, "dy", dy, g.output_elements())?;
    let dx = write(NAME, "dx", dx, g.input_elements())?;
    let isa = cpu.spec.isa;
    let items = dx
        .par_chunks_mut(image)
        .zip(x.par_chunks(image))
        .zip(dy.par_chunks(output));
    cpu.for_each(x.len(), items, |((dx, x), dy)| {
        simd(
            isa,
            #[inline(always)]
            move || image_backward(g, x, dy, dx),
        );
    });
    Ok(())
}

#[inline(always)]
fn image_backward(g: &Pool2d, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    let [_, width, channels] = g.output();
    dx.fill(0.0);
    for (window, dy) in dy.chunks_exact(channels).enumerate() {
        let (oy, ox) = (window / width, window % width);
        match g.kind {
            PoolKind::Average => {
                let share = share(g, oy, ox);
                for pixel in pixels(g, oy, ox) {
                    for (dx, &dy) in dx[pixel..][..channels].iter_mut().zip(dy) {
                        *dx += share * dy;
                    }
                }
            }
            PoolKind::Max => {
                for (first, width) in column_blocks(channels) {
                    let dy = &dy[first..][..width];
                    let winners = winners(g, oy, ox, x, first, width);
                    for (tap, pixel) in pixels(g, oy, ox).enumerate() {
                        let dx = dx[pixel + first..][..width].iter_mut();
                        for ((dx, &dy), &winner) in dx.zip(dy).zip(&winners) {
                            *dx += if winner == tap as u32 { dy } else { 0.0 };
                        }
                    }
                }
            }
        }
    }
}

/// Which pixel under the window is the first largest, for channels `first .. first + width`.
#[inline(always)]
fn winners(
    g: &Pool2d,
    oy: usize,
    ox: usize,
    x: &[f32],
    first: usize,
    width: usize,
) -> [u32; BLOCK] {
    let mut largest = [f32::NEG_INFINITY; BLOCK];
    let mut winners = [0u32; BLOCK];
    for (tap, pixel) in pixels(g, oy, ox).enumerate() {
        let x = &x[pixel + first..][..width];
        for ((largest, winner), &x) in largest.iter_mut().zip(&mut winners).zip(x) {
            let wins = x > *largest;
            *largest = if wins { x } else { *largest };
            *winner = if wins { tap as u32 } else { *winner };
        }
    }
    winners
}
