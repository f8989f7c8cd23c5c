//! The matrix products of the transformed tiles, in AVX-512 registers.

use super::{ROWS, VECTOR};
use std::arch::x86_64::{
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

/// Target channels of a block of packed kernels.
pub(super) const WIDTH: usize = 2 * VECTOR;

/// `products[t * WIDTH..] = sum over d of tiles[t * step + d] * kernel[d * WIDTH..]` for 8 tiles t and
/// `depth` channels d, d ascending.
#[target_feature(enable = "avx512f")]
pub(super) fn eight_tiles(
    tiles: &[f32],
    step: usize,
    depth: usize,
    kernel: &[f32],
    products: &mut [f32],
) {
    assert!((ROWS - 1) * step + depth <= tiles.len());
    assert!(depth * WIDTH <= kernel.len() && ROWS * WIDTH <= products.len());
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    let (tiles, kernel) = (tiles.as_ptr(), kernel.as_ptr());
    for d in 0..depth {
        // SAFETY: d is below the depth, so all lies in the slices (asserted above).
        unsafe {
            let kernel = kernel.add(d * WIDTH);
            let lanes = [_mm512_loadu_ps(kernel), _mm512_loadu_ps(kernel.add(VECTOR))];
            for (t, sums) in sums.iter_mut().enumerate() {
                let factor = _mm512_set1_ps(*tiles.add(t * step + d));
                for (sum, lane) in sums.iter_mut().zip(lanes) {
                    *sum = _mm512_fmadd_ps(factor, lane, *sum);
                }
            }
        }
    }
    for (sums, row) in sums.iter().zip(products.chunks_exact_mut(WIDTH)) {
        // SAFETY: a row has two vectors.
        unsafe {
            _mm512_storeu_ps(row.as_mut_ptr(), sums[0]);
            _mm512_storeu_ps(row.as_mut_ptr().add(VECTOR), sums[1]);
        }
    }
}
