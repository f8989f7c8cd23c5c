//! A step in micro-batches is the step of the whole batch, where batch normalisation sees the same in both.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{Architecture, Candidate, Choices, ImageShape, Layer, Reward, Space};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{AdamSettings, SavedParameter, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, ChildTrainer, DnasSettings, DnasTrainer, Images, Mixing, Relaxation,
    SuperNetPlan, WeightSettings,
};
use rand::RngExt;

const SIDE: usize = 6;
/// Velocities after a step from zero are the gradients.
const WEIGHTS: WeightSettings = WeightSettings {
    sgd: SgdSettings {
        momentum: 0.9,
        nesterov: false,
        weight_decay: 0.0,
        decay: radars_supernet::nn::Decay::WeightsAndArchitecture,
        clip_norm: None,
    },
    label_smoothing: 0.1,
    statistics_batches: 0,
};

/// In floats: a quantised network would turn what rounding differs by into other codes.
fn space() -> Space {
    let choices = Choices::float(&[1, 3, 5]).unwrap();
    let layers = vec![
        Layer::conv(8, 2, choices.clone()),
        Layer::conv(16, 1, choices),
    ];
    let images = ImageShape {
        height: SIDE,
        width: SIDE,
        channels: 3,
    };
    let space = Space::new("test", layers).unwrap();
    space.resolve(images, 10).unwrap()
}

/// `distinct` images and labels, repeated until there are `images`.
struct Repeated {
    bytes: Vec<u8>,
    labels: Vec<i32>,
}

impl Repeated {
    fn new(distinct: usize, images: usize) -> Self {
        let mut rng = Seed(2).stream("images", distinct as u64);
        let pixels: Vec<u8> = (0..distinct * SIDE * SIDE * 3)
            .map(|_| rng.random())
            .collect();
        let bytes = pixels.iter().cycle().take(images * SIDE * SIDE * 3);
        Repeated {
            bytes: bytes.copied().collect(),
            labels: (0..images).map(|i| (i % distinct) as i32).collect(),
        }
    }

    fn images(&self) -> Images<'_> {
        const STILL: [[i32; 3]; 16] = [[0; 3]; 16];
        Images {
            bytes: &self.bytes,
            placements: &STILL[..self.labels.len()],
            labels: &self.labels,
        }
    }
}

/// Batches whose micro-batches all look the same to a batch norm: two images three times, in twos and fours (of
/// which the last is two); one image seven times, in threes, which leave one over.
fn batches() -> [(Repeated, usize); 3] {
    [
        (Repeated::new(2, 6), 2),
        (Repeated::new(2, 6), 4),
        (Repeated::new(1, 7), 3),
    ]
}

/// The largest difference, as a part of the largest value of the whole batch's.
fn difference(whole: &[SavedParameter], parts: &[SavedParameter]) -> f32 {
    let values = |of: &[SavedParameter]| -> Vec<f32> {
        of.iter().flat_map(|p| p.values.iter().copied()).collect()
    };
    let (whole, parts) = (values(whole), values(parts));
    assert_eq!(whole.len(), parts.len());
    let largest = whole.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let pairs = whole.iter().zip(&parts);
    pairs.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest
}

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap()
}

fn child(arena: &Arena<Cpu>, micro_batch: usize) -> ChildTrainer<Cpu> {
    let architecture = Architecture([5, 3].map(Candidate::float).to_vec());
    let trainer = ChildTrainer::new(arena, &space(), &architecture, WEIGHTS, Seed(1)).unwrap();
    trainer.in_micro_batches(micro_batch)
}

fn supernet(arena: &Arena<Cpu>, mixing: Mixing, micro_batch: usize) -> DnasTrainer<Cpu> {
    let of = SuperNetPlan {
        space: &space(),
        candidates: &vec![[1, 3, 5].map(Candidate::float).to_vec(); 2],
        mixing,
        // The dearest path has 9 * 25 * (3 * 8 + 8 * 16) = 34,200 AOPS: cost is of the size of the cross entropy.
        reward: Reward::new(0.5, 0.0, 2e4).unwrap(),
    };
    let settings = DnasSettings {
        weights: WEIGHTS,
        alpha: AdamSettings::architecture(),
        loss: ArchitectureLoss::default(),
    };
    let trainer = DnasTrainer::new(arena, of, settings, Seed(1)).unwrap();
    trainer.in_micro_batches(micro_batch)
}

fn relaxation(trainer: &DnasTrainer<Cpu>) -> Relaxation {
    let vectors = trainer.vectors().into_iter();
    Relaxation {
        temperature: 1.0,
        noise: vectors
            .map(|n| (0..n).map(|i| 0.3 * i as f32).collect())
            .collect(),
    }
}

