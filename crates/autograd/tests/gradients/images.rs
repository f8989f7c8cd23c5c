//! Convolution and pooling.

use crate::checker::{Input, check_gradients};
use radars_autograd::ops;
use radars_autograd::tensor::{Conv2dOptions, PoolKind};

/// `[n, h, w, ci]`, output channels, kernel, stride, padding, groups.
type Case = ([usize; 4], usize, usize, usize, usize, usize);

#[rustfmt::skip]
const CONVOLUTIONS: [Case; 9] = [
    ([1, 3, 3, 1], 1, 1, 1, 0, 1),
    ([2, 5, 3, 3], 4, 3, 1, 1, 1),
    ([1, 5, 7, 2], 3, 3, 2, 1, 1),
    ([2, 6, 6, 2], 3, 5, 1, 2, 1),
    ([1, 7, 5, 2], 2, 5, 2, 2, 1),
    ([3, 4, 5, 3], 5, 1, 2, 0, 1),
    ([2, 4, 5, 4], 6, 3, 1, 1, 2),
    ([1, 5, 5, 5], 5, 3, 1, 1, 5),
    ([2, 6, 5, 3], 3, 5, 2, 2, 3),
];

#[test]
fn conv2d() {
    for ([n, h, w, ci], co, kernel, stride, padding, groups) in CONVOLUTIONS {
        let options = Conv2dOptions {
            stride,
            padding,
            groups,
        };
        let inputs = [
            Input::around_zero(11, [n, h, w, ci]),
            Input::around_zero(12, [co, kernel, kernel, ci / groups]),
        ];
        check_gradients(&inputs, |tape, vars| {
            let [x, w] = <[_; 2]>::try_from(vars).ok().unwrap();
            ops::conv2d(tape, x, w, options)
        });
    }
}

/// Channels that fill whole vectors take another path than the few of the cases above.
#[test]
fn conv2d_with_channels_that_fill_vectors() {
    for (stride, side) in [(1, 3), (2, 4)] {
        let options = Conv2dOptions {
            stride,
            padding: 1,
            groups: 1,
        };
        let inputs = [
            Input::around_zero(13, [1, side, side, 16]),
            Input::uniform(14, [32, 3, 3, 16], -0.3, 0.3),
        ];
        check_gradients(&inputs, |tape, vars| {
            let [x, w] = <[_; 2]>::try_from(vars).ok().unwrap();
            ops::conv2d(tape, x, w, options)
        });
    }
}

#[test]
fn pool2d() {
    for kind in [PoolKind::Max, PoolKind::Average] {
        for (input, kernel, stride, padding) in [
            ([1, 4, 4, 1], 2, 2, 0),
            ([2, 5, 7, 3], 3, 2, 1),
            ([1, 5, 3, 2], 3, 1, 1),
            ([2, 3, 3, 2], 1, 2, 0),
        ] {
            check_gradients(&[Input::apart(15, input)], |tape, mut vars| {
                ops::pool2d(tape, vars.remove(0), kind, kernel, stride, padding)
            });
        }
    }
}

#[test]
fn global_average_pool() {
    for input in [[1, 1, 1, 1], [2, 3, 5, 3], [3, 4, 4, 1]] {
        check_gradients(&[Input::around_zero(16, input)], |tape, mut vars| {
            ops::global_average_pool(tape, vars.remove(0))
        });
    }
}
