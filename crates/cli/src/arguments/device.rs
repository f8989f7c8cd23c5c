//! Flags that say where and how to compute.

use clap::{Args, value_parser};
use radars_tensor::Isa;
use std::num::NonZeroUsize;

#[derive(Debug, Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArgs {
    /// Where to compute: `auto` (the default) or `cpu`; this build has no CUDA backend
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = device, hide_default_value = true)]
    pub device: Device,

    /// Threads to compute with, 1 to 1024; the result does not depend on it [default: all that the machine offers]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Instruction set: `portable` or `avx512`; results are the same only under the same one
    /// [default: the best of this machine]
    #[arg(long, value_name = "ISA")]
    pub isa: Option<Isa>,
}

/// A device that this build can compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Cpu,
}

impl DeviceArgs {
    /// How many threads.
    pub fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(all, usize::from)
    }

    /// Which instruction set.
    pub fn isa(&self) -> Isa {
        self.isa.unwrap_or_else(Isa::detect)
    }
}

fn device(text: &str) -> Result<Device, String> {
    match text {
        "auto" | "cpu" => Ok(Device::Cpu),
        _ if text == "cuda" || text.starts_with("cuda:") => {
            Err("this build has no CUDA backend; `cpu` and `auto` are valid".to_owned())
        }
        _ => Err("`auto` and `cpu` are valid".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_backend_is_named() {
        assert_eq!(device("auto"), Ok(Device::Cpu));
        assert!(device("cuda:1").unwrap_err().contains("no CUDA backend"));
        assert!(!device("tpu").unwrap_err().contains("CUDA"));
    }
}
