//! Plans a small computation to the byte, runs it in exactly that bound, and shows the error of a bound
//! one step below: `cargo run -p radars-tensor --example plan`.

use radars_tensor::random::Seed;
use radars_tensor::{
    ALIGN, Activation, Arena, Backend, Conv2dOptions, Cpu, FixedPoint, Meta, ReduceOp, Result,
    Tensor,
};
use rand::RngExt;

const IMAGES: [usize; 4] = [16, 32, 32, 3];
const WEIGHT: [usize; 4] = [32, 3, 3, 3];

/// A convolution, then batch normalisation with a quantised activation: written once for every backend.
fn layer<B: Backend>(arena: &Arena<B>) -> Result<Tensor<B>> {
    let images = Tensor::from_slice(arena, IMAGES, &values("images", IMAGES))?;
    let weight = Tensor::from_slice(arena, WEIGHT, &values("weight", WEIGHT))?;
    let gamma = Tensor::full(arena, [32], 1.0)?;
    let beta = Tensor::zeros(arena, [32])?;
    let same = Conv2dOptions {
        stride: 1,
        padding: 1,
        groups: 1,
    };
    let y = images.conv2d(&weight, same)?;
    let activation = Activation::ReluQuantise(FixedPoint::unsigned(1, 3));
    let normalised = y.batch_norm_in_place(&gamma, &beta, 1e-5, Some(activation))?;
    normalised.y.reduce_all(ReduceOp::Mean)
}

/// Random values that depend on the purpose alone.
fn values(purpose: &str, dims: [usize; 4]) -> Vec<f32> {
    let mut stream = Seed(1).stream(purpose, 0);
    (0..dims.iter().product())
        .map(|_| stream.random_range(-1.0..1.0))
        .collect()
}

fn main() -> Result<()> {
    let cpu = Cpu::new(2)?;
    println!("backend             {}", cpu.spec());

    let plan = Arena::with_bound(Meta::<Cpu>::new(cpu.spec()), usize::MAX)?;
    layer(&plan)?;
    let bound = plan.stats().high_water_bytes;
    println!("planned high water  {bound:>9} bytes, nothing computed");

    let arena = Arena::with_bound(cpu, bound)?;
    let mean = layer(&arena)?.item()?;
    let used = arena.stats().high_water_bytes;
    println!("run in that bound   {used:>9} bytes, mean activation {mean:.4}");

    let tight = Arena::with_bound(Cpu::new(2)?, bound - ALIGN)?;
    match layer(&tight) {
        Ok(_) => println!("it fits into less: the plan was wrong"),
        Err(error) => println!("{ALIGN} bytes below     {error}"),
    }
    Ok(())
}
