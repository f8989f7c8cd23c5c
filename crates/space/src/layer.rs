//! A layer of the space: its fixed part and its choices.

use crate::{Activation, Choices, HyperParameter, Problem};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a layer is made of; [`Layer::block`] gives its convolutions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LayerKind {
    /// A convolution, batch norm, activation.
    #[default]
    Conv,
    /// The cell of MobileNetV2: a 1x1 convolution to `expansion` times the input channels (none where that is 1), a
    /// depthwise convolution, a 1x1 convolution back without activation; around it the identity where input and
    /// output are of one shape.
    ///
    /// # Source
    /// Sandler et al. 2018, Table 1.
    InvertedResidual,
    /// The basic block of ResNet: two convolutions with `inner_channels` between them; around it the identity where
    /// input and output are of one shape, a 1x1 convolution where not; then the activation.
    ///
    /// # Source
    /// He et al. 2016, Figure 2.
    Residual,
}

impl LayerKind {
    /// The value of `kind` in a space file.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::InvertedResidual => "inverted-residual",
            Self::Residual => "residual",
        }
    }

    /// Whether no activation follows the last of the layer's convolutions, so that its output can be negative.
    #[must_use]
    pub fn has_linear_output(self) -> bool {
        self == Self::InvertedResidual
    }

    /// Whether such layers choose this hyper-parameter type.
    #[must_use]
    pub fn takes(self, kind: HyperParameter) -> bool {
        match kind {
            HyperParameter::Expansion => self == Self::InvertedResidual,
            HyperParameter::InnerChannels => self == Self::Residual,
            _ => true,
        }
    }
}

/// The value of `kind` in a space file.
impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
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
    /// Channel groups of the convolution; 1 in layers of several convolutions.
    pub groups: usize,
    /// What follows the batch norms.
    pub activation: Activation,
    /// What is searched in this layer.
    pub choices: Choices,
}

impl Layer {
    /// A layer of that kind, without groups, with ReLU.
    #[must_use]
    pub fn new(kind: LayerKind, channels: usize, stride: usize, choices: Choices) -> Self {
        Self {
            kind,
            channels,
            stride,
            groups: 1,
            activation: Activation::default(),
            choices,
        }
    }

    /// A convolution layer without groups, with ReLU.
    #[must_use]
    pub fn conv(channels: usize, stride: usize, choices: Choices) -> Self {
        Self::new(LayerKind::Conv, channels, stride, choices)
    }

    /// The same layer with its convolution in `groups` channel groups.
    #[must_use]
    pub fn with_groups(self, groups: usize) -> Self {
        Self { groups, ..self }
    }

    /// The same layer with another activation.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// Whether the layer lists what its kind takes, and nothing else.
    pub(crate) fn check_lists(&self) -> Result<(), Problem> {
        for kind in HyperParameter::ALL {
            let listed = !self.choices.list(kind).is_empty();
            if listed && !self.kind.takes(kind) {
                let layer = self.kind;
                return Err(Problem::NotOfKind { kind, layer });
            }
        }
        if self.groups != 1 && self.kind != LayerKind::Conv {
            let layer = self.kind;
            return Err(Problem::GroupsOfKind { layer });
        }
        let expands = self.kind.takes(HyperParameter::Expansion);
        if expands && self.choices.list(HyperParameter::Expansion).is_empty() {
            let kind = HyperParameter::Expansion;
            return Err(Problem::Unlisted { kind });
        }
        if self.activation == Activation::Relu6 && self.choices.is_quantised() {
            return Err(Problem::QuantisedRelu6);
        }
        Ok(())
    }
}
