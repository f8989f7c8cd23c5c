//! Gradients of batch normalisation, alone and through the activation behind it.

use super::Cpu;
use super::batch_norm::{inverse_deviation, row_pieces, scratch_bytes};
use super::memory::{partials, read, write};
use super::pointwise::{Pointwise, gated};
use super::simd::simd;
use super::sums::{BLOCK, column_blocks, sum_columns};
use crate::{BatchNorm, BatchNormSaved, Mut, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Parameters a channel that [`backward`] keeps in scratch.
pub(super) const PARAMETERS: usize = 3;

/// Operands of [`backward`].
pub(super) struct Backward<'a> {
    pub(super) saved: BatchNormSaved<'a, Cpu>,
    pub(super) dy: Mut<'a, Cpu>,
    pub(super) dgamma: Mut<'a, Cpu>,
    pub(super) dbeta: Mut<'a, Cpu>,
    pub(super) scratch: Mut<'a, Cpu>,
}

/// What the kernels read: `xhat` of a piece, and the whole layer's parameters.
#[derive(Clone, Copy)]
struct Layer<'a> {
    channels: usize,
    gamma: &'a [f32],
    beta: &'a [f32],
}

/// With `d = dy` where the activation's gradient passes at `gamma * xhat + beta`, else 0:
/// `dbeta = sum d`, `dgamma = sum d * xhat`, and `dy` becomes
/// `dx = gamma / sqrt(variance + epsilon) * (d - dbeta / rows - xhat * dgamma / rows)`.
///
/// # Source
/// Ioffe and Szegedy 2015, section 3, with the mean's and the variance's parts put together.
pub(super) fn backward(
    cpu: &Cpu,
    op: &'static str,
    g: &BatchNorm,
    activation: impl Pointwise,
    operands: Backward<'_>,
) -> Result<()> {
    let c = g.channels;
    let saved = operands.saved;
    let xhat = read(op, "xhat", saved.xhat, g.rows * c)?;
    let gamma = read(op, "gamma", saved.gamma, c)?;
    let beta = read(op, "beta", saved.beta, c)?;
    let stats = read(op, "stats", saved.stats, 2 * c)?;
    let dy = write(op, "dy", operands.dy, g.rows * c)?;
    let dgamma = write(op, "dgamma", operands.dgamma, c)?;
    let dbeta = write(op, "dbeta", operands.dbeta, c)?;
    let partials = partials(op, operands.scratch, scratch_bytes(g, PARAMETERS))?;
    if dy.is_empty() {
        dgamma.fill(0.0);
        dbeta.fill(0.0);
        return Ok(());
    }
    let isa = cpu.spec.isa;
    let layer = Layer {
        channels: c,
        gamma,
        beta,
    };
    let (rows, pieces) = row_pieces(g);
    let (partials, parameters) = partials.split_at_mut(pieces * 2 * c);
    let parameters = bytemuck::cast_slice_mut::<f64, f32>(parameters);

    let items = partials
        .par_chunks_mut(2 * c)
        .zip(xhat.par_chunks(rows * c))
        .zip(dy.par_chunks(rows * c));
    cpu.for_each(g.rows * c, items, |((partial, xhat), dy)| {
        simd(
            isa,
            #[inline(always)]
            move || piece_sums(layer, activation, xhat, dy, partial),
        );
    });

    let (scale, rest) = parameters.split_at_mut(c);
    let (mean_d, mean_d_xhat) = rest[..2 * c].split_at_mut(c);
    for channel in 0..c {
        let total = |first: usize| {
            let values = partials[first + channel..].iter().step_by(2 * c);
            values.sum::<f64>()
        };
        let (sum_d, sum_d_xhat) = (total(0), total(c));
        dbeta[channel] = sum_d as f32;
        dgamma[channel] = sum_d_xhat as f32;
        mean_d[channel] = (sum_d / g.rows as f64) as f32;
        mean_d_xhat[channel] = (sum_d_xhat / g.rows as f64) as f32;
        scale[channel] = gamma[channel] * inverse_deviation(stats[c + channel], g.epsilon);
    }

    let (scale, mean_d, mean_d_xhat) = (&*scale, &*mean_d, &*mean_d_xhat);
    let items = dy.par_chunks_mut(rows * c).zip(xhat.par_chunks(rows * c));
    cpu.for_each(g.rows * c, items, |(dy, xhat)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                let (gamma, beta, scale) = (&gamma[..c], &beta[..c], &scale[..c]);
                let (mean_d, mean_d_xhat) = (&mean_d[..c], &mean_d_xhat[..c]);
                for (dy, xhat) in dy.chunks_exact_mut(c).zip(xhat.chunks_exact(c)) {
                    for i in 0..c {
                        let passes = activation.passes(gamma[i] * xhat[i] + beta[i]);
                        let d = gated(passes, dy[i]);
                        dy[i] = scale[i] * ((d - mean_d[i]) - xhat[i] * mean_d_xhat[i]);
                    }
                }
            },
        );
    });
    Ok(())
}

/// The sums of `d` and of `d * xhat` of every channel over a piece.
#[inline(always)]
fn piece_sums(
    layer: Layer<'_>,
    activation: impl Pointwise,
    xhat: &[f32],
    dy: &[f32],
    partial: &mut [f64],
) {
    let c = layer.channels;
    let (sums_d, sums_d_xhat) = partial.split_at_mut(c);
    for (first, width) in column_blocks(c) {
        let gamma = &layer.gamma[first..][..width];
        let beta = &layer.beta[first..][..width];
        let mut totals = [[0.0; BLOCK]; 2];
        sum_columns(
            [dy.len() / c, c],
            first,
            width,
            &mut totals,
            #[inline(always)]
            move |[d_sums, d_xhat_sums], range: Range<usize>| {
                let (xhat, dy) = (&xhat[range.clone()][..width], &dy[range][..width]);
                let (d_sums, d_xhat_sums) = (&mut d_sums[..width], &mut d_xhat_sums[..width]);
                for i in 0..width {
                    let passes = activation.passes(gamma[i] * xhat[i] + beta[i]);
                    let d = gated(passes, dy[i]);
                    d_sums[i] += d;
                    d_xhat_sums[i] += d * xhat[i];
                }
            },
        );
        sums_d[first..][..width].copy_from_slice(&totals[0][..width]);
        sums_d_xhat[first..][..width].copy_from_slice(&totals[1][..width]);
    }
}
