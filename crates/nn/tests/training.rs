//! A small quantised CNN, generic over the backend as everything above this crate is: it learns, it is
//! planned as it runs, and it is the same on any number of threads.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Activation, Arena, Backend, Cpu, CpuSpec, Isa, Meta, Tensor};
use radars_nn::{
    Adam, AdamSettings, BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, Mode,
    Parameters, Pass, Quantiser, Result, Schedule, Sgd, SgdSettings, Trains, loss,
};
use rand::RngExt;

const BATCH: usize = 16;
const SIDE: usize = 8;
const CLASSES: usize = 4;

/// Two layers `conv(Qa(x), Qw(W))`, batch norm, ReLU; the mean over the pixels; a quantised classifier.
struct Network {
    layers: [(Conv2d, BatchNorm2d); 2],
    head: Linear,
}

impl Network {
    fn new<B: Backend>(parameters: &mut Parameters<B>, seed: Seed) -> Result<Self> {
        let weights = Quantiser::weights(1, 1).format();
        let activations = Quantiser::activations(3, 1).format();
        let mut layer = |name: &str, channels, stride, activation| {
            let mut settings = Conv2dSettings::same(channels, 8, 3);
            settings.options.stride = stride;
            settings.weight_format = Some(weights);
            let (conv, norm) = (format!("{name}.conv"), format!("{name}.bn"));
            Ok::<_, radars_nn::Error>((
                Conv2d::new(parameters, &conv, settings, seed)?,
                BatchNorm2d::new(parameters, &norm, 8, Some(activation))?,
            ))
        };
        let layers = [
            layer("1", 1, 1, Activation::ReluQuantise(activations))?,
            layer("2", 8, 2, Activation::Relu)?,
        ];
        let classifier = Some(Quantiser::weights(3, 6).format());
        let settings = LinearSettings {
            input_format: classifier,
            weight_format: classifier,
            ..LinearSettings::new(8, CLASSES)
        };
        let head = Linear::new(parameters, "head", settings, seed)?;
        Ok(Network { layers, head })
    }

    fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, images: Tensor<B>) -> Result<Var<B>> {
        let mut x = Quantiser::weights(1, 6).forward(pass, Var::constant(images))?;
        for (conv, norm) in &self.layers {
            x = conv.forward(pass, x)?;
            x = norm.forward(pass, x)?;
        }
        let features = ops::global_average_pool(pass.tape(), x)?;
        self.head.forward(pass, features)
    }
}

/// Stripes: horizontal or vertical, one or two pixels wide, shifted and noisy.
fn batch(index: u64) -> (Vec<f32>, Vec<i32>) {
    let mut rng = Seed(5).stream("stripes", index);
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..BATCH {
        let label = rng.random_range(0..CLASSES as i32);
        let (vertical, width) = (label % 2 == 1, 1 + label as usize / 2);
        let shift = rng.random_range(0..4usize);
        for (y, x) in (0..SIDE * SIDE).map(|i| (i / SIDE, i % SIDE)) {
            let along = if vertical { x } else { y };
            let stripe = if (along + shift) / width % 2 == 0 {
                0.5
            } else {
                -0.5
            };
            images.push(stripe + rng.random_range(-0.4..0.4f32));
        }
        labels.push(label);
    }
    (images, labels)
}

/// Trains for `steps` steps; calls back with the loss of each.
fn train<B: Backend>(
    arena: &Arena<B>,
    steps: u64,
    mut seen: impl FnMut(&Tensor<B>) -> Result<()>,
) -> Result<(Network, Parameters<B>)> {
    let mut parameters = Parameters::new(arena);
    let network = Network::new(&mut parameters, Seed(1))?;
    let settings = SgdSettings {
        nesterov: true,
        ..SgdSettings::default()
    };
    let mut sgd = Sgd::new(settings, &parameters, Trains::Weights)?;
    let schedule = Schedule::Cosine {
        rate: 0.1,
        floor: 0.0,
        steps,
        warm_up: 2,
    };
    for step in 0..steps {
        let (images, labels) = batch(step);
        let images = Tensor::from_slice(arena, [BATCH, SIDE, SIDE, 1], &images)?;
        let labels = Tensor::from_slice(arena, [BATCH], &labels)?;
        let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
        let logits = network.forward(&mut pass, images)?;
        let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.0)?;
        seen(loss.value())?;
        let gradients = pass.backward(loss)?;
        sgd.step(&mut parameters, gradients, schedule.rate(step))?;
    }
    Ok((network, parameters))
}

