//! Placing images: bytes become values, each image moved and mirrored, row by row.

use super::Cpu;
use super::memory::{slice, write};
use super::simd::simd;
use crate::{ImageBatch, Mut, Placement, Ref, Result};
use rayon::prelude::*;
use std::ops::Range;

/// Writes the images `bytes` to `y`, each at its place among `placements`.
pub(super) fn place(
    cpu: &Cpu,
    g: &ImageBatch,
    bytes: Ref<'_, Cpu>,
    placements: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "place_images";
    let bytes: &[u8] = slice(bytes.checked(NAME, "bytes", g.elements())?);
    let integers = g.placement_elements().saturating_mul(size_of::<i32>());
    let placements: &[i32] = slice(placements.checked(NAME, "placements", integers)?);
    let (placements, _) = placements.as_chunks();
    let y = write(NAME, "y", y, g.elements())?;
    if y.is_empty() {
        return Ok(()); // Rows may be empty, and chunks may not.
    }
    let [height, width, channels] = g.image;
    let row_elements = width * channels;
    let isa = cpu.spec.isa;
    let items = y.par_chunks_mut(row_elements).enumerate();
    cpu.for_each(bytes.len(), items, |(row, y)| {
        let [rows, columns, mirrored]: Placement = placements[row / height];
        let source = inside(row % height, rows, height);
        let row = source.map(|source| row / height * height + source);
        let row = row.map(|row| &bytes[row * row_elements..][..row_elements]);
        simd(
            isa,
            #[inline(always)]
            move || place_row(row, visible(columns, width), channels, mirrored != 0, y),
        );
    });
    Ok(())
}

/// The index `index + shift`, where it lies in an image of `size`.
fn inside(index: usize, shift: i32, size: usize) -> Option<usize> {
    let index = index.checked_add_signed(shift as isize)?;
    (index < size).then_some(index)
}

/// The columns of an image that its window shows, and the first column of the window that shows them.
fn visible(shift: i32, width: usize) -> (Range<usize>, usize) {
    let by = (shift.unsigned_abs() as usize).min(width);
    match shift {
        0.. => (by..width, 0),
        _ => (0..width - by, by),
    }
}

/// Writes one row of a window: the visible columns of `row`, or none without a row, on black.
#[inline(always)]
fn place_row(
    row: Option<&[u8]>,
    (from, to): (Range<usize>, usize),
    channels: usize,
    mirrored: bool,
    y: &mut [f32],
) {
    let Some(row) = row else {
        return y.fill(ImageBatch::value(0));
    };
    let (row, to) = (
        &row[from.start * channels..from.end * channels],
        to * channels,
    );
    let to = match mirrored {
        true => y.len() - to - row.len()..y.len() - to,
        false => to..to + row.len(),
    };
    y[..to.start].fill(ImageBatch::value(0));
    y[to.end..].fill(ImageBatch::value(0));
    let y = &mut y[to];
    if mirrored {
        let pixels = y.chunks_exact_mut(channels).rev();
        for (y, pixel) in pixels.zip(row.chunks_exact(channels)) {
            convert(pixel, y);
        }
    } else {
        convert(row, y);
    }
}

#[inline(always)]
fn convert(bytes: &[u8], y: &mut [f32]) {
    for (y, &byte) in y.iter_mut().zip(bytes) {
        *y = ImageBatch::value(byte);
    }
}
