//! A mixed layer, whichever way it is held, equals its candidates computed one by one in f64, given
//! x, the mixing weights and dL/dy: output, and gradients of input, weights and mixing weights.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod merged;
mod reference;

use radars_supernet::mixed::{
    CandidateFormat, FactorisedKernel, FactorisedWeights, factorised, materialised,
};
use radars_supernet::nn::autograd::{Tape, Var};
use radars_supernet::nn::tensor::random::Seed;
use radars_supernet::nn::tensor::{Arena, Cpu, FixedPoint, Isa, Tensor};
use rand::RngExt;
use reference::{Sizes, Term, add, contribution, relative_error};

/// Of f32 sums in another order.
///
/// Weights and dL/dy have means other than zero: an inner product that cancels to almost nothing has no
/// relative precision in any order of summation.
const TOLERANCE: f64 = 1e-5;

const SIZES: [Sizes; 4] = [
    Sizes {
        batch: 2,
        side: 8,
        ci: 3,
        co: 8,
        stride: 1,
        groups: 1,
    },
    Sizes {
        batch: 1,
        side: 7,
        ci: 16,
        co: 16,
        stride: 2,
        groups: 1,
    },
    Sizes {
        batch: 3,
        side: 9,
        ci: 16,
        co: 32,
        stride: 1,
        groups: 1,
    },
    Sizes {
        batch: 2,
        side: 12,
        ci: 32,
        co: 32,
        stride: 2,
        groups: 1,
    },
];

fn random(seed: u64, purpose: &str, n: usize, low: f32, high: f32) -> Vec<f32> {
    let mut rng = Seed(seed).stream(purpose, 0);
    (0..n).map(|_| rng.random_range(low..high)).collect()
}

/// Mixing weights that sum to one, none of them negligible.
fn simplex(seed: u64, purpose: &str, n: usize) -> Vec<f32> {
    let raw = random(seed, purpose, n, 0.5, 1.5);
    let sum: f32 = raw.iter().sum();
    raw.into_iter().map(|v| v / sum).collect()
}

fn elements(shape: [usize; 4]) -> usize {
    shape.iter().product()
}

fn backends() -> Vec<Arena<Cpu>> {
    let arena = |isa| Arena::with_bound(Cpu::with_isa(2, isa).unwrap(), 64 << 20).unwrap();
    Isa::available().map(arena).collect()
}

fn check(what: &str, seed: u64, got: &[f32], expected: &[f64]) {
    let error = relative_error(got, expected);
    assert!(
        error < TOLERANCE,
        "{what} is off by {error:.2e}, seed {seed}"
    );
}

#[test]
fn a_factorised_layer_equals_the_sum_over_all_products() {
    for arena in backends() {
        for (seed, sizes) in SIZES.iter().enumerate() {
            factorised_case(&arena, seed as u64, sizes);
        }
        assert_eq!(arena.stats().live_bytes, 0, "everything is given back");
    }
}

