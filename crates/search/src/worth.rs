//! What architectures are taken to be worth: what their own measurement says, or a model of all of them.

use crate::predictor::{Observation, Predictor};
use crate::{DataSizes, Fidelity, Problem, Record, Result, Score, TrainingConfig};
use radars_space::Architecture;

/// What architectures are worth, by what was measured.
pub(crate) struct Worth<'a> {
    problem: &'a Problem,
    predictor: Option<Predictor>,
}

impl<'a> Worth<'a> {
    /// By these records; of one architecture, each measurement counts once.
    ///
    /// # Errors
    /// When a record does not belong to the space.
    pub fn new<'r>(
        problem: &'a Problem,
        data: DataSizes,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Result<Self> {
        if !problem.predicts() {
            return Ok(Worth {
                problem,
                predictor: None,
            });
        }
        let mut seen: Vec<(Fidelity, &Architecture)> = Vec::new();
        let mut observations: Vec<Observation<'_>> = Vec::new();
        for record in records {
            for fidelity in [Fidelity::Proxy, Fidelity::Exact] {
                let measurement = (fidelity, &record.architecture);
                if let Some(score) = record.score(fidelity)
                    && !seen.contains(&measurement)
                {
                    seen.push(measurement);
                    observations.push(Observation {
                        architecture: &record.architecture,
                        brevity: brevity(&problem.config.training, fidelity),
                        accuracy: score.accuracy,
                    });
                }
            }
        }
        let [_, _, judged, _] = data.images;
        let target = brevity(&problem.config.training, Fidelity::Final);
        Ok(Worth {
            problem,
            predictor: Predictor::fit(&problem.space, judged, target, &observations)?,
        })
    }

    /// What an architecture is worth, of which a measurement says `measured`: with a model, after the final training.
    ///
    /// # Errors
    /// When it does not belong to the space.
    pub fn of(&self, architecture: &Architecture, aops: u64, measured: Score) -> Result<Score> {
        let Some(predictor) = &self.predictor else {
            return Ok(measured);
        };
        let accuracy = predictor
            .predict(&self.problem.space, architecture)?
            .accuracy();
        Ok(Score {
            accuracy,
            reward: self.problem.reward.reward(accuracy, aops as f64),
        })
    }

    /// The reward that can be hoped for of one choice a decision, with an error smaller by so many standard deviations
    /// than estimated; none without a model.
    pub fn hoped_for(&self, choices: &[usize], aops: u64, deviations: f64) -> Option<f64> {
        let estimate = self.predictor.as_ref()?.predict_choices(choices);
        let accuracy = estimate.hoped_for(deviations);
        Some(self.problem.reward.reward(accuracy, aops as f64))
    }
}

/// One over the epochs of a training, in units of a proxy's.
fn brevity(training: &TrainingConfig, fidelity: Fidelity) -> f64 {
    let [proxy, epochs] = [Fidelity::Proxy, fidelity].map(|of| training.epochs(of) as f64);
    proxy / epochs
}
