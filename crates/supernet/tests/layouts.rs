//! Steps as they are laid out: how far above the most live bytes the memory reaches.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{Architecture, Candidate, Reward, Space};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Backend, Cpu};
use radars_supernet::nn::{AdamSettings, SgdSettings};
use radars_supernet::{
    ArchitectureLoss, BatchSizes, DnasSettings, Mixing, Plan, Recompute, StepSize, SuperNetPlan,
    WeightSettings, plan_child, plan_one_shot_path, plan_supernet,
};

const WEIGHTS: WeightSettings = WeightSettings {
    sgd: SgdSettings {
        momentum: 0.9,
        nesterov: false,
        weight_decay: 0.0,
        decay: radars_supernet::nn::Decay::All,
        clip_norm: Some(5.0),
    },
    label_smoothing: 0.0,
    statistics_batches: 0,
};

const MIXINGS: [Mixing; 3] = [Mixing::Materialised, Mixing::Merged, Mixing::Factorised];

fn spec() -> <Cpu as Backend>::Spec {
    Cpu::new(1).unwrap().spec()
}

fn preset() -> Space {
    Space::preset("cifar10-quant").unwrap()
}

/// At most 2 % above the most bytes that live at once.
fn check(what: impl std::fmt::Display, plan: Plan) {
    let (mark, peak) = (plan.high_water_bytes, plan.peak_bytes);
    assert!(mark <= peak + peak / 50, "{what}: {mark} for {peak}");
}

fn child(architecture: &Architecture, step: StepSize, evaluated: usize) -> Plan {
    let batches = BatchSizes { step, evaluated };
    plan_child::<Cpu>(&spec(), &preset(), architecture, batches, WEIGHTS).unwrap()
}

fn of_kernel(kernel: usize) -> Architecture {
    let space = preset();
    let candidates = space.candidates(0).unwrap();
    let candidate = candidates.iter().find(|c| c.kernel == kernel).unwrap();
    Architecture::uniform(*candidate, space.layers().len())
}

fn supernet(candidates: &[Vec<Candidate>], mixing: Mixing, step: StepSize) -> Plan {
    let settings = DnasSettings {
        weights: WEIGHTS,
        alpha: AdamSettings::architecture(),
        loss: ArchitectureLoss::default(),
    };
    let space = preset();
    let of = SuperNetPlan {
        space: &space,
        candidates,
        mixing,
        reward: Reward::balanced(1_000_000),
    };
    plan_supernet::<Cpu>(&spec(), of, step, settings).unwrap()
}

/// The candidates of random architectures, without duplicates.
fn random_candidates(architectures: u64, seed: u64) -> Vec<Vec<Candidate>> {
    let space = preset();
    let mut candidates = vec![Vec::new(); space.layers().len()];
    for index in 0..architectures {
        let architecture = space.random(&mut Seed(seed).stream("architecture", index));
        for (layer, candidate) in candidates.iter_mut().zip(architecture.layers()) {
            if !layer.contains(candidate) {
                layer.push(*candidate);
            }
        }
    }
    candidates
}

#[test]
fn of_child_networks() {
    for kernel in [1, 3, 5, 7] {
        for batch in [8, 32, 64, 128] {
            let what = format!("child k={kernel} of {batch}");
            let path = of_kernel(kernel);
            check(&what, child(&path, batch.into(), 0));
            check(
                format!("{what}, evaluated"),
                child(&path, batch.into(), 2 * batch + 5),
            );
            // 2 micro-batches, then 7 or 8.
            for micro_batch in [batch / 2 + 1, batch / 7] {
                let step = StepSize {
                    micro_batch,
                    ..StepSize::whole(batch)
                };
                check(
                    format!("{what}, {micro_batch} at once"),
                    child(&path, step, batch),
                );
            }
        }
    }
    for seed in 0..20 {
        let path = preset().random(&mut Seed(seed).stream("architecture", 0));
        check(&path, child(&path, 64.into(), 64));
        let batches = BatchSizes {
            step: 64.into(),
            evaluated: 64,
        };
        let plan = plan_one_shot_path::<Cpu>(&spec(), &preset(), &path, batches, WEIGHTS).unwrap();
        check(format!("one-shot {path}"), plan);
    }
}

#[test]
fn of_supernets_of_random_architectures() {
    for mixing in MIXINGS {
        for architectures in 1..=12 {
            let candidates = random_candidates(architectures, architectures);
            for batch in [8, 64, 128] {
                let what = format!("{mixing:?} of {architectures} at {batch}");
                check(what, supernet(&candidates, mixing, batch.into()));
            }
            for micro_batch in [24, 8] {
                let step = StepSize {
                    micro_batch,
                    recompute: Recompute::NONE.with(1).with(2),
                    ..StepSize::whole(64)
                };
                let what = format!(
                    "{mixing:?} of {architectures}, {micro_batch} at once, two layers recomputed"
                );
                check(what, supernet(&candidates, mixing, step));
            }
        }
    }
}

#[test]
fn of_the_whole_space() {
    let space = preset();
    let layers = 0..space.layers().len();
    let all: Vec<_> = layers
        .map(|l| space.candidates(l).unwrap().to_vec())
        .collect();
    for mixing in MIXINGS {
        for batch in [8, 32, 64, 128] {
            check(
                format!("{mixing:?} of all at {batch}"),
                supernet(&all, mixing, batch.into()),
            );
        }
    }
}