fn factorised_case(arena: &Arena<Cpu>, seed: u64, sizes: &Sizes) {
    let kernels = [1, 3, 5, 7];
    let activations: Vec<FixedPoint> = [(1, 1), (1, 6), (3, 3)]
        .map(|(i, f)| FixedPoint::unsigned(i, f))
        .to_vec();
    let weights: Vec<FixedPoint> = [(1, 3), (3, 1)]
        .map(|(i, f)| FixedPoint::signed(i, f))
        .to_vec();
    // Beyond both ends of the coarse formats, so that clipping is part of the test.
    let x = random(seed, "x", elements(sizes.input()), -0.5, 3.0);
    let w: Vec<Vec<f32>> = (kernels.iter())
        .map(|&k| random(seed, &format!("w{k}"), elements(sizes.weight(k)), -1.1, 1.4))
        .collect();
    let gains: Vec<Vec<f32>> = kernels
        .iter()
        .map(|k| random(seed, &format!("g{k}"), 2, 0.2, 2.0))
        .collect();
    let [pa, pk, pw] = [("pa", 3), ("pk", 4), ("pw", 2)].map(|(name, n)| simplex(seed, name, n));
    let dy = random(seed, "dy", elements(sizes.output()), -0.6, 1.0);

    let mut y_ref = vec![0.0; dy.len()];
    let mut dx_ref = vec![0.0; x.len()];
    let mut dw_ref: Vec<Vec<f64>> = w.iter().map(|w| vec![0.0; w.len()]).collect();
    let (mut dpa_ref, mut dpk_ref, mut dpw_ref) = (vec![0.0; 3], vec![0.0; 4], vec![0.0; 2]);
    for a in 0..3 {
        for k in 0..4 {
            for q in 0..2 {
                let [p_a, p_k, p_w, g] = [pa[a], pk[k], pw[q], gains[k][q]].map(f64::from);
                let coefficient = p_a * p_k * p_w * g;
                let (activation, weight) = (Some(activations[a]), Some(weights[q]));
                let term = Term {
                    k: kernels[k],
                    w: &w[k],
                    activation,
                    weight,
                    coefficient,
                };
                let part = contribution(sizes, &x, &term, &dy);
                add(&mut y_ref, &part.y);
                add(&mut dx_ref, &part.dx);
                add(&mut dw_ref[k], &part.dw);
                dpa_ref[a] += part.dc * p_k * p_w * g;
                dpk_ref[k] += part.dc * p_a * p_w * g;
                dpw_ref[q] += part.dc * p_a * p_k * g;
            }
        }
    }

    let mut tape = Tape::new(arena);
    let vector = |values: &[f32]| Tensor::from_slice(arena, [values.len()], values).unwrap();
    let x_var = tape.leaf(Tensor::from_slice(arena, sizes.input(), &x).unwrap());
    let [a, k, q] = [&pa, &pk, &pw].map(|p| tape.leaf(vector(p)));
    let w_vars: Vec<Var<Cpu>> = (kernels.iter().zip(&w))
        .map(|(&k, w)| tape.leaf(Tensor::from_slice(arena, sizes.weight(k), w).unwrap()))
        .collect();
    let ids = [&x_var, &a, &k, &q].map(|v| v.id().unwrap());
    let w_ids: Vec<_> = w_vars.iter().map(|v| v.id().unwrap()).collect();
    let kernels = (w_vars.into_iter().zip(&gains))
        .map(|(weights, gains)| FactorisedKernel {
            weights,
            gains: Var::constant(vector(gains)),
        })
        .collect();
    let p = FactorisedWeights {
        activation: Some(a),
        kernel: k,
        weight: Some(q),
    };
    let y = factorised(
        &mut tape,
        x_var,
        p,
        kernels,
        (&activations, &weights),
        sizes.stride,
        1,
    )
    .unwrap();
    check(
        "the output",
        seed,
        &y.value().read::<f32>().unwrap(),
        &y_ref,
    );
    let dy = Tensor::from_slice(arena, sizes.output(), &dy).unwrap();
    let mut gradients = tape.backward_from(y, dy).unwrap();
    let mut read = |id| gradients.take(id).unwrap().read::<f32>().unwrap();
    let [dx, dpa, dpk, dpw] = ids.map(&mut read);
    check("the gradient of x", seed, &dx, &dx_ref);
    check("the gradient of p_a", seed, &dpa, &dpa_ref);
    check("the gradient of p_k", seed, &dpk, &dpk_ref);
    check("the gradient of p_w", seed, &dpw, &dpw_ref);
    for (id, expected) in w_ids.into_iter().zip(&dw_ref) {
        check("the gradient of W_k", seed, &read(id), expected);
    }
}

#[test]
fn a_materialised_layer_equals_the_sum_over_its_candidates() {
    for arena in backends() {
        for (seed, sizes) in SIZES.iter().enumerate() {
            for trained in [(true, true), (true, false), (false, true)] {
                materialised_case(&arena, seed as u64, sizes, trained);
            }
        }
        assert_eq!(arena.stats().live_bytes, 0, "everything is given back");
    }
}

