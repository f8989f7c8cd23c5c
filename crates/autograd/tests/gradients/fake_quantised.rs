//! Convolutions of operands on fixed-point grids: against the two operations they stand for, and against
//! central differences where nothing is rounded.

use crate::checker::{Input, analytic, arena, check_gradients};
use radars_autograd::tensor::{
    Activation, Backend, Conv2dOptions, ConvValues, FixedPoint, Result, Shape, Tensor, Values,
};
use radars_autograd::{Tape, Var, ops};

/// Inputs are in [-1, 1): both formats clip some of them.
const X: FixedPoint = FixedPoint::unsigned(0, 3);
const W: FixedPoint = FixedPoint::signed(0, 2);

const OPTIONS: [(Conv2dOptions, Shape4, Shape4); 3] = [
    (options(1, 1), [2, 5, 6, 3], [4, 3, 3, 3]),
    (options(2, 1), [1, 6, 6, 16], [32, 3, 3, 16]),
    (options(1, 8), [2, 4, 4, 8], [8, 3, 3, 1]),
];

type Shape4 = [usize; 4];

const fn options(stride: usize, groups: usize) -> Conv2dOptions {
    Conv2dOptions {
        stride,
        padding: 1,
        groups,
    }
}

fn of(format: FixedPoint) -> [Values; 3] {
    [
        Values::Float,
        Values::OnGrid(format),
        Values::Quantise(format),
    ]
}

/// Values of which `kind` says the truth.
fn input(kind: Values, seed: u64, shape: impl Into<Shape>) -> Input {
    let mut input = Input::around_zero(seed, shape);
    if let Values::OnGrid(format) = kind {
        for value in &mut input.values {
            *value = format.quantise(*value);
        }
    }
    input
}

/// The operand of a plain convolution.
fn quantised<B: Backend>(tape: &mut Tape<B>, x: Var<B>, kind: Values) -> Result<Var<B>> {
    match kind {
        Values::Quantise(format) => ops::fake_quantise(tape, x, format),
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => Ok(x),
    }
}

fn bits(gradients: Vec<Option<Vec<f32>>>) -> Vec<Option<Vec<u32>>> {
    let bits = |gradient: Vec<f32>| gradient.into_iter().map(f32::to_bits).collect();
    let gradients = gradients.into_iter();
    gradients.map(|gradient| gradient.map(bits)).collect()
}

#[test]
fn they_equal_quantiser_and_convolution_bit_for_bit() {
    for (options, x_shape, w_shape) in OPTIONS {
        for values in of(X)
            .into_iter()
            .flat_map(|x| of(W).map(|w| ConvValues { x, w }))
        {
            let inputs = [input(values.x, 71, x_shape), input(values.w, 72, w_shape)];
            for wanted in [[true, true], [true, false], [false, true]] {
                let fused = analytic(&inputs, &wanted, &|tape, vars| {
                    let [x, w] = <[_; 2]>::try_from(vars).ok().unwrap();
                    ops::fake_quantised_conv2d(tape, x, w, values, options)
                });
                let two = analytic(&inputs, &wanted, &|tape, vars| {
                    let [x, w] = <[_; 2]>::try_from(vars).ok().unwrap();
                    let w = quantised(tape, w, values.w)?;
                    let x = quantised(tape, x, values.x)?;
                    ops::conv2d(tape, x, w, options)
                });
                let [fused, two] = [fused, two].map(bits);
                assert_eq!(fused, two, "{values:?}, {options:?}, {wanted:?}");
                let found = fused.iter().map(Option::is_some);
                assert!(found.eq(wanted));
            }
        }
    }
}

