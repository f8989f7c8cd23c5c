//! AVX2 with FMA: 8 lanes, 16 registers.

use super::{Kernel, TileSize, Vector};
use std::arch::x86_64::{
    __m256, __m256i, _mm256_add_ps, _mm256_broadcast_ss, _mm256_cmpgt_epi32, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_set1_epi32, _mm256_setr_epi32,
    _mm256_setzero_ps,
};

/// Runs `kernel` on vectors of 8 lanes.
#[target_feature(enable = "avx2,fma")]
pub(super) fn run(kernel: impl Kernel) {
    // SAFETY: the features of this function.
    unsafe { kernel.run::<__m256, { TileSize::AVX2.rows }>() }
}

/// A function of its own with these features.
#[inline(never)]
#[target_feature(enable = "avx2,fma")]
fn apart(tile: impl FnOnce()) {
    tile();
}

impl Vector for __m256 {
    const SIZE: TileSize = TileSize::AVX2;
    type Mask = __m256i;

    #[inline(always)]
    unsafe fn apart(tile: impl FnOnce()) {
        // SAFETY: the trait's.
        unsafe { apart(tile) }
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn broadcast(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_broadcast_ss(&*from) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> __m256i {
        // SAFETY: the trait's.
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
        }
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __m256i) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_maskload_ps(from, mask) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __m256i) {
        // SAFETY: the trait's.
        unsafe { _mm256_maskstore_ps(to, mask, self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm256_fmadd_ps(self, factor, sum) }
    }
}
