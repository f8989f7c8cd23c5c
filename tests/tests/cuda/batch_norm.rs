//! Batch normalisation, alone and with the activation behind it.

use radars_tensor::{
    Activation, Backend, BatchNorm, BatchNormInference, BatchNormSaved, FixedPoint, Op, Operand,
    Result,
};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

/// Rows and channels: packs and single channels, one row, lanes without rows, several chunks, several tiles,
/// a tile that is not full, and (the last) as many chunks as there may be.
const SIZES: [(usize, usize); 12] = [
    (1, 1),
    (1, 4),
    (5, 3),
    (64, 4),
    (300, 7),
    (1030, 16),
    (37, 128),
    (70, 132),
    (210, 130),
    (601, 24),
    (9000, 8),
    (8201, 127),
];

const FORMAT: FixedPoint = FixedPoint::unsigned(3, 3);

const ACTIVATIONS: [Option<Activation>; 4] = [
    None,
    Some(Activation::Relu),
    Some(Activation::Relu6),
    Some(Activation::ReluQuantise(FORMAT)),
];

fn geometry((rows, channels): (usize, usize)) -> BatchNorm {
    BatchNorm {
        rows,
        channels,
        epsilon: 1e-5,
    }
}

#[derive(Debug)]
struct Forward {
    g: BatchNorm,
    activation: Option<Activation>,
}

impl Case for Forward {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let Forward { g, activation } = self;
        let (c, n) = (g.channels, g.rows * g.channels);
        // Every channel elsewhere.
        let x: Vec<f32> = (side.values(n).into_iter().enumerate())
            .map(|(i, x)| x * 0.5 + (i % c % 8) as f32 * 0.75 - 3.0)
            .collect();
        let (mut x, mut y, mut stats) = (side.input(&x), side.output(n), side.output(2 * c));
        let (gamma, beta) = (side.random(c), side.random(c));
        let op = match activation {
            None => Op::BatchNorm(*g),
            Some(_) => Op::BatchNormActivation(*g),
        };
        let mut scratch = side.scratch(&op);
        let (x_view, gamma, beta) = (x.view_mut(), gamma.view(), beta.view());
        let (y_view, stats_view, scratch) = (y.view_mut(), stats.view_mut(), scratch.view_mut());
        let backend = side.backend();
        match activation {
            None => backend.batch_norm(g, x_view, gamma, beta, y_view, stats_view, scratch)?,
            Some(a) => backend
                .batch_norm_activation(g, *a, x_view, gamma, beta, y_view, stats_view, scratch)?,
        }
        let mut y: Vec<f32> = side.read(&y);
        let xhat: Vec<f32> = side.read(&x);
        if let Some(Activation::ReluQuantise(_)) = activation {
            // Where the last bit of xhat decides between two codes, either is right.
            let (gamma, beta) = (read(side, gamma)?, read(side, beta)?);
            for (i, (y, xhat)) in y.iter_mut().zip(&xhat).enumerate() {
                let code = (gamma[i % c] * xhat + beta[i % c]) * FORMAT.scale();
                if ((code - code.floor()) - 0.5).abs() < 1e-3 {
                    *y = code.floor();
                }
            }
        }
        Ok(vec![("stats", side.read(&stats)), ("xhat", xhat), ("y", y)])
    }
}

fn read<B: Backend>(side: &Side<B>, view: radars_tensor::Ref<'_, B>) -> Result<Vec<f32>> {
    let mut bytes = vec![0; view.bytes()];
    side.backend().download(view, &mut bytes)?;
    Ok(bytemuck::pod_collect_to_vec(&bytes))
}

#[test]
fn forward_passes() {
    on_every_device(|cuda| {
        for g in SIZES.map(geometry) {
            for activation in ACTIVATIONS {
                parity(&cuda, &Forward { g, activation }, Tolerance::NORMALISED);
            }
        }
    });
}

/// The mean is a thousand deviations from zero, and the first row far off the others: what is summed are
/// differences, so digits are kept.
#[derive(Debug)]
struct FarFromZero {
    channels: usize,
}

