//! The evaluator of SETN: a distribution over the paths of a one-shot SuperNet that learns which of them have a low
//! validation loss.

use crate::Result;
use crate::sampler::portable_controller;
use radars_controller::{Advantage, Controller, ControllerSettings, ControllerState, Optimizer};
use radars_space::{Architecture, Candidate};
use radars_tensor::Cpu;
use radars_tensor::random::Seed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where the numbers of draws begin that are proposals; those of lessons come before.
const PROPOSALS: u64 = 1 << 40;

/// Draws for every path that is to be proposed, before there are taken to be no more.
const DRAWS: u64 = 100;

/// What a loss that is not a number, or beyond all measure, counts as.
const WORST_LOSS: f64 = 1e3;

/// How it learns: plain gradient descent, the moving average of losses as the baseline, in standard deviations.
fn settings() -> ControllerSettings {
    ControllerSettings {
        optimizer: Optimizer::Sgd,
        rate: 0.1,
        advantage: Advantage::Normalised,
        baseline_decay: 0.95,
        entropy_weight: 0.0,
        ..ControllerSettings::logits()
    }
}

/// Logits for every candidate of every layer, each layer by itself, and what its lessons may cost.
///
/// A lesson draws a path from the distribution; its loss on one validation batch, with inherited weights, moves the
/// logits by the score-function gradient. In the original the gradient of the logits flows through a mixture of all
/// candidates, weighed by the distribution, which would have to be on the device as a whole; here one path is.
/// Both alternate with the steps of the weights, and both descend the expected loss under the distribution.
///
/// # Source
/// SETN: Dong and Yang 2019, "One-shot neural architecture search via self-evaluated template network" (ICCV); the
/// gradient: Williams 1992.
pub(crate) struct PathEvaluator<'a> {
    candidates: &'a [Vec<Candidate>],
    controller: Controller<Cpu>,
    lessons: u64,
    credit: u64,
    spent: u64,
}

/// Everything that an evaluator of paths knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathEvaluatorState {
    /// The logits and the average loss.
    pub controller: ControllerState,
    /// Paths it has learned from.
    pub lessons: u64,
    /// Multiply-accumulates that were granted and not spent.
    pub credit: u64,
    /// Multiply-accumulates that its lessons cost.
    pub spent: u64,
}

/// A path to learn from.
pub(crate) struct Lesson {
    pub path: Architecture,
    choices: Vec<usize>,
}

impl<'a> PathEvaluator<'a> {
    /// One that has learned nothing.
    pub fn new(candidates: &'a [Vec<Candidate>], seed: Seed) -> Result<Self> {
        let choices: Vec<usize> = candidates.iter().map(Vec::len).collect();
        Ok(PathEvaluator {
            candidates,
            controller: portable_controller(&choices, settings(), seed)?,
            lessons: 0,
            credit: 0,
            spent: 0,
        })
    }

    /// Grants multiply-accumulates for lessons.
    pub fn grant(&mut self, macs: u64) {
        self.credit += macs;
    }

    /// The next lesson, if what was granted pays for it; `macs` says what a path costs. To be followed by
    /// [`PathEvaluator::learn`].
    pub fn lesson(
        &mut self,
        macs: impl Fn(&Architecture) -> Result<u64>,
    ) -> Result<Option<Lesson>> {
        let choices = self.controller.sample(self.lessons)?.choices;
        let path = self.path(&choices);
        let cost = macs(&path)?;
        if cost > self.credit {
            return Ok(None);
        }
        self.credit -= cost;
        self.spent += cost;
        Ok(Some(Lesson { path, choices }))
    }

    /// Learns what a lesson's path lost.
    pub fn learn(&mut self, lesson: &Lesson, loss: f64) -> Result<()> {
        let loss = if loss < WORST_LOSS { loss } else { WORST_LOSS };
        self.controller.update(&lesson.choices, -loss)?;
        self.lessons += 1;
        Ok(())
    }

    /// Lessons so far.
    pub fn lessons(&self) -> u64 {
        self.lessons
    }

    /// What was granted and not spent.
    pub fn credit(&self) -> u64 {
        self.credit
    }

    /// What lessons cost.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// At most `count` different paths: the likeliest one, and others as they are drawn.
    pub fn proposals(&mut self, count: usize) -> Result<Vec<Architecture>> {
        let mut paths = vec![self.controller.most_likely()?];
        let mut known = BTreeSet::from([paths[0].clone()]);
        for draw in 0..DRAWS * count as u64 {
            if paths.len() >= count {
                break;
            }
            let choices = self.controller.sample(PROPOSALS + draw)?.choices;
            if known.insert(choices.clone()) {
                paths.push(choices);
            }
        }
        paths.truncate(count);
        Ok(paths.iter().map(|choices| self.path(choices)).collect())
    }

