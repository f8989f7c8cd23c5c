//! The generic gradient check, and the inputs it is fed.

use radars_autograd::tensor::random::Seed;
use radars_autograd::tensor::{Arena, Cpu, Isa, Result, Shape, Tensor};
use radars_autograd::{Tape, Var};

/// Half the distance of the two points of a central difference. All inputs are of the order of 1: the
/// difference's own error is about 2e-5 times the third derivative, and that of rounding to f32 about
/// 1e-5 times the result.
pub const STEP: f32 = 1e-2;

/// How far a component may be off, relative to its own size plus the root mean square of them all.
pub const TOLERANCE: f64 = 3e-3;

/// An input of the operation under test.
#[derive(Clone)]
pub struct Input {
    pub shape: Shape,
    pub values: Vec<f32>,
}

impl Input {
    /// Uniform values in `[lo, hi)`.
    pub fn uniform(seed: u64, shape: impl Into<Shape>, lo: f32, hi: f32) -> Self {
        let shape = shape.into();
        let values = (0..shape.elements())
            .map(|i| lo + (hi - lo) * (draw(seed, i) >> 40) as f32 / (1 << 24) as f32)
            .collect();
        Input { shape, values }
    }

    /// Uniform values in `[-1, 1)`.
    pub fn around_zero(seed: u64, shape: impl Into<Shape>) -> Self {
        Input::uniform(seed, shape, -1.0, 1.0)
    }

    /// Values in random order, no two of them closer than five steps, none closer than that to zero:
    /// for functions with kinks.
    pub fn apart(seed: u64, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let n = shape.elements();
        let mut values: Vec<f32> = (0..n)
            .map(|i| 5.0 * STEP * (i as f32 - n as f32 / 2.0 + 0.25))
            .map(|value| value + value.signum() * 5.0 * STEP)
            .collect();
        for i in (1..n).rev() {
            values.swap(i, draw(seed, i) as usize % (i + 1));
        }
        Input { shape, values }
    }

    pub fn tensor(&self, arena: &Arena<Cpu>) -> Tensor<Cpu> {
        Tensor::from_slice(arena, self.shape, &self.values).unwrap()
    }
}

/// Random number `index` under `seed`.
fn draw(seed: u64, index: usize) -> u64 {
    Seed(seed).derive("gradient check", index as u64).0
}

/// An arena of 64 MiB on this machine's CPU.
pub fn arena() -> Arena<Cpu> {
    arena_of(Isa::detect())
}

/// An arena of 64 MiB on a CPU with two threads.
fn arena_of(isa: Isa) -> Arena<Cpu> {
    Arena::with_bound(Cpu::with_isa(2, isa).unwrap(), 64 << 20).unwrap()
}

/// `functional[i] * y[i]`, summed in f64.
fn linear(functional: &[f32], y: &[f32]) -> f64 {
    functional
        .iter()
        .zip(y)
        .map(|(&c, &y)| f64::from(c) * f64::from(y))
        .sum()
}

/// Weights of a random linear functional of `n` values.
pub fn functional(n: usize) -> Vec<f32> {
    Input::uniform(0xf00d, [n], 0.5, 1.5)
        .values
        .iter()
        .enumerate()
        .map(|(i, &value)| if i % 3 == 1 { -value } else { value })
        .collect()
}

/// The gradients of `functional` of `f`'s result, for the inputs that `wanted` says; the others are
/// constants.
pub fn analytic<F>(inputs: &[Input], wanted: &[bool], f: &F) -> Vec<Option<Vec<f32>>>
where
    F: Fn(&mut Tape<Cpu>, Vec<Var<Cpu>>) -> Result<Var<Cpu>>,
{
    analytic_of(Isa::detect(), inputs, wanted, f)
}