/// From a batch norm that encodes to a convolution of codes: the gradients of all leaves are those of values on
/// the grid.
#[test]
fn codes_between_two_operations_are_the_values_they_stand_for() {
    let inputs = [
        Input::around_zero(75, [3, 4, 4, 5]),
        Input::uniform(76, [5], 0.5, 2.0),
        Input::around_zero(77, [5]),
        Input::around_zero(78, [6, 3, 3, 5]),
    ];
    for format in [X, FixedPoint::unsigned(3, 6), FixedPoint::signed(1, 3)] {
        let run = |codes: bool| {
            analytic(&inputs, &[true; 4], &|tape, vars| {
                let [x, gamma, beta, w] = <[_; 4]>::try_from(vars).ok().unwrap();
                // Batch norm consumes what nothing else owns.
                let x = ops::affine(tape, x, 1.5, 0.25)?;
                let (x, of) = if codes {
                    let (x, _) = ops::batch_norm_encode(tape, x, gamma, beta, 1e-5, format)?;
                    (x, Values::Codes(format))
                } else {
                    let activation = Some(Activation::ReluQuantise(format));
                    let (x, _) = ops::batch_norm(tape, x, gamma, beta, 1e-5, activation)?;
                    (x, Values::OnGrid(format))
                };
                let values = ConvValues {
                    x: of,
                    w: Values::Quantise(W),
                };
                ops::fake_quantised_conv2d(tape, x, w, values, options(1, 1))
            })
        };
        assert_eq!(bits(run(true)), bits(run(false)), "{format:?}");
    }
}

/// Nothing is rounded where both are floats, and nothing to speak of in formats of 23 fraction bits.
#[test]
fn they_differ_as_the_convolution_where_nothing_is_rounded() {
    let fine = FixedPoint::signed(1, 23);
    for (options, x, w) in [OPTIONS[0], OPTIONS[2]] {
        for kind in [Values::Float, Values::Quantise(fine)] {
            let values = ConvValues { x: kind, w: kind };
            let inputs = [
                Input::uniform(73, x, -0.9, 0.9),
                Input::uniform(74, w, -0.9, 0.9),
            ];
            check_gradients(&inputs, |tape, vars| {
                let [x, w] = <[_; 2]>::try_from(vars).ok().unwrap();
                ops::fake_quantised_conv2d(tape, x, w, values, options)
            });
        }
    }
}

/// In steps of 1/2 between -1 and 1/2: x = (0.4, 0.9) becomes (0.5, 0.5), w = (0.6, 0.3 | 1.2, -1.3)
/// becomes (0.5, 0.5 | 0.5, -1). y = (0.25 + 0.25, 0.25 - 0.5), and its sum has the gradients (0.5 + 0.5,
/// 0.5 - 1) of x, (0.5, 0.5 | 0.5, 0.5) of w. Codes are within -2..=1: those of x are 1, 2, of w 1, 1 | 2, -3.
#[test]
fn the_gradient_passes_where_the_code_is_in_range() {
    let arena = arena();
    let format = FixedPoint::signed(1, 1);
    let values = ConvValues {
        x: Values::Quantise(format),
        w: Values::Quantise(format),
    };
    let mut tape = Tape::new(&arena);
    let x = tape.leaf(Tensor::from_slice(&arena, [1, 1, 1, 2], &[0.4f32, 0.9]).unwrap());
    let w = [0.6f32, 0.3, 1.2, -1.3];
    let w = tape.leaf(Tensor::from_slice(&arena, [2, 1, 1, 2], &w).unwrap());
    let ids = [x.id().unwrap(), w.id().unwrap()];
    let options = Conv2dOptions {
        padding: 0,
        ..options(1, 1)
    };
    let y = ops::fake_quantised_conv2d(&mut tape, x, w, values, options).unwrap();
    assert_eq!(y.value().read::<f32>().unwrap(), [0.5, -0.25]);
    let sum = ops::sum(&mut tape, y).unwrap();
    let mut gradients = tape.backward(sum).unwrap();
    let [dx, dw] = ids.map(|id| gradients.take(id).unwrap().read::<f32>().unwrap());
    assert_eq!(dw, [0.5, 0.5, 0.0, 0.0]);
    assert_eq!(dx, [1.0, 0.0]);
}
