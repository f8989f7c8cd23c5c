//! Running statistics that are estimated anew, and how answers are counted.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{ImageShape, Space};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{Role, SgdSettings};
use radars_supernet::{ChildTrainer, Images, WeightSettings};
use rand::RngExt;

const BATCH: usize = 6;
const CLASSES: usize = 10;
const IMAGES: ImageShape = ImageShape {
    height: 8,
    width: 8,
    channels: 3,
};
const LABELS: [i32; BATCH] = [0, 1, 2, 3, 4, 5];

fn trainer() -> ChildTrainer<Cpu> {
    let layers = Space::preset("fashion-small").unwrap().layers().to_vec();
    let space = Space::new("test", layers).unwrap();
    let space = space.resolve(IMAGES, CLASSES).unwrap();
    let architecture = space.random(&mut Seed(4).stream("architecture", 0));
    let settings = WeightSettings {
        sgd: SgdSettings::default(),
        label_smoothing: 0.0,
        statistics_batches: 0,
    };
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap();
    ChildTrainer::new(&arena, &space, &architecture, settings, Seed(1)).unwrap()
}

fn pixels(index: u64) -> Vec<u8> {
    let mut rng = Seed(2).stream("images", index);
    let elements = BATCH * IMAGES.elements() as usize;
    (0..elements).map(|_| rng.random()).collect()
}

fn images(bytes: &[u8]) -> Images<'_> {
    Images {
        bytes,
        placements: &[[0; 3]; BATCH],
        labels: &LABELS,
    }
}

fn statistics(trainer: &ChildTrainer<Cpu>) -> Vec<f32> {
    let all = trainer.parameters().iter();
    let statistics = all.filter(|(_, p)| p.role() == Role::Statistic);
    statistics
        .flat_map(|(_, p)| p.value().read::<f32>().unwrap())
        .collect()
}

/// Each batch counts the same, whatever training left before; after a further step they are begun anew.
#[test]
fn estimates_are_the_mean_over_their_batches() {
    let estimated = |steps: &[u64], batches: &[u64]| {
        let mut trainer = trainer();
        for &index in batches {
            trainer.estimate_statistics(images(&pixels(index))).unwrap();
        }
        // A rate of zero leaves the weights alone and moves the statistics.
        for &index in steps {
            trainer.step(images(&pixels(index)), 0.0).unwrap();
        }
        if !steps.is_empty() {
            for &index in batches {
                trainer.estimate_statistics(images(&pixels(index))).unwrap();
            }
        }
        statistics(&trainer)
    };
    let (first, second) = (estimated(&[], &[0]), estimated(&[], &[1]));
    let both = estimated(&[], &[0, 1]);
    assert_ne!(first, second);
    for ((a, b), mean) in first.iter().zip(&second).zip(&both) {
        let expected = (a + b) / 2.0;
        assert!(
            (mean - expected).abs() <= 1e-5 * (1.0 + expected.abs()),
            "{mean} {expected}"
        );
    }
    assert_eq!(estimated(&[7, 8], &[0, 1]), both);
}

#[test]
fn of_the_ranks_the_first_is_the_accuracy_and_the_last_is_everything() {
    let mut trainer = trainer();
    let bytes = pixels(0);
    let [first, fifth, all] = trainer.correct_at(images(&bytes), [1, 5, CLASSES]).unwrap();
    assert_eq!(first, trainer.correct(images(&bytes)).unwrap());
    assert!(first <= fifth && fifth <= all);
    assert_eq!(all, BATCH);
}
