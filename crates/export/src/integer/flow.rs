//! What one convolution hands on to the next.

use super::channel::Added;
use super::convert::{refuse, supported};
use super::frame::Frame;
use crate::Result;
use crate::network::{Convolution, Network, Shortcut};
use radars_nn::tensor::FixedPoint;
use radars_space::ImageShape;

/// What a layer takes of the one before.
#[derive(Clone, Copy)]
pub(super) struct Wants {
    /// Codes of a format, with a border.
    pub(super) codes: Option<(FixedPoint, usize)>,
    /// Values that are not quantised.
    pub(super) values: bool,
}

/// What one layer hands on to the next.
#[derive(Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) codes: Option<Codes>,
    pub(super) values: Option<Values>,
}

/// Codes in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    pub(super) id: usize,
    pub(super) frame: Frame,
    pub(super) format: FixedPoint,
}

/// Values in a buffer: integers times `2^-fraction`, of magnitudes up to `most`.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) id: usize,
    pub(super) image: ImageShape,
    pub(super) fraction: u32,
    pub(super) most: i64,
}

/// What is added to rescaled sums: integers in a buffer, and what they are of each channel.
pub(super) struct Addend {
    pub(super) id: usize,
    pub(super) image: ImageShape,
    pub(super) added: Vec<Added>,
}

impl Wants {
    /// What the layer `index` takes; the one behind the last is the classifier.
    pub(super) fn of_layer(network: &Network, index: usize) -> Result<Self> {
        let Some(layer) = network.layers.get(index) else {
            return Ok(Wants {
                codes: None,
                values: true,
            });
        };
        let Some(first) = layer.path.first() else {
            return Err(refuse(format!("{} has no convolution", layer.name)));
        };
        let format = supported(&first.name, first.input_format)?;
        let mut border = first.padding();
        if let Shortcut::Projection(projection) = &layer.shortcut {
            if projection.input_format != first.input_format {
                return Err(refuse(format!(
                    "{} quantises its input in two formats",
                    layer.name
                )));
            }
            border = border.max(projection.padding());
        }
        Ok(Wants {
            codes: Some((format, border)),
            values: matches!(layer.shortcut, Shortcut::Identity),
        })
    }

    pub(super) fn codes(conv: &Convolution) -> Result<Self> {
        let format = supported(&conv.name, conv.input_format)?;
        Ok(Wants {
            codes: Some((format, conv.padding())),
            values: false,
        })
    }
}

impl Addend {
    /// Values as they are.
    pub(super) fn identity(values: Values) -> Self {
        let Values {
            id,
            image,
            fraction,
            most,
        } = values;
        let added = Added {
            slope: (-f64::from(fraction)).exp2(),
            shift: 0.0,
            most,
        };
        Addend {
            id,
            image,
            added: vec![added; image.channels],
        }
    }
}
