//! Kernels of many sizes behind quantisers merged into one, and the way back: one pass over every kernel.
//!
//! An item of work is an output channel, with all terms: its part of the merged kernel stays in the second
//! cache while the terms, of which there may be far more than fit any cache, stream by once.

use super::Cpu;
use super::memory::{partials, read, row, slice, write};
use super::pointwise::{Identity, Pointwise, Quantiser, gated};
use super::simd::simd;
use super::sums::sum_pairs;
use crate::{KernelMerge, KernelTerm, Mut, Ref, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Calls `$body` with the quantiser of a format, or the identity where there is none, as `$function`.
macro_rules! with_quantiser {
    ($format:expr, $function:ident => $body:expr) => {
        match $format {
            None => {
                let $function = Identity;
                $body
            }
            Some(format) => {
                let $function = Quantiser::new(format);
                $body
            }
        }
    };
}

/// Contiguous runs of a term in one output channel: where each lies in the merged kernel.
fn runs(g: &KernelMerge<'_>, term: &KernelTerm) -> impl Iterator<Item = Range<usize>> + use<> {
    let (side, small, channels) = (g.side, term.side, g.in_channels);
    // A kernel as large as the merged one is one run.
    let (count, length) = match small == side {
        true => (1, side * side * channels),
        false => (small, small * channels),
    };
    let margin = (side - small) / 2;
    (0..count).map(move |y| {
        let start = ((y + margin) * side + margin) * channels;
        start..start + length
    })
}

/// Elements that go by, for the choice of threads.
fn work(g: &KernelMerge<'_>) -> usize {
    let of_terms = g.terms.iter().map(|t| g.embedding(t).small_elements());
    of_terms.sum::<usize>() + g.elements()
}

/// One output channel of a term's kernel.
fn channel<'a>(kernel: Ref<'a, Cpu>, length: usize, index: usize) -> &'a [f32] {
    let bytes = length * size_of::<f32>();
    slice(kernel.slice(index * bytes..(index + 1) * bytes))
}

fn length(g: &KernelMerge<'_>, term: &KernelTerm) -> usize {
    term.side * term.side * g.in_channels
}

