//! Mixtures of tensors, of quantised values and of kernels.

use crate::checker::{Input, analytic, arena, check_gradients};
use radars_autograd::tensor::{Activation, Conv2dOptions, Error, FixedPoint, Shape, Tensor};
use radars_autograd::{Tape, Var, ops};

#[test]
fn mix() {
    for shape in [
        Shape::from([1]),
        Shape::from([3, 5]),
        Shape::from([2, 3, 3, 2]),
    ] {
        for terms in [1, 2, 5] {
            let mut inputs = vec![Input::uniform(27, [terms], 0.1, 0.9)];
            inputs.extend((0..terms as u64).map(|m| Input::around_zero(28 + m, shape)));
            check_gradients(&inputs, |tape, mut vars| {
                let p = vars.remove(0);
                ops::mix(tape, p, vars)
            });
        }
    }
}

/// The mixture is linear in `p`, so central differences hold for it although the codes jump with `x`;
/// that gradient is checked in `straight_through`.
#[test]
fn mix_quantised_by_its_weights() {
    let formats = [
        FixedPoint::signed(1, 1),
        FixedPoint::signed(1, 3),
        FixedPoint::unsigned(3, 6),
    ];
    for shape in [Shape::from([1]), Shape::from([2, 3, 3, 5])] {
        let x = Input::uniform(40, shape, -2.0, 2.0);
        check_gradients(&[Input::uniform(41, [3], 0.1, 0.9)], |tape, mut vars| {
            let x = Var::constant(x.tensor(tape.arena()));
            ops::mix_quantised(tape, x, vars.remove(0), &formats)
        });
    }
}

#[test]
fn merge_kernels() {
    for (co, ci, sides, side) in [
        (1, 1, &[1, 3][..], 3),
        (2, 3, &[1, 3, 5], 5),
        (3, 2, &[5, 1, 3, 3], 5),
        (2, 1, &[1], 1),
        (2, 2, &[3], 7),
    ] {
        let mut inputs = vec![Input::uniform(42, [sides.len()], 0.1, 0.9)];
        inputs.extend(
            sides
                .iter()
                .zip(43..)
                .map(|(&k, seed)| Input::around_zero(seed, [co, k, k, ci])),
        );
        check_gradients(&inputs, |tape, mut vars| {
            let p = vars.remove(0);
            ops::merge_kernels(tape, p, vars, side)
        });
    }
}

