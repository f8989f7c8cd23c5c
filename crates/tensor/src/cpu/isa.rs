//! Instruction sets, and the properties of a CPU that results may depend on.

use std::fmt;
use std::str::FromStr;

/// The instruction set that the kernels of this crate use.
///
/// There are kernels of two kinds. A machine with AVX2 and no AVX-512 runs the portable ones; only the
/// matrix products of the crate `gemm` use AVX2 there, see [`CpuSpec::matmul`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// What every CPU has; `"portable"` as text.
    Portable,
    /// AVX-512 (x86-64-v4): F, BW, DQ and VL; `"avx512"` as text.
    Avx512,
}

impl Isa {
    /// The best instruction set of this machine.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            return Isa::Avx512;
        }
        Isa::Portable
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isa::Portable => "portable",
            Isa::Avx512 => "avx512",
        })
    }
}

impl FromStr for Isa {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "portable" => Ok(Isa::Portable),
            "avx512" => Ok(Isa::Avx512),
            _ => Err(format!(
                "there are no kernels for the instruction set `{text}`: give portable, which every CPU \
                 runs (those with AVX2 too), or avx512"
            )),
        }
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
        for isa in [Isa::Portable, Isa::Avx512] {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert_eq!(
            "avx2".parse::<Isa>().unwrap_err(),
            "there are no kernels for the instruction set `avx2`: give portable, which every CPU runs \
             (those with AVX2 too), or avx512"
        );
    }
}
