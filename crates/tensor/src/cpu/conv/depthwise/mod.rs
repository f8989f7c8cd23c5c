//! Depthwise convolutions: one input channel a group, channels in the lanes.
//!
//! Where each channel has one filter and the instruction set has vectors, [`lines`] and [`wgrad`] hold tiles of
//! sums in registers; [`any`] computes the rest.

mod any;
mod lines;
mod wgrad;

use super::gather::Gather;
use super::shared::Shared;
use super::vector::TileSize;
use super::{wgrad_chunk, wgrad_chunks};
use crate::cpu::parallel::Loops;
use crate::{Conv2d, Isa};
use rayon::prelude::*;

/// Whether this module computes `g`.
pub(super) fn applies(g: &Conv2d) -> bool {
    g.groups > 1 && g.groups == g.input[2]
}

/// Floats of scratch of [`run`].
pub(super) fn scratch_len(g: &Conv2d) -> usize {
    g.weight_elements()
}

/// Floats of scratch of [`wgrad`].
pub(super) fn wgrad_scratch_len(g: &Conv2d) -> usize {
    wgrad_chunks(g) * g.weight_elements()
}

/// The fprop or dgrad that `gather` describes.
///
/// # Safety
/// The machine has the instruction set.
pub(super) unsafe fn run(
    loops: Loops,
    isa: Isa,
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    packed: &mut [f32],
) {
    if TileSize::of(isa).is_some() && gather.source[2] == gather.target[2] {
        // SAFETY: the caller's promise.
        unsafe { lines::run(loops, isa, gather, source, weights, target, packed) }
    } else {
        any::run(loops, isa, gather, source, weights, target, packed);
    }
}

/// `dw` from `x` and `dy`: chunks of output lines are summed apart, as `[tap][multiplier][channel]`, and
/// their sums added in order.
///
/// # Safety
/// The machine has the instruction set.
pub(super) unsafe fn wgrad(
    loops: Loops,
    isa: Isa,
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    parts: &mut [f32],
) {
    let (chunks, elements) = (wgrad_chunks(g), g.weight_elements());
    let lines = |chunk| wgrad_chunk(g.batch * g.output[0], chunks, chunk);
    if TileSize::of(isa).is_some() && g.input[2] == g.output[2] && wgrad::applies(g) {
        let sums = Shared::new(parts);
        let (width, blocks) = wgrad::blocks(g, chunks);
        loops.for_each((0..chunks * blocks).into_par_iter(), |index| {
            let (chunk, channel) = (index / blocks, index % blocks * width);
            let task = wgrad::Task {
                g,
                x,
                dy,
                sums,
                first: chunk * elements,
                channels: channel..(channel + width).min(g.groups),
                lines: lines(chunk),
            };
            // SAFETY: the caller's promise; no two tasks have the same chunk and channels.
            unsafe { super::vector::run(isa, task) }
        });
    } else {
        let items = parts.par_chunks_exact_mut(elements).enumerate();
        loops.for_each(items, |(chunk, part)| {
            any::wgrad(isa, g, x, dy, part, lines(chunk));
        });
    }
    let parts = &*parts;
    let (groups, taps) = (g.groups, g.kernel * g.kernel);
    let multiplier = g.output[2] / groups;
    let filters = dw.par_chunks_exact_mut(taps).enumerate();
    loops.for_each(filters.with_min_len(64), |(channel, filter)| {
        let (c, i) = (channel / multiplier, channel % multiplier);
        for (tap, value) in filter.iter_mut().enumerate() {
            let at = (tap * multiplier + i) * groups + c;
            *value = parts.chunks_exact(elements).map(|part| part[at]).sum();
        }
    });
}
