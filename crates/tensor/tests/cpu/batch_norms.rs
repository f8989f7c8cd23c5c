//! Batch normalisation: training, evaluation, gradients, with and without an activation.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, scratch, values, wide};
use radars_tensor::{
    Activation, Arena, Backend, BatchNorm, BatchNormInference, BatchNormSaved, Cpu, FixedPoint, Op,
    Operand,
};

const SIZES: [(usize, usize); 7] = [
    (1, 3),
    (5, 1),
    (63, 17),
    (257, 130),
    (1000, 64),
    (20_001, 3),
    (129, 515),
];

fn geometry(rows: usize, channels: usize) -> BatchNorm {
    BatchNorm {
        rows,
        channels,
        epsilon: 1e-3,
    }
}

/// Mean and biased variance of every column, in f64.
fn moments(g: &BatchNorm, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    (0..g.channels)
        .map(|c| {
            let column = || x.iter().skip(c).step_by(g.channels);
            let mean = column().sum::<f64>() / g.rows as f64;
            let squares: f64 = column().map(|x| (x - mean).powi(2)).sum();
            (mean, squares / g.rows as f64)
        })
        .unzip()
}

struct Trained {
    xhat: Vec<f32>,
    y: Vec<f32>,
    stats: Vec<f32>,
}

fn train(
    arena: &Arena<Cpu>,
    g: &BatchNorm,
    activation: Option<Activation>,
    x: &[f32],
    gamma: &[f32],
    beta: &[f32],
) -> Trained {
    let (mut x, gamma, beta) = (buffer(arena, x), buffer(arena, gamma), buffer(arena, beta));
    let (mut y, mut stats) = (
        result(arena, g.rows * g.channels),
        result(arena, 2 * g.channels),
    );
    let (x_view, y_view, stats_view) = (x.view_mut(), y.view_mut(), stats.view_mut());
    let (gamma, beta) = (gamma.view(), beta.view());
    let backend = arena.backend();
    match activation {
        None => {
            let mut scratch = scratch(arena, &Op::BatchNorm(*g));
            backend.batch_norm(
                g,
                x_view,
                gamma,
                beta,
                y_view,
                stats_view,
                scratch.view_mut(),
            )
        }
        Some(f) => {
            let mut scratch = scratch(arena, &Op::BatchNormActivation(*g));
            backend.batch_norm_activation(
                g,
                f,
                x_view,
                gamma,
                beta,
                y_view,
                stats_view,
                scratch.view_mut(),
            )
        }
    }
    .unwrap();
    Trained {
        xhat: read(&x),
        y: read(&y),
        stats: read(&stats),
    }
}

#[test]
fn training_normalises_with_the_batch_moments() {
    on_every_isa(|arena| {
        for (rows, channels) in SIZES {
            let g = geometry(rows, channels);
            let x: Vec<f32> = values(rows * channels, 1)
                .iter()
                .map(|x| 3.0 * x + 1.0)
                .collect();
            let (gamma, beta) = (values(channels, 2), values(channels, 3));
            let (mean, variance) = moments(&g, &wide(&x));
            let normal = |i: usize| {
                let c = i % channels;
                (f64::from(x[i]) - mean[c]) / (variance[c] + f64::from(g.epsilon)).sqrt()
            };
            let xhat: Vec<f64> = (0..x.len()).map(normal).collect();
            let y: Vec<f64> = (0..x.len())
                .map(|i| xhat[i] * f64::from(gamma[i % channels]) + f64::from(beta[i % channels]))
                .collect();
            let trained = train(arena, &g, None, &x, &gamma, &beta);
            assert_close(&trained.stats[..channels], &mean, 1e-6);
            assert_close(&trained.stats[channels..], &variance, 2e-6);
            assert_close(&trained.xhat, &xhat, 1e-5);
            assert_close(&trained.y, &y, 2e-5);
        }
    });
}

/// E[x^2] - mean^2 in f32 would lose all digits here: 10000^2 against a variance below 2.
#[test]
fn the_variance_is_accurate_far_from_zero() {
    on_every_isa(|arena| {
        let g = geometry(40_000, 5);
        let x: Vec<f32> = values(g.rows * g.channels, 1)
            .iter()
            .map(|x| x + 10_000.0)
            .collect();
        let (mean, variance) = moments(&g, &wide(&x));
        let trained = train(arena, &g, None, &x, &[1.0; 5], &[0.0; 5]);
        assert_close(&trained.stats[..5], &mean, 1e-7);
        assert_close(&trained.stats[5..], &variance, 1e-6);
    });
}

