//! The merged mixture is the materialised one: against each other and against plain loops, for random sets of
//! candidates, sizes, strides and channel groups, quantised and not.

use crate::reference::{
    Gradients, Sizes, Term, merged as merged_in_f64, one_by_one, relative_error,
};
use crate::{TOLERANCE, backends, elements, random, simplex};
use radars_supernet::mixed::{CandidateFormat, materialised, merged};
use radars_supernet::nn::autograd::{Tape, Var};
use radars_supernet::nn::tensor::random::{Seed, Stream};
use radars_supernet::nn::tensor::{Arena, Cpu, FixedPoint, Result, Tensor};
use rand::RngExt;
use rand::seq::IndexedRandom;

const CASES: u64 = 10;

/// Random numbers, and what they are mixed by.
#[derive(Debug)]
struct Case {
    sizes: Sizes,
    /// Kernel and formats of every candidate.
    candidates: Vec<(usize, CandidateFormat)>,
    x: Vec<f32>,
    c: Vec<f32>,
    w: Vec<Vec<f32>>,
    dy: Vec<f32>,
}

fn case(seed: u64, quantised: bool) -> Case {
    let mut rng = Seed(seed).stream("merged", u64::from(quantised));
    let groups = if rng.random_bool(0.25) { 2 } else { 1 };
    let sizes = Sizes {
        batch: rng.random_range(1..=3),
        side: rng.random_range(3..=9),
        ci: groups * [1, 3, 4, 8, 16].choose(&mut rng).unwrap(),
        co: groups * [1, 4, 5, 16, 32].choose(&mut rng).unwrap(),
        stride: rng.random_range(1..=2),
        groups,
    };
    let format = |rng: &mut Stream, of: fn(u8, u8) -> FixedPoint| {
        let integer = *[1, 3].choose(rng).unwrap();
        let fraction = *[1, 3, 6].choose(rng).unwrap();
        quantised.then(|| of(integer, fraction))
    };
    // From one candidate to twenty.
    let count = [1, 20, rng.random_range(2..20)][(seed % 3) as usize];
    let candidates: Vec<_> = (0..count)
        .map(|_| {
            let format = CandidateFormat {
                activation: format(&mut rng, FixedPoint::unsigned),
                weight: format(&mut rng, FixedPoint::signed),
            };
            (*[1, 3, 5, 7].choose(&mut rng).unwrap(), format)
        })
        .collect();
    // Beyond both ends of the coarse formats, so that clipping is part of the test.
    let weights = |(m, &(k, _)): (usize, &(usize, CandidateFormat))| {
        random(seed, &format!("w{m}"), elements(sizes.weight(k)), -1.1, 1.4)
    };
    Case {
        x: random(seed, "x", elements(sizes.input()), -0.5, 3.0),
        c: simplex(seed, "c", count),
        w: candidates.iter().enumerate().map(weights).collect(),
        dy: random(seed, "dy", elements(sizes.output()), -0.6, 1.0),
        sizes,
        candidates,
    }
}

impl Case {
    fn terms(&self) -> Vec<Term<'_>> {
        let term = |(m, &(k, format)): (usize, &(usize, CandidateFormat))| Term {
            k,
            w: &self.w[m],
            activation: format.activation,
            weight: format.weight,
            coefficient: f64::from(self.c[m]),
        };
        self.candidates.iter().enumerate().map(term).collect()
    }
}

type Mix = fn(
    &mut Tape<Cpu>,
    Var<Cpu>,
    Var<Cpu>,
    Vec<(CandidateFormat, Var<Cpu>)>,
    usize,
    usize,
) -> Result<Var<Cpu>>;

/// What is trained: the weights, the coefficients.
type Trained = (bool, bool);