/// Linearity: one convolution with the merged kernel is the mixture of the convolutions.
#[test]
fn a_merged_kernel_convolves_like_the_mixture() {
    let arena = arena();
    let mut tape = Tape::new(&arena);
    let constant = |input: Input| Var::constant(input.tensor(&arena));
    let x = constant(Input::around_zero(50, [2, 6, 5, 3]));
    let p = constant(Input::uniform(51, [3], 0.1, 0.9));
    let kernels: Vec<_> = [1, 3, 5]
        .map(|k| constant(Input::around_zero(52 + k as u64, [4, k, k, 3])))
        .into();
    let same = |side: usize| Conv2dOptions {
        stride: 1,
        padding: side / 2,
        groups: 1,
    };
    let merged = ops::merge_kernels(&mut tape, p.clone(), kernels.clone(), 5).unwrap();
    let at_once = ops::conv2d(&mut tape, x.clone(), merged, same(5)).unwrap();
    let mut terms = Vec::new();
    for kernel in kernels {
        let options = same(kernel.value().dims()[1]);
        terms.push(ops::conv2d(&mut tape, x.clone(), kernel, options).unwrap());
    }
    let one_by_one = ops::mix(&mut tape, p, terms).unwrap();
    let (at_once, one_by_one) = (
        at_once.value().read::<f32>().unwrap(),
        one_by_one.value().read::<f32>().unwrap(),
    );
    // Sums of at most 75 products of the order of 1, in another order.
    for (a, b) in at_once.iter().zip(&one_by_one) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn mixtures_that_make_no_sense_are_refused() {
    let arena = arena();
    let mut tape = Tape::new(&arena);
    let kernel = |k: usize| Var::constant(Tensor::zeros(&arena, [2, k, k, 3]).unwrap());
    let p = |n: usize| Var::constant(Tensor::full(&arena, [n], 0.5).unwrap());
    let shapes = |error: Error| matches!(error, Error::Shapes { .. });
    let geometry = |error: Error| matches!(error, Error::Geometry { .. });
    let mut merge = |p, kernels, side| {
        ops::merge_kernels(&mut tape, p, kernels, side)
            .err()
            .unwrap()
    };
    assert!(geometry(merge(p(1), vec![], 3)));
    assert!(shapes(merge(p(1), vec![kernel(1), kernel(3)], 3)));
    assert!(shapes(merge(p(1), vec![kernel(5)], 3)));
    assert!(shapes(merge(p(1), vec![kernel(2)], 3)));
    assert!(shapes(merge(p(1), vec![kernel(1)], 4)));
    assert!(shapes(merge(p(1), vec![p(7)], 3)));
    let mut mix = |p, terms| ops::mix(&mut tape, p, terms).err().unwrap();
    assert!(geometry(mix(
        Var::constant(Tensor::zeros(&arena, [0]).unwrap()),
        vec![]
    )));
    assert!(shapes(mix(p(2), vec![kernel(1)])));
    assert!(shapes(mix(p(2), vec![kernel(1), kernel(3)])));
}

/// All that may want a gradient: with and without the images, as in the first layer of a network.
#[test]
fn mixed_convolutions_equal_mixture_and_convolution_bit_for_bit() {
    let formats = [1, 3, 6].map(|fraction| FixedPoint::unsigned(1, fraction));
    let inputs = [
        Input::uniform(61, [2, 5, 4, 3], -0.5, 2.5),
        Input::uniform(62, [3], 0.1, 0.6),
        Input::around_zero(63, [4, 3, 3, 3]),
    ];
    let options = Conv2dOptions {
        stride: 2,
        padding: 1,
        groups: 1,
    };
    for wanted in 1..8 {
        let wanted = [0, 1, 2].map(|bit| wanted >> bit & 1 == 1);
        let run = |one: bool| {
            let gradients = analytic(&inputs, &wanted, &|tape, vars| {
                let [x, p, w] = <[_; 3]>::try_from(vars).ok().unwrap();
                if one {
                    return ops::mixed_conv2d(tape, x, p, &formats, w, options);
                }
                let x = ops::mix_quantised(tape, x, p, &formats)?;
                ops::conv2d(tape, x, w, options)
            });
            let bits = |gradient: Vec<f32>| gradient.into_iter().map(f32::to_bits).collect();
            let gradients = gradients.into_iter();
            gradients
                .map(|g| g.map(bits))
                .collect::<Vec<Option<Vec<u32>>>>()
        };
        let one = run(true);
        assert_eq!(one, run(false), "{wanted:?}");
        assert!(one.iter().map(Option::is_some).eq(wanted));
    }
}

/// Behind a batch norm the images are computed again on the way back; a view of them under the same shape does not
/// know its origin, so its values are kept. All gradients are the same.
#[test]
fn images_that_are_computed_again_are_those_that_were_kept() {
    let formats = [1, 3, 6].map(|fraction| FixedPoint::unsigned(1, fraction));
    let inputs = [
        Input::around_zero(64, [2, 5, 4, 3]),
        Input::uniform(65, [3], 0.5, 2.0),
        Input::around_zero(66, [3]),
        Input::uniform(67, [3], 0.1, 0.6),
        Input::around_zero(68, [4, 3, 3, 3]),
    ];
    let options = Conv2dOptions {
        stride: 1,
        padding: 1,
        groups: 1,
    };
    for activation in [
        None,
        Some(Activation::Relu),
        Some(Activation::ReluQuantise(FixedPoint::unsigned(1, 2))),
    ] {
        let run = |again: bool| {
            let gradients = analytic(&inputs, &[true; 5], &|tape, vars| {
                let [x, gamma, beta, p, w] = <[_; 5]>::try_from(vars).ok().unwrap();
                // Batch norm consumes what nothing else owns.
                let x = ops::affine(tape, x, 1.5, 0.25)?;
                let (x, _) = ops::batch_norm(tape, x, gamma, beta, 1e-5, activation)?;
                assert!(x.origin().is_some());
                let shape = x.value().shape();
                let x = if again {
                    x
                } else {
                    ops::reshape(tape, x, shape)?
                };
                let before = tape.saved_bytes();
                let y = ops::mixed_conv2d(tape, x, p, &formats, w, options)?;
                // x has 120 values, p 3 and w 108.
                let kept = if again { 0 } else { 120 };
                assert_eq!(tape.saved_bytes() - before, 4 * (kept + 3 + 108));
                Ok(y)
            });
            let gradients = gradients.into_iter().flatten().flatten();
            gradients.map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(run(true), run(false), "{activation:?}");
    }
}
