//! Fits a small network, 2 inputs, 8 hidden units, 1 output, to a curved surface by gradient descent.
//!
//! `cargo run -p radars-autograd --example regression`

use radars_autograd::tensor::random::Seed;
use radars_autograd::tensor::{Arena, Backend, Coefficient, Cpu, Result, Tensor};
use radars_autograd::{Tape, Var, ops};

const HIDDEN: usize = 8;
const STEPS: usize = 1000;
const RATE: f32 = 0.1;

fn main() -> Result<()> {
    let arena = Arena::with_bound(Cpu::new(1)?, 1 << 20)?;
    let (x, target) = surface(&arena)?;
    // Two layers, each a matrix and a row of biases.
    let mut parameters = [
        uniform(&arena, [2, HIDDEN], 0)?,
        Tensor::zeros(&arena, [HIDDEN])?,
        uniform(&arena, [HIDDEN, 1], 1)?,
        Tensor::zeros(&arena, [1])?,
    ];
    let mut last = f32::INFINITY;
    for step in 0..STEPS {
        let mut tape = Tape::new(&arena);
        let leaves = parameters.each_ref().map(|p| tape.leaf(p.clone()));
        let ids = leaves.each_ref().map(Var::id);
        let loss = loss(&mut tape, &x, &target, leaves)?;
        last = loss.value().item()?;
        if step % 100 == 0 {
            let saved = tape.saved_bytes();
            println!(
                "step {step:3}: mean squared error {last:.5}, {saved} bytes kept for the way back"
            );
        }
        let mut gradients = tape.backward(loss)?;
        for (parameter, id) in parameters.iter_mut().zip(ids) {
            if let Some(gradient) = id.and_then(|id| gradients.take(id)) {
                parameter.accumulate(Coefficient::Constant(-RATE), &gradient)?;
            }
        }
    }
    let peak = arena.stats().peak_bytes;
    println!("after {STEPS} steps: {last:.5}; never more than {peak} bytes in use");
    Ok(())
}

/// The mean squared error of `tanh(x w1 + b1) w2 + b2`.
fn loss<B: Backend>(
    tape: &mut Tape<B>,
    x: &Tensor<B>,
    target: &Tensor<B>,
    [w1, b1, w2, b2]: [Var<B>; 4],
) -> Result<Var<B>> {
    let hidden = ops::matmul(tape, Var::constant(x.clone()), false, w1, false)?;
    let hidden = ops::add(tape, hidden, b1)?;
    let hidden = ops::tanh(tape, hidden)?;
    let y = ops::matmul(tape, hidden, false, w2, false)?;
    let y = ops::add(tape, y, b2)?;
    let error = ops::sub(tape, y, Var::constant(target.clone()))?;
    let square = ops::mul(tape, error.clone(), error)?;
    ops::mean(tape, square)
}

/// `z = x^2 - x y` on a grid of 11 x 11 points of the unit square around zero.
fn surface<B: Backend>(arena: &Arena<B>) -> Result<(Tensor<B>, Tensor<B>)> {
    let (mut points, mut heights) = (Vec::new(), Vec::new());
    for i in 0..11 {
        for j in 0..11 {
            let (x, y) = (i as f32 / 5.0 - 1.0, j as f32 / 5.0 - 1.0);
            points.extend([x, y]);
            heights.push(x * x - x * y);
        }
    }
    Ok((
        Tensor::from_slice(arena, [heights.len(), 2], &points)?,
        Tensor::from_slice(arena, [heights.len(), 1], &heights)?,
    ))
}

/// A matrix of uniform values in `[-1, 1)`.
fn uniform<B: Backend>(arena: &Arena<B>, shape: [usize; 2], index: u64) -> Result<Tensor<B>> {
    let values: Vec<f32> = (0..shape[0] * shape[1])
        .map(|i| Seed(index).derive("regression", i as u64).0)
        .map(|random| (random >> 40) as f32 / (1 << 23) as f32 - 1.0)
        .collect();
    Tensor::from_slice(arena, shape, &values)
}
