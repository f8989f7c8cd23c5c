//! AVX2 with FMA: 8 lanes, 16 registers.

use super::{Kernel, TileSize, Vector};
use std::arch::x86_64::{
    __m256, __m256i, _mm256_add_ps, _mm256_broadcast_ss, _mm256_cmpgt_epi32, _mm256_fmadd_ps,
    _mm256_loadu_ps, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_set1_epi32, _mm256_setr_epi32,
    _mm256_setzero_ps, _mm256_storeu_ps,
};

/// Runs `kernel` on vectors of 8 lanes.
#[target_feature(enable = "avx2,fma")]
pub(super) fn run(kernel: impl Kernel) {
    // SAFETY: the features of this function.
    unsafe { kernel.run::<__m256, { TileSize::AVX2.rows }>() }
}

/// A function of its own with these features.
#[target_feature(enable = "avx2,fma")]
fn apart(tile: impl FnOnce()) {
    tile();
}

/// All bits of the first `count` lanes.
#[target_feature(enable = "avx2")]
fn first(count: usize) -> __m256i {
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
}

impl Vector for __m256 {
    const SIZE: TileSize = TileSize::AVX2;
    /// How many lanes pass; AMD CPUs store with a mask in microcode, many times slower than a whole vector.
    type Mask = usize;

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
    unsafe fn mask(count: usize) -> usize {
        count
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: usize) -> Self {
        // SAFETY: the trait's.
        unsafe {
            if mask == TileSize::AVX2.lanes {
                return _mm256_loadu_ps(from);
            }
            _mm256_maskload_ps(from, first(mask))
        }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: usize) {
        // SAFETY: the trait's.
        unsafe {
            if mask == TileSize::AVX2.lanes {
                return _mm256_storeu_ps(to, self);
            }
            _mm256_maskstore_ps(to, first(mask), self);
        }
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
