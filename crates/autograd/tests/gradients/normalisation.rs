//! Batch normalisation.

use crate::checker::{Input, arena, check_gradients};
use radars_autograd::tensor::{Activation, Arena, Conv2dOptions, Cpu, Isa, Shape, Tensor};
use radars_autograd::{Tape, Var, ops};

const EPSILON: f32 = 1e-5;

fn check(x: Input, gamma: Input, beta: Input, activation: Option<Activation>) {
    check_gradients(&[x, gamma, beta], |tape, vars| {
        let [x, gamma, beta] = <[_; 3]>::try_from(vars).ok().unwrap();
        Ok(ops::batch_norm(tape, x, gamma, beta, EPSILON, activation)?.0)
    });
}

#[test]
fn batch_norm() {
    for shape in [
        Shape::from([7, 3]),
        Shape::from([1, 3, 5, 2]),
        Shape::from([2, 3, 3, 5]),
        Shape::from([6, 1]),
    ] {
        check(
            Input::around_zero(21, shape),
            Input::uniform(22, [shape.last()], 0.5, 1.5),
            Input::around_zero(23, [shape.last()]),
            None,
        );
    }
}

/// Rows in three narrow clusters, so that with `gamma` about 5 and `beta` about 2 the activation's input
/// lies near -4.6, 3.2 and 7.4 (by hand: mean 0.1, deviation 0.83), far from the kinks at 0 and 6.
fn clusters(shape: Shape) -> Input {
    let mut input = Input::uniform(24, shape, -0.05, 0.05);
    let channels = shape.last();
    for (i, value) in input.values.iter_mut().enumerate() {
        *value += [-1.0, 0.3, 1.0][(i / channels + i % channels) % 3];
    }
    input
}

#[test]
fn batch_norm_with_activation() {
    for activation in [Activation::Relu, Activation::Relu6] {
        for shape in [Shape::from([9, 3]), Shape::from([1, 3, 5, 2])] {
            check(
                clusters(shape),
                Input::uniform(25, [shape.last()], 4.8, 5.2),
                Input::uniform(26, [shape.last()], 1.9, 2.1),
                Some(activation),
            );
        }
    }
}

/// By hand: of 1, 3, 5, 7 the mean is 4 and the biased variance 5, so `(1 - 4) / sqrt(5) = -1.3416408`.
#[test]
fn batch_norm_gives_the_batchs_statistics_and_consumes_its_input() {
    let arena = arena();
    let mut tape = Tape::new(&arena);
    let vector = |values: &[f32]| Tensor::from_slice(&arena, [values.len()], values).unwrap();
    let x = Tensor::from_slice(&arena, [4, 1], &[1.0f32, 3.0, 5.0, 7.0]).unwrap();
    let shared = Var::constant(x.clone());
    let (gamma, beta) = (tape.leaf(vector(&[2.0])), tape.leaf(vector(&[0.5])));
    let refused = ops::batch_norm(&mut tape, shared, gamma.clone(), beta.clone(), 0.0, None);
    assert!(matches!(
        refused.err(),
        Some(radars_autograd::tensor::Error::Shared { .. })
    ));
    let x = Var::constant(x);
    let (y, stats) = ops::batch_norm(&mut tape, x, gamma, beta, 0.0, None).unwrap();
    let y = y.value().read::<f32>().unwrap();
    assert!((y[0] - (2.0 * -1.341_640_8 + 0.5)).abs() < 1e-6, "{y:?}");
    assert_eq!(stats.dims(), [2, 1]);
    let stats = stats.read::<f32>().unwrap();
    assert!((stats[0] - 4.0).abs() < 1e-6 && (stats[1] - 5.0).abs() < 1e-5);
}

/// The gradient of a convolution's weights, whose input batch norm computes again, against that of weights whose
/// input is kept; the portable path and the best of this machine.
#[test]
fn an_input_that_is_computed_again_gives_the_same_gradients_to_the_bit() {
    for isa in [Isa::Portable, Isa::detect()] {
        for activation in [None, Some(Activation::Relu), Some(Activation::Relu6)] {
            let gradients = |again: bool| {
                let arena = Arena::with_bound(Cpu::with_isa(2, isa).unwrap(), 8 << 20).unwrap();
                let mut tape = Tape::new(&arena);
                let shapes: [Shape; 4] = [
                    [2, 6, 6, 20].into(),
                    [20].into(),
                    [20].into(),
                    [24, 3, 3, 20].into(),
                ];
                let leaves = shapes.map(|shape| {
                    let count = shape.elements();
                    let value = |i: usize| ((i * 37 + count) % 97) as f32 / 12.0 - 4.0;
                    let values: Vec<f32> = (0..count).map(value).collect();
                    tape.leaf(Tensor::from_slice(&arena, shape, &values).unwrap())
                });
                let ids = [0, 1, 2, 3].map(|leaf: usize| leaves[leaf].id().unwrap());
                let [x, gamma, beta, w] = leaves;
                let tape_of = &mut tape;
                let (mut y, _) =
                    ops::batch_norm(tape_of, x, gamma, beta, 1e-5, activation).unwrap();
                if !again {
                    y = ops::affine(tape_of, y, 1.0, 0.0).unwrap();
                }
                let options = Conv2dOptions {
                    stride: 1,
                    padding: 1,
                    groups: 1,
                };
                let y = ops::conv2d(tape_of, y, w, options).unwrap();
                let square = ops::mul(tape_of, y.clone(), y).unwrap();
                let loss = ops::mean(tape_of, square).unwrap();
                let mut gradients = tape.backward(loss).unwrap();
                ids.map(|id| gradients.take(id).unwrap().read::<f32>().unwrap())
            };
            let kept = gradients(false);
            assert!(kept.iter().flatten().all(|value| value.is_finite()));
            assert!(kept[3].iter().any(|&value| value != 0.0));
            assert_eq!(gradients(true), kept, "{isa}, {activation:?}");
        }
    }
}
