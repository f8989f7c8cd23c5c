//! Image shapes and the arithmetic of one convolution: output size, MACs, weights.

use crate::Problem;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The largest image side, channel count, stride or class count a space may state.
pub(crate) const MAX_DIMENSION: usize = 1 << 16;

/// Height, width and channels of an image or of one layer's activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageShape {
    /// Rows, in pixels.
    pub height: usize,
    /// Columns, in pixels.
    pub width: usize,
    /// Channels, 1 for grey and 3 for colour images.
    pub channels: usize,
}

impl ImageShape {
    /// Number of values; saturates at `u64::MAX`.
    #[must_use]
    pub fn elements(self) -> u64 {
        self.pixels().saturating_mul(self.channels as u64)
    }

    /// Number of pixels; saturates at `u64::MAX`.
    #[must_use]
    pub fn pixels(self) -> u64 {
        (self.height as u64).saturating_mul(self.width as u64)
    }

    pub(crate) fn check(self) -> Result<(), Problem> {
        check_dimension("height", self.height)?;
        check_dimension("width", self.width)?;
        check_dimension("channels", self.channels)
    }
}

/// `28x28x1`.
impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.height, self.width, self.channels)
    }
}

pub(crate) fn check_dimension(key: &'static str, value: usize) -> Result<(), Problem> {
    if value == 0 || value > MAX_DIMENSION {
        return Err(Problem::OutOfRange {
            key,
            value,
            max: MAX_DIMENSION,
        });
    }
    Ok(())
}

/// Everything about a square convolution that is fixed, its kernel size aside. The padding is half
/// the kernel, so the output is `ceil(input / stride)` whatever the kernel size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConvGeometry {
    /// Shape of the input.
    pub input: ImageShape,
    /// Shape of the output.
    pub output: ImageShape,
    /// Step between output pixels, in both directions.
    pub stride: usize,
    /// Channel groups; the number of input channels makes it depthwise.
    pub groups: usize,
}

impl ConvGeometry {
    /// The convolution of `input` into `channels` channels.
    ///
    /// # Errors
    /// [`Problem::OutOfRange`] for a dimension that is zero or above 65,536, [`Problem::Groups`]
    /// for groups that do not divide the channels on both sides.
    pub fn new(
        input: ImageShape,
        channels: usize,
        stride: usize,
        groups: usize,
    ) -> Result<Self, Problem> {
        input.check()?;
        check_dimension("channels", channels)?;
        check_dimension("stride", stride)?;
        check_dimension("groups", groups)?;
        if !input.channels.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
            return Err(Problem::Groups {
                groups,
                input: input.channels,
                output: channels,
            });
        }
        let output = ImageShape {
            height: input.height.div_ceil(stride),
            width: input.width.div_ceil(stride),
            channels,
        };
        Ok(Self {
            input,
            output,
            stride,
            groups,
        })
    }

    /// Weights of one convolution with this kernel size; saturates at `u64::MAX`.
    #[must_use]
    pub fn weights(&self, kernel: usize) -> u64 {
        let taps = (kernel as u64).saturating_mul(kernel as u64);
        let channels = (self.input.channels / self.groups) as u64 * self.output.channels as u64;
        taps.saturating_mul(channels)
    }

    /// Multiply-accumulates for one image, the taps on the padding counted as usual; saturates at
    /// `u64::MAX`.
    #[must_use]
    pub fn macs(&self, kernel: usize) -> u64 {
        self.weights(kernel).saturating_mul(self.output.pixels())
    }
}

/// Multiply-accumulates of a linear layer for one input; saturates at `u64::MAX`.
#[must_use]
pub fn linear_macs(inputs: usize, outputs: usize) -> u64 {
    (inputs as u64).saturating_mul(outputs as u64)
}