fn analytic_of<F>(isa: Isa, inputs: &[Input], wanted: &[bool], f: &F) -> Vec<Option<Vec<f32>>>
where
    F: Fn(&mut Tape<Cpu>, Vec<Var<Cpu>>) -> Result<Var<Cpu>>,
{
    let arena = arena_of(isa);
    let gradients = {
        let mut tape = Tape::new(&arena);
        let vars: Vec<_> = inputs
            .iter()
            .zip(wanted)
            .map(|(input, &wanted)| match wanted {
                true => tape.leaf(input.tensor(&arena)),
                false => Var::constant(input.tensor(&arena)),
            })
            .collect();
        let ids: Vec<_> = vars.iter().map(Var::id).collect();
        let y = f(&mut tape, vars).unwrap();
        let seed = functional(y.value().elements());
        let seed = Tensor::from_slice(&arena, y.value().shape(), &seed).unwrap();
        let mut gradients = tape.backward_from(y, seed).unwrap();
        ids.into_iter()
            .zip(inputs)
            .map(|(id, input)| {
                let gradient = gradients.take(id?).expect("a gradient for every leaf");
                assert_eq!(gradient.shape(), input.shape, "shape of a gradient");
                Some(gradient.read().unwrap())
            })
            .collect()
    };
    assert_eq!(arena.stats().live_bytes, 0, "everything is given back");
    gradients
}

/// Compares the gradients of a random linear functional of `f`'s result with central differences, for
/// every element of every input; and checks that each gradient is the same, to the bit, when it is the
/// only one that is asked for. All that with the best instructions of this machine, and without.
pub fn check_gradients<F>(inputs: &[Input], f: F)
where
    F: Fn(&mut Tape<Cpu>, Vec<Var<Cpu>>) -> Result<Var<Cpu>>,
{
    for isa in [Isa::Portable, Isa::detect()] {
        let together = analytic_of(isa, inputs, &vec![true; inputs.len()], &f);
        for which in 0..inputs.len() {
            let only: Vec<bool> = (0..inputs.len()).map(|i| i == which).collect();
            let alone = analytic_of(isa, inputs, &only, &f);
            assert_eq!(alone[which], together[which], "input {which} alone");
            let got = together[which].as_ref().unwrap();
            compare(which, got, &differences(isa, inputs, which, &f));
        }
    }
}

/// Central differences of the functional by every element of one input.
fn differences<F>(isa: Isa, inputs: &[Input], which: usize, f: &F) -> Vec<f64>
where
    F: Fn(&mut Tape<Cpu>, Vec<Var<Cpu>>) -> Result<Var<Cpu>>,
{
    let arena = arena_of(isa);
    let evaluate = |inputs: &[Input]| {
        let mut tape = Tape::new(&arena);
        let vars = inputs
            .iter()
            .map(|input| Var::constant(input.tensor(&arena)));
        let vars = vars.collect();
        let y = f(&mut tape, vars).unwrap();
        assert!(!y.requires_gradient());
        linear(
            &functional(y.value().elements()),
            &y.value().read().unwrap(),
        )
    };
    let mut inputs = inputs.to_vec();
    (0..inputs[which].values.len())
        .map(|i| {
            let x = inputs[which].values[i];
            let (above, below) = (x + STEP, x - STEP);
            inputs[which].values[i] = above;
            let up = evaluate(&inputs);
            inputs[which].values[i] = below;
            let down = evaluate(&inputs);
            inputs[which].values[i] = x;
            (up - down) / (f64::from(above) - f64::from(below))
        })
        .collect()
}

/// Fails when a component is off by more than [`TOLERANCE`].
pub fn compare(which: usize, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    let mean_square = expected.iter().map(|e| e * e).sum::<f64>() / expected.len() as f64;
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let allowed = TOLERANCE * (expected.abs() + mean_square.sqrt());
        let off = (f64::from(got) - expected).abs();
        assert!(
            off <= allowed,
            "input {which}, element {i}: {got} instead of {expected}, off by {off:e} of {allowed:e}"
        );
    }
}

/// The check itself is able to fail: a wrong factor of one per cent is found.
#[test]
#[should_panic(expected = "input 0, element")]
fn a_gradient_that_is_off_by_one_per_cent_fails() {
    compare(0, &[1.0, 1.01], &[1.0, 1.0]);
}
