//! The convolutions that are measured.

use radars_tensor::{Conv2d, Conv2dOptions, Result};

/// Sides of the square kernels of Table I.
pub const KERNELS: [usize; 4] = [1, 3, 5, 7];

/// A convolution, but for its batch and the side of its kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Height and width of the input.
    pub size: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Step between windows.
    pub stride: usize,
    /// Groups of channels.
    pub groups: usize,
}

const fn layer(size: usize, in_channels: usize, out_channels: usize, stride: usize) -> Layer {
    Layer {
        size,
        in_channels,
        out_channels,
        stride,
        groups: 1,
    }
}

const fn depthwise(size: usize, channels: usize, stride: usize) -> Layer {
    Layer {
        groups: channels,
        ..layer(size, channels, channels, stride)
    }
}

/// The layers of the space `cifar10-quant`, Table I of the paper.
pub const TABLE_1: [Layer; 6] = [
    layer(32, 3, 64, 1),
    layer(32, 64, 64, 2),
    layer(16, 64, 128, 1),
    layer(16, 128, 128, 2),
    layer(8, 128, 256, 1),
    layer(8, 256, 256, 2),
];

/// Layers of small networks for small images.
pub const NARROW: [Layer; 6] = [
    layer(28, 1, 16, 1),
    layer(28, 16, 16, 1),
    layer(28, 16, 32, 2),
    layer(14, 32, 32, 1),
    layer(14, 32, 64, 2),
    layer(7, 64, 64, 1),
];

/// One group a channel: of networks for images of 224x224.
pub const DEPTHWISE: [Layer; 6] = [
    depthwise(112, 32, 1),
    depthwise(56, 144, 1),
    depthwise(56, 144, 2),
    depthwise(28, 240, 1),
    depthwise(14, 576, 1),
    depthwise(7, 1152, 1),
];

impl Layer {
    /// The padding that keeps the image's size at stride 1.
    pub fn options(&self, kernel: usize) -> Conv2dOptions {
        Conv2dOptions {
            stride: self.stride,
            padding: kernel / 2,
            groups: self.groups,
        }
    }

    /// The convolution of a batch.
    ///
    /// # Errors
    /// [`radars_tensor::Error::Geometry`] when the sizes do not go together.
    pub fn geometry(&self, batch: usize, kernel: usize) -> Result<Conv2d> {
        let input = [self.size, self.size, self.in_channels];
        Conv2d::new(
            batch,
            input,
            self.out_channels,
            kernel,
            self.options(kernel),
        )
    }

    /// As `32x32x64-128/s2`.
    pub fn name(&self) -> String {
        let Layer {
            size,
            in_channels,
            out_channels,
            stride,
            ..
        } = self;
        format!("{size}x{size}x{in_channels}-{out_channels}/s{stride}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Architecture, Candidate, Space};

    /// By hand: Table I with 3x3 everywhere has 67.8 M MACs, those of the classifier, 256 x 10, among them.
    #[test]
    fn the_layers_are_those_of_the_space() {
        let macs: u64 = (TABLE_1.iter())
            .map(|layer| layer.geometry(1, 3).unwrap().macs())
            .sum();
        assert_eq!((macs + 2560) / 100_000, 678);
        let space = Space::preset("cifar10-quant").unwrap();
        assert_eq!(space.layers().len(), TABLE_1.len());
        let precision = radars_space::Precision {
            integer: 3,
            fraction: 6,
        };
        let candidate = Candidate::quantised(3, precision, precision);
        let uniform = Architecture::uniform(candidate, TABLE_1.len());
        assert_eq!(space.cost(&uniform).unwrap().macs, macs + 2560);
    }
}
