//! Plans a quantised convolution for a card, then computes it there in exactly that much memory.
//!
//! `cargo run --release -p radars-cuda --example card`; without a card it plans, and says what is missing.

use radars_cuda::{Cuda, CudaSpec, devices};
use radars_tensor::{
    Arena, Backend, Conv2dOptions, ConvValues, FixedPoint, Meta, Result, Tensor, UnaryOp, Values,
};

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

fn main() -> Result<()> {
    let plan = Arena::with_bound(Meta::<Cuda>::new(CudaSpec::unspecified()), usize::MAX)?;
    program(&plan)?;
    let bound = plan.stats().high_water_bytes;
    println!("planned: {bound} bytes, on any card");

    let cards = match devices() {
        Ok(cards) => cards,
        Err(error) => {
            println!("nothing to compute on: {error}");
            return Ok(());
        }
    };
    for card in &cards {
        let (major, minor) = card.capability;
        println!(
            "cuda:{}: {}, compute capability {major}.{minor}, {} of {} MiB free",
            card.index,
            card.name,
            card.free_bytes >> 20,
            card.memory_bytes >> 20
        );
    }
    let arena = Arena::with_bound(Cuda::open(0)?, bound)?;
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
