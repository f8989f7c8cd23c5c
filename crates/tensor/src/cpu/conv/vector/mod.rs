//! Vectors of f32 lanes: what the kernels of tiles need of an instruction set.
//!
//! A kernel is written once, over [`Vector`], and compiled for every instruction set of the architecture.
//! Everything down to the methods of [`Vector`] is `#[inline(always)]`, so that it ends up in the one function
//! of [`run`] that has the instruction set's features.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;

use crate::Isa;

/// The largest tile of sums that the registers hold, beside a row of vectors and a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TileSize {
    /// Rows, each with a factor of its own.
    pub(super) rows: usize,
    /// Vectors of a row.
    pub(super) vectors: usize,
    /// Lanes of a vector.
    pub(super) lanes: usize,
}

impl TileSize {
    /// 16 of 32 registers; every fused multiply-add reads its factor from memory.
    pub(super) const AVX512: TileSize = TileSize {
        rows: 8,
        vectors: 2,
        lanes: 16,
    };
    /// 12 of 16 registers: 8 loads for 12 multiply-adds, of which a cycle does as many as loads.
    const AVX2: TileSize = TileSize {
        rows: 6,
        vectors: 2,
        lanes: 8,
    };
    /// 24 of 32 registers.
    const NEON: TileSize = TileSize {
        rows: 8,
        vectors: 3,
        lanes: 4,
    };

    /// The tile of an instruction set that has vectors, on this machine or another.
    pub(super) fn of(isa: Isa) -> Option<Self> {
        match isa {
            Isa::Portable => None,
            Isa::Neon => Some(TileSize::NEON),
            Isa::Avx2 => Some(TileSize::AVX2),
            Isa::Avx512 => Some(TileSize::AVX512),
        }
    }

    /// Lanes of a row of a tile, for `wanted` lanes dealt to as few tiles as will do, of equal width.
    pub(super) fn width(&self, wanted: usize) -> usize {
        let vectors = wanted.div_ceil(self.lanes).max(1);
        vectors.div_ceil(vectors.div_ceil(self.vectors)) * self.lanes
    }

    /// Lanes of the widest tile.
    pub(super) fn widest(&self) -> usize {
        self.vectors * self.lanes
    }
}

/// A vector register of f32 lanes.
///
/// # Safety
/// Every method may be called on a machine that has the vector's instruction set alone, and with pointers
/// to as many values as it says.
pub(super) trait Vector: Copy {
    const SIZE: TileSize;
    /// Lets the first few lanes pass.
    type Mask: Copy;

    /// Calls `tile`, a closure marked `#[inline(always)]`, as a function of its own: in the middle of a large one
    /// the compiler leaves sums in memory that it would keep in registers.
    unsafe fn apart(tile: impl FnOnce());
    unsafe fn zero() -> Self;
    /// The value at `from` in every lane.
    unsafe fn broadcast(from: *const f32) -> Self;
    /// The values from `from` on.
    unsafe fn load(from: *const f32) -> Self;
    /// A mask of the first `count` lanes.
    unsafe fn mask(count: usize) -> Self::Mask;
    /// The values from `from` on that the mask lets pass, else zero.
    unsafe fn load_masked(from: *const f32, mask: Self::Mask) -> Self;
    /// Stores the lanes that the mask lets pass.
    unsafe fn store_masked(self, to: *mut f32, mask: Self::Mask);
    unsafe fn add(self, other: Self) -> Self;
    /// `self * factor + sum`, rounded once.
    unsafe fn multiply_add(self, factor: Self, sum: Self) -> Self;
}

/// Computes something with tiles of up to `ROWS` rows of vectors `T`.
pub(super) trait Kernel {
    /// # Safety
    /// The machine has the instruction set of `T`.
    unsafe fn run<T: Vector, const ROWS: usize>(self);
}

/// Runs `kernel` on the vectors of `isa`.
///
/// # Safety
/// The machine has the instruction set.
#[inline(always)]
pub(super) unsafe fn run(isa: Isa, kernel: impl Kernel) {
    // SAFETY: the caller's promise.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::run(kernel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::run(kernel),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => neon::run(kernel),
            _ => unreachable!("`Cpu::with_isa` refuses {isa} here, and portable code has no tiles"),
        }
    }
}

/// The first `lanes` lanes of V vectors.
#[inline(always)]
pub(super) unsafe fn masks<T: Vector, const V: usize>(lanes: usize) -> [T::Mask; V] {
    std::array::from_fn(
        #[inline(always)]
        |v| {
            let here = lanes.saturating_sub(v * T::SIZE.lanes);
            // SAFETY: the caller's promise: the machine has the instruction set.
            unsafe { T::mask(here.min(T::SIZE.lanes)) }
        },
    )
}

/// A vector of the values from `from` on: all of them, or those that the mask lets pass.
#[inline(always)]
pub(super) unsafe fn load<T: Vector, const WHOLE: bool>(from: *const f32, mask: T::Mask) -> T {
    // SAFETY: the caller's promise: the machine has the instruction set, and the values are there.
    unsafe {
        if WHOLE {
            T::load(from)
        } else {
            T::load_masked(from, mask)
        }
    }
}
