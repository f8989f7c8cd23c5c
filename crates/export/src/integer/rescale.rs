//! From sums to what the next convolution takes: one multiplication and one addition a channel, then shifts.

use super::filter::{Block, Sink};
use super::frame::{Frame, Place};
use super::kernel::{LANES, Sums};

/// How the sums of a convolution are rescaled.
#[derive(Debug)]
pub(super) struct Rescale {
    /// What belongs to the lanes of each vector of sums.
    pub(super) vectors: Vec<Vector>,
    pub(super) codes: Option<ToCodes>,
    pub(super) values: Option<ToValues>,
}

/// What belongs to a vector of output channels.
#[derive(Clone, Debug, Default)]
pub(super) struct Vector {
    /// `total = sum * multiplier + offset + addend * addend_multiplier`.
    pub(super) multiplier: [i64; LANES],
    pub(super) offset: [i64; LANES],
    pub(super) addend_multiplier: [i64; LANES],
}

/// `code = clamp(total >> shift, least, most)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToCodes {
    pub(super) frame: Frame,
    pub(super) shift: u32,
    pub(super) least: i64,
    pub(super) most: i64,
}

/// `value = max((total + round) >> shift, least)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToValues {
    pub(super) round: i64,
    pub(super) shift: u32,
    pub(super) least: i64,
}

/// Where rescaled sums go, and what is added to them.
pub(super) struct Rescaled<'a> {
    pub(super) rescale: &'a Rescale,
    /// Output channels.
    pub(super) channels: usize,
    /// `[pixels, channels]`; empty for none.
    pub(super) addend: &'a [i32],
    pub(super) codes: &'a mut [i16],
    pub(super) values: &'a mut [i32],
}

/// Keeps sums as they are, `[pixels, channels]`.
pub(super) struct Kept<'a> {
    pub(super) channels: usize,
    pub(super) sums: &'a mut [i32],
}

impl Sink for Rescaled<'_> {
    #[inline(always)]
    fn put(&mut self, place: &Place, block: Block, sums: &Sums) {
        let Rescale {
            vectors,
            codes,
            values,
        } = self.rescale;
        let vector = &vectors[block.vector];
        let mut totals = [0; LANES];
        for lane in 0..LANES {
            totals[lane] = i64::from(sums[lane]) * vector.multiplier[lane] + vector.offset[lane];
        }
        let at = place.pixel * self.channels + block.first;
        if !self.addend.is_empty() {
            let mut addend = [0; LANES];
            copy(&self.addend[at..][..block.lanes], &mut addend);
            for lane in 0..LANES {
                totals[lane] += i64::from(addend[lane]) * vector.addend_multiplier[lane];
            }
        }
        if let Some(to) = codes {
            let mut codes = [0; LANES];
            for (code, total) in codes.iter_mut().zip(&totals) {
                *code = (total >> to.shift).max(to.least).min(to.most) as i16;
            }
            let at = to.frame.at(place.row, place.column) + block.first;
            copy(&codes, &mut self.codes[at..][..block.lanes]);
        }
        if let Some(to) = values {
            let mut values = [0; LANES];
            for (value, total) in values.iter_mut().zip(&totals) {
                *value = ((total + to.round) >> to.shift).max(to.least) as i32;
            }
            copy(&values, &mut self.values[at..][..block.lanes]);
        }
    }
}

impl Sink for Kept<'_> {
    #[inline(always)]
    fn put(&mut self, place: &Place, block: Block, sums: &Sums) {
        let at = place.pixel * self.channels + block.first;
        copy(sums, &mut self.sums[at..][..block.lanes]);
    }
}

/// Copies as much as both have; all lanes as one vector.
#[inline(always)]
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    match (
        <&[T; LANES]>::try_from(from),
        <&mut [T; LANES]>::try_from(&mut *to),
    ) {
        (Ok(from), Ok(to)) => *to = *from,
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}