#[test]
fn evaluation_normalises_with_given_moments() {
    on_every_isa(|arena| {
        for (rows, channels) in SIZES {
            let g = geometry(rows, channels);
            let x = values(rows * channels, 1);
            let [gamma, beta, mean] = [2, 3, 4].map(|seed| values(channels, seed));
            let variance: Vec<f32> = values(channels, 5).iter().map(|x| x * x).collect();
            let expected: Vec<f64> = (0..x.len())
                .map(|i| {
                    let at = |v: &[f32]| f64::from(v[i % channels]);
                    let xhat =
                        (f64::from(x[i]) - at(&mean)) / (at(&variance) + 1e-3f32 as f64).sqrt();
                    at(&gamma) * xhat + at(&beta)
                })
                .collect();
            let [x, gamma, beta, mean, variance] =
                [x, gamma, beta, mean, variance].map(|v| buffer(arena, &v));
            let parameters = |activation| BatchNormInference {
                gamma: gamma.view(),
                beta: beta.view(),
                mean: mean.view(),
                variance: variance.view(),
                activation,
            };
            let mut y = result(arena, rows * channels);
            let backend = arena.backend();
            backend
                .batch_norm_inference(&g, Operand::Read(x.view()), parameters(None), y.view_mut())
                .unwrap();
            assert_close(&read(&y), &expected, 1e-5);
            let format = FixedPoint::unsigned(2, 2);
            for activation in [
                None,
                Some(Activation::Relu),
                Some(Activation::Relu6),
                Some(Activation::ReluQuantise(format)),
            ] {
                let activated = |z: &f32| match activation {
                    None => *z,
                    Some(Activation::Relu) => z.max(0.0),
                    Some(Activation::Relu6) => z.clamp(0.0, 6.0),
                    Some(Activation::ReluQuantise(format)) => format.quantise(z.max(0.0)),
                };
                let expected: Vec<f32> = read(&y).iter().map(activated).collect();
                let mut in_place = buffer(arena, &read::<f32>(&x));
                let parameters = parameters(activation);
                backend
                    .batch_norm_inference(&g, Operand::InPlace, parameters, in_place.view_mut())
                    .unwrap();
                assert_eq!(read::<f32>(&in_place), expected, "{activation:?}");
            }
        }
    });
}

/// `activation` and the interval of z in which its gradient passes.
fn activations() -> [(Option<Activation>, f64, f64); 4] {
    // Codes 0..=15 of quarters: the gradient passes below (15 + 1/2) / 4.
    let format = FixedPoint::unsigned(2, 2);
    [
        (None, f64::NEG_INFINITY, f64::INFINITY),
        (Some(Activation::Relu), 0.0, f64::INFINITY),
        (Some(Activation::Relu6), 0.0, 6.0),
        (Some(Activation::ReluQuantise(format)), 0.0, 15.5 / 4.0),
    ]
}

#[test]
fn gradients_equal_the_formula_with_the_activation_masked() {
    on_every_isa(|arena| {
        for (rows, channels) in SIZES {
            let g = geometry(rows, channels);
            let n = rows as f64;
            for (activation, lo, hi) in activations() {
                let xhat = values(rows * channels, 1);
                let dy = values(rows * channels, 2);
                let gamma: Vec<f32> = values(channels, 3).iter().map(|x| 3.0 * x).collect();
                let beta = values(channels, 4);
                let stats: Vec<f32> = values(2 * channels, 5)
                    .iter()
                    .map(|x| x * x + 0.1)
                    .collect();
                let d: Vec<f64> = (0..dy.len())
                    .map(|i| {
                        // The gate sees z as f32 arithmetic gives it.
                        let z = f64::from(gamma[i % channels] * xhat[i] + beta[i % channels]);
                        if lo < z && z < hi {
                            f64::from(dy[i])
                        } else {
                            0.0
                        }
                    })
                    .collect();
                let sums = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
                    (0..channels)
                        .map(|c| (0..rows).map(|r| f(r * channels + c)).sum())
                        .collect()
                };
                let dbeta = sums(&|i| d[i]);
                let dgamma = sums(&|i| d[i] * f64::from(xhat[i]));
                let dx: Vec<f64> = (0..dy.len())
                    .map(|i| {
                        let c = i % channels;
                        let deviation = (f64::from(stats[channels + c]) + 1e-3f32 as f64).sqrt();
                        let centred = d[i] - dbeta[c] / n - f64::from(xhat[i]) * dgamma[c] / n;
                        f64::from(gamma[c]) / deviation * centred
                    })
                    .collect();
                let got = backward(arena, &g, activation, [&xhat, &gamma, &beta, &stats, &dy]);
                let sums_tolerance = 1e-6 * n.sqrt().max(4.0);
                assert_close(&got[2], &dbeta, sums_tolerance);
                assert_close(&got[1], &dgamma, sums_tolerance);
                assert_close(&got[0], &dx, 2e-5);
            }
        }
    });
}

/// `dx`, `dgamma` and `dbeta`.
fn backward(
    arena: &Arena<Cpu>,
    g: &BatchNorm,
    activation: Option<Activation>,
    operands: [&[f32]; 5],
) -> [Vec<f32>; 3] {
    let [xhat, gamma, beta, stats, mut dy] = operands.map(|values| buffer(arena, values));
    let (mut dgamma, mut dbeta) = (result(arena, g.channels), result(arena, g.channels));
    let saved = BatchNormSaved {
        xhat: xhat.view(),
        gamma: gamma.view(),
        beta: beta.view(),
        stats: stats.view(),
    };
    let (dy_view, dgamma_view, dbeta_view) = (dy.view_mut(), dgamma.view_mut(), dbeta.view_mut());
    let backend = arena.backend();
    match activation {
        None => {
            let mut scratch = scratch(arena, &Op::BatchNormBackward(*g));
            backend.batch_norm_backward(
                g,
                saved,
                dy_view,
                dgamma_view,
                dbeta_view,
                scratch.view_mut(),
            )
        }
        Some(f) => {
            let mut scratch = scratch(arena, &Op::BatchNormActivationBackward(*g));
            backend.batch_norm_activation_backward(
                g,
                f,
                saved,
                dy_view,
                dgamma_view,
                dbeta_view,
                scratch.view_mut(),
            )
        }
    }
    .unwrap();
    [read(&dy), read(&dgamma), read(&dbeta)]
}
