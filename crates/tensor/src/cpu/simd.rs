//! Loops compiled for the build's own target, and for the wider instruction sets that the backend may be
//! given. NEON is in the target of every aarch64 build.

use super::Isa;

/// Runs `kernel`, a closure marked `#[inline(always)]`, compiled for the instruction set `isa`.
///
/// Closures of kernels capture constants by `move`: behind a reference they would be loaded again for
/// every element, since a store might have changed them, and the loop would not vectorise.
///
/// Rust never fuses or reorders float arithmetic, so all compilations give the same bits: the lanes
/// of a sum have to be written down by its author, who may not use `mul_add`.
#[inline(always)]
pub(super) fn simd<R>(isa: Isa, kernel: impl FnOnce() -> R) -> R {
    match isa {
        // SAFETY: `Cpu::with_isa` refuses `Avx512` on machines that do not have all of these features.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { avx512(kernel) },
        // SAFETY: `Cpu::with_isa` refuses `Avx2` on machines that do not have both of these features.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { avx2(kernel) },
        _ => kernel(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<R>(kernel: impl FnOnce() -> R) -> R {
    kernel()
}
