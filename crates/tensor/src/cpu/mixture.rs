//! Mixtures: of tensors, of one tensor quantised in many ways, and of kernels of many sizes.

use super::Cpu;
use super::elementwise::coefficient;
use super::memory::{partials, read, slice, write};
use super::parallel::{PIECE, pieces};
use super::pointwise::{Pointwise, Quantiser, gated};
use super::simd::simd;
use super::sums::sum_pairs;
use crate::{Coefficient, Embedding, FixedPoint, Mut, Ref, Result};
use rayon::prelude::*;

/// Elements that stay in the first cache while the terms, or formats, are gone through.
const BLOCK: usize = 1024;

/// `y = sum_m p[m] * terms[m]`.
pub(super) fn mix(
    cpu: &Cpu,
    p: Ref<'_, Cpu>,
    terms: &[Ref<'_, Cpu>],
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "mix";
    let elements = y.bytes() / size_of::<f32>();
    let p = read(NAME, "p", p, terms.len())?;
    let y = write(NAME, "y", y, elements)?;
    for term in terms {
        read(NAME, "a term", *term, elements)?;
    }
    let isa = cpu.spec.isa;
    let items = y.par_chunks_mut(BLOCK).enumerate();
    cpu.for_each(elements * terms.len(), items, |(index, y)| {
        y.fill(0.0);
        for (&p, term) in p.iter().zip(terms) {
            let bytes =
                index * BLOCK * size_of::<f32>()..(index * BLOCK + y.len()) * size_of::<f32>();
            let (term, y) = (slice::<f32>(term.slice(bytes)), &mut *y);
            simd(
                isa,
                #[inline(always)]
                move || {
                    for (y, &x) in y.iter_mut().zip(term) {
                        *y += p * x;
                    }
                },
            );
        }
    });
    Ok(())
}

/// `y = sum_m p[m] * quantise_m(x)`, in one pass over `x`.
pub(super) fn mix_quantised(
    cpu: &Cpu,
    formats: &[FixedPoint],
    p: Ref<'_, Cpu>,
    x: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "mix_quantised";
    let elements = x.bytes() / size_of::<f32>();
    let p = read(NAME, "p", p, formats.len())?;
    let x = read(NAME, "x", x, elements)?;
    let y = write(NAME, "y", y, elements)?;
    let isa = cpu.spec.isa;
    let items = y.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE));
    cpu.for_each(elements * formats.len(), items, |(y, x)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for (y, x) in y.chunks_mut(BLOCK).zip(x.chunks(BLOCK)) {
                    y.fill(0.0);
                    for (&format, &p) in formats.iter().zip(p) {
                        let quantiser = Quantiser::new(format);
                        for (y, &x) in y.iter_mut().zip(x) {
                            *y += p * quantiser.value(x);
                        }
                    }
                }
            },
        );
    });
    Ok(())
}

/// Bytes of scratch of [`mix_quantised_backward`]: a partial inner product for every format and piece.
pub(super) fn backward_scratch_bytes(formats: &[FixedPoint], elements: usize) -> usize {
    pieces(elements) * formats.len() * size_of::<f64>()
}

/// Operands of [`mix_quantised_backward`].
pub(super) struct Backward<'a> {
    pub(super) p: Ref<'a, Cpu>,
    pub(super) x: Ref<'a, Cpu>,
    pub(super) dy: Ref<'a, Cpu>,
    pub(super) dx: Option<Mut<'a, Cpu>>,
    pub(super) dp: Option<Mut<'a, Cpu>>,
    pub(super) scratch: Mut<'a, Cpu>,
}

/// `dx = dy * sum_m p[m] * passes_m(x)` and `dp[m] = <dy, quantise_m(x)>`, each if asked for.
pub(super) fn mix_quantised_backward(
    cpu: &Cpu,
    formats: &[FixedPoint],
    operands: Backward<'_>,
) -> Result<()> {
    const NAME: &str = "mix_quantised_backward";
    let elements = operands.x.bytes() / size_of::<f32>();
    let p = read(NAME, "p", operands.p, formats.len())?;
    let x = read(NAME, "x", operands.x, elements)?;
    let dy = read(NAME, "dy", operands.dy, elements)?;
    let dx = operands.dx.map(|dx| write(NAME, "dx", dx, elements));
    let dp = operands.dp.map(|dp| write(NAME, "dp", dp, formats.len()));
    let wanted = backward_scratch_bytes(formats, elements);
    let partials = partials(NAME, operands.scratch, wanted)?;
    let isa = cpu.spec.isa;
    if let Some(dx) = dx {
        let items = dx?
            .par_chunks_mut(PIECE)
            .zip(x.par_chunks(PIECE))
            .zip(dy.par_chunks(PIECE));
        cpu.for_each(elements * formats.len(), items, |((dx, x), dy)| {
            simd(
                isa,
                #[inline(always)]
                move || input_gradient(formats, p, x, dy, dx),
            );
        });
    }
    let Some(dp) = dp else {
        return Ok(());
    };
    let dp = dp?;
    if formats.is_empty() {
        return Ok(());
    }
    let items = partials
        .par_chunks_mut(formats.len())
        .zip(x.par_chunks(PIECE))
        .zip(dy.par_chunks(PIECE));
    cpu.for_each(elements * formats.len(), items, |((partial, x), dy)| {
        simd(
            isa,
            #[inline(always)]
            move || weight_gradient(formats, x, dy, partial),
        );
    });
    for (m, dp) in dp.iter_mut().enumerate() {
        let values = partials.iter().skip(m).step_by(formats.len());
        *dp = values.sum::<f64>() as f32;
    }
    Ok(())
}

