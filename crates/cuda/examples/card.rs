//! Plans a quantised convolution, then computes it in exactly that much memory: on a card where there is one, else
//! on the CPU. The program is written once, for any backend.
//!
//! `cargo run --release -p radars-cuda --example card`

use radars_cuda::tensor::{
    Arena, Backend, Conv2dOptions, ConvValues, Cpu, FixedPoint, Meta, Result, Tensor, UnaryOp,
    Values,
};
use radars_cuda::{Cuda, CudaSpec, devices};

/// `conv(x, quantise(w))` of 8 images.
fn program<B: Backend>(arena: &Arena<B>) -> Result<Tensor<B>> {
    let (activations, weights) = (FixedPoint::unsigned(3, 6), FixedPoint::signed(1, 3));
    let x = Tensor::full(arena, [8, 32, 32, 64], 0.7)?;
    let x = x.unary_in_place(UnaryOp::FakeQuantise(activations))?;
    let w = Tensor::full(arena, [128, 3, 3, 64], 0.2)?;
    let values = ConvValues {
        x: Values::OnGrid(activations),
        w: Values::Quantise(weights),
    };
    let same = Conv2dOptions {
        stride: 1,
        padding: 1,
        groups: 1,
    };
    x.fake_quantised_conv2d(&w, values, same)
}

/// What the program will need on a backend of that `spec`, which need not be there.
fn plan<B: Backend>(spec: B::Spec) -> Result<usize> {
    let arena = Arena::with_bound(Meta::<B>::new(spec), usize::MAX)?;
    program(&arena)?;
    Ok(arena.stats().high_water_bytes)
}

/// Computes it in exactly `bound` bytes.
fn compute<B: Backend>(backend: B, bound: usize) -> Result<()> {
    let arena = Arena::with_bound(backend, bound)?;
    let y = program(&arena)?.read::<f32>()?;
    // 0.7 is 45/64 and 0.2 is 2/8 in these formats; a corner has 2 x 2 x 64 products, an inner pixel 3 x 3 x 64.
    println!(
        "corner {} = 256 * 45/64 * 1/4, inside {} = 576 * 45/64 * 1/4",
        y[0],
        y[(32 + 1) * 128]
    );
    println!("used:    {} bytes", arena.stats().high_water_bytes);
    Ok(())
}

fn main() -> Result<()> {
    let bound = plan::<Cuda>(CudaSpec::unspecified())?;
    println!("planned: {bound} bytes, on any card");
    for card in devices().unwrap_or_default() {
        let (major, minor) = card.capability;
        println!(
            "cuda:{}: {}, compute capability {major}.{minor}, {} of {} MiB free",
            card.index,
            card.name,
            card.free_bytes >> 20,
            card.memory_bytes >> 20
        );
    }
    match Cuda::open(0) {
        Ok(card) => compute(card, bound),
        Err(error) => {
            println!("{error}");
            let cpu = Cpu::new(2)?;
            let bound = plan::<Cpu>(cpu.spec())?;
            println!("planned: {bound} bytes, on this machine's {}", cpu.spec());
            compute(cpu, bound)
        }
    }
}
