//! The CPU backend: SIMD by run-time detection, rayon, reductions in a fixed order.

mod backend;
mod batch_norm;
mod batch_norm_backward;
mod codes;
mod conv;
mod elementwise;
mod image;
mod isa;
mod kernel_merge;
mod mask;
mod matmul;
mod memory;
mod mixture;
mod optimizer;
mod parallel;
mod pointwise;
mod pool;
mod reduce;
mod scratch;
mod simd;
mod softmax;
mod sums;

pub use isa::{CpuSpec, Isa, MatMulIsa};

use crate::{Error, Result};

/// The CPU as a [`crate::Backend`]: a pool of threads and the instruction set its kernels use.
///
/// No result depends on the number of threads.
pub struct Cpu {
    pool: rayon::ThreadPool,
    spec: CpuSpec,
}

impl Cpu {
    /// A backend of `threads` threads with the best instruction set of this machine.
    ///
    /// # Errors
    /// [`Error::Device`] when the threads cannot be started.
    pub fn new(threads: usize) -> Result<Self> {
        Cpu::with_isa(threads, Isa::detect())
    }

    /// A backend of `threads` threads with a given instruction set.
    ///
    /// # Errors
    /// [`Error::Device`] when this machine does not have it, or the threads cannot be started.
    pub fn with_isa(threads: usize, isa: Isa) -> Result<Self> {
        let device = |reason| Error::Device {
            device: "cpu",
            reason,
        };
        if !isa.is_available() {
            return Err(device(format!(
                "this machine has no {isa}; the best it has is {}",
                Isa::detect()
            )));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("radars-cpu-{index}"))
            .build()
            .map_err(|error| device(format!("cannot start {threads} threads: {error}")))?;
        Ok(Cpu {
            pool,
            spec: CpuSpec::new(isa),
        })
    }
}