/// `merged = sum_m c[i_m] * pad(Q_m(kernels[m]))`.
pub(super) fn merge(
    cpu: &Cpu,
    g: &KernelMerge<'_>,
    c: Ref<'_, Cpu>,
    kernels: &[Ref<'_, Cpu>],
    merged: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "merge_kernels";
    let c = slice::<f32>(c);
    let g = g.checked(NAME, kernels.len(), c.len())?;
    let merged = write(NAME, "merged", merged, g.elements())?;
    check_kernels(NAME, &g, kernels)?;
    if merged.is_empty() {
        return Ok(());
    }
    let isa = cpu.spec.isa;
    let items = merged.par_chunks_mut(g.elements() / g.out_channels);
    cpu.for_each(work(&g), items.enumerate(), |(index, merged)| {
        merged.fill(0.0);
        for (term, &kernel) in g.terms.iter().zip(kernels) {
            let kernel = channel(kernel, length(&g, term), index);
            let (c, merged) = (c[term.coefficient], &mut *merged);
            with_quantiser!(term.format, q => simd(
                isa,
                #[inline(always)]
                move || add(merged, runs(&g, term), kernel, c, q),
            ));
        }
    });
    Ok(())
}

#[inline(always)]
fn add(
    merged: &mut [f32],
    runs: impl Iterator<Item = Range<usize>>,
    kernel: &[f32],
    c: f32,
    q: impl Pointwise,
) {
    let mut kernel = kernel;
    for run in runs {
        let (here, rest) = kernel.split_at(run.len());
        for (merged, &w) in merged[run].iter_mut().zip(here) {
            *merged += c * q.value(w);
        }
        kernel = rest;
    }
}

/// Bytes of scratch of [`backward`]: a partial inner product for every output channel and term.
pub(super) fn backward_scratch_bytes(g: &KernelMerge<'_>) -> usize {
    g.out_channels * g.terms.len() * size_of::<f64>()
}

/// `dkernels[m] = c[i_m] * crop(dmerged)` where `Q_m` lets it pass, and
/// `dc[i_m] = <crop(dmerged), Q_m(kernels[m])>`, each if asked for.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(super) fn backward(
    cpu: &Cpu,
    g: &KernelMerge<'_>,
    c: Ref<'_, Cpu>,
    kernels: &[Ref<'_, Cpu>],
    dmerged: Ref<'_, Cpu>,
    dkernels: &mut [Option<Mut<'_, Cpu>>],
    dc: Option<Mut<'_, Cpu>>,
    scratch: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "merge_kernels_backward";
    let c = slice::<f32>(c);
    let g = g
        .checked(NAME, kernels.len(), c.len())?
        .checked(NAME, dkernels.len(), c.len())?;
    let dmerged = read(NAME, "dmerged", dmerged, g.elements())?;
    check_kernels(NAME, &g, kernels)?;
    for (term, dkernel) in g.terms.iter().zip(&mut *dkernels) {
        let elements = g.embedding(term).small_elements();
        if let Some(dkernel) = dkernel {
            write(NAME, "a kernel's gradient", dkernel.reborrow(), elements)?;
        }
    }
    let dc = dc.map(|dc| write(NAME, "dc", dc, c.len())).transpose()?;
    let partials = partials(NAME, scratch, backward_scratch_bytes(&g))?;
    if dmerged.is_empty() || g.terms.is_empty() {
        if let Some(dc) = dc {
            g.terms.iter().for_each(|term| dc[term.coefficient] = 0.0);
        }
        return Ok(());
    }
    let isa = cpu.spec.isa;
    let (dkernels, wants_dc) = (&*dkernels, dc.is_some());
    let items = partials
        .par_chunks_mut(g.terms.len())
        .zip(dmerged.par_chunks(g.elements() / g.out_channels));
    cpu.for_each(
        work(&g),
        items.enumerate(),
        |(index, (partials, dmerged))| {
            for (m, term) in g.terms.iter().enumerate() {
                let length = length(&g, term);
                let kernel = channel(kernels[m], length, index);
                // SAFETY: item `index` alone takes row `index` of each gradient.
                let dkernel = dkernels[m]
                    .as_ref()
                    .map(|d| unsafe { row(d, length, index) });
                let (c, partial) = (c[term.coefficient], wants_dc.then_some(&mut partials[m]));
                with_quantiser!(term.format, q => simd(
                    isa,
                    #[inline(always)]
                    move || {
                        let runs = runs(&g, term).map(|run| &dmerged[run]);
                        gradients(runs, kernel, dkernel, partial, c, q);
                    },
                ));
            }
        },
    );
    let Some(dc) = dc else {
        return Ok(());
    };
    for (m, term) in g.terms.iter().enumerate() {
        let values = partials.iter().skip(m).step_by(g.terms.len());
        dc[term.coefficient] = values.sum::<f64>() as f32;
    }
    Ok(())
}

/// Both gradients in one output channel; each run of `dmerged` and of the kernel is in the first cache when
/// the second of them wants it.
#[inline(always)]
fn gradients<'a>(
    runs: impl Iterator<Item = &'a [f32]>,
    kernel: &[f32],
    dkernel: Option<&mut [f32]>,
    partial: Option<&mut f64>,
    c: f32,
    q: impl Pointwise,
) {
    let (mut dkernel, mut sum, mut start) = (dkernel, 0.0, 0);
    for d in runs {
        let kernel = &kernel[start..][..d.len()];
        if let Some(dkernel) = &mut dkernel {
            let here = &mut dkernel[start..][..d.len()];
            for ((dw, &w), &d) in here.iter_mut().zip(kernel).zip(d) {
                *dw = gated(q.passes(w), c * d);
            }
        }
        if partial.is_some() {
            sum += sum_pairs(
                kernel,
                d,
                #[inline(always)]
                move |w, d| d * q.value(w),
            );
        }
        start += d.len();
    }
    if let Some(partial) = partial {
        *partial = sum;
    }
}

fn check_kernels(op: &'static str, g: &KernelMerge<'_>, kernels: &[Ref<'_, Cpu>]) -> Result<()> {
    for (term, &kernel) in g.terms.iter().zip(kernels) {
        read(op, "a kernel", kernel, g.embedding(term).small_elements())?;
    }
    Ok(())
}
