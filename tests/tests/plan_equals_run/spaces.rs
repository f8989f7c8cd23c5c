//! Random spaces.

use radars_nn::tensor::random::Stream;
use radars_space::{
    Activation, BitChoices, Choices, HyperParameter, ImageShape, Layer, LayerKind, Space,
};
use rand::RngExt;
use rand::seq::IndexedRandom;

/// Some of the values, at least one.
fn some<T: Copy>(rng: &mut Stream, values: &[T]) -> Vec<T> {
    let mut kept: Vec<T> = (values.iter().copied())
        .filter(|_| rng.random_bool(0.5))
        .collect();
    if kept.is_empty() {
        kept.push(values[rng.random_range(0..values.len())]);
    }
    kept
}

/// A small space of random depth, channels and strides, odd sizes and groups included.
pub fn random_space(rng: &mut Stream) -> Space {
    let bits = |rng: &mut Stream| BitChoices {
        integer: some(rng, &[1, 3]),
        fraction: some(rng, &[1, 3, 6]),
    };
    let mut channels = 3;
    let layers = (0..rng.random_range(1..=4)).map(|_| {
        let kernels = some(rng, &[1, 3, 5, 7]);
        let choices = Choices::quantised(&kernels, &bits(rng), &bits(rng)).unwrap();
        let next = *[4, 8, 16, 24, 32, 48, 64].choose(rng).unwrap();
        let groups = if channels % 2 == 0 && rng.random_bool(0.2) {
            2
        } else {
            1
        };
        channels = next;
        Layer::conv(next, rng.random_range(1..=2), choices).with_groups(groups)
    });
    let layers: Vec<Layer> = layers.collect();
    let side = rng.random_range(5..=14);
    let images = ImageShape {
        height: side,
        width: side + 1,
        channels: 3,
    };
    Space::new("random", layers)
        .unwrap()
        .resolve(images, 4)
        .unwrap()
}

/// A small space with blocks in it, all of it float with either activation, or all of it quantised.
pub fn random_blocks(rng: &mut Stream) -> Space {
    let quantised = rng.random_bool(0.5);
    let activation = match quantised || rng.random_bool(0.5) {
        true => Activation::Relu,
        false => Activation::Relu6,
    };
    let bits = |rng: &mut Stream| BitChoices {
        integer: vec![1],
        fraction: some(rng, &[3, 6]),
    };
    let kinds = [
        LayerKind::Conv,
        LayerKind::InvertedResidual,
        LayerKind::Residual,
    ];
    let mut layers = Vec::new();
    for index in 0..rng.random_range(2..=4) {
        // The second layer at least is of blocks.
        let kind = *kinds[usize::from(index == 1)..].choose(rng).unwrap();
        let kernels = some(rng, &[1, 3, 5]);
        let choices = match quantised {
            true => Choices::quantised(&kernels, &bits(rng), &bits(rng)),
            false => Choices::float(&kernels),
        };
        let choices = choices.unwrap();
        let choices = match kind {
            LayerKind::InvertedResidual => {
                choices.with(HyperParameter::Expansion, &some(rng, &[1, 2, 3]))
            }
            LayerKind::Residual => {
                choices.with(HyperParameter::InnerChannels, &some(rng, &[4, 6, 16]))
            }
            _ => Ok(choices),
        };
        let channels = *[4, 8, 16].choose(rng).unwrap();
        let layer = Layer::new(kind, channels, rng.random_range(1..=2), choices.unwrap());
        layers.push(layer.with_activation(activation));
        // One more of the same, around which its input goes as it is.
        if rng.random_bool(0.5) {
            let mut again = layers[layers.len() - 1].clone();
            again.stride = 1;
            layers.push(again);
        }
    }
    let side = rng.random_range(5..=12);
    let images = ImageShape {
        height: side,
        width: side + 1,
        channels: 3,
    };
    let space = Space::new("random blocks", layers).unwrap();
    space.resolve(images, 4).unwrap()
}