    /// Everything it knows.
    pub fn state(&self) -> Result<PathEvaluatorState> {
        Ok(PathEvaluatorState {
            controller: self.controller.state()?,
            lessons: self.lessons,
            credit: self.credit,
            spent: self.spent,
        })
    }

    /// Goes on from a state.
    pub fn restore(&mut self, state: &PathEvaluatorState) -> Result<()> {
        self.controller.restore(&state.controller)?;
        (self.lessons, self.credit, self.spent) = (state.lessons, state.credit, state.spent);
        Ok(())
    }

    fn path(&self, choices: &[usize]) -> Architecture {
        let layers = self.candidates.iter().zip(choices);
        Architecture(layers.map(|(of_layer, &choice)| of_layer[choice]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNELS: [usize; 4] = [1, 3, 5, 7];

    fn candidates() -> Vec<Vec<Candidate>> {
        vec![KERNELS.map(Candidate::float).to_vec(); 3]
    }

    /// What a path loses: less, the nearer its kernels are to 1, 5 and 7.
    fn loss(path: &Architecture) -> f64 {
        let kernels = path.layers().iter().map(|candidate| candidate.kernel);
        let off = kernels.zip([1, 5, 7]).map(|(k, best)| k.abs_diff(best));
        1.0 + 0.1 * off.sum::<usize>() as f64
    }

    /// A path costs the sum of its kernels.
    fn macs(path: &Architecture) -> Result<u64> {
        let kernels = path
            .layers()
            .iter()
            .map(|candidate| candidate.kernel as u64);
        Ok(kernels.sum())
    }

    fn teach(evaluator: &mut PathEvaluator<'_>, steps: usize) {
        for _ in 0..steps {
            evaluator.grant(12);
            while let Some(lesson) = evaluator.lesson(macs).unwrap() {
                evaluator.learn(&lesson, loss(&lesson.path)).unwrap();
            }
        }
    }

    /// Of 64 paths; a uniform draw loses 1.8 on average.
    #[test]
    fn it_proposes_what_loses_little() {
        let candidates = candidates();
        let mut evaluator = PathEvaluator::new(&candidates, Seed(1)).unwrap();
        teach(&mut evaluator, 400);
        let proposals = evaluator.proposals(8).unwrap();
        assert_eq!(loss(&proposals[0]), 1.0, "{}", proposals[0]);
        let mean = proposals.iter().map(loss).sum::<f64>() / 8.0;
        assert!(mean < 1.5, "{mean}");
        let distinct: BTreeSet<_> = proposals.iter().collect();
        assert_eq!(distinct.len(), 8);
        // There are no more than that.
        assert!(evaluator.proposals(1000).unwrap().len() <= 64);
    }

    #[test]
    fn it_spends_what_is_granted_and_no_more() {
        let candidates = candidates();
        let mut evaluator = PathEvaluator::new(&candidates, Seed(1)).unwrap();
        teach(&mut evaluator, 100);
        assert_eq!(evaluator.spent() + evaluator.credit(), 1200);
        // The dearest path costs 21.
        assert!(evaluator.credit() < 21);
    }

    #[test]
    fn it_goes_on_from_its_state() {
        let candidates = candidates();
        let mut first = PathEvaluator::new(&candidates, Seed(1)).unwrap();
        teach(&mut first, 37);
        let mut second = PathEvaluator::new(&candidates, Seed(1)).unwrap();
        second.restore(&first.state().unwrap()).unwrap();
        teach(&mut first, 20);
        teach(&mut second, 20);
        assert_eq!(first.state().unwrap(), second.state().unwrap());
        assert_eq!(first.proposals(9).unwrap(), second.proposals(9).unwrap());
    }

    #[test]
    fn a_loss_that_is_not_a_number_is_the_worst() {
        let candidates = candidates();
        let state = |loss| {
            let mut evaluator = PathEvaluator::new(&candidates, Seed(1)).unwrap();
            evaluator.grant(50);
            for loss in [1.0, loss] {
                let lesson = evaluator.lesson(macs).unwrap().unwrap();
                evaluator.learn(&lesson, loss).unwrap();
            }
            evaluator.state().unwrap()
        };
        assert_eq!(state(f64::NAN), state(WORST_LOSS));
        assert_eq!(state(f64::INFINITY), state(WORST_LOSS));
        assert_ne!(state(2.0), state(WORST_LOSS));
    }
}
