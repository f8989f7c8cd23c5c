//! Dot products of codes, by the widest instructions that the machine has.
//!
//! A cell holds two codes of neighbouring places of a window for each of 16 output channels; multiplied by two codes
//! of the image, it adds two products to each of 16 sums. All instruction sets give the same sums, since none
//! of them overflows.

use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256i, __m512i};

/// Output channels of a vector of sums.
pub(super) const LANES: usize = 16;

/// The sums of a vector.
pub(super) type Sums = [i32; LANES];

/// Two codes of the weights for each lane.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Cell(pub(super) [[i16; 2]; LANES]);

/// The instructions that a machine has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Machine {
    /// What every machine of its kind has.
    Portable,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
}

/// How sums are held in registers and added to.
pub(super) trait Dot: Copy {
    /// The sums of a vector.
    type Lanes: Copy;

    /// Sums of nothing.
    fn zero(self) -> Self::Lanes;

    /// Adds the products of two codes with those of every lane.
    fn dot(self, sums: Self::Lanes, codes: [i16; 2], cell: &Cell) -> Self::Lanes;

    /// The sums in memory.
    fn store(self, sums: Self::Lanes) -> Sums;
}

impl Machine {
    /// What this machine has.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = V4::try_new() {
                return Machine::Avx512(simd);
            }
            if let Some(simd) = V3::try_new() {
                return Machine::Avx2(simd);
            }
        }
        Machine::Portable
    }
}

/// Plain loops.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Plain {
    /// Runs `body` compiled for what every machine has.
    #[inline(always)]
    pub(super) fn vectorize<F: NullaryFnOnce>(self, body: F) -> F::Output {
        body.call()
    }
}

impl Dot for Plain {
    type Lanes = Sums;

    #[inline(always)]
    fn zero(self) -> Sums {
        [0; LANES]
    }

    #[inline(always)]
    fn dot(self, mut sums: Sums, codes: [i16; 2], cell: &Cell) -> Sums {
        let [a, b] = codes.map(i32::from);
        for (sum, weights) in sums.iter_mut().zip(&cell.0) {
            *sum += a * i32::from(weights[0]) + b * i32::from(weights[1]);
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Sums) -> Sums {
        sums
    }
}

#[cfg(target_arch = "x86_64")]
impl Dot for V3 {
    type Lanes = [__m256i; 2];

    #[inline(always)]
    fn zero(self) -> Self::Lanes {
        [self.avx._mm256_setzero_si256(); 2]
    }

    #[inline(always)]
    fn dot(self, sums: Self::Lanes, codes: [i16; 2], cell: &Cell) -> Self::Lanes {
        let codes = self.avx._mm256_set1_epi32(pulp::cast(codes));
        let cells: [__m256i; 2] = pulp::cast(cell.0);
        let add = |sum, cells| {
            let products = self.avx2._mm256_madd_epi16(codes, cells);
            self.avx2._mm256_add_epi32(sum, products)
        };
        [add(sums[0], cells[0]), add(sums[1], cells[1])]
    }

    #[inline(always)]
    fn store(self, sums: Self::Lanes) -> Sums {
        pulp::cast(sums)
    }
}

#[cfg(target_arch = "x86_64")]
impl Dot for V4 {
    type Lanes = __m512i;

    #[inline(always)]
    fn zero(self) -> Self::Lanes {
        self.avx512f._mm512_setzero_si512()
    }

    #[inline(always)]
    fn dot(self, sums: Self::Lanes, codes: [i16; 2], cell: &Cell) -> Self::Lanes {
        let codes = self.avx512f._mm512_set1_epi32(pulp::cast(codes));
        let products = self.avx512bw._mm512_madd_epi16(codes, pulp::cast(cell.0));
        self.avx512f._mm512_add_epi32(sums, products)
    }

    #[inline(always)]
    fn store(self, sums: Self::Lanes) -> Sums {
        pulp::cast(sums)
    }
}
