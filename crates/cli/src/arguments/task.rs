//! Flags that say what is searched: the space, the data, the bound.

use super::parsers::{height_and_width, size};
use bytesize::ByteSize;
use clap::Args;
use clap::builder::PossibleValuesParser;
use radars_search::{Config, MicroBatch, Recomputation};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Task")]
pub struct TaskArgs {
    /// A built-in space with settings that suit it [default: fashion-small]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["space", "config"],
          value_parser = PossibleValuesParser::new(Config::PRESETS.iter()))]
    pub preset: Option<String>,

    /// A space file (TOML); all other settings are those of fashion-small or of --config
    #[arg(long, value_name = "FILE")]
    pub space: Option<PathBuf>,

    /// Multiply the channels of all layers, rounded to a multiple of 8 [default: 1]
    #[arg(long, value_name = "FACTOR")]
    pub width: Option<f64>,

    /// Keep at most N cells of a block: of layers alike one after the other, of kind `inverted-residual` or `residual`
    /// [default: all]
    #[arg(long, value_name = "N")]
    pub cells: Option<usize>,

    /// A configuration file (TOML), such as the `config.toml` of a run folder; flags override it, and
    /// relative paths in it start at its own folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// `fashion-mnist-small`, which is built in, or a folder: IDX files, CIFAR-10 binary files, or images
    /// in train/CLASS/ and test/CLASS/ [default: what the preset says]
    #[arg(long, value_name = "NAME|FOLDER")]
    pub data: Option<String>,

    /// Scale every image to HEIGHTxWIDTH, such as 64x48, whatever its proportions [default: as they are]
    #[arg(long, value_name = "SIZE", value_parser = height_and_width)]
    pub resize: Option<(usize, usize)>,

    /// Use at most N training images, the same ones in every run [default: all]
    #[arg(long, value_name = "N")]
    pub limit_train: Option<usize>,

    /// The bound: weights, gradients, optimizer state, activations and scratch never take more, on each device
    /// [default: what the preset says; fashion-small: 128MiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<ByteSize>,

    /// Images in a batch [default: what the preset says; fashion-small: 32]
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,

    /// Take at most N images of a step to the device at once, and add their gradients up: the step is that of the
    /// whole batch, but for batch norms, which see micro-batches. `auto`: for every training the most that fit the
    /// bound, the whole batch first, then halves, 4 at least. The shared weights of `one-shot` are always
    /// trained in whole batches
    /// [default: the whole batch]
    #[arg(long, value_name = "N|auto")]
    pub micro_batch: Option<MicroBatch>,

    /// Whether layers may be computed again on the way back of a step instead of being kept: less memory, more
    /// time, and the same result to the last bit. `auto`: for every training that does not fit the bound otherwise,
    /// the layers that cost the least of all that make it fit; before smaller micro-batches are tried. `none` keeps
    /// all, as the paper does. The shared weights of `one-shot` never do it [default: what the preset says;
    /// fashion-small: none]
    #[arg(long, value_name = "none|auto")]
    pub recompute: Option<Recomputation>,
}
