//! Sums of a tile in AVX-512 registers: 16 of them, of 16 lanes.

use super::kernel::{LANES, ROWS, Sums, Tile};
use std::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_and_si512, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32,
    _mm512_dpwssd_epi32, _mm512_loadu_si512, _mm512_madd_epi16, _mm512_mul_ps, _mm512_set1_epi16,
    _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_si512, _mm512_slli_epi16, _mm512_srai_epi16,
    _mm512_srli_epi16, _mm512_store_ps,
};

/// Lanes of a vector.
const VECTOR: usize = 16;

/// `sum` and the dot product of two cells in every lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn dot<const QUADS: bool>(sum: __m512i, image: __m512i, weight: __m512i) -> __m512i {
    if QUADS {
        // Codes of even and of odd places, widened to 16 bits.
        let even = _mm512_and_si512(image, _mm512_set1_epi16(0xff));
        let odd = _mm512_srli_epi16::<8>(image);
        let weight_even = _mm512_srai_epi16::<8>(_mm512_slli_epi16::<8>(weight));
        let weight_odd = _mm512_srai_epi16::<8>(weight);
        let even = _mm512_madd_epi16(even, weight_even);
        let odd = _mm512_madd_epi16(odd, weight_odd);
        _mm512_add_epi32(sum, _mm512_add_epi32(even, odd))
    } else {
        _mm512_add_epi32(sum, _mm512_madd_epi16(image, weight))
    }
}

/// [`dot`] in one instruction.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
fn vnni_dot<const QUADS: bool>(sum: __m512i, image: __m512i, weight: __m512i) -> __m512i {
    if QUADS {
        _mm512_dpbusd_epi32(sum, image, weight)
    } else {
        _mm512_dpwssd_epi32(sum, image, weight)
    }
}

macro_rules! kernel {
    ($name:ident, $features:literal, $dot:ident, $what:literal) => {
        #[doc = $what]
        ///
        /// # Safety
        /// The machine has these features; no run leaves the operands.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $name<const QUADS: bool, const V: usize>(
            images: &[u32],
            weights: &[u32],
            tile: &Tile,
            scale: f32,
            sums: &mut Sums,
        ) {
            let mut totals = [[_mm512_setzero_si512(); V]; ROWS];
            for i in 0..tile.lines {
                let rows =
                    (tile.starts).map(|start| images.as_ptr().wrapping_add(start + i * tile.line));
                let start = (tile.weights + i * tile.weights_line) * LANES;
                let mut weight = weights.as_ptr().wrapping_add(start);
                let mut at = 0;
                for _ in 0..tile.cells {
                    // SAFETY: the caller's promise.
                    unsafe {
                        let vectors: [__m512i; V] = std::array::from_fn(|v| {
                            _mm512_loadu_si512(weight.add(v * VECTOR).cast())
                        });
                        for (totals, row) in totals.iter_mut().zip(&rows) {
                            let cell = _mm512_set1_epi32(*row.add(at) as i32);
                            for (total, vector) in totals.iter_mut().zip(vectors) {
                                *total = $dot::<QUADS>(*total, cell, vector);
                            }
                        }
                    }
                    at += tile.step;
                    weight = weight.wrapping_add(LANES);
                }
            }
            let scale = _mm512_set1_ps(scale);
            for (totals, row) in totals.iter().zip(&mut sums.0) {
                for (total, row) in totals.iter().zip(row.chunks_exact_mut(VECTOR)) {
                    let value = _mm512_mul_ps(_mm512_cvtepi32_ps(*total), scale);
                    // SAFETY: `row` has as many lanes, and `Sums` is aligned to vectors.
                    unsafe { _mm512_store_ps(row.as_mut_ptr(), value) };
                }
            }
        }
    };
}

kernel!(
    sums,
    "avx512f,avx512bw",
    dot,
    "A tile's sums of `V` vectors."
);
kernel!(
    vnni_sums,
    "avx512f,avx512bw,avx512vnni",
    vnni_dot,
    "[`sums`] with VNNI."
);
