//! `radars export`.

use super::DeviceArgs;
use clap::{Args, ValueEnum};
use radars_export::Format;
use radars_export::onnx::BatchNormForm;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars export runs/fashion-small-0
      the winner in every form, into the run folder
  radars export runs/fashion-small-0 --format onnx-qdq,card --out deployed
      two of them, somewhere else
  radars export runs/fashion-small-0 --architecture 2
      the second of the architectures that the search kept (`front` in result.json): trained from scratch first, by
      the run's own settings, into runs/fashion-small-0/architecture-2
  radars export model.safetensors --format hls4ml
      a model file by itself

Formats, and their files:
  safetensors  model.safetensors  the model file of radars: all tensors, space, architecture, provenance
  qonnx        model.qonnx.onnx   `Quant` nodes of any width, for FINN and other QONNX tools
  onnx-qdq     model.qdq.onnx     QuantizeLinear and DequantizeLinear, opset 21
  onnx         model.onnx         Mul, Round, Clip, Mul; opset 13, for any runtime
  hls4ml       hls4ml/            a QONNX file, settings, and a script that converts them
  json         model.json         layers, formats, costs and names of tensors
  dot, svg     model.dot, .svg    a picture of the network
  card         model.md           what was measured, how it came about, how to use it";

/// Write a trained network in the forms that other programs read
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// A run folder, or a model file
    #[arg(value_name = "RUN|FILE")]
    pub from: PathBuf,

    /// Another architecture of the run: its place among those that the search kept, the winner being 1. It is
    /// trained from scratch first, unless that was done before [default: the winner, as trained]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..))]
    pub architecture: Option<u16>,

    /// The forms, separated by commas [default: all that suit the network]
    #[arg(long, value_name = "FORMAT,...", value_delimiter = ',', value_parser = str::parse::<Format>)]
    pub format: Vec<Format>,

    /// What becomes of batch norms in ONNX files: `exact`, the network's arithmetic to the last bit (Sub, Mul, Mul,
    /// Add); `node`, a BatchNormalization each; `folded`, one Mul and one Add, of a float network in weights and
    /// biases. hls4ml always gets nodes
    #[arg(long, value_name = "FORM", default_value = "exact")]
    pub batch_norm: BatchNorms,

    /// Write into this folder [default: the run folder, or the folder of the model file]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pub device: DeviceArgs,

    /// Show no progress of a training, only the files
    #[arg(long)]
    pub quiet: bool,
}

/// What becomes of batch norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BatchNorms {
    Exact,
    Node,
    Folded,
}

impl From<BatchNorms> for BatchNormForm {
    fn from(form: BatchNorms) -> Self {
        match form {
            BatchNorms::Exact => BatchNormForm::Exact,
            BatchNorms::Node => BatchNormForm::Node,
            BatchNorms::Folded => BatchNormForm::Folded,
        }
    }
}
