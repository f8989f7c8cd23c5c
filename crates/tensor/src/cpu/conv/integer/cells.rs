//! Values as cells of codes: how many fit, and where each stands.

use super::kernel::LANES;
use super::{Integer, Part};
use crate::cpu::codes::{Code, Encoder};
use crate::cpu::parallel::Loops;
use crate::cpu::simd::simd;
use crate::{FixedPoint, Isa};
use bytemuck::Pod;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Cells that are encoded at a time of one run: what they are written beside stays in the first-level cache.
const CHUNK: usize = 32;

/// Values of a segment below which a loop over its cells is faster than vectors.
const SHORT: usize = 16;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Two i16 of both operands.
    Pairs,
    /// Four u8 of the images, four i8 of the weights.
    Quads,
}

impl Form {
    /// The narrowest form that holds the codes of both formats.
    pub(super) fn of(x: FixedPoint, w: FixedPoint) -> Option<Self> {
        // As signed numbers.
        let bits = |format: FixedPoint| format.width() + u32::from(!format.signed);
        let bytes = !x.signed && x.width() <= 8 && bits(w) <= 8;
        if x.width().min(w.width()) == 0 || bits(x).max(bits(w)) > 16 {
            None
        } else if bytes {
            Some(Form::Quads)
        } else {
            Some(Form::Pairs)
        }
    }

    /// Codes of a cell.
    pub(super) fn codes(self) -> usize {
        match self {
            Form::Pairs => 2,
            Form::Quads => 4,
        }
    }
}

/// What is taken of a code's two's complement: the low bits.
trait Place: Pod + Into<u32> {
    fn low(bits: u32) -> Self;
}

impl Place for u8 {
    #[inline(always)]
    fn low(bits: u32) -> Self {
        bits as u8
    }
}

impl Place for u16 {
    #[inline(always)]
    fn low(bits: u32) -> Self {
        bits as u16
    }
}

/// What cells are made of: values, or their codes.
pub(super) trait Source: Copy + Send + Sync {
    /// A code whose low 16 bits count.
    fn code(self, encoder: Encoder) -> u32;
    /// The bits of the magnitude, which ascend with it; NaN has the highest, codes have none.
    fn magnitude_bits(self) -> u32;
}

impl Source for f32 {
    #[inline(always)]
    fn code(self, encoder: Encoder) -> u32 {
        encoder.code(self)
    }

    #[inline(always)]
    fn magnitude_bits(self) -> u32 {
        self.to_bits() & !(1 << 31)
    }
}

impl<C: Code> Source for C {
    #[inline(always)]
    fn code(self, _: Encoder) -> u32 {
        self.number() as u32
    }

    #[inline(always)]
    fn magnitude_bits(self) -> u32 {
        0
    }
}

/// `count` runs of segments of `len` values, as many as there are cells for: where runs and segments start follows from the strides.
#[derive(Clone, Copy)]
struct Runs<'a, S> {
    values: &'a [S],
    count: usize,
    run_stride: usize,
    segment_stride: usize,
    len: usize,
}

impl<S: Source> Runs<'_, S> {
    /// Writes the cells of all runs, those of run `r` at `r`, `r + step`, ...; codes that a segment's last cell
    /// has left are zero. Gives the largest magnitude's bits.
    #[inline(always)]
    fn encode<C: Place>(self, encoder: Encoder, cells: &mut [u32], step: usize) -> u32 {
        let codes = size_of::<u32>() / size_of::<C>();
        let segment_cells = self.len.div_ceil(codes) * step;
        let mut largest = 0;
        for (segment, cells) in cells.chunks_exact_mut(segment_cells).enumerate() {
            let values = &self.values[segment * self.segment_stride..];
            for first in (0..self.len).step_by(CHUNK * codes) {
                let len = (self.len - first).min(CHUNK * codes);
                let cells = &mut cells[first / codes * step..];
                for run in 0..self.count {
                    let values = &values[run * self.run_stride + first..][..len];
                    let places = cells[run..].iter_mut().step_by(step);
                    let here = if len < SHORT {
                        encode_short::<C, S>(encoder, values, places)
                    } else {
                        encode_chunk::<C, S>(encoder, values, places)
                    };
                    largest = largest.max(here);
                }
            }
        }
        largest
    }

    /// As [`Runs::encode`], whatever the form; notes a NaN.
    fn note(self, form: Form, encoding: Encoding<'_>, cells: &mut [u32], step: usize) {
        let Encoding { isa, encoder, nan } = encoding;
        let largest = match form {
            Form::Pairs => simd(
                isa,
                #[inline(always)]
                move || self.encode::<u16>(encoder, cells, step),
            ),
            Form::Quads => simd(
                isa,
                #[inline(always)]
                move || self.encode::<u8>(encoder, cells, step),
            ),
        };
        if f32::from_bits(largest).is_nan() {
            nan.store(true, Ordering::Relaxed);
        }
    }
}