impl Case for FarFromZero {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let (rows, c) = (4500, self.channels);
        let g = geometry((rows, c));
        let mut x: Vec<f32> = (side.values(rows * c).iter()).map(|x| 1000.0 + x).collect();
        x[..c].fill(900.0);
        let (mut input, mut y, mut stats) =
            (side.input(&x), side.output(rows * c), side.output(2 * c));
        let (gamma, beta) = (side.random(c), side.random(c));
        let mut scratch = side.scratch(&Op::BatchNorm(g));
        side.backend().batch_norm(
            &g,
            input.view_mut(),
            gamma.view(),
            beta.view(),
            y.view_mut(),
            stats.view_mut(),
            scratch.view_mut(),
        )?;
        let stats: Vec<f32> = side.read(&stats);
        for channel in 0..c {
            let column = || (0..rows).map(|row| f64::from(x[row * c + channel]));
            let mean = column().sum::<f64>() / rows as f64;
            let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
            // One unit in the last place of a number near 1000.
            assert!((f64::from(stats[channel]) - mean).abs() < 6.2e-5);
            assert!((f64::from(stats[c + channel]) / variance - 1.0).abs() < 2e-6);
        }
        Ok(Outputs::new())
    }
}

#[test]
fn statistics_far_from_zero_keep_their_digits() {
    on_every_device(|cuda| {
        for channels in [3, 8] {
            parity(&cuda, &FarFromZero { channels }, Tolerance::EXACT);
        }
    });
}

/// From the same `xhat` on both sides, so that gates are open at the same places.
#[derive(Debug)]
struct Backward {
    g: BatchNorm,
    activation: Option<Activation>,
}

impl Case for Backward {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let Backward { g, activation } = self;
        let (c, n) = (g.channels, g.rows * g.channels);
        let (xhat, gamma, beta, mut dy) = (
            side.random(n),
            side.random(c),
            side.random(c),
            side.random(n),
        );
        let stats = side.input(&[side.values(c), vec![0.8; c]].concat());
        let (mut dgamma, mut dbeta) = (side.output(c), side.output(c));
        let saved = BatchNormSaved {
            xhat: xhat.view(),
            gamma: gamma.view(),
            beta: beta.view(),
            stats: stats.view(),
        };
        let op = match activation {
            None => Op::BatchNormBackward(*g),
            Some(_) => Op::BatchNormActivationBackward(*g),
        };
        let mut scratch = side.scratch(&op);
        let (dx, scratch) = (dy.view_mut(), scratch.view_mut());
        let (of_gamma, of_beta) = (dgamma.view_mut(), dbeta.view_mut());
        let backend = side.backend();
        match activation {
            None => backend.batch_norm_backward(g, saved, dx, of_gamma, of_beta, scratch)?,
            Some(a) => backend
                .batch_norm_activation_backward(g, *a, saved, dx, of_gamma, of_beta, scratch)?,
        }
        Ok(vec![
            ("dgamma", side.read(&dgamma)),
            ("dbeta", side.read(&dbeta)),
            ("dx", side.read(&dy)),
        ])
    }
}

#[test]
fn gradients() {
    on_every_device(|cuda| {
        for g in SIZES.into_iter().chain([(0, 5)]).map(geometry) {
            for activation in ACTIVATIONS {
                parity(&cuda, &Backward { g, activation }, Tolerance::SUM);
            }
        }
    });
}

#[derive(Debug)]
struct Inference {
    g: BatchNorm,
    activation: Option<Activation>,
}

impl Case for Inference {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let Inference { g, activation } = self;
        let (c, n) = (g.channels, g.rows * g.channels);
        let (gamma, beta, mean) = (side.random(c), side.random(c), side.random(c));
        let variance: Vec<f32> = side.values(c).iter().map(|v| v.abs()).collect();
        let variance = side.input(&variance);
        let parameters = || BatchNormInference {
            gamma: gamma.view(),
            beta: beta.view(),
            mean: mean.view(),
            variance: variance.view(),
            activation: *activation,
        };
        let x = side.values(n);
        let (from, mut y, mut in_place) = (side.input(&x), side.output(n), side.input(&x));
        let (read, backend) = (Operand::Read(from.view()), side.backend());
        backend.batch_norm_inference(g, read, parameters(), y.view_mut())?;
        let held = Operand::InPlace;
        backend.batch_norm_inference(g, held, parameters(), in_place.view_mut())?;
        Ok(vec![
            ("y", side.read(&y)),
            ("in place", side.read(&in_place)),
        ])
    }
}

#[test]
fn evaluations() {
    on_every_device(|cuda| {
        for g in SIZES.into_iter().chain([(0, 5)]).map(geometry) {
            // Without the quantiser, to which the last bit may decide between two codes.
            for activation in [None, Some(Activation::Relu), Some(Activation::Relu6)] {
                parity(&cuda, &Inference { g, activation }, Tolerance::NORMALISED);
            }
        }
    });
}
