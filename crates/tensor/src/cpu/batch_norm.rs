//! Batch normalisation forward, alone and with a function of the result in the same pass over memory: an
//! activation, or one and the encoding of what it gives.

use super::Cpu;
use super::elementwise::operands;
use super::memory::{Plain, partials, read, slice_mut, write};
use super::parallel::rows_per_piece;
use super::pointwise::Pointwise;
use super::simd::simd;
use super::sums::{BLOCK, column_blocks, sum_columns};
use crate::{BatchNorm, BatchNormInference, Mut, Operand, Ref, Result};
use rayon::prelude::*;

const F32: usize = size_of::<f32>();
const F64: usize = size_of::<f64>();

/// Rows of one piece, and the number of pieces.
pub(super) fn row_pieces(g: &BatchNorm) -> (usize, usize) {
    let rows = rows_per_piece(g.channels);
    (rows, g.rows.div_ceil(rows))
}

/// Bytes of scratch: two partial results a channel for every piece, and `parameters` f32 a channel.
pub(super) fn scratch_bytes(g: &BatchNorm, parameters: usize) -> usize {
    let parameters = (parameters * g.channels * F32).next_multiple_of(F64);
    row_pieces(g).1 * 2 * g.channels * F64 + parameters
}

/// `1 / sqrt(variance + epsilon)`.
#[inline(always)]
pub(super) fn inverse_deviation(variance: f32, epsilon: f32) -> f32 {
    (1.0 / (f64::from(variance) + f64::from(epsilon)).sqrt()) as f32
}

/// Operands of [`forward`].
pub(super) struct Forward<'a> {
    pub(super) x: Mut<'a, Cpu>,
    pub(super) gamma: Ref<'a, Cpu>,
    pub(super) beta: Ref<'a, Cpu>,
    pub(super) y: Mut<'a, Cpu>,
    pub(super) stats: Mut<'a, Cpu>,
    pub(super) scratch: Mut<'a, Cpu>,
}

impl<'a> Forward<'a> {
    pub(super) fn new(
        x: Mut<'a, Cpu>,
        gamma: Ref<'a, Cpu>,
        beta: Ref<'a, Cpu>,
        y: Mut<'a, Cpu>,
        stats: Mut<'a, Cpu>,
        scratch: Mut<'a, Cpu>,
    ) -> Self {
        Forward {
            x,
            gamma,
            beta,
            y,
            stats,
            scratch,
        }
    }
}

/// `x` becomes `xhat`, `y = f(gamma * xhat + beta)`, `stats` mean and biased variance.
pub(super) fn forward<T: Plain + Send>(
    cpu: &Cpu,
    op: &'static str,
    g: &BatchNorm,
    f: impl Fn(f32) -> T + Copy + Send + Sync,
    operands: Forward<'_>,
) -> Result<()> {
    let c = g.channels;
    let x = write(op, "x", operands.x, g.rows * c)?;
    let gamma = read(op, "gamma", operands.gamma, c)?;
    let beta = read(op, "beta", operands.beta, c)?;
    let y_bytes = (g.rows * c).saturating_mul(size_of::<T>());
    let y = slice_mut::<T>(operands.y.checked(op, "y", y_bytes)?);
    let stats = write(op, "stats", operands.stats, 2 * c)?;
    let partials = partials(op, operands.scratch, scratch_bytes(g, 1))?;
    if x.is_empty() {
        return Ok(());
    }
    let isa = cpu.spec.isa;
    let (rows, pieces) = row_pieces(g);
    let (partials, inverse) = partials.split_at_mut(pieces * 2 * c);
    let inverse = &mut bytemuck::cast_slice_mut::<f64, f32>(inverse)[..c];

    let items = partials.par_chunks_mut(2 * c).zip(x.par_chunks(rows * c));
    cpu.for_each(g.rows * c, items, |(partial, x)| {
        simd(
            isa,
            #[inline(always)]
            move || piece_moments(x, c, partial),
        );
    });
    let (mean, variance) = stats.split_at_mut(c);
    combine_moments(g, partials, mean, variance);
    for (inverse, &variance) in inverse.iter_mut().zip(&*variance) {
        *inverse = inverse_deviation(variance, g.epsilon);
    }

    let (mean, inverse) = (&*mean, &*inverse);
    let items = x.par_chunks_mut(rows * c).zip(y.par_chunks_mut(rows * c));
    cpu.for_each(g.rows * c, items, |(x, y)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                let (mean, inverse) = (&mean[..c], &inverse[..c]);
                let (gamma, beta) = (&gamma[..c], &beta[..c]);
                for (x, y) in x.chunks_exact_mut(c).zip(y.chunks_exact_mut(c)) {
                    for i in 0..c {
                        let xhat = (x[i] - mean[i]) * inverse[i];
                        x[i] = xhat;
                        y[i] = f(gamma[i] * xhat + beta[i]);
                    }
                }
            },
        );
    });
    Ok(())
}

