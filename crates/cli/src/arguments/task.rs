//! Flags that say what is searched: the space, the data, the bound.

use super::parsers::{height_and_width, size};
use bytesize::ByteSize;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use radars_search::{Config, MicroBatch, Recomputation, Variety};
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

    /// Read all images beforehand and scale each to HEIGHTxWIDTH, such as 64x48, whatever its proportions
    /// [default: as they are]
    #[arg(long, value_name = "SIZE", value_parser = height_and_width,
          conflicts_with_all = ["image_size", "cache", "bad_images", "augment"])]
    pub resize: Option<(usize, usize)>,

    /// Decode the images of a folder while they are trained on, for networks that see NxN pixels: a random area of
    /// each image in training (--augment), the centre in evaluation. For folders that do not fit into memory, and
    /// for images of different sizes; always three channels. Data sets in other forms are read beforehand and
    /// scaled to NxN [default: image folders are read as a whole, too, unless the preset says otherwise]
    #[arg(long, value_name = "N")]
    pub image_size: Option<usize>,

    /// How much the training images of --image-size are changed, apart from flips: `none` (the centre), `crop` (a
    /// random area, 8 to 100 % of the image, 3:4 to 4:3 wide), `full` (that, and brightness, contrast and saturation
    /// by up to 40 %); `[data.stream]` of a configuration file has the figures [default: full]
    #[arg(long, value_name = "none|crop|full")]
    pub augment: Option<Augment>,

    /// With --image-size: host memory, outside the bound, for decoded images, shrunk to a short side of 256/224 of
    /// the image size; what does not fit is decoded in every epoch. No result depends on it [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub cache: Option<ByteSize>,

    /// With --image-size: the files that may turn out not to be usable images before the search ends with an error
    /// that names some. Until then the next good image by name, of the same split, stands in for each
    /// [default: one in a hundred files]
    #[arg(long, value_name = "N")]
    pub bad_images: Option<usize>,

    /// Explore on the images of N classes alone, drawn from the seed: the children of brief trainings learn to tell
    /// those apart. Re-training, SuperNets and the final training see all classes, and AOPS are always those of the
    /// network for all classes [default: what the preset says; fashion-small: all classes]
    #[arg(long, value_name = "N")]
    pub proxy_classes: Option<usize>,

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

/// How much training images are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Augment {
    None,
    Crop,
    Full,
}

impl From<Augment> for Variety {
    fn from(augment: Augment) -> Self {
        match augment {
            Augment::None => Variety::None,
            Augment::Crop => Variety::Crop,
            Augment::Full => Variety::Full,
        }
    }
}