/// Writes the cells of at most [`CHUNK`] cells' values, and gives the largest magnitude's bits.
#[inline(always)]
fn encode_chunk<'a, C: Place, S: Source>(
    encoder: Encoder,
    values: &[S],
    places: impl Iterator<Item = &'a mut u32>,
) -> u32 {
    let mut largest = 0;
    let mut chunk = [0u32; CHUNK];
    let coded = bytemuck::cast_slice_mut::<u32, C>(&mut chunk);
    for (code, &value) in coded.iter_mut().zip(values) {
        *code = C::low(value.code(encoder));
        largest = largest.max(value.magnitude_bits());
    }
    let codes = size_of::<u32>() / size_of::<C>();
    for (place, &cell) in places.zip(&chunk[..values.len().div_ceil(codes)]) {
        *place = cell;
    }
    largest
}

/// As [`encode_chunk`], cell by cell.
#[inline(always)]
fn encode_short<'a, C: Place, S: Source>(
    encoder: Encoder,
    values: &[S],
    places: impl Iterator<Item = &'a mut u32>,
) -> u32 {
    let codes = size_of::<u32>() / size_of::<C>();
    let mut largest = 0;
    for (place, values) in places.zip(values.chunks(codes)) {
        // By shifts: to read a word that was just written in parts would wait for the writes.
        let mut cell = 0;
        for (i, &value) in values.iter().enumerate() {
            let lane = if cfg!(target_endian = "little") {
                i
            } else {
                codes - 1 - i
            };
            let code: u32 = C::low(value.code(encoder)).into();
            cell |= code << (lane * 8 * size_of::<C>());
            largest = largest.max(value.magnitude_bits());
        }
        *place = cell;
    }
    largest
}

/// How an operand becomes cells.
#[derive(Clone, Copy)]
pub(super) struct Encoding<'a> {
    pub(super) isa: Isa,
    pub(super) encoder: Encoder,
    /// Set when a value is NaN.
    pub(super) nan: &'a AtomicBool,
}

impl Integer {
    /// The cells of the weights; lanes beyond a group's channels are zero.
    pub(super) fn encode_weights(
        &self,
        loops: Loops,
        encoding: Encoding<'_>,
        w: &[f32],
        cells: &mut [u32],
    ) {
        let (lanes, blocks) = self.lanes();
        let (window, depth) = (self.g.window(), self.depth());
        let len = if self.fills_cells() { window } else { depth };
        let items = cells.par_chunks_exact_mut(self.block_cells()).enumerate();
        loops.for_each(items, |(index, cells)| {
            let lane = index % blocks * LANES;
            let count = LANES.min(lanes - lane);
            if count < LANES {
                cells.fill(0);
            }
            let filters = &w[(index / blocks * lanes + lane) * window..];
            let runs = Runs {
                values: filters,
                count,
                run_stride: window,
                segment_stride: depth,
                len,
            };
            runs.note(self.form, encoding, cells, LANES);
        });
    }

    /// The cells of the images of a part.
    pub(super) fn encode_images(
        &self,
        loops: Loops,
        encoding: Encoding<'_>,
        part: Part,
        x: &[impl Source],
        cells: &mut [u32],
    ) {
        let [height, width, channels] = self.g.input;
        let [framed_height, framed_width] = self.framed(part);
        let (groups, depth, rows) = (self.g.groups, self.depth(), part.rows);
        let one_run = groups == 1 && self.spacing == 1 && self.fills_cells();
        let len = if one_run { width * depth } else { depth };
        let line_stride = self.source[1] * channels;
        let image_stride = self.source[0] * line_stride;
        let pixel = self.pixel_cells() * rows;
        let items = cells.par_chunks_exact_mut(framed_width * pixel).enumerate();
        loops.for_each(items, |(index, cells)| {
            let (image, line) = (index / framed_height, index % framed_height);
            let (image, group) = (image / groups * rows, image % groups);
            // Lines above the image wrap around.
            let line = line.wrapping_sub(part.border);
            if line >= height {
                cells.fill(0);
                return;
            }
            let (left, cells) = cells.split_at_mut(part.border * pixel);
            let (inside, right) = cells.split_at_mut(width * pixel);
            left.fill(0);
            right.fill(0);
            let start = image * image_stride + line * self.spacing * line_stride + group * depth;
            let runs = Runs {
                values: &x[start..],
                count: rows,
                run_stride: image_stride,
                segment_stride: self.spacing * channels,
                len,
            };
            runs.note(self.form, encoding, inside, rows);
        });
    }

    /// Whether pixels fill their cells, so that neighbours are one run.
    fn fills_cells(&self) -> bool {
        self.depth().is_multiple_of(self.form.codes())
    }
}
