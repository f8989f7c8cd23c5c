//! The AVX-512 kernels: sums of one tile, held in registers.
//!
//! A tile is 8 rows of one or two vectors of 16 lanes: at most 16 of the 32 registers are sums, so that
//! two vectors are loaded once for 16 fused multiply-adds, whose other factor is broadcast from memory.

use super::gather::Point;
use std::arch::x86_64::{
    __m512, __mmask16, _mm512_add_ps, _mm512_fmadd_ps, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
};

/// Rows of a tile.
pub(super) const ROWS: usize = 8;
/// Lanes of a vector.
pub(super) const VECTOR: usize = 16;

/// What the tiles of one window and one group read.
pub(super) struct Source<'a> {
    /// Pixels of `channels` values, `[image, height, width]`.
    pub(super) pixels: &'a [f32],
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// First channel of the group, and how many it has.
    pub(super) channel: usize,
    pub(super) depth: usize,
    pub(super) taps: [usize; 2],
    /// Read in place of pixels outside the image: a row of taps.
    pub(super) zeros: &'a [f32],
}

/// `lanes` target channels in V vectors at up to 8 grid points: sums over the taps and the depth.
///
/// `weights` is `[tap][depth]` rows of `stride` floats; row `i` of the result goes to
/// `target[at[i]..][..lanes]`.
#[target_feature(enable = "avx512f")]
pub(super) fn gather<const V: usize>(
    source: &Source<'_>,
    points: &[Point; ROWS],
    weights: &[f32],
    stride: usize,
    target: &mut [f32],
    at: &[usize],
    lanes: usize,
) {
    let [rows, columns] = source.taps;
    let inside =
        |point: &Point| point.column >= 0 && point.column as usize + columns <= source.width;
    // A row of taps whose pixels are all there, with all their channels, is one run of memory.
    let whole = source.depth == source.channels && points.iter().all(inside);
    let (segments, length) = if whole {
        (1, columns * source.depth)
    } else {
        (columns, source.depth)
    };
    assert!(stride >= V * VECTOR);
    let mut sums = [[_mm512_setzero_ps(); V]; ROWS];
    let mut weights = weights;
    for i in 0..rows as isize {
        for j in 0..segments as isize {
            let (mine, rest) = weights.split_at(length * stride);
            weights = rest;
            let mut runs = [source.zeros.as_ptr(); ROWS];
            assert!(source.zeros.len() >= length);
            let mut any = false;
            for (run, point) in runs.iter_mut().zip(points) {
                let (y, x) = ((point.row + i) as usize, (point.column + j) as usize);
                if y < source.height && x < source.width {
                    let pixel = (point.image * source.height + y) * source.width + x;
                    let start = pixel * source.channels + source.channel;
                    *run = source.pixels[start..start + length].as_ptr();
                    any = true;
                }
            }
            if !any {
                continue;
            }
            let mut weight = mine.as_ptr();
            for k in 0..length {
                // SAFETY: k is below the length of every run, and `mine` has `length` rows of at least V
                // vectors.
                unsafe {
                    let vectors: [__m512; V] = std::array::from_fn(|v| {
                        _mm512_maskz_loadu_ps(__mmask16::MAX, weight.add(v * VECTOR))
                    });
                    for (sums, run) in sums.iter_mut().zip(&runs) {
                        let factor = _mm512_set1_ps(*run.add(k));
                        for (sum, lane) in sums.iter_mut().zip(vectors) {
                            *sum = _mm512_fmadd_ps(factor, lane, *sum);
                        }
                    }
                    weight = weight.add(stride);
                }
            }
        }
    }
    for (sums, &at) in sums.iter().zip(at) {
        store(sums, &mut target[at..at + lanes]);
    }
}

/// Where a run of pixels starts in two operands, in elements, and how many there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) factors: usize,
    pub(super) lanes: usize,
    pub(super) pixels: usize,
}

/// One operand of a sum of outer products: a pixel's values, and the distance to the next pixel.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) values: &'a [f32],
    pub(super) step: usize,
}

impl Operand<'_> {
    /// The start of a run of `pixels` pixels of `width` values.
    fn run(&self, start: usize, pixels: usize, width: usize) -> *const f32 {
        let run = &self.values[start..];
        assert!((pixels - 1) * self.step + width <= run.len());
        run.as_ptr()
    }
}

