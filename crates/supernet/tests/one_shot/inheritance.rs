//! What a path inherits: weights from the SuperNet, statistics from its own estimate.

use crate::fixture::{
    SEED, SIDE, arena, batch, candidates, images, one_shot, path, resolved, settings, space,
};
use radars_space::{Architecture, Candidate, Choices, Layer};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{Parameters, Role};
use radars_supernet::{ChildTrainer, Error, Images, InheritedPath, OneShot, WeightSettings};
use rand::RngExt;

fn trained(arena: &Arena<Cpu>) -> OneShot {
    let mut supernet = one_shot();
    for (index, positions) in [[0, 2], [1, 3], [0, 3]].into_iter().enumerate() {
        let bytes = images(4, index as u64);
        supernet
            .step(arena, &path(positions), batch(&bytes), 0.05)
            .unwrap();
    }
    supernet
}

fn statistics(parameters: &Parameters<Cpu>) -> Vec<Vec<f32>> {
    let statistics = parameters.iter();
    let statistics = statistics.filter(|(_, p)| p.role() == Role::Statistic);
    statistics.map(|(_, p)| p.value().read().unwrap()).collect()
}

fn estimated(supernet: &mut OneShot, arena: &Arena<Cpu>, batches: &[u64]) -> InheritedPath<Cpu> {
    let mut inherited = supernet.inherit(arena, &path([0, 2])).unwrap();
    for &index in batches {
        inherited.estimate(batch(&images(4, index))).unwrap();
    }
    inherited
}

/// In training every batch is normalised by its own statistics, so the estimates of two batches do not
/// depend on each other.
#[test]
fn statistics_are_the_means_over_the_batches() {
    let arena = arena(16 << 20);
    let mut supernet = trained(&arena);
    let mut of = |batches: &[u64]| {
        let inherited = estimated(&mut supernet, &arena, batches);
        statistics(inherited.parameters())
    };
    let (a, b, c, all) = (of(&[5]), of(&[6]), of(&[7]), of(&[5, 6, 7]));
    assert_ne!(a, b);
    for (vector, all) in all.iter().enumerate() {
        for (channel, &mean) in all.iter().enumerate() {
            let each = [&a, &b, &c].map(|one| one[vector][channel]);
            let expected = each.iter().sum::<f32>() / 3.0;
            let largest = each.iter().fold(0.0, |m: f32, v| m.max(v.abs()));
            assert!(
                (mean - expected).abs() <= 1e-6 * largest,
                "{mean} is not the mean of {each:?}"
            );
        }
    }
}

#[test]
fn an_inherited_path_answers_as_a_child_with_its_weights_and_statistics() {
    let arena = arena(16 << 20);
    let mut supernet = trained(&arena);
    let mut inherited = estimated(&mut supernet, &arena, &[5, 6]);
    let path = path([0, 2]);
    let mut child = ChildTrainer::new(&arena, &space(), &path, settings(), Seed(77)).unwrap();
    let saved = inherited.parameters().save().unwrap();
    child.parameters_mut().restore(&saved).unwrap();
    let bytes = images(40, 8);
    let labels: Vec<i32> = (0..40).map(|i| i % 5).collect();
    let batch = Images {
        bytes: &bytes,
        placements: &[[0; 3]; 40],
        labels: &labels,
    };
    let correct = inherited.correct(batch).unwrap();
    assert_eq!(correct, child.correct(batch).unwrap());
    assert!((1..40).contains(&correct), "{correct}");
    // A batch is normalised by what was estimated, not by itself: one at a time gives the same.
    let image = bytes.len() / 40;
    let single = |i: usize| {
        let one = Images {
            bytes: &bytes[i * image..(i + 1) * image],
            placements: &[[0; 3]],
            labels: &labels[i..=i],
        };
        inherited.correct(one).unwrap()
    };
    assert_eq!((0..40).map(single).sum::<usize>(), correct);
}

