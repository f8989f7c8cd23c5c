//! A segment that is computed twice: the same gradients, less memory, and a plan that foresees it.
#![allow(clippy::unwrap_used, reason = "a test may panic, its functions too")]

use radars_autograd::ops::Segment;
use radars_autograd::tensor::{
    Activation, Arena, Backend, Conv2dOptions, Cpu, CpuSpec, Isa, Meta, Result, Tensor,
};
use radars_autograd::{Tape, Var, ops};

/// Convolution, batch norm and ReLU, twice with the same parameters.
#[derive(Clone, Copy)]
struct Layer;

impl<B: Backend> Segment<B> for Layer {
    fn forward(&self, tape: &mut Tape<B>, inputs: Vec<Var<B>>) -> Result<(Var<B>, Vec<Tensor<B>>)> {
        let [x, w, gamma, beta] = <[_; 4]>::try_from(inputs).ok().unwrap();
        let options = Conv2dOptions {
            stride: 1,
            padding: 1,
            groups: 1,
        };
        let (mut y, mut beside) = (x, Vec::new());
        for _ in 0..2 {
            let (w, gamma, beta) = (w.clone(), gamma.clone(), beta.clone());
            let z = ops::conv2d(tape, y, w, options)?;
            let (z, stats) = ops::batch_norm(tape, z, gamma, beta, 1e-5, Some(Activation::Relu))?;
            beside.push(stats);
            y = z;
        }
        Ok((y, beside))
    }
}

struct Step<B: Backend> {
    saved_bytes: usize,
    stats: Vec<Tensor<B>>,
    /// Of the first input and of all weights.
    gradients: Vec<Tensor<B>>,
}

/// Four layers of 8 channels and the mean of the last one's square.
fn step<B: Backend>(arena: &Arena<B>, recompute: [bool; 4]) -> Result<Step<B>> {
    let values = |count: usize, seed: usize| -> Vec<f32> {
        let value = |i: usize| ((i * 37 + seed * 11) % 97) as f32 / 97.0 - 0.4;
        (0..count).map(value).collect()
    };
    let mut tape = Tape::new(arena);
    let x = Tensor::from_slice(arena, [2, 16, 16, 8], &values(2 * 16 * 16 * 8, 0))?;
    let mut x = tape.leaf(x);
    let mut leaves = vec![x.id().unwrap()];
    let mut stats = Vec::new();
    for (layer, recompute) in recompute.into_iter().enumerate() {
        let w = Tensor::from_slice(arena, [8, 3, 3, 8], &values(576, layer + 1))?;
        let gamma = Tensor::from_slice(arena, [8], &values(8, layer + 20))?;
        let beta = Tensor::from_slice(arena, [8], &values(8, layer + 30))?;
        let parameters = [w, gamma, beta].map(|value| tape.leaf(value));
        leaves.extend(parameters.iter().map(|var| var.id().unwrap()));
        let inputs = [x].into_iter().chain(parameters).collect();
        let (y, beside) = match recompute {
            true => ops::recomputed(&mut tape, Layer, inputs)?,
            false => Layer.forward(&mut tape, inputs)?,
        };
        (x, stats) = (y, beside);
    }
    let square = ops::mul(&mut tape, x.clone(), x)?;
    let loss = ops::mean(&mut tape, square)?;
    let saved_bytes = tape.saved_bytes();
    let mut gradients = tape.backward(loss)?;
    Ok(Step {
        saved_bytes,
        stats,
        gradients: leaves
            .into_iter()
            .map(|id| gradients.take(id).unwrap())
            .collect(),
    })
}

fn cpu(bytes: usize) -> Arena<Cpu> {
    Arena::with_bound(Cpu::with_isa(2, Isa::Portable).unwrap(), bytes).unwrap()
}

#[test]
fn gradients_and_statistics_are_those_of_a_segment_that_keeps_everything() {
    let arena = cpu(8 << 20);
    let read = |tensors: &[Tensor<Cpu>]| -> Vec<Vec<f32>> {
        tensors
            .iter()
            .map(|tensor| tensor.read().unwrap())
            .collect()
    };
    let kept = step(&arena, [false; 4]).unwrap();
    let gradients = read(&kept.gradients);
    assert!(gradients.iter().all(|g| g.iter().any(|&v| v != 0.0)));
    for recompute in [
        [true; 4],
        [true, false, false, true],
        [false, true, true, false],
    ] {
        let step = step(&arena, recompute).unwrap();
        assert_eq!(read(&step.gradients), gradients, "{recompute:?}");
        assert_eq!(read(&step.stats), read(&kept.stats), "{recompute:?}");
    }
}

/// An image batch has 2 * 16 * 16 * 8 * 4 = 16,384 bytes, w 2,304, gamma, beta and each statistic 32.
#[test]
fn a_recomputed_segment_keeps_its_inputs_alone() {
    let arena = cpu(8 << 20);
    let kept = step(&arena, [false; 4]).unwrap().saved_bytes;
    let one = step(&arena, [true, false, false, false])
        .unwrap()
        .saved_bytes;
    // Not kept: xhat and the statistics, twice; parameters are counted once for each of their keepers. But the next
    // layer has to keep its input, which it could compute from xhat.
    assert_eq!(kept - one, 2 * (16_384 + 64) + 2304 + 64 - 16_384);
}

#[test]
fn memory_is_planned_to_the_byte_and_falls() {
    let peak = |recompute| {
        let plan = Meta::<Cpu>::new(CpuSpec::new(Isa::Portable));
        let plan = Arena::with_bound(plan, 8 << 20).unwrap();
        plan.record_trace();
        step(&plan, recompute).unwrap();
        let run = cpu(8 << 20);
        run.record_trace();
        step(&run, recompute).unwrap();
        assert_eq!(plan.take_trace(), run.take_trace());
        assert_eq!(plan.stats(), run.stats());
        run.stats().peak_bytes
    };
    let (kept, recomputed) = (peak([false; 4]), peak([true; 4]));
    // Of eight times xhat four inputs are left, and while the last segment goes back two of its xhat.
    assert!(recomputed + 2 * 16_384 <= kept, "{recomputed} of {kept}");
}
