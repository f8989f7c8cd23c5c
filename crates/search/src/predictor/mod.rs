//! A model of what was measured: what an architecture is worth, from all measurements together.
//!
//! One measurement says little: judged on 900 images, an accuracy of 85 % has a standard error of 1.2 points, which is
//! more than good networks differ by. But what a choice does, it does in many of the networks that were measured. The
//! model is linear in [`features`]: with the logarithm of the error,
//!
//! ```text
//! ln(1 - accuracy) = c + f(architecture) + s (d + g(architecture)) + noise
//! ```
//!
//! where `f` is a sum over choices: of the share of the layers that take it, of where these layers are, and of every
//! layer by itself. Each weight has a normal prior around 0, so that what the data do not say is shrunk to what the
//! other layers say. `g` is a sum over shares: brief trainings favour some choices. What they favour fades with the
//! epochs: `s`, the brevity of a training, is one over its epochs, in units of a proxy's. So two fidelities tell what a
//! third, the final training, comes to. The noise of a measurement is that of a binomial count over the images it was
//! judged on, and of training.
//!
//! # Source
//! Bayesian linear regression, in its dual form a Gaussian process: Rasmussen and Williams 2006, chapter 2 (Eq. 2.25,
//! 2.26; the evidence that chooses the scales: Eq. 2.30).

mod features;
mod solve;

use crate::Result;
use features::{Features, Widths};
use radars_space::{Architecture, Space};
use solve::Cholesky;

/// Standard deviations of the prior, of the logarithm of an error: of the constant, and of what it does to take a
/// choice in all layers, to take it in the last layers rather than in the first, and to take it in one layer times
/// the layers.
const CONSTANT: f64 = 0.7;
const SHARED: f64 = 0.3;
const DEPTH: f64 = 0.12;
const OWN: f64 = 0.1;

/// The same of what the brevity of a proxy adds.
const BRIEF_CONSTANT: f64 = 0.6;
const BRIEF_SHARED: f64 = 0.2;

/// The standard deviation of the logarithm of an error between two trainings of the same architecture.
const TRAINING: f64 = 0.03;

/// Images that measurements are taken to be judged on where nobody says.
const JUDGED: usize = 1000;

/// The least error that is told from none.
const LEAST_ERROR: f64 = 1e-3;

/// Factors of the prior's deviations, and of the noise's, among which the evidence chooses.
const SCALES: [f64; 3] = [0.5, 1.0, 2.0];

/// What the evidence has to gain in nats by a scale that is half or double.
const SCALE_COST: f64 = 1.0;

/// A measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observation<'a> {
    pub architecture: &'a Architecture,
    /// How brief the training was: one over its epochs, in units of a proxy's.
    pub brevity: f64,
    pub accuracy: f64,
}

/// What an architecture is taken to be worth after the final training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    /// The logarithm of its error.
    log_error: f64,
    /// The standard deviation of that.
    deviation: f64,
}

impl Estimate {
    /// The accuracy.
    pub fn accuracy(&self) -> f64 {
        self.hoped_for(0.0)
    }

    /// The accuracy with the error smaller by so many of its standard deviations.
    pub fn hoped_for(&self, deviations: f64) -> f64 {
        1.0 - libm::exp((self.log_error - deviations * self.deviation).min(0.0))
    }
}

/// The model, after it has seen measurements.
pub(crate) struct Predictor {
    features: Features,
    /// The prior variance of every feature.
    prior: Vec<f64>,
    mean: f64,
    rows: Vec<Vec<f64>>,
    /// How brief each measured training was, and how brief the one is that is asked for.
    brevities: Vec<f64>,
    target: f64,
    cholesky: Cholesky,
    weights: Vec<f64>,
}

