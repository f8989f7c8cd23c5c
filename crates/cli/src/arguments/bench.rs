//! `radars bench`.

use super::DeviceArgs;
use super::parsers::{positive, size};
use bytesize::ByteSize;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use radars_search::{Config, Recomputation};
use std::num::NonZeroUsize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars bench step --net child --kernel 3 --batch 64 --threads 2 --json
  radars bench step --net factorised --sn 4 --seed 1";

const STEP_EXAMPLES: &str = "\
Examples:
  radars bench step --net child --kernel 3 --batch 64 --threads 2 --json
      one network, 3x3 and 9 bits in every layer
  radars bench step --net materialised --sn 4 --seed 1 --batch 64
      a SuperNet of four random architectures
  radars bench step --net merged --sn 4 --seed 1 --batch 64
      the same mixtures, held in another way
  radars bench step --net factorised --candidates sn.json
      a SuperNet of given candidates
  radars bench step --net child --batch 128 --memory 192MiB --recompute auto
      a step that a bound makes compute some layers twice

A step is one update of the weights; for a SuperNet, followed by one of the architecture weights on
other images. Images are random. The memory reserved is exactly what the plan says, also below --memory.

The file of --candidates is a JSON list with one list a layer of {\"k\", \"ai\", \"af\", \"wi\", \"wf\"}: kernel
size, then integer and fraction bits of activations and of weights. Bits are taken as they are. Where
a file leaves the sign out of its integer bits, as PyTorch scripts do, the numbers of activations mean
the same here, and weights and the first layer's input are read as one bit narrower.";

/// Time the parts of a search
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub command: BenchCommand,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    Step(StepArgs),
}

/// Time one training step
#[derive(Debug, Args)]
#[command(after_help = STEP_EXAMPLES)]
pub struct StepArgs {
    /// What is trained
    #[arg(long, value_name = "NET", value_enum)]
    pub net: Net,

    /// The built-in space whose layers are used
    #[arg(long, value_name = "NAME", default_value = "cifar10-quant", conflicts_with = "space",
          value_parser = PossibleValuesParser::new(Config::PRESETS.iter()))]
    pub preset: String,

    /// A space file (TOML) that states its images and classes
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,

    /// Kernel size of the child network, in every layer
    #[arg(long, value_name = "K", default_value_t = 3)]
    pub kernel: usize,

    /// Expansion of the child network, in every inverted residual block that chooses it
    #[arg(long, value_name = "E", default_value_t = 6)]
    pub expansion: usize,

    /// The SuperNet's candidates: a JSON file
    #[arg(long, value_name = "FILE", conflicts_with = "sn")]
    pub candidates: Option<PathBuf>,

    /// The SuperNet spans this many random architectures [default: 4]
    #[arg(long, value_name = "N")]
    pub sn: Option<NonZeroUsize>,

    /// All randomness derives from it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    /// Images in a batch
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN.saturating_add(63))]
    pub batch: NonZeroUsize,

    /// Take at most N images to the device at once [default: the whole batch]
    #[arg(long, value_name = "N")]
    pub micro_batch: Option<NonZeroUsize>,

    /// Which layers are computed again on the way back instead of being kept: `none`, or `auto`: those that cost the
    /// least of all that make the step fit --memory
    #[arg(long, value_name = "none|auto", default_value_t = Recomputation::None, requires_if("auto", "memory"))]
    pub recompute: Recomputation,

    /// The bound that the step has to fit [default: none]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<ByteSize>,

    /// Measure for this long, and at least three steps
    #[arg(long, value_name = "SECONDS", default_value = "8", value_parser = positive)]
    pub seconds: f64,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub device: DeviceArgs,
}

/// What a step trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Net {
    /// A child network: one architecture
    Child,
    /// A SuperNet that holds every candidate's output
    Materialised,
    /// A SuperNet that merges the candidates of each activation format into one convolution
    Merged,
    /// A SuperNet of one convolution a layer
    Factorised,
}