/// The tile of a sum of outer products: which factors and lanes of every pixel.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) factor: usize,
    pub(super) factors: usize,
    pub(super) lane: usize,
    pub(super) lanes: usize,
}

/// `sums[i * stride + lane] += total` of `factor_i * lane` over the pixels of `runs`, in order; `fresh`
/// sums start at zero. At most 8 factors and 32 lanes.
///
/// The pixels are summed before the sum so far is added, so rounding errors grow with the pixels of a
/// block and the number of blocks, not with their product.
#[target_feature(enable = "avx512f")]
pub(super) fn outer(
    runs: &[Run],
    factors: Operand<'_>,
    lanes: Operand<'_>,
    tile: Tile,
    sums: &mut [f32],
    stride: usize,
    fresh: bool,
) {
    macro_rules! rows {
        ($($rows:literal)*) => {
            match (tile.factors, tile.lanes) {
                $(
                    ($rows, 1..=VECTOR) => {
                        outer_tile::<$rows, 1>(runs, factors, lanes, tile, sums, stride, fresh);
                    }
                    ($rows, _) => {
                        outer_tile::<$rows, 2>(runs, factors, lanes, tile, sums, stride, fresh);
                    }
                )*
                _ => {}
            }
        };
    }
    debug_assert!((1..=ROWS).contains(&tile.factors) && (1..=2 * VECTOR).contains(&tile.lanes));
    rows!(1 2 3 4 5 6 7 8);
}

#[target_feature(enable = "avx512f")]
fn outer_tile<const M: usize, const V: usize>(
    runs: &[Run],
    factors: Operand<'_>,
    lanes: Operand<'_>,
    tile: Tile,
    sums: &mut [f32],
    stride: usize,
    fresh: bool,
) {
    let masks: [__mmask16; V] = masks(tile.lanes);
    let mut totals = [[_mm512_setzero_ps(); V]; M];
    for run in runs {
        let mut factor = factors.run(run.factors + tile.factor, run.pixels, M);
        let mut lane = lanes.run(run.lanes + tile.lane, run.pixels, tile.lanes);
        for _ in 0..run.pixels {
            // SAFETY: both runs have this many pixels, of M factors and of the lanes that the masks let
            // pass.
            unsafe {
                let vectors: [__m512; V] = std::array::from_fn(|v| {
                    _mm512_maskz_loadu_ps(masks[v], lane.wrapping_add(v * VECTOR))
                });
                for (m, totals) in totals.iter_mut().enumerate() {
                    let factor = _mm512_set1_ps(*factor.add(m));
                    for (total, lane) in totals.iter_mut().zip(vectors) {
                        *total = _mm512_fmadd_ps(factor, lane, *total);
                    }
                }
            }
            factor = factor.wrapping_add(factors.step);
            lane = lane.wrapping_add(lanes.step);
        }
    }
    for (totals, sums) in totals.iter_mut().zip(sums.chunks_mut(stride)) {
        let sums = &mut sums[..tile.lanes];
        if !fresh {
            for (v, total) in totals.iter_mut().enumerate() {
                // SAFETY: the masks let pass as many lanes as `sums` has.
                let before = unsafe {
                    _mm512_maskz_loadu_ps(masks[v], sums.as_ptr().wrapping_add(v * VECTOR))
                };
                *total = _mm512_add_ps(before, *total);
            }
        }
        store(totals, sums);
    }
}

/// Masks of V vectors that let the first `lanes` lanes pass.
fn masks<const V: usize>(lanes: usize) -> [__mmask16; V] {
    std::array::from_fn(|v| {
        let here = lanes.saturating_sub(v * VECTOR).min(VECTOR);
        ((1u32 << here) - 1) as __mmask16
    })
}

/// Stores as many lanes as `target` has.
#[target_feature(enable = "avx512f")]
fn store<const V: usize>(vectors: &[__m512; V], target: &mut [f32]) {
    let masks: [__mmask16; V] = masks(target.len());
    for (v, (vector, mask)) in vectors.iter().zip(masks).enumerate() {
        // SAFETY: the masks let pass as many lanes as `target` has.
        unsafe {
            _mm512_mask_storeu_ps(target.as_mut_ptr().wrapping_add(v * VECTOR), mask, *vector);
        }
    }
}