/// Mean, and sum of squared differences from it, of every column of a piece that fits into a cache.
///
/// A first pass finds a value near the mean; the second sums differences from it, which are as small
/// as the deviations are, so that both results are accurate however far from zero the mean is.
#[inline(always)]
fn piece_moments(x: &[f32], columns: usize, partial: &mut [f64]) {
    let shape = [x.len() / columns, columns];
    let rows = shape[0] as f64;
    let (means, squares) = partial.split_at_mut(columns);
    for (first, width) in column_blocks(columns) {
        let mut totals = [[0.0; BLOCK]];
        sum_columns(
            shape,
            first,
            width,
            &mut totals,
            #[inline(always)]
            move |[sums], range| {
                for (sum, &x) in sums.iter_mut().zip(&x[range]) {
                    *sum += x;
                }
            },
        );
        let near = totals[0].map(|sum| (sum / rows) as f32);
        let mut totals = [[0.0; BLOCK]; 2];
        sum_columns(
            shape,
            first,
            width,
            &mut totals,
            #[inline(always)]
            move |[sums, square_sums], range| {
                let (x, near) = (&x[range][..width], &near[..width]);
                let (sums, square_sums) = (&mut sums[..width], &mut square_sums[..width]);
                for i in 0..width {
                    let difference = x[i] - near[i];
                    sums[i] += difference;
                    square_sums[i] += difference * difference;
                }
            },
        );
        let [sums, square_sums] = totals;
        for i in 0..width {
            means[first + i] = f64::from(near[i]) + sums[i] / rows;
            squares[first + i] = (square_sums[i] - sums[i] * sums[i] / rows).max(0.0);
        }
    }
}

/// Mean and biased variance of all rows from those of the pieces, in their order.
///
/// # Source
/// Chan, Golub, LeVeque 1983, with the mean of all known first.
fn combine_moments(g: &BatchNorm, partials: &[f64], mean: &mut [f32], variance: &mut [f32]) {
    let (rows, _) = row_pieces(g);
    let c = g.channels;
    let total = g.rows as f64;
    let in_piece = |index: usize| rows.min(g.rows - index * rows) as f64;
    for (first, width) in column_blocks(c) {
        let mut means = [0.0; BLOCK];
        for (index, partial) in partials.chunks_exact(2 * c).enumerate() {
            let weight = in_piece(index);
            for (mean, &piece) in means.iter_mut().zip(&partial[first..][..width]) {
                *mean += weight * piece;
            }
        }
        let means = means.map(|sum| sum / total);
        let mut squares = [0.0; BLOCK];
        for (index, partial) in partials.chunks_exact(2 * c).enumerate() {
            let weight = in_piece(index);
            let (piece_means, piece_squares) = partial.split_at(c);
            let piece = piece_means[first..][..width]
                .iter()
                .zip(&piece_squares[first..][..width]);
            for ((square, &mean), (&piece_mean, &piece_square)) in
                squares.iter_mut().zip(&means).zip(piece)
            {
                let off = piece_mean - mean;
                *square += piece_square + weight * off * off;
            }
        }
        for i in 0..width {
            mean[first + i] = means[i] as f32;
            variance[first + i] = (squares[i] / total) as f32;
        }
    }
}

/// `y = f(gamma * (x - mean) / sqrt(variance + epsilon) + beta)`.
pub(super) fn inference(
    cpu: &Cpu,
    g: &BatchNorm,
    x: Operand<'_, Cpu>,
    parameters: BatchNormInference<'_, Cpu>,
    y: Mut<'_, Cpu>,
    f: impl Pointwise,
) -> Result<()> {
    const NAME: &str = "batch_norm_inference";
    let c = g.channels;
    let y = y.checked(NAME, "y", g.rows * c * F32)?;
    let (x, y) = operands(NAME, x, y)?;
    let gamma = read(NAME, "gamma", parameters.gamma, c)?;
    let beta = read(NAME, "beta", parameters.beta, c)?;
    let mean = read(NAME, "mean", parameters.mean, c)?;
    let variance = read(NAME, "variance", parameters.variance, c)?;
    let isa = cpu.spec.isa;
    let piece = (rows_per_piece(c) * c).max(1);
    cpu.for_each(
        g.rows * c,
        y.par_chunks_mut(piece).enumerate(),
        |(index, y)| {
            let x = x.map(|x| &x[index * piece..][..y.len()]);
            simd(
                isa,
                #[inline(always)]
                move || {
                    for (first, width) in column_blocks(c) {
                        // There is no scratch: a block of channels' deviations lives on the stack.
                        let mut inverse = [0.0; BLOCK];
                        for (inverse, &variance) in
                            inverse.iter_mut().zip(&variance[first..][..width])
                        {
                            *inverse = inverse_deviation(variance, g.epsilon);
                        }
                        let inverse = &inverse[..width];
                        let mean = &mean[first..][..width];
                        let gamma = &gamma[first..][..width];
                        let beta = &beta[first..][..width];
                        for (row, y) in y.chunks_exact_mut(c).enumerate() {
                            let y = &mut y[first..][..width];
                            if let Some(x) = x {
                                let x = &x[row * c + first..][..width];
                                for i in 0..width {
                                    let xhat = (x[i] - mean[i]) * inverse[i];
                                    y[i] = f.value(gamma[i] * xhat + beta[i]);
                                }
                            } else {
                                for i in 0..width {
                                    let xhat = (y[i] - mean[i]) * inverse[i];
                                    y[i] = f.value(gamma[i] * xhat + beta[i]);
                                }
                            }
                        }
                    }
                },
            );
        },
    );
    Ok(())
}
