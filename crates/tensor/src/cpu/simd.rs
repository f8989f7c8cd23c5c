//! Loops compiled twice: for the build's own target, and for AVX-512 when the backend was given it.

use super::Isa;

/// Runs `kernel`, a closure marked `#[inline(always)]`, compiled for the instruction set `isa`.
///
/// Closures of kernels capture constants by `move`: behind a reference they would be loaded again for
/// every element, since a store might have changed them, and the loop would not vectorise.
///
/// Rust never fuses or reorders float arithmetic, so both compilations give the same bits: the lanes
/// of a sum have to be written down by its author, who may not use `mul_add`.
#[inline(always)]
pub(super) fn simd<R>(isa: Isa, kernel: impl FnOnce() -> R) -> R {
    match isa {
        // SAFETY: `Cpu::with_isa` refuses `Avx512` on machines that do not have all of these features.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { avx512(kernel) },
        _ => kernel(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}
