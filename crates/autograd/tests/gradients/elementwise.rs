//! Elementwise operations, reductions and views.

use crate::checker::{Input, analytic, arena, check_gradients, functional};
use radars_autograd::tensor::{Cpu, FixedPoint, Result, Shape, Tensor};
use radars_autograd::{Tape, Var, ops};

type Binary = fn(&mut Tape<Cpu>, Var<Cpu>, Var<Cpu>) -> Result<Var<Cpu>>;
type Unary = fn(&mut Tape<Cpu>, Var<Cpu>) -> Result<Var<Cpu>>;

/// Equal, a row, an image's pixel row, one element, one element of a higher rank, a leading 1.
const BROADCASTS: [(&[usize], &[usize]); 6] = [
    (&[7], &[7]),
    (&[3, 5], &[5]),
    (&[2, 3, 3, 5], &[3, 5]),
    (&[3, 5], &[1]),
    (&[9], &[1, 1]),
    (&[1, 5], &[5]),
];

fn shape(dims: &[usize]) -> Shape {
    match *dims {
        [a] => Shape::from([a]),
        [a, b] => Shape::from([a, b]),
        [a, b, c] => Shape::from([a, b, c]),
        [a, b, c, d] => Shape::from([a, b, c, d]),
        _ => panic!("one to four dimensions"),
    }
}

fn check_binary(f: Binary) {
    for (a, b) in BROADCASTS {
        let inputs = [
            Input::around_zero(1, shape(a)),
            Input::around_zero(2, shape(b)),
        ];
        check_gradients(&inputs, |tape, vars| {
            let [a, b] = <[_; 2]>::try_from(vars).ok().unwrap();
            f(tape, a, b)
        });
    }
}

fn check_unary(input: fn(u64, Shape) -> Input, f: Unary) {
    for dims in [&[1][..], &[17], &[3, 5], &[2, 3, 3, 5]] {
        let inputs = [input(3, shape(dims))];
        check_gradients(&inputs, |tape, mut vars| f(tape, vars.remove(0)));
    }
}

#[test]
fn add() {
    check_binary(ops::add);
}

#[test]
fn sub() {
    check_binary(ops::sub);
}

#[test]
fn mul() {
    check_binary(ops::mul);
}

#[test]
fn affine() {
    check_unary(Input::around_zero, |tape, x| {
        ops::affine(tape, x, -2.5, 0.75)
    });
}

#[test]
fn relu() {
    check_unary(Input::apart, ops::relu);
}

#[test]
fn sigmoid() {
    check_unary(Input::around_zero, ops::sigmoid);
}

#[test]
fn tanh() {
    check_unary(Input::around_zero, ops::tanh);
}

#[test]
fn exp() {
    check_unary(Input::around_zero, ops::exp);
}

#[test]
fn log() {
    check_unary(
        |seed, shape| Input::uniform(seed, shape, 0.5, 2.0),
        ops::log,
    );
}

#[test]
fn sum() {
    check_unary(Input::around_zero, ops::sum);
}

#[test]
fn mean() {
    check_unary(Input::around_zero, ops::mean);
}

#[test]
fn softmax() {
    check_unary(Input::around_zero, ops::softmax);
}

#[test]
fn dot() {
    for dims in [&[1][..], &[19], &[3, 5]] {
        let inputs = [
            Input::around_zero(4, shape(dims)),
            Input::around_zero(5, shape(dims)),
        ];
        check_gradients(&inputs, |tape, vars| {
            let [a, b] = <[_; 2]>::try_from(vars).ok().unwrap();
            ops::dot(tape, a, b)
        });
    }
}

#[test]
fn reshape() {
    let inputs = [Input::around_zero(6, [2, 3, 5])];
    check_gradients(&inputs, |tape, mut vars| {
        ops::reshape(tape, vars.remove(0), [6, 5])
    });
}

#[test]
fn narrow() {
    for (start, length) in [(0, 15), (0, 4), (3, 7), (14, 1)] {
        let inputs = [Input::around_zero(7, [3, 5])];
        check_gradients(&inputs, |tape, mut vars| {
            ops::narrow(tape, vars.remove(0), start, length)
        });
    }
}

/// `y = sigmoid(x) * x + x * x`, three uses of one leaf, one of them twice in one operation.
#[test]
fn gradients_of_a_value_used_several_times_add_up() {
    let inputs = [Input::around_zero(8, [3, 5])];
    check_gradients(&inputs, |tape, mut vars| {
        let x = vars.remove(0);
        let gate = ops::sigmoid(tape, x.clone())?;
        let gated = ops::mul(tape, gate, x.clone())?;
        let square = ops::mul(tape, x.clone(), x)?;
        ops::add(tape, gated, square)
    });
}

