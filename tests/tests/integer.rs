//! Integer inference of networks that were really trained, against the fake-quantised evaluation on the CPU backend.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_data::Data;
use radars_export::{IntegerNetwork, Network};
use radars_space::{Architecture, Space};
use radars_supernet::nn::SgdSettings;
use radars_supernet::{ChildTrainer, Images, WeightSettings};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Cpu};

const BATCH: usize = 50;
const EPOCHS: usize = 2;
const CLASSES: usize = 10;

/// Plain convolutions of several widths of bits.
const PLAIN: &str = r#"
name = "plain"
classes = 10
input = { height = 28, width = 28, channels = 1 }
[choices]
kernel = [3, 5]
activation_integer = [1, 3]
activation_fraction = [3, 6]
weight_integer = [1, 3]
weight_fraction = [3, 6]
[[layer]]
channels = 16
stride = 2
[[layer]]
channels = 16
[[layer]]
channels = 32
stride = 2
[[layer]]
channels = 32
stride = 2
"#;

/// Blocks of every kind behind a convolution.
const BLOCKS: &str = r#"
name = "blocks"
classes = 10
input = { height = 28, width = 28, channels = 1 }
[choices]
kernel = [3]
activation_integer = [3]
activation_fraction = [6]
weight_integer = [1]
weight_fraction = [6]
[[layer]]
channels = 16
stride = 2
[[layer]]
kind = "inverted-residual"
channels = 16
choices = { kernel = [3], expansion = [2], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
kind = "residual"
channels = 16
choices = { kernel = [3], inner_channels = [16], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
kind = "residual"
channels = 24
stride = 2
choices = { kernel = [3], inner_channels = [24], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
kind = "inverted-residual"
channels = 32
stride = 2
choices = { kernel = [3], expansion = [2], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
"#;

/// A network in training, and the images.
struct Trained {
    trainer: ChildTrainer<Cpu>,
    network: Network,
    data: Data,
}

impl Trained {
    fn new(space: &str, seed: u64) -> Self {
        let space = Space::from_toml(space, "test").unwrap();
        let architecture: Architecture = space.random(&mut Seed(seed).stream("architecture", 0));
        let settings = WeightSettings {
            sgd: SgdSettings::default(),
            label_smoothing: 0.0,
            statistics_batches: 0,
        };
        let arena = Arena::with_bound(Cpu::new(2).unwrap(), 256 << 20).unwrap();
        let trainer = ChildTrainer::new(&arena, &space, &architecture, settings, Seed(seed));
        let mut trainer = trainer.unwrap();
        let data = Data::embedded().unwrap();
        let train = &data.train;
        let steps = train.len() / BATCH;
        for step in 0..EPOCHS * steps {
            // 1,009 is prime: an epoch meets every image once, in an order that mixes the classes.
            let batch = (0..BATCH).map(|i| (step * BATCH + i) * 1009 % train.len());
            let (mut bytes, mut labels) = (Vec::new(), Vec::new());
            for index in batch {
                bytes.extend_from_slice(train.image(index));
                labels.push(i32::from(train.labels()[index]));
            }
            let images = Images {
                bytes: &bytes,
                placements: &[[0; 3]; BATCH],
                labels: &labels,
            };
            let done = step as f32 / (EPOCHS * steps) as f32;
            let rate = 0.05 * (1.0 + (std::f32::consts::PI * done).cos());
            trainer.step(images, rate).unwrap();
        }
        let saved = trainer.parameters().save().unwrap();
        Trained {
            network: Network::new(&space, &architecture, &saved).unwrap(),
            trainer,
            data,
        }
    }

    /// The logits of the test images by fake-quantised evaluation.
    fn fake_quantised(&mut self) -> Vec<f32> {
        let test = &self.data.test;
        let batches = test.images().chunks(BATCH * test.image(0).len());
        let mut logits = Vec::new();
        for bytes in batches {
            let images = Images {
                bytes,
                placements: &[[0; 3]; BATCH],
                labels: &[0; BATCH],
            };
            let batch = self.trainer.logits(images).unwrap();
            logits.extend(batch.read::<f32>().unwrap());
        }
        logits
    }

    fn integer(&self, threads: usize) -> (IntegerNetwork, Vec<f32>) {
        let mut integer = IntegerNetwork::new(&self.network, threads).unwrap();
        let test = &self.data.test;
        let mut logits = vec![0.0; test.len() * CLASSES];
        integer.logits(test.images(), &mut logits).unwrap();
        (integer, logits)
    }

    fn accuracy(&self, logits: &[f32]) -> f64 {
        let labels = self
            .data
            .test
            .labels()
            .iter()
            .map(|&label| usize::from(label));
        let correct = classes(logits)
            .zip(labels)
            .filter(|(class, label)| class == label);
        correct.count() as f64 / self.data.test.len() as f64
    }
}

/// The class of the largest logit, by image.
fn classes(logits: &[f32]) -> impl Iterator<Item = usize> {
    logits.chunks_exact(CLASSES).map(|logits| {
        let best = (0..CLASSES).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        best.unwrap()
    })
}

/// Images whose logits are all the same, bit for bit.
fn same_logits(a: &[f32], b: &[f32]) -> usize {
    let pairs = a.chunks_exact(CLASSES).zip(b.chunks_exact(CLASSES));
    pairs.filter(|(a, b)| a == b).count()
}

/// Where no threshold differs and no sum leaves 24 bits, only means in the middle of two codes could differ.
#[test]
fn a_trained_chain_of_convolutions_has_the_logits_of_its_evaluation() {
    for seed in 0..3 {
        let mut trained = Trained::new(PLAIN, seed);
        let expected = trained.fake_quantised();
        let (integer, logits) = trained.integer(1);
        let accuracy = trained.accuracy(&expected);
        let same = same_logits(&logits, &expected);
        let differing = integer.differing_thresholds();
        println!(
            "seed {seed}: accuracy {accuracy}, {same} of 1000 same, {differing} thresholds differ"
        );
        assert!(accuracy > 0.6, "{accuracy}");
        assert!(classes(&logits).eq(classes(&expected)));
        assert!(same >= 999, "{same} of 1000");
        assert_eq!(trained.integer(2).1, logits);
    }
}

/// The sums of two paths and the means are rounded elsewhere than in f32: 982 images have the same logits on the
/// machine that this was written on, and all have the same class.
#[test]
fn a_trained_network_of_blocks_has_the_classes_of_its_evaluation() {
    let mut trained = Trained::new(BLOCKS, 1);
    let expected = trained.fake_quantised();
    let (integer, logits) = trained.integer(1);
    let accuracy = trained.accuracy(&expected);
    let same = same_logits(&logits, &expected);
    let differing = integer.differing_thresholds();
    println!("accuracy {accuracy}, {same} of 1000 same, {differing} thresholds differ");
    assert!(accuracy > 0.6, "{accuracy}");
    let classes = classes(&logits).zip(classes(&expected));
    assert_eq!(classes.filter(|(a, b)| a != b).count(), 0);
    assert!(same >= 950, "{same} of 1000");
}
