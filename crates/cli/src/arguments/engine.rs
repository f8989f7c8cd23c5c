//! Flags that say how a trained network is computed.

use super::DeviceArgs;
use super::parsers::size;
use bytesize::ByteSize;
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub struct EngineArgs {
    /// How to compute a model: `fake-quantised`, in f32 as in training; `integer`, in integers alone, on the CPU.
    /// ONNX files are computed node by node, whatever they say
    #[arg(long, value_name = "ENGINE", help_heading = "Engine")]
    pub engine: Option<EngineName>,

    /// The bound of the fake-quantised engine: images go in batches of what fits, of which it takes no more than it
    /// needs
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256MiB", help_heading = "Engine")]
    pub memory: ByteSize,

    #[command(flatten)]
    pub device: DeviceArgs,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub enum EngineName {
    FakeQuantised,
    Integer,
}
