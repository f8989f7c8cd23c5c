//! Layers that are computed again on the way back train as those that are kept, to the bit, in less memory.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{Candidate, ImageShape, Narrowing, Reward, Space};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Backend, Cpu};
use radars_supernet::nn::{AdamSettings, Parameters, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, BatchSizes, ChildTrainer, DnasSettings, DnasTrainer, Images, Mixing,
    Recompute, Relaxation, StepSize, SuperNetPlan, WeightSettings, child_evaluation_macs,
    child_forward_macs, plan_child, plan_supernet, supernet_forward_macs,
};
use rand::RngExt;

const WEIGHTS: WeightSettings = WeightSettings {
    sgd: SgdSettings {
        momentum: 0.9,
        nesterov: true,
        weight_decay: 1e-3,
        decay: radars_supernet::nn::Decay::WeightsAndArchitecture,
        clip_norm: Some(5.0),
    },
    label_smoothing: 0.1,
    statistics_batches: 0,
};
const BATCH: usize = 8;
const SIDE: usize = 12;
const STILL: [[i32; 3]; BATCH] = [[0; 3]; BATCH];

/// Quantised convolutions, float inverted residuals, quantised residuals with all three kinds of shortcut.
fn spaces() -> [Space; 3] {
    const RESIDUAL: &str = r#"
        name = "residual"
        [choices]
        kernel = [1, 3]
        inner_channels = [8, 16]
        activation_integer = [1]
        activation_fraction = [3, 6]
        weight_integer = [1]
        weight_fraction = [3]
        [[layer]]
        channels = 8
        [[layer]]
        kind = "residual"
        channels = 8
        [[layer]]
        kind = "residual"
        channels = 16
        stride = 2
        repeat = 2
    "#;
    let images = ImageShape {
        height: SIDE,
        width: SIDE,
        channels: 3,
    };
    let layers = Space::preset("fashion-small").unwrap().layers().to_vec();
    let mobile = Space::preset("imagenet-mobile").unwrap();
    let narrow = Narrowing {
        width: Some(0.25),
        cells: Some(1),
    };
    let spaces = [
        Space::new("test", layers).unwrap(),
        mobile.narrowed(narrow).unwrap(),
        Space::from_toml(RESIDUAL, "residual.toml").unwrap(),
    ];
    spaces.map(|space| space.resolve(images, 10).unwrap())
}

fn pixels(index: u64) -> Vec<u8> {
    let mut rng = Seed(2).stream("images", index);
    (0..BATCH * SIDE * SIDE * 3).map(|_| rng.random()).collect()
}

fn images(bytes: &[u8]) -> Images<'_> {
    const LABELS: [i32; BATCH] = [0, 1, 2, 3, 4, 5, 6, 7];
    Images {
        bytes,
        placements: &STILL,
        labels: &LABELS,
    }
}

fn sets(space: &Space) -> [Recompute; 3] {
    let layers = space.layers().len();
    assert!(layers >= 3);
    [
        Recompute::NONE.with(0),
        Recompute::NONE.with(1).with(layers - 1),
        Recompute::all(layers),
    ]
}

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(2).unwrap(), 256 << 20).unwrap()
}

/// Weights, architecture weights and running statistics.
fn bits(parameters: &Parameters<Cpu>) -> Vec<Vec<u32>> {
    let values = parameters.iter().map(|(_, parameter)| {
        let values = parameter.value().read::<f32>().unwrap();
        values.into_iter().map(f32::to_bits).collect()
    });
    values.collect()
}

#[test]
fn children_train_as_if_everything_were_kept() {
    spaces().iter().for_each(child_trains_the_same);
}

fn child_trains_the_same(space: &Space) {
    let architecture = space.random(&mut Seed(4).stream("architecture", 0));
    let trained = |recompute| {
        let trainer = ChildTrainer::new(&arena(), space, &architecture, WEIGHTS, Seed(1));
        let mut trainer = trainer.unwrap().recomputing(recompute);
        let saved: Vec<usize> = (0..3)
            .map(|step| trainer.step(images(&pixels(step)), 0.05).unwrap())
            .collect();
        let logits = trainer.logits(images(&pixels(9))).unwrap();
        let logits = logits.read::<f32>().unwrap();
        (bits(trainer.parameters()), logits, saved[0])
    };
    let kept = trained(Recompute::NONE);
    for recompute in sets(space) {
        let again = trained(recompute);
        assert_eq!((&again.0, &again.1), (&kept.0, &kept.1), "{recompute}");
        assert!(again.2 < kept.2, "{recompute}: {} of {}", again.2, kept.2);
    }
}