/// Output and gradients, those not asked for being empty, and the bytes saved for the way back.
fn run(arena: &Arena<Cpu>, case: &Case, mix: Mix, trained: Trained) -> (Gradients, usize) {
    let Case { sizes, .. } = case;
    let mut tape = Tape::new(arena);
    let var = |tape: &mut Tape<Cpu>, tensor, trained| match trained {
        true => tape.leaf(tensor),
        false => Var::constant(tensor),
    };
    let x = tape.leaf(Tensor::from_slice(arena, sizes.input(), &case.x).unwrap());
    let c = Tensor::from_slice(arena, [case.c.len()], &case.c).unwrap();
    let c = var(&mut tape, c, trained.1);
    let terms: Vec<_> = (case.candidates.iter().zip(&case.w))
        .map(|(&(k, format), w)| {
            let w = Tensor::from_slice(arena, sizes.weight(k), w).unwrap();
            (format, var(&mut tape, w, trained.0))
        })
        .collect();
    let (x_id, c_id) = (x.id(), c.id());
    let w_ids: Vec<_> = terms.iter().map(|(_, w)| w.id()).collect();
    let y = mix(&mut tape, x, c, terms, sizes.stride, sizes.groups).unwrap();
    let saved_bytes = tape.saved_bytes();
    let wide = |t: &Tensor<Cpu>| -> Vec<f64> {
        let values: Vec<f32> = t.read().unwrap();
        values.into_iter().map(f64::from).collect()
    };
    let out = wide(y.value());
    let dy = Tensor::from_slice(arena, sizes.output(), &case.dy).unwrap();
    let mut gradients = tape.backward_from(y, dy).unwrap();
    let mut read = |id| match id {
        None => Vec::new(),
        Some(id) => wide(&gradients.take(id).unwrap()),
    };
    let gradients = Gradients {
        y: out,
        dx: read(x_id),
        dc: read(c_id),
        dw: w_ids.into_iter().map(&mut read).collect(),
    };
    (gradients, saved_bytes)
}

#[track_caller]
fn close(got: &Gradients, expected: &Gradients, trained: Trained, tolerance: f64, case: &Case) {
    let check = |what: &str, got: &[f64], expected: &[f64]| {
        let error = relative_error(got, expected);
        let Case {
            sizes, candidates, ..
        } = case;
        assert!(
            error < tolerance,
            "{what} is off by {error:.2e}: {sizes:?} {candidates:?}"
        );
    };
    check("the output", &got.y, &expected.y);
    check("the gradient of x", &got.dx, &expected.dx);
    if trained.1 {
        check("the gradient of c", &got.dc, &expected.dc);
    } else {
        assert!(got.dc.is_empty());
    }
    for (got, expected) in got.dw.iter().zip(&expected.dw) {
        if trained.0 {
            check("the gradient of W_m", got, expected);
        } else {
            assert!(got.is_empty());
        }
    }
}

#[test]
fn a_merged_layer_equals_the_materialised_one_and_plain_loops() {
    for quantised in [true, false] {
        for seed in 0..CASES {
            let case = case(seed, quantised);
            let expected = one_by_one(&case.sizes, &case.x, &case.terms(), &case.dy);
            for arena in backends() {
                for trained in [(true, true), (true, false), (false, true)] {
                    let (got, saved_bytes) = run(&arena, &case, merged, trained);
                    close(&got, &expected, trained, TOLERANCE, &case);
                    let (other, _) = run(&arena, &case, materialised, trained);
                    close(&got, &other, trained, TOLERANCE, &case);
                    // Besides the weights, which are parameters, x and c are all that is kept.
                    let kept = 4 * (case.x.len() + case.c.len());
                    assert_eq!(saved_bytes, kept, "{case:?}");
                }
                assert_eq!(arena.stats().live_bytes, 0, "everything is given back");
            }
        }
    }
}

/// In f64, to the last digits: merging is a matter of the order of sums alone.
#[test]
fn merged_equals_materialised_in_f64() {
    for quantised in [true, false] {
        for seed in 0..CASES {
            let case = case(100 + seed, quantised);
            let terms = case.terms();
            let merged = merged_in_f64(&case.sizes, &case.x, &terms, &case.dy);
            let expected = one_by_one(&case.sizes, &case.x, &terms, &case.dy);
            close(&merged, &expected, (true, true), 1e-10, &case);
        }
    }
}
