//! Straight-through estimators against their written formula, by plain loops in f64.

use crate::checker::{Input, analytic, compare, functional};
use radars_autograd::ops;
use radars_autograd::tensor::{Activation, FixedPoint, Shape};

/// The smallest and largest code of a format, from its definition: `I` integer bits (the sign among
/// them), `F` fraction bits.
fn limits(format: FixedPoint) -> (f64, f64) {
    let width = i32::from(format.integer) + i32::from(format.fraction);
    match format.signed {
        true => (-(2f64.powi(width - 1)), 2f64.powi(width - 1) - 1.0),
        false => (0.0, 2f64.powi(width) - 1.0),
    }
}

/// 1 where the rounded code lies within the limits, else 0.
fn passes(format: FixedPoint, x: f64) -> f64 {
    let (lo, hi) = limits(format);
    let code = (x * 2f64.powi(i32::from(format.fraction))).round_ties_even();
    f64::from(u8::from(lo <= code && code <= hi))
}

/// Table I's choices, both kinds.
fn formats() -> impl Iterator<Item = FixedPoint> {
    [1, 3].into_iter().flat_map(|integer| {
        [1, 3, 6].into_iter().flat_map(move |fraction| {
            [
                FixedPoint::signed(integer, fraction),
                FixedPoint::unsigned(integer, fraction),
            ]
        })
    })
}

/// Random values beyond both ends of every format, and the points where rounding decides.
fn x() -> Input {
    let mut x = Input::uniform(60, [5, 41], -9.0, 9.0);
    let edges = [
        0.0, -0.0, 0.25, 0.5, 0.75, 1.0, -0.25, -0.5, -1.0, -1.25, 3.75, 7.75,
    ];
    x.values[..edges.len()].copy_from_slice(&edges);
    x
}

#[test]
fn fake_quantise_passes_the_gradient_where_the_code_is_in_range() {
    let x = x();
    for format in formats() {
        let got = analytic(std::slice::from_ref(&x), &[true], &|tape, mut vars| {
            ops::fake_quantise(tape, vars.remove(0), format)
        });
        let expected: Vec<f32> = x
            .values
            .iter()
            .zip(functional(x.values.len()))
            .map(|(&x, dy)| dy * passes(format, f64::from(x)) as f32)
            .collect();
        assert!(expected.contains(&0.0) && expected.iter().any(|&e| e != 0.0));
        assert_eq!(got, [Some(expected)], "{format:?}");
    }
}

#[test]
fn mix_quantised_passes_the_weights_of_the_formats_in_range() {
    let x = x();
    let p = Input::uniform(61, [12], 0.1, 0.9);
    let formats: Vec<_> = formats().collect();
    for wanted in [[true, false], [true, true]] {
        let inputs = [x.clone(), p.clone()];
        let got = analytic(&inputs, &wanted, &|tape, vars| {
            let [x, p] = <[_; 2]>::try_from(vars).ok().unwrap();
            ops::mix_quantised(tape, x, p, &formats)
        });
        let expected: Vec<f64> = x
            .values
            .iter()
            .zip(functional(x.values.len()))
            .map(|(&x, dy)| {
                let weight = |(&format, &p): (&FixedPoint, &f32)| {
                    f64::from(p) * passes(format, f64::from(x))
                };
                f64::from(dy) * formats.iter().zip(&p.values).map(weight).sum::<f64>()
            })
            .collect();
        compare(0, got[0].as_ref().unwrap(), &expected);
    }
}

/// `dz = dy` where `z > 0` and the rounded code is at most the largest, then the gradients of batch
/// normalisation: `dgamma = sum dz xhat`, `dbeta = sum dz`,
/// `dx = gamma / sqrt(var + eps) * (dz - mean(dz) - xhat * mean(dz xhat))`.
#[test]
fn batch_norm_with_a_quantised_relu_passes_where_the_code_is_in_range() {
    const EPSILON: f32 = 1e-3;
    for (integer, fraction) in [(1, 1), (1, 3), (3, 1), (1, 6)] {
        let format = FixedPoint::unsigned(integer, fraction);
        for shape in [Shape::from([33, 3]), Shape::from([2, 5, 7, 4])] {
            let channels = shape.last();
            let inputs = [
                Input::around_zero(62, shape),
                Input::uniform(63, [channels], 1.0, 4.0),
                Input::around_zero(64, [channels]),
            ];
            let got = analytic(&inputs, &[true; 3], &|tape, vars| {
                let [x, gamma, beta] = <[_; 3]>::try_from(vars).ok().unwrap();
                let activation = Some(Activation::ReluQuantise(format));
                Ok(ops::batch_norm(tape, x, gamma, beta, EPSILON, activation)?.0)
            });
            let expected = reference(&inputs, format, f64::from(EPSILON));
            for (which, expected) in expected.iter().enumerate() {
                compare(which, got[which].as_ref().unwrap(), expected);
            }
        }
    }
}

fn reference(inputs: &[Input; 3], format: FixedPoint, epsilon: f64) -> [Vec<f64>; 3] {
    let [x, gamma, beta] = inputs.each_ref().map(|input| {
        let values = input.values.iter().map(|&value| f64::from(value));
        values.collect::<Vec<_>>()
    });
    let dy = functional(x.len());
    let channels = gamma.len();
    let rows = (x.len() / channels) as f64;
    let (mut dx, mut dgamma, mut dbeta) =
        (vec![0.0; x.len()], vec![0.0; channels], vec![0.0; channels]);
    let mut masked = 0;
    for c in 0..channels {
        let indices: Vec<usize> = (c..x.len()).step_by(channels).collect();
        let mean = indices.iter().map(|&i| x[i]).sum::<f64>() / rows;
        let variance = indices.iter().map(|&i| (x[i] - mean).powi(2)).sum::<f64>() / rows;
        let deviation = (variance + epsilon).sqrt();
        let xhat = |i: usize| (x[i] - mean) / deviation;
        let dz = |i: usize| {
            let z = gamma[c] * xhat(i) + beta[c];
            match z > 0.0 {
                true => f64::from(dy[i]) * passes(format, z),
                false => 0.0,
            }
        };
        masked += indices.iter().filter(|&&i| dz(i) == 0.0).count();
        dgamma[c] = indices.iter().map(|&i| dz(i) * xhat(i)).sum();
        dbeta[c] = indices.iter().map(|&i| dz(i)).sum();
        for &i in &indices {
            dx[i] = gamma[c] / deviation * (dz(i) - dbeta[c] / rows - xhat(i) * dgamma[c] / rows);
        }
    }
    assert!(masked > 0 && masked < x.len(), "some pass and some do not");
    [dx, dgamma, dbeta]
}