/// A sum hands one gradient to both its branches, and each overwrites what it gets: whichever goes
/// first must not spoil the other's.
#[test]
fn branches_that_share_a_gradient_do_not_overwrite_each_others() {
    let rectified: Unary = ops::relu;
    let scaled: Unary = |tape, x| ops::affine(tape, x, 3.0, 0.0);
    let normalised: Unary = |tape, x| {
        let (x, ones) = (
            ops::affine(tape, x, 1.0, 0.0)?,
            Tensor::full(tape.arena(), [5], 1.0)?,
        );
        let (gamma, beta) = (Var::constant(ones.clone()), Var::constant(ones));
        Ok(ops::batch_norm(tape, x, gamma, beta, 1e-5, None)?.0)
    };
    let branches = [rectified, scaled, normalised];
    for left in branches {
        for right in branches {
            check_gradients(&[Input::apart(9, [3, 5])], |tape, mut vars| {
                let x = vars.remove(0);
                let left = left(tape, x.clone())?;
                let right = right(tape, x)?;
                ops::add(tape, left, right)
            });
        }
    }
}

/// `sum(x) + sum(x)`: two for every element, by hand.
#[test]
fn a_value_added_to_itself_counts_twice() {
    let gradient = analytic(&[Input::around_zero(10, [4])], &[true], &|tape, vars| {
        let x = vars[0].clone();
        drop(vars);
        ops::add(tape, x.clone(), x)
    });
    let expected: Vec<f32> = functional(4).iter().map(|c| 2.0 * c).collect();
    assert_eq!(gradient, [Some(expected)]);
}

/// Results take over memory only when nothing else owns it.
#[test]
fn operations_never_overwrite_what_something_else_owns() {
    let arena = arena();
    let values = [0.5, 1.5, 2.5, 3.5];
    let x: Tensor<Cpu> = Tensor::from_slice(&arena, [4], &values).unwrap();
    let two = || Var::constant(Tensor::full(&arena, [1], 2.0).unwrap());
    let unary: [Unary; 7] = [
        |tape, x| ops::affine(tape, x, 2.0, 1.0),
        |tape, x| ops::fake_quantise(tape, x, FixedPoint::signed(1, 1)),
        ops::relu,
        ops::sigmoid,
        ops::tanh,
        ops::exp,
        ops::log,
    ];
    let binary: [Binary; 3] = [ops::add, ops::sub, ops::mul];
    for leaf in [false, true] {
        let mut tape = Tape::new(&arena);
        let mut var = || match leaf {
            true => tape.leaf(x.clone()),
            false => Var::constant(x.clone()),
        };
        let (first, second) = (var(), var());
        for f in unary {
            f(&mut tape, first.clone()).unwrap();
        }
        for f in binary {
            f(&mut tape, second.clone(), two()).unwrap();
        }
        assert_eq!(x.read::<f32>().unwrap(), values);
    }
}

/// Values by hand, so that a wrong forward cannot hide behind its own difference quotient.
#[test]
fn elementwise_values_are_those_of_the_formulas() {
    let arena = arena();
    let mut tape = Tape::new(&arena);
    let mut var =
        |values: &[f32]| tape.leaf(Tensor::from_slice(&arena, [values.len()], values).unwrap());
    let (a, b) = (var(&[3.0, -2.0, 0.5]), var(&[0.5, 4.0, -1.0]));
    let mut check = |f: Binary, expected: [f32; 3]| {
        let y = f(&mut tape, a.clone(), b.clone()).unwrap();
        assert_eq!(y.value().read::<f32>().unwrap(), expected);
    };
    check(ops::add, [3.5, 2.0, -0.5]);
    check(ops::sub, [2.5, -6.0, 1.5]);
    check(ops::mul, [1.5, -8.0, -0.5]);
    let mut check = |f: Unary, expected: &[f32]| {
        let y = f(&mut tape, a.clone()).unwrap();
        assert_eq!(y.value().read::<f32>().unwrap(), expected);
    };
    check(ops::relu, &[3.0, 0.0, 0.5]);
    check(|tape, x| ops::affine(tape, x, 2.0, 1.0), &[7.0, -3.0, 2.0]);
    check(|tape, x| ops::narrow(tape, x, 1, 2), &[-2.0, 0.5]);
    check(ops::sum, &[1.5]);
    check(ops::mean, &[0.5]);
}
