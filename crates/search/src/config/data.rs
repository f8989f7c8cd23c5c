//! The part of a configuration that says what a search is done on.

use super::size;
use bytesize::ByteSize;
use radars_data::{Augment, ColourJitter, ResizedCrop, Streaming};
use serde::{Deserialize, Serialize};

/// The data set of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// A built-in name or a folder.
    pub source: String,
    /// Use at most this many training images.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit_train: Option<usize>,
    /// Scale every image to this height and width; none leaves them as they are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resize: Option<(usize, usize)>,
    /// Brief trainings see the images of this many classes alone, drawn from the seed, and tell those apart; all
    /// other trainings see all. Without it, or where there are no more, brief trainings see all as well.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proxy_classes: Option<usize>,
    /// Share of the training images that train network weights.
    pub weights_fraction: f64,
    /// Share that trains architecture weights.
    pub alpha_fraction: f64,
    /// Share that rewards are measured on.
    pub rewards_fraction: f64,
    /// Pixels of border for random crops in training; 0 for none.
    pub crop_padding: usize,
    /// Random horizontal flips in training.
    pub flip: bool,
    /// Image folders are decoded while they are trained on; without it they are read as a whole beforehand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stream: Option<StreamConfig>,
}

/// How much training images are changed, flips and shifts aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variety {
    /// Not at all: the centre, as in evaluation.
    None,
    /// A random area of each image.
    Crop,
    /// A random area, and random colours.
    #[default]
    Full,
}

/// Streamed image folders.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StreamConfig {
    /// Height and width of the images that networks see.
    pub image_size: usize,
    /// The short side that larger images are shrunk to before anything else; none for 256/224 of the image size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_side: Option<usize>,
    /// Host memory for shrunk images, so that they need not be decoded again. No result depends on it.
    #[serde(serialize_with = "size::exact")]
    pub cache: ByteSize,
    /// Most files that may turn out not to be usable images; none for one in a hundred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bad_images: Option<usize>,
    /// How much training images are changed.
    pub augment: Variety,
    /// The smallest share of an image that a random area has.
    pub min_scale: f64,
    /// Strength of random changes of brightness.
    pub brightness: f64,
    /// Strength of random changes of contrast.
    pub contrast: f64,
    /// Strength of random changes of saturation.
    pub saturation: f64,
}

impl Default for StreamConfig {
    /// ImageNet's customs.
    fn default() -> Self {
        StreamConfig {
            image_size: 224,
            short_side: None,
            cache: ByteSize::gib(1),
            bad_images: None,
            augment: Variety::Full,
            min_scale: 0.08,
            brightness: 0.4,
            contrast: 0.4,
            saturation: 0.4,
        }
    }
}

impl DataConfig {
    /// How image folders are streamed, if they are.
    pub fn streaming(&self) -> Option<Streaming> {
        let stream = self.stream?;
        Some(Streaming {
            image_size: stream.image_size,
            short_side: stream.short_side,
            cache_bytes: usize::try_from(stream.cache.as_u64()).unwrap_or(usize::MAX),
            bad_images: stream.bad_images,
        })
    }

    /// The random changes of training images; none where there are none.
    pub fn augment(&self) -> Option<Augment> {
        let variety = self.stream.map(|stream| (stream, stream.augment));
        let (resized_crop, colour) = match variety {
            None | Some((_, Variety::None)) => (None, None),
            Some((stream, variety)) => {
                let crop = ResizedCrop {
                    min_scale: stream.min_scale,
                };
                let colour = ColourJitter {
                    brightness: stream.brightness,
                    contrast: stream.contrast,
                    saturation: stream.saturation,
                };
                (Some(crop), (variety == Variety::Full).then_some(colour))
            }
        };
        let augment = Augment {
            crop_padding: self.crop_padding,
            flip: self.flip,
            resized_crop,
            colour,
        };
        (augment != Augment::default()).then_some(augment)
    }
}
