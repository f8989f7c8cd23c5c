//! AVX-512: 16 lanes, 32 registers.

use super::{Kernel, TileSize, Vector};
use std::arch::x86_64::{
    __m512, __mmask16, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
};

/// Runs `kernel` on vectors of 16 lanes.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub(super) fn run(kernel: impl Kernel) {
    // SAFETY: the features of this function.
    unsafe { kernel.run::<__m512, { TileSize::AVX512.rows }>() }
}

/// A function of its own with these features.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn apart(tile: impl FnOnce()) {
    tile();
}

impl Vector for __m512 {
    const SIZE: TileSize = TileSize::AVX512;
    type Mask = __mmask16;

    #[inline(always)]
    unsafe fn apart(tile: impl FnOnce()) {
        // SAFETY: the trait's.
        unsafe { apart(tile) }
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn broadcast(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_set1_ps(*from) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> __mmask16 {
        ((1u32 << count) - 1) as __mmask16
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __mmask16) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_maskz_loadu_ps(mask, from) }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: __mmask16) {
        // SAFETY: the trait's.
        unsafe { _mm512_mask_storeu_ps(to, mask, self) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_add_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { _mm512_fmadd_ps(self, factor, sum) }
    }
}
