//! Sums of a tile in AVX2 registers: quarters of a tile one after the other, of 4 rows and two vectors of 8 lanes.

use super::kernel::{LANES, ROWS, Sums, Tile};
use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_cvtepi32_ps, _mm256_loadu_si256,
    _mm256_madd_epi16, _mm256_mul_ps, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_setzero_si256, _mm256_slli_epi16, _mm256_srai_epi16, _mm256_srli_epi16, _mm256_store_ps,
};

/// Lanes of a vector.
const VECTOR: usize = 8;
/// Rows and vectors whose sums are held together.
const HELD_ROWS: usize = ROWS / 2;
const HELD_VECTORS: usize = 2;

/// `sum` and the dot product of two cells in every lane.
#[inline]
#[target_feature(enable = "avx2")]
fn dot<const QUADS: bool>(sum: __m256i, image: __m256i, weight: __m256i) -> __m256i {
    if QUADS {
        // Codes of even and of odd places, widened to 16 bits.
        let even = _mm256_and_si256(image, _mm256_set1_epi16(0xff));
        let odd = _mm256_srli_epi16::<8>(image);
        let weight_even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(weight));
        let weight_odd = _mm256_srai_epi16::<8>(weight);
        let even = _mm256_madd_epi16(even, weight_even);
        let odd = _mm256_madd_epi16(odd, weight_odd);
        _mm256_add_epi32(sum, _mm256_add_epi32(even, odd))
    } else {
        _mm256_add_epi32(sum, _mm256_madd_epi16(image, weight))
    }
}

/// A tile's sums of `HALVES` times 16 lanes.
///
/// # Safety
/// The machine has AVX2; no run leaves the operands.
#[target_feature(enable = "avx2")]
pub(super) unsafe fn sums<const QUADS: bool, const HALVES: usize>(
    images: &[u32],
    weights: &[u32],
    tile: &Tile,
    scale: f32,
    sums: &mut Sums,
) {
    for half in 0..HALVES {
        for first in (0..ROWS).step_by(HELD_ROWS) {
            // SAFETY: the caller's promise.
            unsafe { quarter::<QUADS>(images, weights, tile, scale, sums, half, first) };
        }
    }
}

/// The sums of rows from `first` on, of one half of the lanes.
///
/// # Safety
/// As for [`sums`].
#[target_feature(enable = "avx2")]
unsafe fn quarter<const QUADS: bool>(
    images: &[u32],
    weights: &[u32],
    tile: &Tile,
    scale: f32,
    sums: &mut Sums,
    half: usize,
    first: usize,
) {
    let lane = half * HELD_VECTORS * VECTOR;
    let mut totals = [[_mm256_setzero_si256(); HELD_VECTORS]; HELD_ROWS];
    for i in 0..tile.lines {
        let rows: [*const u32; HELD_ROWS] = std::array::from_fn(|row| {
            images
                .as_ptr()
                .wrapping_add(tile.starts[first + row] + i * tile.line)
        });
        let start = (tile.weights + i * tile.weights_line) * LANES;
        let mut weight = weights.as_ptr().wrapping_add(start + lane);
        let mut at = 0;
        for _ in 0..tile.cells {
            // SAFETY: the caller's promise.
            unsafe {
                let vectors: [__m256i; HELD_VECTORS] =
                    std::array::from_fn(|v| _mm256_loadu_si256(weight.add(v * VECTOR).cast()));
                for (totals, row) in totals.iter_mut().zip(&rows) {
                    let cell = _mm256_set1_epi32(*row.add(at) as i32);
                    for (total, vector) in totals.iter_mut().zip(vectors) {
                        *total = dot::<QUADS>(*total, cell, vector);
                    }
                }
            }
            at += tile.step;
            weight = weight.wrapping_add(LANES);
        }
    }
    let scale = _mm256_set1_ps(scale);
    for (totals, row) in totals.iter().zip(&mut sums.0[first..]) {
        for (total, row) in totals.iter().zip(row[lane..].chunks_exact_mut(VECTOR)) {
            let value = _mm256_mul_ps(_mm256_cvtepi32_ps(*total), scale);
            // SAFETY: `row` has as many lanes, and `Sums` is aligned to vectors.
            unsafe { _mm256_store_ps(row.as_mut_ptr(), value) };
        }
    }
}