fn candidates(space: &Space) -> Vec<Vec<Candidate>> {
    let of_layer = |layer: usize| {
        let draw = |index| space.random(&mut Seed(5).stream("architecture", index));
        let mut candidates: Vec<Candidate> = Vec::new();
        for index in 0..3 {
            let candidate = draw(index).layers()[layer];
            if !candidates.contains(&candidate) {
                candidates.push(candidate);
            }
        }
        candidates
    };
    (0..space.layers().len()).map(of_layer).collect()
}

#[test]
fn supernets_train_as_if_everything_were_kept() {
    spaces().iter().for_each(supernet_trains_the_same);
}

fn supernet_trains_the_same(space: &Space) {
    let candidates = candidates(space);
    for mixing in Mixing::ALL {
        let trained = |recompute| {
            let of = SuperNetPlan {
                space,
                candidates: &candidates,
                mixing,
                reward: Reward::balanced(1_000_000),
            };
            let settings = DnasSettings {
                weights: WEIGHTS,
                alpha: AdamSettings::architecture(),
                loss: ArchitectureLoss::default(),
            };
            let trainer = DnasTrainer::new(&arena(), of, settings, Seed(1)).unwrap();
            let mut trainer = trainer.recomputing(recompute);
            let noise: Vec<Vec<f32>> = (trainer.vectors().into_iter())
                .map(|n| (0..n).map(|i| 0.3 * i as f32).collect())
                .collect();
            let relaxation = Relaxation {
                temperature: 1.0,
                noise,
            };
            for step in 0..2 {
                let (ours, others) = (pixels(step), pixels(step + 10));
                trainer
                    .weight_step(images(&ours), &relaxation, 0.05)
                    .unwrap();
                trainer
                    .alpha_step(images(&others), &relaxation, 0.05)
                    .unwrap();
            }
            bits(trainer.parameters())
        };
        let kept = trained(Recompute::NONE);
        for recompute in sets(space) {
            assert!(trained(recompute) == kept, "{mixing}, {recompute}");
        }
    }
}

#[test]
fn a_plan_foresees_less_memory() {
    let [convolutions, blocks, _] = spaces();
    // Of convolutions nearly half of the peak is the first layer by itself, going back.
    plan_foresees_less(&convolutions, 0.8);
    plan_foresees_less(&blocks, 0.8);
}

fn plan_foresees_less(space: &Space, share: f64) {
    let spec = Cpu::new(1).unwrap().spec();
    let step = |recompute| StepSize {
        recompute,
        ..StepSize::whole(64)
    };
    let all = Recompute::all(space.layers().len());
    let architecture = space.random(&mut Seed(4).stream("architecture", 0));
    let child = |recompute| {
        let batches = BatchSizes {
            step: step(recompute),
            evaluated: 0,
        };
        plan_child::<Cpu>(&spec, space, &architecture, batches, WEIGHTS).unwrap()
    };
    let (kept, again) = (child(Recompute::NONE), child(all));
    assert_eq!((kept.recompute, again.recompute), (Recompute::NONE, all));
    assert!(
        (again.peak_bytes as f64) < share * kept.peak_bytes as f64,
        "{again:?} {kept:?}"
    );
    let candidates = candidates(space);
    for mixing in Mixing::ALL {
        let plan = |recompute| {
            let of = SuperNetPlan {
                space,
                candidates: &candidates,
                mixing,
                reward: Reward::balanced(1_000_000),
            };
            let settings = DnasSettings {
                weights: WEIGHTS,
                alpha: AdamSettings::architecture(),
                loss: ArchitectureLoss::default(),
            };
            plan_supernet::<Cpu>(&spec, of, step(recompute), settings).unwrap()
        };
        let (kept, again) = (plan(Recompute::NONE), plan(all));
        assert!(
            again.peak_bytes < kept.peak_bytes,
            "{mixing}: {again:?} {kept:?}"
        );
    }
}

/// A SuperNet of one candidate a layer is a child.
#[test]
fn the_cost_of_a_layer_is_its_forward_convolutions() {
    spaces().iter().for_each(cost_is_that_of_convolutions);
}

fn cost_is_that_of_convolutions(space: &Space) {
    let architecture = space.random(&mut Seed(4).stream("architecture", 0));
    let of_child = child_forward_macs(space, &architecture).unwrap();
    let classifier = space.classifier_cost().unwrap().macs;
    let evaluation = child_evaluation_macs(space, &architecture).unwrap();
    assert_eq!(of_child.iter().sum::<u64>() + classifier, evaluation);
    let single: Vec<Vec<Candidate>> = architecture.layers().iter().map(|&c| vec![c]).collect();
    for mixing in Mixing::ALL {
        let macs = supernet_forward_macs(space, &single, mixing).unwrap();
        assert_eq!(macs, of_child, "{mixing}");
    }
}
