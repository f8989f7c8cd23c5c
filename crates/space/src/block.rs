//! What a candidate makes of a layer: its convolutions, in order, and the way around them.

use crate::{Activation, Candidate, ConvGeometry, ImageShape, Layer, LayerKind, Problem};

/// A convolution of a block and the batch norm behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stage {
    /// What the stage does in its block: `conv`, `expand`, `depthwise`, ...
    pub name: &'static str,
    /// Its sizes.
    pub geometry: ConvGeometry,
    /// Side of the kernel; padding is half of it.
    pub kernel: usize,
    /// What follows the batch norm.
    pub activation: Option<Activation>,
}

/// What is added to the last stage's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortcut {
    /// Nothing: there is no way around.
    None,
    /// The block's input.
    Identity,
    /// A convolution of the block's input, batch norm included.
    Projection(Stage),
}

/// A layer with one of its candidates chosen: stages one after the other, a shortcut around all of them, and an
/// activation behind the sum.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// The stages, first one first; never empty.
    pub path: Vec<Stage>,
    /// The way around them.
    pub shortcut: Shortcut,
    /// What follows the sum of both.
    pub activation: Option<Activation>,
}

impl Block {
    /// All convolutions, those of the path first.
    pub fn convolutions(&self) -> impl Iterator<Item = &Stage> {
        let projection = match &self.shortcut {
            Shortcut::Projection(stage) => Some(stage),
            Shortcut::None | Shortcut::Identity => None,
        };
        self.path.iter().chain(projection)
    }
}

impl Layer {
    /// The shape of the layer's output, whatever is chosen.
    #[must_use]
    pub fn output(&self, input: ImageShape) -> ImageShape {
        ImageShape {
            height: input.height.div_ceil(self.stride),
            width: input.width.div_ceil(self.stride),
            channels: self.channels,
        }
    }

    /// What `candidate` makes of the layer.
    ///
    /// # Errors
    /// A [`Problem`] where groups do not divide channels, or a dimension is out of range.
    pub fn block(&self, input: ImageShape, candidate: &Candidate) -> Result<Block, Problem> {
        let kernel = candidate.kernel;
        let stage = |name, input, channels, stride, groups, kernel, activation| {
            Ok::<_, Problem>(Stage {
                name,
                geometry: ConvGeometry::new(input, channels, stride, groups)?,
                kernel,
                activation,
            })
        };
        let (channels, stride, act) = (self.channels, self.stride, Some(self.activation));
        let same_shape = stride == 1 && input.channels == channels;
        match self.kind {
            LayerKind::Conv => Ok(Block {
                path: vec![stage(
                    "conv",
                    input,
                    channels,
                    stride,
                    self.groups,
                    kernel,
                    act,
                )?],
                shortcut: Shortcut::None,
                activation: None,
            }),
            LayerKind::InvertedResidual => {
                let expansion = candidate.expansion.unwrap_or(1);
                let inner = input.channels.saturating_mul(expansion);
                let mut path = Vec::with_capacity(3);
                let mut wide = input;
                if expansion > 1 {
                    path.push(stage("expand", input, inner, 1, 1, 1, act)?);
                    wide.channels = inner;
                }
                let depthwise = stage("depthwise", wide, inner, stride, inner, kernel, act)?;
                path.push(depthwise);
                let narrow = depthwise.geometry.output;
                path.push(stage("project", narrow, channels, 1, 1, 1, None)?);
                let shortcut = match same_shape {
                    true => Shortcut::Identity,
                    false => Shortcut::None,
                };
                Ok(Block {
                    path,
                    shortcut,
                    activation: None,
                })
            }
            LayerKind::Residual => {
                let inner = candidate.inner_channels.unwrap_or(channels);
                let first = stage("first", input, inner, stride, 1, kernel, act)?;
                let between = first.geometry.output;
                let second = stage("second", between, channels, 1, 1, kernel, None)?;
                let shortcut = match same_shape {
                    true => Shortcut::Identity,
                    false => Shortcut::Projection(stage(
                        "shortcut", input, channels, stride, 1, 1, None,
                    )?),
                };
                Ok(Block {
                    path: vec![first, second],
                    shortcut,
                    activation: act,
                })
            }
        }
    }
}
