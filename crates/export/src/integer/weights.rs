//! The weights of a convolution as its products take them.

use super::kernel::{ByteCell, Cell, LANES};

/// Cells that have to be summed in 16 bits before it pays to widen the sums.
const FEWEST_CELLS: usize = 2;

/// Weights, and how many cells a run of neighbouring taps has.
#[derive(Debug)]
pub(super) enum Weights {
    /// Codes of 16 bits: `[group][vector][run][cell]`.
    Words { cells: usize, weights: Vec<Cell> },
    /// Codes of 8 bits, in the same order.
    Bytes {
        cells: usize,
        /// Cells of a run, or else runs, whose sums stay within 16 bits.
        part: usize,
        runs: usize,
        weights: Vec<ByteCell>,
    },
    /// Every channel by itself, `[vector][tap]`.
    Depthwise(Vec<[i16; LANES]>),
}

/// Codes `[out channels][run][code]`.
pub(super) struct Dense<'a> {
    pub(super) codes: &'a [i16],
    /// Output channels of a group.
    pub(super) lanes: usize,
    /// Runs, and codes of each.
    pub(super) runs: usize,
    pub(super) length: usize,
}

impl Weights {
    /// In bytes where codes of the image, up to `largest` and not negative, and weights fit them, and their products
    /// can be summed in 16 bits.
    pub(super) fn dense(dense: &Dense<'_>, least: i64, largest: i64) -> Self {
        let bytes = least >= 0 && largest <= i64::from(u8::MAX);
        let bytes = bytes && dense.codes.iter().all(|&code| i8::try_from(code).is_ok());
        let in_bytes = bytes.then(|| dense.in_bytes(largest)).flatten();
        in_bytes.unwrap_or_else(|| Weights::Words {
            cells: dense.length.div_ceil(2),
            weights: dense.cells(|codes: [[i16; 2]; LANES]| Cell(codes)),
        })
    }

    /// `[channel][tap]` by vectors of channels.
    pub(super) fn depthwise(codes: &[i16], taps: usize) -> Self {
        let vectors = codes.chunks(LANES * taps);
        let vectors = vectors.flat_map(|codes| {
            (0..taps).map(move |tap| {
                let mut lanes = [0; LANES];
                for (lane, codes) in lanes.iter_mut().zip(codes.chunks_exact(taps)) {
                    *lane = codes[tap];
                }
                lanes
            })
        });
        Weights::Depthwise(vectors.collect())
    }

    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Weights::Words { weights, .. } => size_of_val(&**weights),
            Weights::Bytes { weights, .. } => size_of_val(&**weights),
            Weights::Depthwise(weights) => size_of_val(&**weights),
        }
    }
}

impl Dense<'_> {
    /// Cells of `N` codes for each lane.
    fn cells<const N: usize, T>(&self, cell: impl Fn([[i16; N]; LANES]) -> T) -> Vec<T> {
        let window = self.runs * self.length;
        let groups = self.codes.chunks_exact(self.lanes * window);
        let mut cells = Vec::new();
        for vector in groups.flat_map(|group| group.chunks(LANES * window)) {
            for run in (0..window).step_by(self.length) {
                for first in (0..self.length).step_by(N) {
                    let mut of_lanes = [[0; N]; LANES];
                    for (lane, codes) in of_lanes.iter_mut().zip(vector.chunks_exact(window)) {
                        let codes = &codes[run + first..run + self.length];
                        lane.iter_mut()
                            .zip(codes)
                            .for_each(|(to, code)| *to = *code);
                    }
                    cells.push(cell(of_lanes));
                }
            }
        }
        cells
    }

    fn in_bytes(&self, largest: i64) -> Option<Weights> {
        let weights = self.cells(|codes: [[i16; 4]; LANES]| {
            ByteCell(codes.map(|lane| lane.map(|code| code as i8)))
        });
        let cells = self.length.div_ceil(4);
        let of_vector = self.runs * cells;
        let fits = |outer: usize, inner: usize| {
            let parts = weights
                .chunks_exact(outer)
                .flat_map(|outer| outer.chunks(inner));
            parts.into_iter().all(|part| fits_shorts(part, largest))
        };
        let halves = |n: usize| std::iter::successors(Some(n), |&n| (n > 1).then(|| n.div_ceil(2)));
        let runs = halves(self.runs).find(|&runs| fits(of_vector, runs * cells));
        let (part, runs) = match runs {
            Some(runs) => (cells, runs),
            None => (halves(cells).find(|&part| fits(cells, part))?, 1),
        };
        (part * runs >= FEWEST_CELLS).then_some(Weights::Bytes {
            cells,
            part,
            runs,
            weights,
        })
    }
}

/// Whether the products of cells with codes from 0 to `largest` can be summed in 16 bits, two sums a lane.
fn fits_shorts(cells: &[ByteCell], largest: i64) -> bool {
    (0..LANES).all(|lane| {
        [0..2, 2..4].into_iter().all(|half| {
            let weights = cells.iter().flat_map(|cell| &cell.0[lane][half.clone()]);
            let (mut low, mut high) = (0, 0);
            for &weight in weights {
                low += i64::from(weight).min(0) * largest;
                high += i64::from(weight).max(0) * largest;
            }
            low >= i64::from(i16::MIN) && high <= i64::from(i16::MAX)
        })
    })
}