#[test]
fn a_path_without_statistics_does_not_answer() {
    let arena = arena(16 << 20);
    let mut inherited = estimated(&mut trained(&arena), &arena, &[]);
    let bytes = images(4, 0);
    let answer = inherited.correct(batch(&bytes));
    assert!(matches!(answer, Err(Error::NoStatistics)));
}

/// Stripes across or along, of random phase, under noise: one pixel says nothing about the class.
fn stripes(index: u64) -> (Vec<u8>, Vec<i32>) {
    let mut rng = Seed(9).stream("stripes", index);
    let (mut bytes, mut labels) = (Vec::new(), Vec::new());
    for image in 0..16 {
        let (class, phase) = (image % 2, rng.random_range(0..2_usize));
        for at in 0..SIDE * SIDE {
            let at = if class == 0 { at % SIDE } else { at / SIDE };
            let sign = if (at + phase) % 2 == 0 { 1.0 } else { -1.0 };
            // From -2 .. 2 to bytes.
            bytes.push(((sign + rng.random_range(-1.0..1.0_f32) + 2.0) * 64.0) as u8);
        }
        labels.push(class);
    }
    (bytes, labels)
}

/// Kernel 1 sees no stripes; kernel 3 does, in whichever path it was trained.
#[test]
fn inherited_weights_tell_the_better_path() {
    let layer = || Layer::conv(8, 1, Choices::float(&[1, 3]).unwrap());
    let space = resolved(vec![layer(), layer()], 1, 2);
    let candidates = vec![vec![Candidate::float(1), Candidate::float(3)]; 2];
    let path = |kernels: [usize; 2]| Architecture(kernels.map(Candidate::float).to_vec());
    let arena = arena(16 << 20);
    let mut supernet = OneShot::new(&space, &candidates, settings(), SEED).unwrap();
    let mut rng = Seed(3).stream("paths", 0);
    for index in 0..160 {
        let kernels = [0; 2].map(|_| if rng.random::<bool>() { 1 } else { 3 });
        let (bytes, labels) = stripes(index);
        let images = Images {
            bytes: &bytes,
            placements: &[[0; 3]; 16],
            labels: &labels,
        };
        supernet.step(&arena, &path(kernels), images, 0.05).unwrap();
    }
    let mut accuracy = |kernels| {
        let mut inherited = supernet.inherit(&arena, &path(kernels)).unwrap();
        let mut correct = 0;
        for index in 1000..1010 {
            let (bytes, labels) = stripes(index);
            let images = Images {
                bytes: &bytes,
                placements: &[[0; 3]; 16],
                labels: &labels,
            };
            inherited.estimate(images).unwrap();
        }
        for index in 2000..2010 {
            let (bytes, labels) = stripes(index);
            let images = Images {
                bytes: &bytes,
                placements: &[[0; 3]; 16],
                labels: &labels,
            };
            correct += inherited.correct(images).unwrap();
        }
        correct as f64 / 160.0
    };
    let (blind, seeing) = (accuracy([1, 1]), accuracy([3, 3]));
    assert!(seeing > 0.95 && blind < 0.7, "{blind} and {seeing}");
}

/// The loss that a step sees, before it: both are normalised by the batch's own statistics.
#[test]
fn the_loss_of_a_batch_is_that_of_a_step_without_smoothing() {
    let arena = arena(16 << 20);
    let settings = WeightSettings {
        label_smoothing: 0.0,
        ..settings()
    };
    let candidates = candidates();
    let mut supernet = OneShot::new(&space(), &candidates, settings, SEED).unwrap();
    for (index, positions) in [[0, 2], [1, 3], [0, 3], [2, 2]].into_iter().enumerate() {
        let (path, bytes) = (path(positions), images(4, index as u64));
        let mut inherited = supernet.inherit(&arena, &path).unwrap();
        let loss = inherited.loss(batch(&bytes)).unwrap();
        drop(inherited);
        let of_step = supernet.step(&arena, &path, batch(&bytes), 0.05).unwrap();
        assert!((loss - of_step).abs() < 1e-5, "{path}: {loss}, {of_step}");
    }
}
