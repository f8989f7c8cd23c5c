//! The CPU, and what the machine has left for it.

use super::{Devices, Part};
use crate::arguments::DeviceArgs;
use crate::failure::{Failure, Result};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_tensor::{Cpu, CpuSpec, Isa};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The CPU as the flags want it: its phases share the threads.
pub struct Processor {
    threads: usize,
    isa: Isa,
    reason: Option<String>,
}

impl Processor {
    /// With the threads and the instruction set of the flags; `reason` where nobody asked for the CPU.
    pub fn new(arguments: &DeviceArgs, reason: Option<String>) -> Self {
        Processor {
            threads: arguments.threads(),
            isa: arguments.isa.unwrap_or_else(Isa::detect),
            reason,
        }
    }
}

impl Devices for Processor {
    type Backend = Cpu;

    fn spec(&self) -> CpuSpec {
        CpuSpec::new(self.isa)
    }

    fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    fn halves(&self) -> bool {
        self.threads >= 2
    }

    fn isa(&self) -> Option<Isa> {
        Some(self.isa)
    }

    fn open(&self, part: Part) -> radars_tensor::Result<Cpu> {
        let half = self.threads / 2;
        let threads = match part {
            Part::Whole => self.threads,
            Part::Exploration => half.max(1),
            Part::Exploitation => (self.threads - half).max(1),
        };
        Cpu::with_isa(threads, self.isa)
    }

    fn check_available(&self, bound: ByteSize) -> Result<()> {
        match available() {
            Some(available) if bound > available => Err(Failure::bad_input(anyhow!(
                "a bound of {bound} is more than the {available} of memory that this machine has available; \
                 lower --memory to less than that"
            ))),
            _ => Ok(()),
        }
    }
}

/// Memory that can be had without swapping, on the machine and in the control group of this process; none
/// where the system does not say, and will refuse by itself.
fn available() -> Option<ByteSize> {
    let memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(memory).ok()?;
    let group = system
        .cgroup_limits()
        // Not its free memory, which counts the page cache as used.
        .map(|group| group.total_memory.saturating_sub(group.rss));
    let available = system.available_memory().min(group.unwrap_or(u64::MAX));
    Some(ByteSize(available))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_above_the_memory_is_refused_with_both_figures() {
        let processor = Processor {
            threads: 1,
            isa: Isa::Portable,
            reason: None,
        };
        assert!(processor.check_available(ByteSize::mib(1)).is_ok());
        let message = processor
            .check_available(ByteSize::pib(1))
            .unwrap_err()
            .to_string();
        assert!(message.contains("a bound of 1.0 PiB"), "{message}");
        assert!(
            message.contains("iB of memory that this machine has"),
            "{message}"
        );
    }
}