#[test]
fn gradients_of_a_child_add_up_to_the_whole_batch() {
    for (batch, micro_batch) in batches() {
        let arena = arena();
        let step = |micro_batch| {
            let mut trainer = child(&arena, micro_batch);
            trainer.step(batch.images(), 0.1).unwrap();
            let loss = trainer.take_mean_loss().unwrap().unwrap();
            (trainer.state().unwrap(), loss)
        };
        let (whole, whole_loss) = step(batch.labels.len());
        let (parts, loss) = step(micro_batch);
        assert_ne!(parts, whole, "there is something to round");
        assert!(difference(&whole.momenta, &parts.momenta) < 1e-6);
        assert!((loss - whole_loss).abs() < 1e-6);
    }
}

/// Parts of the step weigh as much as the step: `1 - 0.1` of what was before is left, whatever the parts. The
/// variance differs by Bessel's correction alone: by `n / (n - 1)` for the `n` rows of a part, of which a layer
/// of 3 x 3 pixels has 9 an image.
#[test]
fn running_statistics_move_by_a_step_in_all() {
    for (batch, micro_batch) in batches() {
        let arena = arena();
        let statistics = |micro_batch| {
            let mut trainer = child(&arena, micro_batch);
            trainer.step(batch.images(), 0.1).unwrap();
            let parameters = trainer.parameters();
            let read = |name| {
                let id = parameters.find(name).unwrap();
                parameters.value(id).read::<f32>().unwrap()
            };
            [read("layer0.norm.mean"), read("layer0.norm.variance")]
        };
        let images = batch.labels.len();
        let [mean, variance] = statistics(images);
        let [of_parts, variance_of_parts] = statistics(micro_batch);
        for (a, b) in mean.iter().zip(&of_parts) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        let corrected = |images: usize| (9 * images) as f32 / (9 * images - 1) as f32;
        for (a, b) in variance.iter().zip(&variance_of_parts) {
            let biased = (a - 0.9) / 0.1 / corrected(images);
            let least = 0.9 + 0.1 * biased * corrected(images);
            let smallest = images % micro_batch;
            let smallest = if smallest == 0 { micro_batch } else { smallest };
            let most = 0.9 + 0.1 * biased * corrected(smallest);
            assert!(
                (least - 1e-6..most + 1e-6).contains(b),
                "{least} {b} {most}"
            );
        }
    }
}

#[test]
fn gradients_of_a_supernet_add_up_to_the_whole_batch() {
    for mixing in Mixing::ALL {
        for (batch, micro_batch) in batches() {
            let arena = arena();
            let step = |micro_batch| {
                let mut trainer = supernet(&arena, mixing, micro_batch);
                let relaxation = relaxation(&trainer);
                // The gradient of alpha first, before a rounded weight step comes in between.
                trainer
                    .alpha_step(batch.images(), &relaxation, 0.0)
                    .unwrap();
                trainer
                    .weight_step(batch.images(), &relaxation, 0.1)
                    .unwrap();
                let losses = trainer.take_mean_losses().unwrap();
                (trainer.state().unwrap(), losses)
            };
            let (whole, whole_losses) = step(batch.labels.len());
            let (parts, losses) = step(micro_batch);
            assert_eq!(parts.alpha_steps, 1);
            assert!(
                difference(&whole.momenta, &parts.momenta) < 1e-6,
                "{mixing}"
            );
            // The first moments, half of the gradient: of cross entropy and cost.
            let first = |state: &[SavedParameter]| -> Vec<SavedParameter> {
                let moments = state.iter().filter(|p| p.name.ends_with(".m"));
                moments.cloned().collect()
            };
            let (whole_m, parts_m) = (first(&whole.alpha_moments), first(&parts.alpha_moments));
            let differs = difference(&whole_m, &parts_m);
            // Each is a difference of larger terms, whose rounding it keeps.
            assert!(differs < 4e-6, "{mixing}: {differs}");
            for (a, b) in [(whole_losses.0, losses.0), (whole_losses.1, losses.1)] {
                assert!((a.unwrap() - b.unwrap()).abs() < 2e-6, "{mixing}");
            }
        }
    }
}

/// The same bits, at the same places of the arena. An evaluation in parts finds the same, elsewhere.
#[test]
fn a_micro_batch_of_the_whole_batch_is_a_step_without() {
    let batch = Repeated::new(5, 5);
    let step = |micro_batch: Option<usize>| {
        let arena = arena();
        arena.record_trace();
        let architecture = Architecture([5, 3].map(Candidate::float).to_vec());
        let mut trainer =
            ChildTrainer::new(&arena, &space(), &architecture, WEIGHTS, Seed(1)).unwrap();
        if let Some(micro_batch) = micro_batch {
            trainer = trainer.in_micro_batches(micro_batch);
        }
        trainer.step(batch.images(), 0.1).unwrap();
        let correct = trainer.correct(batch.images()).unwrap();
        (trainer.state().unwrap(), correct, arena.take_trace())
    };
    assert_eq!(step(Some(5)), step(None));
    assert_eq!(step(Some(5)).1, step(Some(2)).1);
    assert_ne!(step(Some(5)).2, step(Some(2)).2);
}
