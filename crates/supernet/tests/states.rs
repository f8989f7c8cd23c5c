//! A training that goes on from a saved state ends where an uninterrupted one does, to the bit.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{
    Architecture, BitChoices, Candidate, Choices, ImageShape, Layer, Precision, Reward, Space,
};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu};
use radars_supernet::nn::{AdamSettings, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, ChildTrainer, DnasSettings, DnasTrainer, Images, Mixing, Relaxation,
    SuperNetPlan, WeightSettings,
};
use rand::RngExt;

const SIDE: usize = 6;
const EPOCHS: u64 = 2;
const STEPS: u64 = 3;
const WEIGHTS: WeightSettings = WeightSettings {
    sgd: SgdSettings {
        momentum: 0.9,
        nesterov: false,
        weight_decay: 3e-4,
        decay: radars_supernet::nn::Decay::WeightsAndArchitecture,
        clip_norm: Some(5.0),
    },
    label_smoothing: 0.1,
    statistics_batches: 0,
};

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap()
}

fn bits(integer: u8, fraction: u8) -> Precision {
    Precision { integer, fraction }
}

fn candidates() -> Vec<Candidate> {
    vec![
        Candidate::quantised(3, bits(1, 3), bits(3, 1)),
        Candidate::quantised(5, bits(3, 6), bits(1, 6)),
    ]
}

fn space() -> Space {
    let choices = BitChoices {
        integer: vec![1, 3],
        fraction: vec![1, 3, 6],
    };
    let choices = Choices::quantised(&[1, 3, 5], &choices, &choices).unwrap();
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

/// The images of a step; every step has its own.
fn images(step: u64) -> Vec<u8> {
    let mut rng = Seed(2).stream("images", step);
    let bytes = 4 * SIDE * SIDE * 3;
    (0..bytes).map(|_| rng.random()).collect()
}

fn batch(bytes: &[u8]) -> Images<'_> {
    Images {
        bytes,
        placements: &[[0; 3]; 4],
        labels: &[0, 1, 2, 3],
    }
}

fn child(arena: &Arena<Cpu>, seed: u64) -> ChildTrainer<Cpu> {
    let architecture = Architecture(candidates());
    ChildTrainer::new(arena, &space(), &architecture, WEIGHTS, Seed(seed)).unwrap()
}

fn train_child(trainer: &mut ChildTrainer<Cpu>, epochs: std::ops::Range<u64>) -> Vec<Option<f64>> {
    let epoch = |epoch| {
        for step in 0..STEPS {
            let bytes = images(epoch * STEPS + step);
            trainer.step(batch(&bytes), 0.05).unwrap();
        }
        trainer.take_mean_loss().unwrap()
    };
    epochs.map(epoch).collect()
}

#[test]
fn a_child_goes_on_to_the_bit() {
    let arena = arena();
    let mut straight = child(&arena, 1);
    train_child(&mut straight, 0..EPOCHS);
    let state = straight.state().unwrap();
    let losses = train_child(&mut straight, EPOCHS..2 * EPOCHS);

    // Other weights, velocities and a sum of losses, all of which have to go.
    let mut resumed = child(&arena, 7);
    let bytes = images(99);
    resumed.step(batch(&bytes), 0.5).unwrap();
    resumed.restore(&state).unwrap();
    assert_eq!(resumed.state().unwrap(), state);
    assert_eq!(train_child(&mut resumed, EPOCHS..2 * EPOCHS), losses);
    assert_eq!(resumed.state().unwrap(), straight.state().unwrap());
}

#[test]
fn the_velocities_of_a_child_are_part_of_its_state() {
    let arena = arena();
    let mut straight = child(&arena, 1);
    train_child(&mut straight, 0..EPOCHS);
    let mut still = straight.state().unwrap();
    for velocity in &mut still.momenta {
        velocity.values.fill(0.0);
    }
    train_child(&mut straight, EPOCHS..2 * EPOCHS);
    let mut resumed = child(&arena, 1);
    resumed.restore(&still).unwrap();
    train_child(&mut resumed, EPOCHS..2 * EPOCHS);
    assert_ne!(resumed.state().unwrap(), straight.state().unwrap());
}

#[test]
fn a_state_of_another_network_is_refused() {
    let arena = arena();
    let mut state = child(&arena, 1).state().unwrap();
    state.momenta.pop();
    assert!(child(&arena, 1).restore(&state).is_err());
}

fn supernet(arena: &Arena<Cpu>, mixing: Mixing) -> DnasTrainer<Cpu> {
    let settings = DnasSettings {
        weights: WEIGHTS,
        alpha: AdamSettings::architecture(),
        loss: ArchitectureLoss::default(),
    };
    let of = SuperNetPlan {
        space: &space(),
        candidates: &[candidates(), candidates()],
        mixing,
        reward: Reward::new(0.5, 0.0, 1e6).unwrap(),
    };
    DnasTrainer::new(arena, of, settings, Seed(1)).unwrap()
}

type MeanLosses = (Option<f64>, Option<f64>);

fn train_supernet(trainer: &mut DnasTrainer<Cpu>, epochs: std::ops::Range<u64>) -> Vec<MeanLosses> {
    let relaxation = Relaxation {
        temperature: 1.0,
        noise: Vec::new(),
    };
    let epoch = |epoch| {
        for step in 0..STEPS {
            let bytes = images(epoch * STEPS + step);
            let of_alpha = images(1000 + epoch * STEPS + step);
            let images = batch(&bytes);
            trainer.weight_step(images, &relaxation, 0.05).unwrap();
            let images = batch(&of_alpha);
            trainer.alpha_step(images, &relaxation, 0.05).unwrap();
        }
        trainer.take_mean_losses().unwrap()
    };
    epochs.map(epoch).collect()
}

#[test]
fn a_supernet_goes_on_to_the_bit() {
    let arena = arena();
    for mixing in Mixing::ALL {
        let mut straight = supernet(&arena, mixing);
        train_supernet(&mut straight, 0..EPOCHS);
        let state = straight.state().unwrap();
        assert_eq!(state.alpha_steps, EPOCHS * STEPS, "{mixing}");
        let losses = train_supernet(&mut straight, EPOCHS..2 * EPOCHS);

        // Of the same seed, for the gains follow from it, but trained otherwise since.
        let mut resumed = supernet(&arena, mixing);
        train_supernet(&mut resumed, 90..91);
        resumed.restore(&state).unwrap();
        assert_eq!(resumed.state().unwrap(), state, "{mixing}");
        let again = train_supernet(&mut resumed, EPOCHS..2 * EPOCHS);
        assert_eq!(again, losses, "{mixing}");
        let ends = [&resumed, &straight].map(|trainer| trainer.state().unwrap());
        assert_eq!(ends[0], ends[1], "{mixing}");
    }
}
