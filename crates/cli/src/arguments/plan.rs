//! `radars plan`.

use super::parsers::{count, positive};
use super::{DeviceArgs, TaskArgs};
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  radars plan
      what the default search would need
  radars plan --preset cifar10-quant --batch 128
      Table I of the paper: the whole space in each way to hold it, beside Eq. 5
  radars plan --space my.toml --data my-images --memory 4GiB --json
      your own space under your own bound, for a program to read
  radars plan --preset cifar10-quant --device cuda
      on an NVIDIA GPU; there need not be one in this machine
  radars plan --preset imagenet-mobile --width 0.5 --image-size 96 --classes 10 --batch 64
      Table III made smaller: half of the channels, images of 96x96, ten classes
  radars plan --hours
      how long the default search would take on this machine
  radars plan --preset imagenet-mobile --device cuda --hours --speed 2.35e12 --images 1281167,50000
      how long Table III would take on cards of 13.4 TFLOP/s that reach 35 % of it, without card or images
  radars plan --preset cifar10-quant --batch 128 --growth --plot growth
      how SuperNets grow with what they span, in tables and in three pictures
  radars plan --sn best.json
      how many of the architectures in best.json one SuperNet can span under the bound
  radars plan --preset cifar10-quant --memory 12GB
      what a card of 12 GB holds: which mixing, micro-batch and SN would be chosen for it
  radars plan --preset cifar10-quant --batch 128 --memory 192MiB --recompute auto
      which layers would be computed again on the way back, so that whole batches fit

A plan executes the very program of the search on a backend that stores nothing, so its figures are
exact. Beside whole batches it says what each network needs with every layer recomputed, and in
micro-batches, down to one image at a time; and what the search would choose for the bound with --mixing
auto and --micro-batch auto (4 images at least), under either --sn-rule; with --recompute auto, also
which layers it would recompute. With --hours it also trains: a few random architectures and one SuperNet for some seconds, on
random images and within the bound; from the mean cost of random architectures follows what a search
that trains all it may will take. Other work on the machine makes the estimate too long. With --speed nothing is
trained: every kind of step is taken to compute as many multiply-accumulates a second. The file of --sn is a JSON list of architectures, each a list of candidates as in result.json:
[[{\"kernel\": 3, \"activation\": {\"integer\": 3, \"fraction\": 6}, \"weight\": {...}}, ...], ...]";

/// Say what a search would need, without running it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct PlanArgs {
    #[command(flatten)]
    pub task: TaskArgs,

    /// Plan for so many classes, where no --data says how many there are [default: what the space states]
    #[arg(long, value_name = "N", conflicts_with = "data")]
    pub classes: Option<usize>,

    /// Say how many of these architectures one SuperNet can span: a JSON file, best architecture first
    #[arg(long, value_name = "FILE")]
    pub sn: Option<PathBuf>,

    /// Say how SuperNets grow: over the architectures in SN, over the hyper-parameter types that are searched
    /// (in the order kernel, integer and fraction bits of activations, of weights), over the batch
    #[arg(long)]
    pub growth: bool,

    /// Draw it, too: growth-architectures.svg, growth-types.svg and growth-batch.svg in this folder
    #[arg(long, value_name = "FOLDER", requires = "growth")]
    pub plot: Option<PathBuf>,

    /// Estimate how long the search takes, from some steps timed here for up to half a minute; loads the
    /// data set, for its number of images
    #[arg(long)]
    pub hours: bool,

    /// With --hours: time nothing, but take each device to compute so many multiply-accumulates a second, such as
    /// 2.35e12; a MAC is two FLOP. One phase after the other has one such device, side by side they have two
    #[arg(long, value_name = "MACS", value_parser = positive, requires = "hours")]
    pub speed: Option<f64>,

    /// With --speed: so many training and test images, instead of those of the data, which need not be there
    #[arg(long, value_name = "TRAIN,TEST", value_parser = two_counts, requires = "speed", conflicts_with = "data")]
    pub images: Option<[u64; 2]>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub device: DeviceArgs,
}

/// Two whole numbers such as `50000,10000`.
fn two_counts(text: &str) -> Result<[u64; 2], String> {
    let both = text
        .split_once(',')
        .ok_or("two numbers are expected, such as 50000,10000")?;
    Ok([count(both.0)?, count(both.1)?])
}
