//! Convolutions of the CPU backend: which path computes which geometry, and what scratch it wants.
//!
//! Scratch and the order of every sum follow from the geometry and the instruction set alone: work is cut
//! into shares and chunks of fixed size, which the threads of the pool take in any order. Forward passes of
//! operands on fixed-point grids are computed in [`integer`]s, where geometry and formats let them.

mod depthwise;
mod direct;
mod frame;
mod gather;
mod im2col;
mod integer;
pub(super) mod matmul;
mod outer;
mod shared;
#[cfg(test)]
mod tests;
mod tile;
mod vector;
mod wgrad;
#[cfg(target_arch = "x86_64")]
mod winograd;

use super::parallel::Loops;
use super::{Cpu, CpuSpec};
use crate::{Conv2d, Error, Op, Result};
use gather::Gather;
pub(super) use integer::{Integer, fprop as fake_quantised_fprop};
use rayon::prelude::*;
use std::ops::Range;
use vector::TileSize;

/// The kernels that compute a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// Channels in the lanes, on any machine.
    Depthwise,
    /// Tiles of this size, in the registers of an instruction set that has vectors.
    Direct(TileSize),
    /// Matrix products, on any machine.
    Im2col,
    /// Tiles transformed into fewer products, in AVX-512 registers; gradients alone.
    #[cfg(target_arch = "x86_64")]
    Winograd,
}

impl Path {
    fn of(spec: &CpuSpec, g: &Conv2d) -> Self {
        if depthwise::applies(g) {
            return Path::Depthwise;
        }
        TileSize::of(spec.isa).map_or(Path::Im2col, Path::Direct)
    }

    fn of_gradient(spec: &CpuSpec, g: &Conv2d) -> Self {
        match Path::of(spec, g) {
            #[cfg(target_arch = "x86_64")]
            Path::Direct(TileSize::AVX512) if winograd::applies(g) => Path::Winograd,
            path => path,
        }
    }
}

/// Bytes of scratch of a convolution; 0 for any other operation.
pub(super) fn scratch_bytes(spec: &CpuSpec, op: &Op<'_>) -> usize {
    let floats = match op {
        Op::Conv2dFprop(g) => gather_scratch(Path::of(spec, g), g, &Gather::fprop(g)),
        Op::Conv2dDgrad(g) => gather_scratch(Path::of_gradient(spec, g), g, &Gather::dgrad(g)),
        Op::Conv2dWgrad(g) => match Path::of_gradient(spec, g) {
            Path::Depthwise => depthwise::wgrad_scratch_len(g),
            Path::Direct(size) => wgrad::scratch_len(size, g),
            Path::Im2col => im2col::wgrad_scratch_len(g),
            #[cfg(target_arch = "x86_64")]
            Path::Winograd => winograd::wgrad_scratch_len(g),
        },
        _ => 0,
    };
    floats * size_of::<f32>()
}

fn gather_scratch(path: Path, g: &Conv2d, gather: &Gather) -> usize {
    match path {
        Path::Depthwise => depthwise::scratch_len(g),
        Path::Direct(size) => direct::scratch_len(size, gather),
        Path::Im2col => im2col::scratch_len(gather),
        #[cfg(target_arch = "x86_64")]
        Path::Winograd => winograd::dgrad_scratch_len(g),
    }
}

/// The convolution `y = x * w`; scratch is 64-byte aligned and has at least [`scratch_bytes`].
///
/// # Errors
/// [`Error::Geometry`]; [`Error::Length`] when an operand has another length than the geometry says.
pub(super) fn fprop(
    cpu: &Cpu,
    g: &Conv2d,
    x: &[f32],
    w: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
) -> Result<()> {
    let g = &g.checked()?;
    let scratch = check(
        "conv2d_fprop",
        [
            ("x", x.len(), g.input_elements()),
            ("w", w.len(), g.weight_elements()),
        ],
        ("y", y.len(), g.output_elements()),
        scratch,
        scratch_bytes(&cpu.spec, &Op::Conv2dFprop(*g)),
    )?;
    gather(
        cpu,
        Path::of(&cpu.spec, g),
        g,
        &Gather::fprop(g),
        x,
        w,
        y,
        scratch,
    );
    Ok(())
}

/// The gradient `dx` of the convolution's input; scratch as for [`fprop`].
///
/// # Errors
/// [`Error::Geometry`]; [`Error::Length`] when an operand has another length than the geometry says.
pub(super) fn dgrad(
    cpu: &Cpu,
    g: &Conv2d,
    dy: &[f32],
    w: &[f32],
    dx: &mut [f32],
    scratch: &mut [f32],
) -> Result<()> {
    let g = &g.checked()?;
    let scratch = check(
        "conv2d_dgrad",
        [
            ("dy", dy.len(), g.output_elements()),
            ("w", w.len(), g.weight_elements()),
        ],
        ("dx", dx.len(), g.input_elements()),
        scratch,
        scratch_bytes(&cpu.spec, &Op::Conv2dDgrad(*g)),
    )?;
    gather(
        cpu,
        Path::of_gradient(&cpu.spec, g),
        g,
        &Gather::dgrad(g),
        dy,
        w,
        dx,
        scratch,
    );
    Ok(())
}

