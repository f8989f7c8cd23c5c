//! Opening the device, and what the machine has left for it.

use crate::arguments::{Device, DeviceArgs};
use crate::failure::{Failure, Result};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_tensor::{Cpu, CpuSpec};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The CPU as the flags want it.
pub fn cpu(arguments: &DeviceArgs) -> Result<Cpu> {
    cpus(arguments)(arguments.threads())
}

/// Opens the CPU as the flags want it, with so many of its threads.
pub fn cpus(arguments: &DeviceArgs) -> impl Fn(usize) -> Result<Cpu> + use<> {
    let Device::Cpu = arguments.device;
    let isa = arguments.isa();
    move |threads| Cpu::with_isa(threads, isa).map_err(Failure::bad_input)
}

/// What plans for that CPU depend on.
pub fn spec(arguments: &DeviceArgs) -> CpuSpec {
    CpuSpec::new(arguments.isa())
}

/// Refuses a bound that the machine's memory cannot hold, before anything is reserved.
pub fn check_available(bound: ByteSize) -> Result<()> {
    match available() {
        Some(available) if bound > available => Err(Failure::bad_input(anyhow!(
            "a bound of {bound} is more than the {available} of memory that this machine has available; \
             lower --memory to less than that"
        ))),
        _ => Ok(()),
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
        assert!(check_available(ByteSize::mib(1)).is_ok());
        let message = check_available(ByteSize::pib(1)).unwrap_err().to_string();
        assert!(message.contains("a bound of 1.0 PiB"), "{message}");
        assert!(
            message.contains("iB of memory that this machine has"),
            "{message}"
        );
    }
}
