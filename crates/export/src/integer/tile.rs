//! The sums of a tile: some vectors of output channels in some pixels.

use super::frame::Place;
use super::kernel::{ByteCell, Cell, Dot, LANES, Sums};

/// Codes of an image, and how they are multiplied.
pub(super) trait Tile: Copy {
    /// Weights of a vector.
    type Cell;

    /// From another channel on.
    fn at_channel(self, channel: usize) -> Self;

    /// Cells of the window of a vector.
    fn window(&self) -> usize;

    /// The sums of `V` vectors in `P` pixels.
    fn totals<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        weights: &[Self::Cell],
        places: &[Place; P],
    ) -> [[D::Lanes; V]; P];
}

/// Codes of 16 bits.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) runs: &'a [usize],
    pub(super) cells: usize,
    pub(super) codes: &'a [i16],
}

/// Codes of 8 bits, with what [`super::weights::Weights::Bytes`] says.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    pub(super) runs: &'a [usize],
    pub(super) cells: usize,
    pub(super) part: usize,
    pub(super) runs_together: usize,
    pub(super) codes: &'a [u8],
}

impl Tile for Words<'_> {
    type Cell = Cell;

    #[inline(always)]
    fn at_channel(self, channel: usize) -> Self {
        Words {
            codes: &self.codes[channel..],
            ..self
        }
    }

    #[inline(always)]
    fn window(&self) -> usize {
        self.runs.len() * self.cells
    }

    #[inline(always)]
    fn totals<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        weights: &[Cell],
        places: &[Place; P],
    ) -> [[D::Lanes; V]; P] {
        let (cells, window) = (self.cells, self.window());
        let mut totals = [[dot.zero(); V]; P];
        let mut rows: [&[[i16; 2]]; P] = [&[]; P];
        let mut vectors: [&[Cell]; V] = [&[]; V];
        for (index, run) in self.runs.iter().enumerate() {
            for (row, place) in rows.iter_mut().zip(places) {
                *row = &self.codes[place.window + run..].as_chunks().0[..cells];
            }
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = &weights[v * window + index * cells..][..cells];
            }
            for cell in 0..cells {
                for p in 0..P {
                    for v in 0..V {
                        totals[p][v] = dot.dot(totals[p][v], rows[p][cell], &vectors[v][cell]);
                    }
                }
            }
        }
        totals
    }
}

impl Tile for Bytes<'_> {
    type Cell = ByteCell;

    #[inline(always)]
    fn at_channel(self, channel: usize) -> Self {
        Bytes {
            codes: &self.codes[channel..],
            ..self
        }
    }

    #[inline(always)]
    fn window(&self) -> usize {
        self.runs.len() * self.cells
    }

    #[inline(always)]
    fn totals<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        weights: &[ByteCell],
        places: &[Place; P],
    ) -> [[D::Lanes; V]; P] {
        let (cells, window) = (self.cells, self.window());
        let mut totals = [[dot.zero(); V]; P];
        let mut shorts = [[dot.zero_shorts(); V]; P];
        let mut rows: [&[[u8; 4]]; P] = [&[]; P];
        let mut vectors: [&[ByteCell]; V] = [&[]; V];
        let mut runs_left = self.runs_together;
        for (index, run) in self.runs.iter().enumerate() {
            for (row, place) in rows.iter_mut().zip(places) {
                *row = &self.codes[place.window + run..].as_chunks().0[..cells];
            }
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = &weights[v * window + index * cells..][..cells];
            }
            runs_left -= 1;
            let is_last = runs_left == 0 || index + 1 == self.runs.len();
            let mut start = 0;
            while start < cells {
                let end = (start + self.part).min(cells);
                for cell in start..end {
                    for p in 0..P {
                        for v in 0..V {
                            let codes = rows[p][cell];
                            shorts[p][v] = dot.dot_bytes(shorts[p][v], codes, &vectors[v][cell]);
                        }
                    }
                }
                start = end;
                if is_last || end < cells {
                    for p in 0..P {
                        for v in 0..V {
                            totals[p][v] = dot.widen(totals[p][v], shorts[p][v]);
                            shorts[p][v] = dot.zero_shorts();
                        }
                    }
                }
            }
            if is_last {
                runs_left = self.runs_together;
            }
        }
        totals
    }
}

/// The sums of a vector of channels by themselves, in `P` pixels.
#[inline(always)]
pub(super) fn depthwise<const P: usize>(
    runs: &[usize],
    codes: &[i16],
    weights: &[[i16; LANES]],
    places: &[Place; P],
) -> [Sums; P] {
    let mut totals = [[0; LANES]; P];
    for (run, weights) in runs.iter().zip(weights) {
        for (place, totals) in places.iter().zip(&mut totals) {
            let codes = &codes[place.window + run..][..LANES];
            for lane in 0..LANES {
                totals[lane] += i32::from(codes[lane]) * i32::from(weights[lane]);
            }
        }
    }
    totals
}
