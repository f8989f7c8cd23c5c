//! Flags that say where and how to compute.

use clap::{Args, value_parser};
use radars_tensor::Isa;
use std::num::NonZeroUsize;

#[derive(Debug, Args)]
#[command(next_help_heading = "Device")]
pub struct DeviceArgs {
    /// Where to compute: `cpu`; `cuda` or `cuda:N`, the first or the Nth NVIDIA GPU, from 0, which takes no more
    /// than its driver, R525 or later; `auto` (the default), a GPU if there is one, else the CPU. Results differ
    /// between kinds of devices, so a run goes on only on the one it began on. A search takes two GPUs, too, such
    /// as `cuda:0,cuda:1`: exploration runs on the first beside exploitation on the second, as with --schedule
    /// overlapped, and each has --memory to itself
    #[arg(long, value_name = "DEVICE", default_value = "auto", value_parser = device, hide_default_value = true)]
    pub device: Device,

    /// Threads to compute and to decode images with, 1 to 1024; with a GPU, to decode alone. The result does not
    /// depend on it [default: all that the machine offers]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Instruction set of the CPU: `portable`; on x86-64 `avx2` (with FMA) or `avx512`, on aarch64 `neon`; results
    /// are the same only under the same one
    /// [default: the best of this machine]
    #[arg(long, value_name = "ISA")]
    pub isa: Option<Isa>,
}

/// Where to compute, as it can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// On a GPU if there is one, else on the CPU.
    Auto,
    /// On the CPU.
    Cpu,
    /// On the GPU of this number.
    Cuda(usize),
    /// Exploration on the first, exploitation on the second of these GPUs.
    TwoCuda(usize, usize),
}

impl DeviceArgs {
    /// How many threads.
    pub fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(all, usize::from)
    }
}

fn device(text: &str) -> Result<Device, String> {
    match text {
        "auto" => return Ok(Device::Auto),
        "cpu" => return Ok(Device::Cpu),
        _ => {}
    }
    let cuda = match text.split_once(',') {
        None => number(text).map(Device::Cuda),
        Some((first, second)) => {
            let both = number(first).zip(number(second));
            if both.is_some_and(|(first, second)| first == second) {
                return Err(
                    "two phases side by side on one GPU take --schedule overlapped; \
                     two GPUs have two numbers"
                        .to_owned(),
                );
            }
            both.map(|(first, second)| Device::TwoCuda(first, second))
        }
    };
    cuda.ok_or_else(|| {
        "`auto`, `cpu`, `cuda`, `cuda:N` and, for a search, `cuda:N,cuda:M` are valid".to_owned()
    })
}

/// The number of a GPU: that of `cuda` is 0.
fn number(text: &str) -> Option<usize> {
    match text.strip_prefix("cuda")? {
        "" => Some(0),
        number => number.strip_prefix(':')?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_have_names_and_numbers() {
        for (text, expected) in [
            ("auto", Device::Auto),
            ("cpu", Device::Cpu),
            ("cuda", Device::Cuda(0)),
            ("cuda:7", Device::Cuda(7)),
            ("cuda:1,cuda:0", Device::TwoCuda(1, 0)),
            ("cuda,cuda:1", Device::TwoCuda(0, 1)),
        ] {
            assert_eq!(device(text), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_device_is_told_what_would_be() {
        for text in [
            "tpu",
            "cuda:",
            "cuda:-1",
            "cuda1",
            "cpu,cuda:0",
            "cuda:0,1",
            "cuda:0,cuda:1,cuda:2",
        ] {
            let error = device(text).unwrap_err();
            assert!(error.contains("`cuda:N,cuda:M`"), "{text}: {error}");
        }
        let error = device("cuda:1,cuda:1").unwrap_err();
        assert!(error.contains("--schedule overlapped"), "{error}");
    }
}
