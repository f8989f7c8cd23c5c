//! The path of wgrad with register tiles: sums of outer products of pixels over in-image pixels only.
//!
//! Output lines are cut into chunks, a chunk into blocks of about [`BLOCK`] pixels. Chunks are summed apart and
//! their sums added in order. Which operand is in the lanes, [`wide`] and [`narrow`] say.

mod narrow;
mod panels;
mod wide;

use super::vector::TileSize;
use super::{wgrad_channels, wgrad_chunk, wgrad_chunks};
use crate::cpu::parallel::Loops;
use crate::{Conv2d, Isa};
use std::ops::Range;

/// Pixels of a block, and so the most lines of one: sums are loaded and stored once a block.
const BLOCK: usize = 128;

/// Floats of scratch of [`run`].
pub(super) fn scratch_len(size: TileSize, g: &Conv2d) -> usize {
    if narrow::applies(size, g) {
        narrow::scratch_len(g)
    } else {
        wide::scratch_len(size, g)
    }
}

/// `dw` from `x` and `dy`.
///
/// # Safety
/// The machine has the instruction set `isa`, whose tiles are of this size.
pub(super) unsafe fn run(
    loops: Loops,
    (isa, size): (Isa, TileSize),
    g: &Conv2d,
    x: &[f32],
    dy: &[f32],
    dw: &mut [f32],
    scratch: &mut [f32],
) {
    // SAFETY: the caller's promise.
    unsafe {
        if narrow::applies(size, g) {
            narrow::run(loops, (isa, size), g, x, dy, dw, scratch);
        } else {
            wide::run(loops, (isa, size), g, x, dy, dw, scratch);
        }
    }
}

/// Output lines of a block.
fn block_lines(g: &Conv2d) -> usize {
    (BLOCK / g.output[1]).max(1)
}

/// The blocks of a chunk's lines.
fn blocks(g: &Conv2d, lines: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let height = block_lines(g);
    lines
        .clone()
        .step_by(height)
        .map(move |start| start..(start + height).min(lines.end))
}

/// Parts of `0..total`, as few and as equal as they can be at up to `most` each.
fn parts(total: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = total.div_ceil(most);
    (0..count).map(move |index| wgrad_chunk(total, count, index))
}
