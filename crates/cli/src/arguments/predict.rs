//! `radars predict`.

use super::EngineArgs;
use clap::{Args, value_parser};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars predict runs/fashion-small-0 shoe.png
      the five likeliest classes of a picture, by the trained winner of a run
  radars predict model.safetensors photos/*.jpg --top 1 --json
      the likeliest one of each of many, for a program to read

Pictures are JPEG or PNG files of any size; they are brought to the size and the channels of the network as
evaluation does in the run whose config.toml lies beside the network, else stretched. One that cannot be read
is named, the others are classified all the same, and the exit code is 2.";

/// Classify images with a trained network
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PredictArgs {
    /// A run folder, a `model.safetensors`, one of the exported `.onnx` files, or an exported `hls4ml` folder; models
    /// of quantised networks are computed in integers unless --engine says otherwise
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The pictures
    #[arg(value_name = "IMAGE", required = true)]
    pub images: Vec<PathBuf>,

    /// How many of the likeliest classes to name
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = value_parser!(u16).range(1..))]
    pub top: u16,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub engine: EngineArgs,
}
