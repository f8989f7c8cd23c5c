//! A small quantised space, some candidates and paths, and batches.

use radars_space::{
    Architecture, BitChoices, Candidate, Choices, ImageShape, Layer, Precision, Space,
};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{SavedParameter, SgdSettings};
use radars_supernet::{Images, OneShot, OneShotState, WeightSettings};
use rand::RngExt;

pub const SIDE: usize = 6;
pub const CLASSES: usize = 5;
pub const SEED: Seed = Seed(4);

pub fn arena(bound_bytes: usize) -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), bound_bytes).unwrap()
}

pub fn settings() -> WeightSettings {
    WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.1,
        statistics_batches: 0,
    }
}

pub fn resolved(layers: Vec<Layer>, channels: usize, classes: usize) -> Space {
    let images = ImageShape {
        height: SIDE,
        width: SIDE,
        channels,
    };
    let space = Space::new("test", layers).unwrap();
    space.resolve(images, classes).unwrap()
}

/// Two layers, 3 -> 8 -> 16 channels, the first of stride 2.
pub fn space() -> Space {
    let bits = BitChoices {
        integer: vec![1, 3],
        fraction: vec![1, 3, 6],
    };
    let choices = Choices::quantised(&[1, 3, 5], &bits, &bits).unwrap();
    let layers = vec![
        Layer::conv(8, 2, choices.clone()),
        Layer::conv(16, 1, choices),
    ];
    resolved(layers, 3, CLASSES)
}

fn bits(integer: u8, fraction: u8) -> Precision {
    Precision { integer, fraction }
}

/// Kernels 3, 1, 5 and 3 again with other bits, in every layer.
pub fn candidates() -> Vec<Vec<Candidate>> {
    let layer = vec![
        Candidate::quantised(3, bits(1, 3), bits(3, 1)),
        Candidate::quantised(1, bits(3, 6), bits(1, 6)),
        Candidate::quantised(5, bits(3, 6), bits(1, 3)),
        Candidate::quantised(3, bits(1, 6), bits(1, 6)),
    ];
    vec![layer.clone(), layer]
}

/// The path through these candidates.
pub fn path(positions: [usize; 2]) -> Architecture {
    let candidates = candidates();
    Architecture(vec![
        candidates[0][positions[0]],
        candidates[1][positions[1]],
    ])
}

pub fn one_shot() -> OneShot {
    OneShot::new(&space(), &candidates(), settings(), SEED).unwrap()
}

/// Batch `index` of `n` random images.
pub fn images(n: usize, index: u64) -> Vec<u8> {
    let mut rng = Seed(2).stream("images", index);
    let bytes = n * SIDE * SIDE * 3;
    (0..bytes).map(|_| rng.random()).collect()
}

/// Four of them, with labels.
pub fn batch(bytes: &[u8]) -> Images<'_> {
    Images {
        bytes,
        placements: &[[0; 3]; 4],
        labels: &[0, 1, 2, 3],
    }
}

/// The saved parameters of a path, in the order of its network.
pub fn of_path(saved: &[SavedParameter], positions: [usize; 2]) -> Vec<&SavedParameter> {
    let mut groups: Vec<String> = (0..2)
        .map(|layer| format!("layer{layer}.candidate{}.", positions[layer]))
        .collect();
    groups.push("classifier.".into());
    let of_group = |group: &String| {
        saved
            .iter()
            .filter(move |p| p.name.starts_with(group.as_str()))
            .collect::<Vec<_>>()
    };
    groups.iter().flat_map(of_group).collect()
}

/// The values of a path's parameters and velocities.
pub fn values(state: &OneShotState, positions: [usize; 2]) -> Vec<Vec<f32>> {
    let lists = [&state.parameters, &state.momenta];
    let of_list = |list: &&Vec<SavedParameter>| {
        of_path(list, positions)
            .into_iter()
            .map(|saved| saved.values.clone())
            .collect::<Vec<_>>()
    };
    lists.iter().flat_map(of_list).collect()
}
