//! A smaller space of the same form.

use crate::space::Parts;
use crate::{Error, HyperParameter, Layer, LayerKind, Problem, Result, Space};
use serde::{Deserialize, Serialize};

/// How a space is made smaller (or wider), for smaller images and shorter searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narrowing {
    /// Factor of all channels: of every layer, its inner channels and the head included. The result is rounded to a
    /// multiple of 8, never to less than 9/10 of what it should be.
    ///
    /// # Source
    /// The rounding is that of the reference code of MobileNetV2 (`make_divisible`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// The most cells of a block, a block being blocks of convolutions alike one after the other, of which the first
    /// alone may have a stride.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<usize>,
}

impl Narrowing {
    /// Whether it leaves a space as it is.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// What channels are rounded to a multiple of.
const DIVISOR: usize = 8;

impl Space {
    /// The space with fewer cells and other channels.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a width or a number of cells that is not above zero, and where channels no longer suit
    /// their groups.
    pub fn narrowed(&self, narrowing: Narrowing) -> Result<Self> {
        let Narrowing { width, cells } = narrowing;
        let refused = |key, value, valid| {
            Err(Error::Invalid {
                layer: None,
                problem: Problem::Narrowing { key, value, valid },
            })
        };
        if let Some(width) = width.filter(|width| !(*width > 0.0 && *width <= 64.0)) {
            return refused("width", width, "a factor above 0, at most 64, is");
        }
        if cells == Some(0) {
            return refused("cells", 0.0, "1 cell in a block is the least");
        }
        let mut layers: Vec<Layer> = Vec::with_capacity(self.layers().len());
        let mut run = 0;
        for (index, layer) in self.layers().iter().enumerate() {
            let before = index.checked_sub(1).map(|before| &self.layers()[before]);
            run = if before.is_some_and(|before| continues(before, layer)) {
                run + 1
            } else {
                1
            };
            if run <= cells.unwrap_or(usize::MAX) {
                layers.push(layer.clone());
            }
        }
        if let Some(width) = width {
            for layer in &mut layers {
                layer.channels = scaled(layer.channels, width);
                let kind = HyperParameter::InnerChannels;
                let mut inner: Vec<usize> = Vec::new();
                for &channels in layer.choices.list(kind) {
                    let channels = scaled(channels, width);
                    if !inner.contains(&channels) {
                        inner.push(channels);
                    }
                }
                layer.choices = layer.choices.with(kind, &inner)?;
            }
        }
        Ok(Self::assemble(Parts {
            layers,
            ..self.parts()
        })?)
    }
}

/// Whether a layer is one more cell of the block that `before` is in.
fn continues(before: &Layer, layer: &Layer) -> bool {
    let as_after = Layer {
        stride: before.stride,
        ..layer.clone()
    };
    layer.kind != LayerKind::Conv && layer.stride == 1 && as_after == *before
}

fn scaled(channels: usize, width: f64) -> usize {
    let wanted = channels as f64 * width;
    let rounded = (wanted as usize + DIVISOR / 2) / DIVISOR * DIVISOR;
    let rounded = rounded.max(DIVISOR);
    if (rounded as f64) < 0.9 * wanted {
        rounded + DIVISOR
    } else {
        rounded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Space;

    fn channels(space: &Space) -> Vec<usize> {
        space.layers().iter().map(|layer| layer.channels).collect()
    }

    #[test]
    fn channels_are_rounded_as_mobilenets_are() {
        // By the reference code's make_divisible(channels * width, 8).
        let expected = [
            (32, 0.35, 16),
            (16, 0.35, 8),
            (24, 0.35, 8),
            (96, 0.35, 32),
            (320, 0.35, 112),
            (1280, 1.4, 1792),
        ];
        for (channels, width, result) in expected {
            assert_eq!(scaled(channels, width), result, "{channels} x {width}");
        }
    }

    #[test]
    fn blocks_keep_their_first_cells() {
        let space = Space::preset("imagenet-mobile").unwrap();
        let narrowing = Narrowing {
            width: Some(0.5),
            cells: Some(2),
        };
        let narrow = space.narrowed(narrowing).unwrap();
        assert_eq!(
            channels(&narrow),
            [16, 8, 16, 16, 24, 24, 40, 40, 48, 48, 96, 96, 160, 640]
        );
        let strides: Vec<usize> = narrow.layers().iter().map(|layer| layer.stride).collect();
        assert_eq!(strides, [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 2, 1, 1, 1]);
        assert_eq!(space.narrowed(Narrowing::default()).unwrap(), space);
    }

    #[test]
    fn nonsense_is_refused() {
        let space = Space::preset("imagenet-mobile").unwrap();
        let refused = |narrowing| space.narrowed(narrowing).unwrap_err().to_string();
        let width = |width| Narrowing {
            width: Some(width),
            cells: None,
        };
        assert_eq!(
            refused(width(0.0)),
            "`width` 0 is not valid: a factor above 0, at most 64, is"
        );
        assert!(refused(width(f64::NAN)).starts_with("`width` NaN is not valid"));
        let none = Narrowing {
            width: None,
            cells: Some(0),
        };
        assert_eq!(
            refused(none),
            "`cells` 0 is not valid: 1 cell in a block is the least"
        );
    }
}