/// `trained`: whether gradients of the weights, and of the mixing weights, are wanted.
fn materialised_case(arena: &Arena<Cpu>, seed: u64, sizes: &Sizes, trained: (bool, bool)) {
    // Three share an activation format, and the largest kernel of these is neither the first nor the last.
    let of = |k, (ai, af), (wi, wf)| (k, FixedPoint::unsigned(ai, af), FixedPoint::signed(wi, wf));
    let candidates = [
        of(3, (1, 3), (1, 3)),
        of(3, (3, 6), (3, 1)),
        of(5, (3, 6), (1, 6)),
        of(1, (3, 6), (1, 3)),
        of(1, (1, 1), (3, 3)),
    ];
    let x = random(seed, "x", elements(sizes.input()), -0.5, 3.0);
    let c = simplex(seed, "c", candidates.len());
    let dy = random(seed, "dy", elements(sizes.output()), -0.6, 1.0);
    let w: Vec<Vec<f32>> = (candidates.iter().enumerate())
        .map(|(m, &(k, ..))| random(seed, &format!("w{m}"), elements(sizes.weight(k)), -1.1, 1.4))
        .collect();
    let (mut y_ref, mut dx_ref) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
    let (mut dw_ref, mut dc_ref) = (Vec::new(), Vec::new());
    for (m, &(k, activation, weight)) in candidates.iter().enumerate() {
        let term = Term {
            k,
            w: &w[m],
            activation: Some(activation),
            weight: Some(weight),
            coefficient: f64::from(c[m]),
        };
        let part = contribution(sizes, &x, &term, &dy);
        add(&mut y_ref, &part.y);
        add(&mut dx_ref, &part.dx);
        dw_ref.push(part.dw);
        dc_ref.push(part.dc);
    }

    let mut tape = Tape::new(arena);
    let var = |tape: &mut Tape<Cpu>, tensor, trained| match trained {
        true => tape.leaf(tensor),
        false => Var::constant(tensor),
    };
    let x_var = tape.leaf(Tensor::from_slice(arena, sizes.input(), &x).unwrap());
    let c_var = var(
        &mut tape,
        Tensor::from_slice(arena, [c.len()], &c).unwrap(),
        trained.1,
    );
    let terms: Vec<_> = (candidates.iter().zip(&w))
        .map(|(&(k, activation, weight), w)| {
            let tensor = Tensor::from_slice(arena, sizes.weight(k), w).unwrap();
            let format = CandidateFormat {
                activation: Some(activation),
                weight: Some(weight),
            };
            (format, var(&mut tape, tensor, trained.0))
        })
        .collect();
    let (x_id, c_id) = (x_var.id().unwrap(), c_var.id());
    let w_ids: Vec<_> = terms.iter().map(|(_, w)| w.id()).collect();
    let y = materialised(&mut tape, x_var, c_var, terms, sizes.stride, 1).unwrap();
    // Of each of the three activation formats a mask, and the quantised input for the weights' gradients;
    // of each candidate its output for the mixing weights'; of x itself nothing.
    let inputs = if trained.0 { 3 * 4 * x.len() } else { 0 };
    let outputs = if trained.1 {
        candidates.len() * 4 * dy.len()
    } else {
        0
    };
    let saved_bytes = 3 * x.len().div_ceil(8) + inputs + outputs;
    assert_eq!(tape.saved_bytes(), saved_bytes, "seed {seed}");
    check(
        "the output",
        seed,
        &y.value().read::<f32>().unwrap(),
        &y_ref,
    );
    let dy = Tensor::from_slice(arena, sizes.output(), &dy).unwrap();
    let mut gradients = tape.backward_from(y, dy).unwrap();
    let mut read = |id| gradients.take(id).unwrap().read::<f32>().unwrap();
    check("the gradient of x", seed, &read(x_id), &dx_ref);
    if let Some(id) = c_id {
        check("the gradient of c", seed, &read(id), &dc_ref);
    }
    for (id, expected) in w_ids.into_iter().zip(&dw_ref) {
        if let Some(id) = id {
            check("the gradient of W_m", seed, &read(id), expected);
        }
    }
}