impl Predictor {
    /// Learns from measurements, each judged on `judged` images (0: nobody says), what trainings of the brevity
    /// `target` come to; none without any.
    ///
    /// # Errors
    /// When an architecture does not belong to the space.
    pub fn fit(
        space: &Space,
        judged: usize,
        target: f64,
        observations: &[Observation<'_>],
    ) -> Result<Option<Self>> {
        let features = Features::new(space);
        let rows = observations
            .iter()
            .map(|o| features.of(space, o.architecture));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        let errors: Vec<f64> = (observations.iter())
            .map(|o| (1.0 - o.accuracy).clamp(LEAST_ERROR, 1.0))
            .collect();
        let logs: Vec<f64> = errors.iter().map(|&error| libm::log(error)).collect();
        let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        let residuals: Vec<f64> = logs.iter().map(|log| log - mean).collect();
        let judged = if judged == 0 { JUDGED } else { judged } as f64;
        // Of a count of errors: its variance is n e (1 - e), and the logarithm's that over (n e)^2.
        let noise: Vec<f64> = (errors.iter())
            .map(|error| TRAINING * TRAINING + (1.0 - error) / (error * judged))
            .collect();
        let brevities: Vec<f64> = observations.iter().map(|o| o.brevity).collect();
        let mut best: Option<(f64, Vec<f64>, Cholesky)> = None;
        for scale in SCALES {
            let prior = prior(&features, scale);
            let silent = covariance(&features, &prior, &rows, &brevities);
            for loudness in SCALES {
                let mut covariance = silent.clone();
                for (index, row) in covariance.iter_mut().enumerate() {
                    row[index] += loudness * loudness * noise[index];
                }
                let Some(cholesky) = Cholesky::new(covariance) else {
                    continue;
                };
                let whitened: f64 = cholesky.forward(&residuals).iter().map(|x| x * x).sum();
                let odd = [scale, loudness].iter().filter(|&&s| s != 1.0).count() as f64;
                let evidence = -0.5 * (whitened + cholesky.log_determinant()) - SCALE_COST * odd;
                if best.as_ref().is_none_or(|(known, ..)| evidence > *known) {
                    best = Some((evidence, prior.clone(), cholesky));
                }
            }
        }
        let best = best.filter(|_| !rows.is_empty());
        Ok(best.map(|(_, prior, cholesky)| Predictor {
            features,
            prior,
            mean,
            weights: cholesky.solve(&residuals),
            rows,
            brevities,
            target,
            cholesky,
        }))
    }

    /// What an architecture is worth.
    ///
    /// # Errors
    /// When it does not belong to the space.
    pub fn predict(&self, space: &Space, architecture: &Architecture) -> Result<Estimate> {
        Ok(self.predict_choices(&space.indices(architecture)?))
    }

    /// The same of one choice a decision.
    pub fn predict_choices(&self, choices: &[usize]) -> Estimate {
        let features = self.features.of_choices(choices);
        let alike = |row: &[f64], brevity: f64| {
            let brief = brief(self.features.widths(), row, &features);
            CONSTANT * CONSTANT + inner(&self.prior, row, &features) + brevity * self.target * brief
        };
        let measured = self.rows.iter().zip(&self.brevities);
        let shared: Vec<f64> = measured
            .map(|(row, &brevity)| alike(row, brevity))
            .collect();
        let log_error: f64 = shared.iter().zip(&self.weights).map(|(k, w)| k * w).sum();
        let known: f64 = (self.cholesky.forward(&shared).iter()).map(|x| x * x).sum();
        let own = alike(&features, self.target);
        Estimate {
            log_error: self.mean + log_error,
            deviation: (own - known).max(0.0).sqrt(),
        }
    }
}

/// The prior variance of every feature.
fn prior(features: &Features, scale: f64) -> Vec<f64> {
    let widths = features.widths();
    let of = |deviation: f64, count: usize| {
        std::iter::repeat_n((scale * deviation) * (scale * deviation), count)
    };
    of(SHARED, widths.shared)
        .chain(of(DEPTH, widths.depth))
        .chain(of(OWN, widths.own))
        .collect()
}

/// `sum over i of prior_i a_i b_i`.
fn inner(prior: &[f64], a: &[f64], b: &[f64]) -> f64 {
    let pairs = a.iter().zip(b);
    prior.iter().zip(pairs).map(|(p, (a, b))| p * a * b).sum()
}

/// The covariance of what the brevity of a proxy adds to two architectures.
fn brief(widths: Widths, a: &[f64], b: &[f64]) -> f64 {
    let shares = a.iter().zip(b).take(widths.shared);
    let alike: f64 = shares.map(|(a, b)| a * b).sum();
    BRIEF_CONSTANT * BRIEF_CONSTANT + BRIEF_SHARED * BRIEF_SHARED * alike
}

/// The lower triangle of the covariance of the measurements, without their noise.
fn covariance(
    features: &Features,
    prior: &[f64],
    rows: &[Vec<f64>],
    brevities: &[f64],
) -> Vec<Vec<f64>> {
    let of = |first: usize, second: usize| {
        let (a, b) = (&rows[first], &rows[second]);
        let fading = brevities[first] * brevities[second];
        CONSTANT * CONSTANT + inner(prior, a, b) + fading * brief(features.widths(), a, b)
    };
    (0..rows.len())
        .map(|first| (0..=first).map(|second| of(first, second)).collect())
        .collect()
}

#[cfg(test)]
mod tests;
