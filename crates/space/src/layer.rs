//! A layer of the space: its fixed part and its choices.

use crate::Choices;
use serde::{Deserialize, Serialize};

/// What a layer is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LayerKind {
    /// `conv(Qa(x), Qw(W))`, then batch norm, then ReLU.
    #[default]
    Conv,
}

impl LayerKind {
    /// The value of `kind` in a space file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Conv => "conv",
        }
    }
}

/// One layer of a space: the fixed part, and the choices of the searched part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Layer {
    /// What the layer is made of.
    pub kind: LayerKind,
    /// Output channels.
    pub channels: usize,
    /// Step between output pixels.
    pub stride: usize,
    /// Channel groups of the convolution.
    pub groups: usize,
    /// What is searched in this layer.
    pub choices: Choices,
}

impl Layer {
    /// A convolution layer without groups.
    #[must_use]
    pub fn conv(channels: usize, stride: usize, choices: Choices) -> Self {
        Self {
            kind: LayerKind::Conv,
            channels,
            stride,
            groups: 1,
            choices,
        }
    }

    /// The same layer with its convolution in `groups` channel groups.
    #[must_use]
    pub fn with_groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }
}
