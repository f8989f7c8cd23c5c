//! What a phase has found: every architecture it met, with what is known of it.

use crate::{Fidelity, Fingerprint, Memory, Refusal};
use radars_space::Architecture;
use radars_supernet::Traffic;
use serde::{Deserialize, Serialize};

/// A measured architecture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Accuracy on the rewards split.
    pub accuracy: f64,
    /// Its reward (Eq. 2).
    pub reward: f64,
}

/// An architecture that was met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it is.
    pub architecture: Architecture,
    /// Adjusted operations.
    pub aops: u64,
    /// What the brief training found.
    pub proxy: Option<Score>,
    /// What the training to convergence found.
    pub exact: Option<Score>,
    /// Why it is never trained.
    pub refused: Option<Refusal>,
}

impl Record {
    /// What is known of it at a fidelity.
    pub fn score(&self, fidelity: Fidelity) -> Option<Score> {
        match fidelity {
            Fidelity::Proxy => self.proxy,
            Fidelity::Exact | Fidelity::Final => self.exact,
        }
    }
}

/// Everything that a phase has found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// `R`: every architecture, in the order in which they were met.
    pub records: Vec<Record>,
    /// The record with the best exact reward.
    pub best: Option<usize>,
    /// Trainings to convergence that are done.
    pub trained: usize,
    /// The largest memory over all trainings.
    pub memory: Memory,
    /// What was moved between host and device beyond batches and results.
    pub traffic: Traffic,
    /// What was spent, in the unit of the evaluator: multiply-accumulates of training.
    pub spent: u64,
    /// Hash over everything that was found, in the order in which it was.
    pub fingerprint: Fingerprint,
}

impl Findings {
    /// The record of an architecture; a new one when it was not met before.
    pub fn meet(&mut self, architecture: &Architecture, aops: u64) -> usize {
        let known = self
            .records
            .iter()
            .position(|r| r.architecture == *architecture);
        known.unwrap_or_else(|| {
            self.records.push(Record {
                architecture: architecture.clone(),
                aops,
                proxy: None,
                exact: None,
                refused: None,
            });
            self.records.len() - 1
        })
    }

    /// The `count` records with the best scores at a fidelity, best first; the first met of equals.
    pub fn best_by(&self, fidelity: Fidelity, count: usize) -> Vec<usize> {
        let reward = |index: usize| self.records[index].score(fidelity).map(|s| s.reward);
        let mut ranked: Vec<(usize, f64)> = (0..self.records.len())
            .filter_map(|index| Some((index, reward(index)?)))
            .collect();
        ranked.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        ranked.truncate(count);
        ranked.into_iter().map(|(index, _)| index).collect()
    }

    /// The best record and its exact score.
    pub fn best(&self) -> Option<(&Record, Score)> {
        let record = &self.records[self.best?];
        Some((record, record.exact?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::Candidate;

    fn findings(rewards: &[Option<f64>]) -> Findings {
        let mut findings = Findings::default();
        for (kernel, &reward) in rewards.iter().enumerate() {
            let index = findings.meet(&Architecture(vec![Candidate::float(kernel)]), 1);
            findings.records[index].proxy = reward.map(|reward| Score {
                accuracy: 0.0,
                reward,
            });
        }
        findings
    }

    #[test]
    fn the_best_come_first_the_first_met_of_equals_and_the_unmeasured_never() {
        let findings = findings(&[Some(0.1), None, Some(0.7), Some(0.3), Some(0.7)]);
        assert_eq!(findings.best_by(Fidelity::Proxy, 3), [2, 4, 3]);
        assert_eq!(findings.best_by(Fidelity::Proxy, 9), [2, 4, 3, 0]);
        assert!(findings.best_by(Fidelity::Exact, 9).is_empty());
    }

    #[test]
    fn an_architecture_is_met_once() {
        let mut findings = findings(&[Some(0.1), Some(0.2)]);
        assert_eq!(
            findings.meet(&Architecture(vec![Candidate::float(1)]), 1),
            1
        );
        assert_eq!(findings.records.len(), 2);
    }
}