fn cpu_arena(threads: usize) -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(threads).unwrap(), 16 << 20).unwrap()
}

/// Chance is ln 4 = 1.386 and an accuracy of 0.25; the 2x2-bit weights leave room to learn.
#[test]
fn a_quantised_network_learns_to_tell_stripes_apart() {
    let arena = cpu_arena(2);
    let mut losses = Vec::new();
    let seen = |loss: &Tensor<Cpu>| {
        losses.push(loss.item()?);
        Ok(())
    };
    let (network, mut parameters) = train(&arena, 150, seen).unwrap();
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (first, last) = (mean(&losses[..5]), mean(&losses[145..]));
    assert!(first > 0.9 && last < 0.25, "from {first} to {last}");

    let (images, labels) = batch(1_000_000);
    let images = Tensor::from_slice(&arena, [BATCH, SIDE, SIDE, 1], &images).unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
    let logits = network.forward(&mut pass, images).unwrap();
    let logits: Vec<f32> = logits.value().read().unwrap();
    let accuracy = loss::accuracy(&logits, CLASSES, &labels);
    assert!(accuracy > 0.9, "unseen stripes: {accuracy}");
}

#[test]
fn the_plan_of_two_steps_is_the_run_allocation_by_allocation() {
    let real = cpu_arena(1);
    real.record_trace();
    train(&real, 2, |_| Ok(())).unwrap();

    let spec = CpuSpec::new(Isa::detect());
    let planned = Arena::with_bound(Meta::<Cpu>::new(spec), 1 << 40).unwrap();
    planned.record_trace();
    train(&planned, 2, |_| Ok(())).unwrap();

    assert!(planned.stats().allocations > 100);
    assert_eq!(planned.take_trace(), real.take_trace());
    assert_eq!(planned.stats(), real.stats());

    let bound = planned.stats().high_water_bytes;
    for (bytes, fits) in [(bound, true), (bound - 256, false)] {
        let tight = Arena::with_bound(Cpu::new(1).unwrap(), bytes).unwrap();
        assert_eq!(train(&tight, 2, |_| Ok(())).is_ok(), fits, "{bytes} bytes");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let weights = |threads| {
        let (_, parameters) = train(&cpu_arena(threads), 5, |_| Ok(())).unwrap();
        parameters.save().unwrap()
    };
    assert_eq!(weights(1), weights(3));
}

#[test]
fn adam_with_clipping_is_planned_as_it_runs() {
    fn run<B: Backend>(arena: &Arena<B>) -> Result<()> {
        let mut parameters = Parameters::new(arena);
        let network = Network::new(&mut parameters, Seed(1))?;
        let settings = AdamSettings {
            clip_norm: Some(1.0),
            ..AdamSettings::default()
        };
        let mut adam = Adam::new(settings, &parameters, Trains::Weights)?;
        let images = Tensor::full(arena, [BATCH, SIDE, SIDE, 1], 0.5)?;
        let labels = Tensor::from_slice(arena, [BATCH], &[0i32; BATCH])?;
        let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
        let logits = network.forward(&mut pass, images)?;
        let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.1)?;
        let gradients = pass.backward(loss)?;
        adam.step(&mut parameters, gradients, 0.01)
    }
    let real = cpu_arena(1);
    real.record_trace();
    run(&real).unwrap();
    let spec = CpuSpec::new(Isa::detect());
    let planned = Arena::with_bound(Meta::<Cpu>::new(spec), 1 << 40).unwrap();
    planned.record_trace();
    run(&planned).unwrap();
    assert_eq!(planned.take_trace(), real.take_trace());
}
