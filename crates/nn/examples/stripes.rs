//! Trains a quantised network on made-up images: `cargo run -p radars-nn --release --example stripes`.
//!
//! It shows a whole training loop on this crate alone: parameters, layers, a pass, an optimizer under a
//! schedule, the memory bound, and the plan of the same program made beforehand without running it.

use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Activation, Arena, Backend, Cpu, Meta, Tensor};
use radars_nn::{
    BatchNorm2d, Conv2d, Conv2dSettings, Linear, LinearSettings, Mode, Parameters, Pass, Quantiser,
    Result, Schedule, Sgd, SgdSettings, Trains, loss,
};
use rand::RngExt;

const BATCH: usize = 32;
const SIDE: usize = 16;
const STEPS: u64 = 200;

/// One convolution with 2-bit weights and 4-bit activations, and a classifier.
struct Network {
    conv: Conv2d,
    norm: BatchNorm2d,
    head: Linear,
}

impl Network {
    fn new<B: Backend>(parameters: &mut Parameters<B>, seed: Seed) -> Result<Self> {
        let mut settings = Conv2dSettings::same(1, 16, 5);
        settings.weight_format = Some(Quantiser::weights(1, 1).format());
        let activation = Activation::ReluQuantise(Quantiser::activations(3, 1).format());
        Ok(Network {
            conv: Conv2d::new(parameters, "conv", settings, seed)?,
            norm: BatchNorm2d::new(parameters, "bn", 16, Some(activation))?,
            head: Linear::new(parameters, "head", LinearSettings::new(16, 2), seed)?,
        })
    }

    fn forward<B: Backend>(&self, pass: &mut Pass<'_, B>, images: Tensor<B>) -> Result<Var<B>> {
        let x = Quantiser::weights(1, 6).forward(pass, Var::constant(images))?;
        let x = self.conv.forward(pass, x)?;
        let x = self.norm.forward(pass, x)?;
        let features = ops::global_average_pool(pass.tape(), x)?;
        self.head.forward(pass, features)
    }
}

/// Noisy stripes, horizontal (0) or vertical (1).
fn batch(index: u64) -> (Vec<f32>, Vec<i32>) {
    let mut rng = Seed(7).stream("stripes", index);
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..BATCH {
        let label = rng.random_range(0..2i32);
        for pixel in 0..SIDE * SIDE {
            let along = if label == 0 {
                pixel / SIDE
            } else {
                pixel % SIDE
            };
            let stripe = if along % 2 == 0 { 0.3 } else { -0.3 };
            images.push(stripe + rng.random_range(-0.6..0.6f32));
        }
        labels.push(label);
    }
    (images, labels)
}

/// One and the same program for planning and for running.
fn train<B: Backend>(
    arena: &Arena<B>,
    steps: u64,
    mut report: impl FnMut(u64, &Tensor<B>) -> Result<()>,
) -> Result<(Network, Parameters<B>)> {
    let mut parameters = Parameters::new(arena);
    let network = Network::new(&mut parameters, Seed(1))?;
    let mut sgd = Sgd::new(SgdSettings::default(), &parameters, Trains::Weights)?;
    let schedule = Schedule::Cosine {
        rate: 0.1,
        floor: 0.0,
        steps,
        warm_up: 5,
    };
    for step in 0..steps {
        let (images, labels) = batch(step);
        let images = Tensor::from_slice(arena, [BATCH, SIDE, SIDE, 1], &images)?;
        let labels = Tensor::from_slice(arena, [BATCH], &labels)?;
        let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
        let logits = network.forward(&mut pass, images)?;
        let loss = loss::cross_entropy(&mut pass, logits, &labels, 0.0)?;
        report(step, loss.value())?;
        let gradients = pass.backward(loss)?;
        sgd.step(&mut parameters, gradients, schedule.rate(step))?;
    }
    Ok((network, parameters))
}

fn main() -> Result<()> {
    let cpu = Cpu::new(2)?;
    let plan = Arena::with_bound(Meta::<Cpu>::new(cpu.spec()), 1 << 40)?;
    train(&plan, 2, |_, _| Ok(()))?;
    let bound = plan.stats().high_water_bytes;
    println!("planned: {bound} bytes");

    let arena = Arena::with_bound(cpu, bound)?;
    let (network, mut parameters) = train(&arena, STEPS, |step, loss| {
        if step % 20 == 0 || step == STEPS - 1 {
            println!("step {step:3}: loss {:.3}", loss.item()?);
        }
        Ok(())
    })?;

    let (images, labels) = batch(STEPS);
    let images = Tensor::from_slice(&arena, [BATCH, SIDE, SIDE, 1], &images)?;
    let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
    let logits = network.forward(&mut pass, images)?.into_value().read()?;
    let accuracy = loss::accuracy(&logits, 2, &labels);
    let used = arena.stats().high_water_bytes;
    println!("accuracy on unseen images {accuracy:.3}, in {used} bytes");
    Ok(())
}
