//! Instruction sets, and the properties of a CPU that results may depend on.

use std::fmt;
use std::str::FromStr;

/// The instruction set that the kernels of this crate use.
///
/// Not all of one architecture's are on another: what a machine has is [`Isa::available`]. Matrix products
/// are those of the crate `gemm`, which goes by the machine, see [`CpuSpec::matmul`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isa {
    /// What every CPU has; `"portable"` as text.
    Portable,
    /// NEON, which every aarch64 CPU has; `"neon"` as text.
    Neon,
    /// AVX2 and FMA (x86-64-v3); `"avx2"` as text.
    Avx2,
    /// AVX-512 (x86-64-v4): F, BW, DQ and VL; `"avx512"` as text.
    Avx512,
}

impl Isa {
    /// All of them, a better one of an architecture behind a worse one.
    pub const ALL: [Isa; 4] = [Isa::Portable, Isa::Neon, Isa::Avx2, Isa::Avx512];

    /// Those that this machine has, the best one last.
    pub fn available() -> impl DoubleEndedIterator<Item = Isa> {
        Isa::ALL.into_iter().filter(|isa| isa.is_available())
    }

    /// The best instruction set of this machine.
    pub fn detect() -> Self {
        Isa::available().next_back().unwrap_or(Isa::Portable)
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Portable => true,
            Isa::Neon => cfg!(target_arch = "aarch64"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => false,
        }
    }

    /// What it is called as text.
    fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Neon => "neon",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Isa::ALL.into_iter().find(|isa| isa.name() == text);
        named.ok_or_else(|| {
            format!(
                "there are no kernels for the instruction set `{text}`: give portable, which every CPU \
                 runs, avx2 or avx512 on x86-64, or neon on aarch64"
            )
        })
    }
}

/// What results and scratch sizes of the CPU backend may depend on.
///
/// Two runs of one binary under the same spec give the same results, bit for bit, on any number of
/// threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CpuSpec {
    /// The instruction set of this crate's kernels.
    pub isa: Isa,
    /// The instruction set that the crate `gemm` chooses on this machine, whatever `isa` says; it decides
    /// whether products are fused with sums.
    pub matmul: MatMulIsa,
}

/// What the crate `gemm` detects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatMulIsa {
    /// Neither of the others.
    Baseline,
    /// AVX2 with FMA, or NEON.
    Fma,
    /// AVX-512.
    Avx512,
}

impl CpuSpec {
    /// The spec of this machine's CPU under the instruction set `isa`.
    pub fn new(isa: Isa) -> Self {
        CpuSpec {
            isa,
            matmul: MatMulIsa::detect(),
        }
    }
}

impl MatMulIsa {
    fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return MatMulIsa::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return MatMulIsa::Fma;
            }
            MatMulIsa::Baseline
        }
        #[cfg(not(target_arch = "x86_64"))]
        if cfg!(target_arch = "aarch64") {
            MatMulIsa::Fma
        } else {
            MatMulIsa::Baseline
        }
    }
}

impl fmt::Display for CpuSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let matmul = match self.matmul {
            MatMulIsa::Baseline => "baseline",
            MatMulIsa::Fma => "fma",
            MatMulIsa::Avx512 => "avx512",
        };
        write!(f, "cpu isa={} matmul={matmul}", self.isa)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruction_sets_are_read_as_they_are_written_and_others_are_explained() {
        let texts = ["portable", "neon", "avx2", "avx512"];
        for (isa, text) in Isa::ALL.into_iter().zip(texts) {
            assert_eq!(isa.to_string(), text);
            assert_eq!(text.parse(), Ok(isa));
        }
        assert_eq!(
            "sse2".parse::<Isa>().unwrap_err(),
            "there are no kernels for the instruction set `sse2`: give portable, which every CPU runs, \
             avx2 or avx512 on x86-64, or neon on aarch64"
        );
    }

    #[test]
    fn a_machine_has_the_sets_of_its_architecture_alone_and_portable_always() {
        let available: Vec<_> = Isa::available().collect();
        assert_eq!(available[0], Isa::Portable);
        assert_eq!(available.last(), Some(&Isa::detect()));
        assert_eq!(
            available.contains(&Isa::Neon),
            cfg!(target_arch = "aarch64")
        );
        if cfg!(not(target_arch = "x86_64")) {
            assert!(!available.contains(&Isa::Avx2) && !available.contains(&Isa::Avx512));
        }
    }
}
