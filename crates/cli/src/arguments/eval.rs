//! `radars eval`.

use super::EngineArgs;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars eval runs/fashion-small-0
      the trained winner on the test images of its run: the test accuracy of its result.json
  radars eval runs/fashion-small-0 --engine integer
      the same network in integers alone
  radars eval model.safetensors --data my-images --json
      a model file that lies anywhere, on a folder of your own, for a program to read
  radars eval runs/fashion-small-0/model.qdq.onnx --logits logits.csv
      what an exported file computes, image by image

Images are brought to the network's size as in the run whose config.toml lies beside the network; else they
are stretched to it. Of the data set, the test images alone are evaluated.";

/// Evaluate a trained network on test images
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct EvalArgs {
    /// A run folder, a `model.safetensors`, one of the exported `.onnx` files, or an exported `hls4ml` folder
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// `fashion-mnist-small`, which is built in, or a folder of any form that searches take [default: that of the
    /// run]
    #[arg(long, value_name = "NAME|FOLDER")]
    pub data: Option<String>,

    /// Write a line for every image into this file: its label, then its logits in as many digits as they have,
    /// separated by commas
    #[arg(long, value_name = "FILE")]
    pub logits: Option<PathBuf>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Show no progress, only the result
    #[arg(long)]
    pub quiet: bool,

    #[command(flatten)]
    pub engine: EngineArgs,
}