#[inline(always)]
fn input_gradient(formats: &[FixedPoint], p: &[f32], x: &[f32], dy: &[f32], dx: &mut [f32]) {
    let blocks = x.chunks(BLOCK).zip(dy.chunks(BLOCK));
    for (dx, (x, dy)) in dx.chunks_mut(BLOCK).zip(blocks) {
        dx.fill(0.0);
        for (&format, &p) in formats.iter().zip(p) {
            let quantiser = Quantiser::new(format);
            for (dx, &x) in dx.iter_mut().zip(x) {
                *dx += gated(quantiser.passes(x), p);
            }
        }
        for (dx, &dy) in dx.iter_mut().zip(dy) {
            *dx *= dy;
        }
    }
}

#[inline(always)]
fn weight_gradient(formats: &[FixedPoint], x: &[f32], dy: &[f32], partial: &mut [f64]) {
    partial.fill(0.0);
    for (x, dy) in x.chunks(BLOCK).zip(dy.chunks(BLOCK)) {
        for (&format, partial) in formats.iter().zip(&mut *partial) {
            let quantiser = Quantiser::new(format);
            *partial += sum_pairs(
                x,
                dy,
                #[inline(always)]
                move |x, dy| dy * quantiser.value(x),
            );
        }
    }
}

/// Checks an embedding, and gives rows and length of a row of the small kernel, and where it starts in the
/// large one: row `i` of the small kernel lies at `start(i)`.
fn embedded_rows(
    op: &'static str,
    g: &Embedding,
) -> Result<(usize, impl Fn(usize) -> usize + use<>)> {
    let g = *g;
    if g.small > g.large || (g.large - g.small) % 2 == 1 {
        return Err(crate::Error::Geometry {
            op,
            what: "the small kernel's side",
            value: g.small,
            expected: "smaller than the large kernel's by an even number",
        });
    }
    let start = move |row: usize| {
        let (channel, y) = (row / g.small, row % g.small + g.margin());
        ((channel * g.large + y) * g.large + g.margin()) * g.in_channels
    };
    Ok((g.small * g.in_channels, start))
}

/// `large += c * pad(small)`.
pub(super) fn embed(
    cpu: &Cpu,
    g: &Embedding,
    c: Coefficient<'_, Cpu>,
    small: Ref<'_, Cpu>,
    large: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "embed_kernel";
    let c = coefficient(NAME, c)?;
    let (length, start) = embedded_rows(NAME, g)?;
    let small = read(NAME, "small", small, g.small_elements())?;
    let large = write(NAME, "large", large, g.large_elements())?;
    let isa = cpu.spec.isa;
    if small.is_empty() {
        return Ok(());
    }
    let (one, rows) = (g.large_elements() / g.out_channels, g.small);
    let items = large
        .par_chunks_mut(one)
        .zip(small.par_chunks(rows * length));
    cpu.for_each(small.len(), items, |(large, small)| {
        simd(
            isa,
            #[inline(always)]
            || {
                for (row, small) in small.chunks_exact(length).enumerate() {
                    let large = &mut large[start(row)..][..length];
                    for (large, &small) in large.iter_mut().zip(small) {
                        *large += c * small;
                    }
                }
            },
        );
    });
    Ok(())
}

/// `small = crop(large)`.
pub(super) fn crop(
    cpu: &Cpu,
    g: &Embedding,
    large: Ref<'_, Cpu>,
    small: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "crop_kernel";
    let (length, start) = embedded_rows(NAME, g)?;
    let large = read(NAME, "large", large, g.large_elements())?;
    let small = write(NAME, "small", small, g.small_elements())?;
    if small.is_empty() {
        return Ok(());
    }
    let items = small.par_chunks_mut(length).enumerate();
    cpu.for_each(g.small_elements(), items, |(row, small)| {
        small.copy_from_slice(&large[start(row)..][..length]);
    });
    Ok(())
}
