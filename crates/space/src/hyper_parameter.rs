//! The searched hyper-parameter types, their order, their names and the values each may take.

use crate::geometry::check_dimension;
use crate::{Precision, Problem};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A searched hyper-parameter type. The order of the variants is the order of decisions within a
/// layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HyperParameter {
    /// Side of the square convolution kernel.
    Kernel,
    /// Channels within an inverted residual block, as a multiple of its input's.
    Expansion,
    /// Channels within a residual block.
    InnerChannels,
    /// Integer bits of the layer's input.
    ActivationInteger,
    /// Fraction bits of the layer's input.
    ActivationFraction,
    /// Integer bits of the weights, the sign included.
    WeightInteger,
    /// Fraction bits of the weights.
    WeightFraction,
}

impl HyperParameter {
    /// All types, in the order of decisions within a layer.
    pub const ALL: [Self; 7] = [
        Self::Kernel,
        Self::Expansion,
        Self::InnerChannels,
        Self::ActivationInteger,
        Self::ActivationFraction,
        Self::WeightInteger,
        Self::WeightFraction,
    ];

    /// The types that a quantised layer lists, all of them, and a float layer does not.
    pub const BITS: [Self; 4] = [
        Self::ActivationInteger,
        Self::ActivationFraction,
        Self::WeightInteger,
        Self::WeightFraction,
    ];

    /// The largest kernel size a space may list.
    pub const MAX_KERNEL: usize = 31;

    /// The key of a space file that lists this type's choices.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Expansion => "expansion",
            Self::InnerChannels => "inner_channels",
            Self::ActivationInteger => "activation_integer",
            Self::ActivationFraction => "activation_fraction",
            Self::WeightInteger => "weight_integer",
            Self::WeightFraction => "weight_fraction",
        }
    }

    /// Position in [`Self::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Whether `value` can be a choice of this type at all; precisions are checked as pairs
    /// elsewhere.
    pub(crate) fn check(self, value: usize) -> Result<(), Problem> {
        match self {
            Self::Kernel if value.is_multiple_of(2) || value > Self::MAX_KERNEL => {
                Err(Problem::Kernel {
                    kernel: value,
                    max: Self::MAX_KERNEL,
                })
            }
            Self::Kernel => Ok(()),
            Self::Expansion | Self::InnerChannels => check_dimension(self.key(), value),
            _ if value > Precision::MAX_WIDTH as usize => Err(Problem::Bits {
                kind: self,
                value,
                max: Precision::MAX_WIDTH,
            }),
            _ => Ok(()),
        }
    }
}

/// The key of the space file.
impl fmt::Display for HyperParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
