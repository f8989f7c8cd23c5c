//! Dot products of codes, by the widest instructions that the machine has.
//!
//! A cell holds the codes of neighbouring places of a window for each of 16 output channels: two of 16 bits, or four of
//! 8. Multiplied by as many codes of the image, it adds that many products to each of 16 sums. Products of bytes are
//! summed in 16 bits, which whoever calls widens to 32 before they could overflow. All instruction sets give the same
//! sums, since none of them overflows.

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

/// Four codes of the weights for each lane.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct ByteCell(pub(super) [[i8; 4]; LANES]);

#[cfg(target_arch = "x86_64")]
pulp::simd_type! {
    /// AVX-512 with its VNNI, which multiplies and adds in one instruction.
    pub(super) struct Vnni {
        pub(super) sse: "sse",
        pub(super) sse2: "sse2",
        pub(super) sse3: "sse3",
        pub(super) ssse3: "ssse3",
        pub(super) sse4_1: "sse4.1",
        pub(super) sse4_2: "sse4.2",
        pub(super) avx: "avx",
        pub(super) avx2: "avx2",
        pub(super) bmi1: "bmi1",
        pub(super) bmi2: "bmi2",
        pub(super) lzcnt: "lzcnt",
        pub(super) popcnt: "popcnt",
        pub(super) avx512f: "avx512f",
        pub(super) avx512bw: "avx512bw",
        pub(super) avx512dq: "avx512dq",
        pub(super) avx512vl: "avx512vl",
        pub(super) avx512vnni: "avx512vnni",
    }
}

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
    /// AVX-512 with VNNI.
    #[cfg(target_arch = "x86_64")]
    Vnni(Vnni),
}

/// How sums are held in registers and added to.
pub(super) trait Dot: Copy {
    /// The sums of a vector.
    type Lanes: Copy;
    /// Sums of products of bytes, two of 16 bits for each lane.
    type Shorts: Copy;

    /// Sums of nothing.
    fn zero(self) -> Self::Lanes;

    /// Adds the products of two codes with those of every lane.
    fn dot(self, sums: Self::Lanes, codes: [i16; 2], cell: &Cell) -> Self::Lanes;

    /// Short sums of nothing.
    fn zero_shorts(self) -> Self::Shorts;

    /// Adds the products of four codes with those of every lane; no sum may leave 16 bits.
    fn dot_bytes(self, shorts: Self::Shorts, codes: [u8; 4], cell: &ByteCell) -> Self::Shorts;

    /// Adds short sums.
    fn widen(self, sums: Self::Lanes, shorts: Self::Shorts) -> Self::Lanes;

    /// The sums in memory.
    fn store(self, sums: Self::Lanes) -> Sums;
}

impl Machine {
    /// What this machine has.
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = Vnni::try_new() {
                return Machine::Vnni(simd);
            }
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
    type Shorts = [[i16; 2]; LANES];

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
    fn zero_shorts(self) -> Self::Shorts {
        [[0; 2]; LANES]
    }

    #[inline(always)]
    fn dot_bytes(self, mut shorts: Self::Shorts, codes: [u8; 4], cell: &ByteCell) -> Self::Shorts {
        let [a, b, c, d] = codes.map(i16::from);
        for (sums, weights) in shorts.iter_mut().zip(&cell.0) {
            let [e, f, g, h] = weights.map(i16::from);
            sums[0] += a * e + b * f;
            sums[1] += c * g + d * h;
        }
        shorts
    }

    #[inline(always)]
    fn widen(self, mut sums: Sums, shorts: Self::Shorts) -> Sums {
        for (sum, [a, b]) in sums.iter_mut().zip(shorts) {
            *sum += i32::from(a) + i32::from(b);
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
    type Shorts = [__m256i; 2];

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
    fn zero_shorts(self) -> Self::Shorts {
        [self.avx._mm256_setzero_si256(); 2]
    }

    #[inline(always)]
    fn dot_bytes(self, shorts: Self::Shorts, codes: [u8; 4], cell: &ByteCell) -> Self::Shorts {
        let codes = self.avx._mm256_set1_epi32(pulp::cast(codes));
        let cells: [__m256i; 2] = pulp::cast(cell.0);
        let add = |shorts, cells| {
            let products = self.avx2._mm256_maddubs_epi16(codes, cells);
            self.avx2._mm256_add_epi16(shorts, products)
        };
        [add(shorts[0], cells[0]), add(shorts[1], cells[1])]
    }

    #[inline(always)]
    fn widen(self, sums: Self::Lanes, shorts: Self::Shorts) -> Self::Lanes {
        let ones = self.avx._mm256_set1_epi16(1);
        let add = |sums, shorts| {
            let pairs = self.avx2._mm256_madd_epi16(shorts, ones);
            self.avx2._mm256_add_epi32(sums, pairs)
        };
        [add(sums[0], shorts[0]), add(sums[1], shorts[1])]
    }

    #[inline(always)]
    fn store(self, sums: Self::Lanes) -> Sums {
        pulp::cast(sums)
    }
}

/// The same code compiled twice: where there is VNNI, a product and its sum become one instruction.
#[cfg(target_arch = "x86_64")]
macro_rules! avx512 {
    ($machine:ty) => {
        impl Dot for $machine {
            type Lanes = __m512i;
            type Shorts = __m512i;

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
            fn zero_shorts(self) -> Self::Shorts {
                self.avx512f._mm512_setzero_si512()
            }

            #[inline(always)]
            fn dot_bytes(
                self,
                shorts: Self::Shorts,
                codes: [u8; 4],
                cell: &ByteCell,
            ) -> Self::Shorts {
                let codes = self.avx512f._mm512_set1_epi32(pulp::cast(codes));
                let products = (self.avx512bw)._mm512_maddubs_epi16(codes, pulp::cast(cell.0));
                self.avx512bw._mm512_add_epi16(shorts, products)
            }

            #[inline(always)]
            fn widen(self, sums: Self::Lanes, shorts: Self::Shorts) -> Self::Lanes {
                let ones = self.avx512f._mm512_set1_epi32(0x1_0001);
                let pairs = self.avx512bw._mm512_madd_epi16(shorts, ones);
                self.avx512f._mm512_add_epi32(sums, pairs)
            }

            #[inline(always)]
            fn store(self, sums: Self::Lanes) -> Sums {
                pulp::cast(sums)
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
avx512!(V4);
#[cfg(target_arch = "x86_64")]
avx512!(Vnni);
