//! NEON: 4 lanes, 32 registers.

use super::{Kernel, TileSize, Vector};
use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_f32, vld1q_dup_f32, vld1q_f32, vst1q_f32,
};

/// Runs `kernel` on vectors of 4 lanes.
#[target_feature(enable = "neon")]
pub(super) fn run(kernel: impl Kernel) {
    // SAFETY: the features of this function.
    unsafe { kernel.run::<float32x4_t, { TileSize::NEON.rows }>() }
}

/// A function of its own with these features.
#[target_feature(enable = "neon")]
fn apart(tile: impl FnOnce()) {
    tile();
}

impl Vector for float32x4_t {
    const SIZE: TileSize = TileSize::NEON;
    /// How many lanes pass.
    type Mask = usize;

    #[inline(always)]
    unsafe fn apart(tile: impl FnOnce()) {
        // SAFETY: the trait's.
        unsafe { apart(tile) }
    }

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the trait's.
        unsafe { vdupq_n_f32(0.0) }
    }

    #[inline(always)]
    unsafe fn broadcast(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { vld1q_dup_f32(from) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the trait's.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn mask(count: usize) -> usize {
        count
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: usize) -> Self {
        let mut lanes = [0.0; TileSize::NEON.lanes];
        // SAFETY: the trait's; at most as many values as there are lanes.
        unsafe {
            if mask == lanes.len() {
                return vld1q_f32(from);
            }
            std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), mask);
            vld1q_f32(lanes.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn store_masked(self, to: *mut f32, mask: usize) {
        let mut lanes = [0.0; TileSize::NEON.lanes];
        // SAFETY: the trait's; at most as many values as there are lanes.
        unsafe {
            if mask == lanes.len() {
                return vst1q_f32(to, self);
            }
            vst1q_f32(lanes.as_mut_ptr(), self);
            std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, mask);
        }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { vaddq_f32(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self {
        // SAFETY: the trait's.
        unsafe { vfmaq_f32(sum, self, factor) }
    }
}
