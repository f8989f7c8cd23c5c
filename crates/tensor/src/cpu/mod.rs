//! The CPU backend: SIMD by run-time detection, rayon, reductions in a fixed order.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the Backend impl is to call it")
)]
mod conv;
mod isa;

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
        if isa > Isa::detect() {
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
