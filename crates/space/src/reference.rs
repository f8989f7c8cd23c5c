//! Networks of the literature that results are compared with, as far as their costs go.

use crate::{
    Architecture, Candidate, Choices, ConvGeometry, Error, HyperParameter, ImageShape, Layer,
    LayerKind, Result, Space,
};

/// A network that others designed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferenceNetwork {
    /// MobileNetV2, width 1.0.
    ///
    /// # Source
    /// Sandler et al. 2018, Table 2.
    MobileNetV2,
    /// ResNet-34 with projection shortcuts.
    ///
    /// # Source
    /// He et al. 2016, Table 1.
    ResNet34,
}

impl ReferenceNetwork {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::MobileNetV2, Self::ResNet34];

    /// Its name in the literature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MobileNetV2 => "MobileNetV2",
            Self::ResNet34 => "ResNet-34",
        }
    }

    /// Multiply-accumulates of its convolutions and of its classifier for one image.
    ///
    /// # Errors
    /// [`Error::Invalid`] for images or classes out of range.
    pub fn macs(self, images: ImageShape, classes: usize) -> Result<u64> {
        match self {
            Self::MobileNetV2 => chain_macs(&mobilenet_v2()?, images, classes),
            // A pooling of stride 2 follows the first convolution.
            Self::ResNet34 => {
                let fault = |problem| Error::Invalid {
                    layer: None,
                    problem,
                };
                let stem = ConvGeometry::new(images, 64, 2, 1).map_err(fault)?;
                let pooled = ImageShape {
                    height: stem.output.height.div_ceil(2),
                    width: stem.output.width.div_ceil(2),
                    channels: 64,
                };
                Ok(stem
                    .macs(7)
                    .saturating_add(chain_macs(&resnet_34()?, pooled, classes)?))
            }
        }
    }
}

/// Of a chain of layers in which nothing is left to choose, and a classifier.
fn chain_macs(layers: &[Layer], images: ImageShape, classes: usize) -> Result<u64> {
    let space = Space::new("reference", layers.to_vec())?.resolve(images, classes)?;
    let only = |layer: &Layer| layer.choices.candidates().first().copied();
    let candidates: Vec<Candidate> = layers.iter().filter_map(only).collect();
    Ok(space.cost(&Architecture(candidates))?.macs)
}

/// The stem, 17 cells, the head.
fn mobilenet_v2() -> Result<Vec<Layer>> {
    // Expansion, channels, cells, stride.
    const BLOCKS: [[usize; 4]; 7] = [
        [1, 16, 1, 1],
        [6, 24, 2, 2],
        [6, 32, 3, 2],
        [6, 64, 4, 2],
        [6, 96, 3, 1],
        [6, 160, 3, 2],
        [6, 320, 1, 1],
    ];
    let mut layers = vec![Layer::conv(32, 2, Choices::float(&[3])?)];
    for [expansion, channels, cells, stride] in BLOCKS {
        let choices = Choices::float(&[3])?.with(HyperParameter::Expansion, &[expansion])?;
        layers.extend(block(
            LayerKind::InvertedResidual,
            channels,
            cells,
            stride,
            &choices,
        ));
    }
    layers.push(Layer::conv(1280, 1, Choices::float(&[1])?));
    Ok(layers)
}

/// The 16 blocks behind the pooling.
fn resnet_34() -> Result<Vec<Layer>> {
    const BLOCKS: [[usize; 3]; 4] = [[64, 3, 1], [128, 4, 2], [256, 6, 2], [512, 3, 2]];
    let choices = Choices::float(&[3])?;
    let blocks = BLOCKS.iter();
    Ok(blocks
        .flat_map(|&[channels, cells, stride]| {
            block(LayerKind::Residual, channels, cells, stride, &choices)
        })
        .collect())
}

/// `cells` layers of one kind, of which the first has the stride.
fn block(
    kind: LayerKind,
    channels: usize,
    cells: usize,
    stride: usize,
    choices: &Choices,
) -> Vec<Layer> {
    let cell = |index| {
        Layer::new(
            kind,
            channels,
            if index == 0 { stride } else { 1 },
            choices.clone(),
        )
    };
    (0..cells).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_networks_have_the_published_counts() {
        let images = ImageShape {
            height: 224,
            width: 224,
            channels: 3,
        };
        // torchvision's definitions, counted by forward hooks on every convolution and linear layer.
        let expected = [300_774_272, 3_663_761_408];
        for (network, macs) in ReferenceNetwork::ALL.into_iter().zip(expected) {
            assert_eq!(
                network.macs(images, 1000).unwrap(),
                macs,
                "{}",
                network.name()
            );
        }
    }
}