/// The gradient `dw` of the convolution's weights; scratch as for [`fprop`].
///
/// # Errors
/// [`Error::Geometry`]; [`Error::Length`] when an operand has another length than the geometry says.
pub(super) fn wgrad(
    cpu: &Cpu,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) -> Result<()> {
    let g = &g.checked()?;
    let scratch = check(
        "conv2d_wgrad",
        [
            ("x", x.len(), g.input_elements()),
            ("dy", dy.len(), g.output_elements()),
        ],
        ("dw", dw.len(), g.weight_elements()),
        scratch,
        scratch_bytes(&cpu.spec, &Op::Conv2dWgrad(*g)),
    )?;
    cpu.run(products(g), |loops| match Path::of_gradient(&cpu.spec, g) {
        // SAFETY: a `Cpu` of this instruction set exists on machines that have it alone.
        Path::Depthwise => unsafe {
            depthwise::wgrad(loops, cpu.spec.isa, g, x, dy, dw, scratch);
        },
        // SAFETY: as above.
        Path::Direct(size) => unsafe {
            wgrad::run(loops, (cpu.spec.isa, size), g, x, dy, dw, scratch);
        },
        Path::Im2col => im2col::wgrad(loops, g, x, dy, dw, scratch),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Path::Winograd => unsafe { winograd::wgrad(loops, g, x, dy, dw, scratch) },
    });
    Ok(())
}

#[allow(
    clippy::too_many_arguments,
    reason = "a convolution's operands, and how it is computed"
)]
fn gather(
    cpu: &Cpu,
    path: Path,
    g: &Conv2d,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    scratch: &mut [f32],
) {
    cpu.run(products(g), |loops| match path {
        // SAFETY: a `Cpu` of this instruction set exists on machines that have it alone.
        Path::Depthwise => unsafe {
            depthwise::run(
                loops,
                cpu.spec.isa,
                gather,
                source,
                weights,
                target,
                scratch,
            );
        },
        // SAFETY: as above.
        Path::Direct(size) => unsafe {
            let isa = (cpu.spec.isa, size);
            direct::run(loops, isa, gather, source, weights, target, scratch);
        },
        Path::Im2col => im2col::run(loops, gather, source, weights, target, scratch),
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Path::Winograd => unsafe { winograd::dgrad(loops, g, source, weights, target, scratch) },
    });
}

/// The work of a convolution, as [`Cpu::run`] counts it.
fn products(g: &Conv2d) -> usize {
    usize::try_from(g.macs()).unwrap_or(usize::MAX)
}

/// Compares lengths with what the geometry says, and cuts scratch to what is wanted of it.
fn check<'a>(
    op: &'static str,
    inputs: [(&'static str, usize, usize); 2],
    output: (&'static str, usize, usize),
    scratch: &'a mut [f32],
    scratch_bytes: usize,
) -> Result<&'a mut [f32]> {
    let wanted = scratch_bytes / size_of::<f32>();
    let length = |operand, got: usize, expected: usize| Error::Length {
        op,
        operand,
        expected: expected * size_of::<f32>(),
        got: got * size_of::<f32>(),
    };
    for (operand, got, expected) in inputs.into_iter().chain([output]) {
        if got != expected {
            return Err(length(operand, got, expected));
        }
    }
    let got = scratch.len();
    scratch
        .get_mut(..wanted)
        .ok_or_else(|| length("scratch", got, wanted))
}

/// Chunks that wgrad cuts the output pixels into, each summed by itself; none without a whole line.
fn wgrad_chunks(g: &Conv2d) -> usize {
    let lines = g.batch * g.output[0];
    (g.output_pixels() / 2048)
        .clamp(1, im2col::SLOTS)
        .min(lines)
}

/// The `index`-th of `chunks` about equal parts of `0..total`.
fn wgrad_chunk(total: usize, chunks: usize, index: usize) -> Range<usize> {
    index * total / chunks..(index + 1) * total / chunks
}

/// Output channels of a wgrad task, a multiple of `unit`: few chunks are dealt out by channels too.
fn wgrad_channels(g: &Conv2d, chunks: usize, unit: usize) -> usize {
    let units = g.output[2].div_ceil(unit);
    let blocks = (im2col::SLOTS / chunks).clamp(1, units);
    units.div_ceil(blocks) * unit
}

/// Adds `parts`, in order, into `sum`.
fn sum_parts(loops: Loops, parts: &[f32], sum: &mut [f32]) {
    const BLOCK: usize = 1 << 14;
    let len = sum.len();
    let items = sum.par_chunks_mut(BLOCK).enumerate();
    loops.for_each(items, |(index, sum)| {
        let block = index * BLOCK..index * BLOCK + sum.len();
        let mut parts = parts.chunks_exact(len).map(|part| &part[block.clone()]);
        if let Some(first) = parts.next() {
            sum.copy_from_slice(first);
        }
        for part in parts {
            for (sum, value) in sum.iter_mut().zip(part) {
                *sum += value;
            }
        }
    });
}
