//! The state of a search: everything it knows, in one value that can be saved.

use crate::{Fidelity, Fingerprint, Memory, PhaseTimes, Refusal};
use radars_space::Architecture;
use serde::{Deserialize, Serialize};

/// An architecture that the search has met.
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

/// A measured architecture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Accuracy on the rewards split.
    pub accuracy: f64,
    /// Its reward (Eq. 2).
    pub reward: f64,
}

/// Everything a search knows but the controller's weights, which the controller saves itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchState {
    /// `R`: every architecture, in the order in which they were met.
    pub records: Vec<Record>,
    /// Iterations that are done.
    pub iterations: usize,
    /// Episodes that are done.
    pub episodes: usize,
    /// Trainings to convergence that are done.
    pub retrained: usize,
    /// The record with the best exact reward.
    pub best: Option<usize>,
    /// The largest memory over all trainings.
    pub memory: Memory,
    /// Hash over everything that was found, in the order in which it was.
    pub fingerprint: Fingerprint,
    /// How long the three phases took.
    pub time: PhaseTimes,
}

impl SearchState {
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
        let score = |index: &usize| match fidelity {
            Fidelity::Proxy => self.records[*index].proxy,
            Fidelity::Exact | Fidelity::Final => self.records[*index].exact,
        };
        let mut ranked: Vec<usize> = (0..self.records.len())
            .filter(|index| score(index).is_some())
            .collect();
        let reward = |index: &usize| score(index).map_or(f64::NEG_INFINITY, |s| s.reward);
        ranked.sort_by(|a, b| reward(b).total_cmp(&reward(a)));
        ranked.truncate(count);
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::Candidate;

    fn state(rewards: &[Option<f64>]) -> SearchState {
        let mut state = SearchState::default();
        for (kernel, &reward) in rewards.iter().enumerate() {
            let index = state.meet(&Architecture(vec![Candidate::float(kernel)]), 1);
            state.records[index].proxy = reward.map(|reward| Score {
                accuracy: 0.0,
                reward,
            });
        }
        state
    }

    #[test]
    fn the_best_come_first_the_first_met_of_equals_and_the_unmeasured_never() {
        let state = state(&[Some(0.1), None, Some(0.7), Some(0.3), Some(0.7)]);
        assert_eq!(state.best_by(Fidelity::Proxy, 3), [2, 4, 3]);
        assert_eq!(state.best_by(Fidelity::Proxy, 9), [2, 4, 3, 0]);
        assert!(state.best_by(Fidelity::Exact, 9).is_empty());
    }

    #[test]
    fn an_architecture_is_met_once() {
        let mut state = state(&[Some(0.1), Some(0.2)]);
        assert_eq!(state.meet(&Architecture(vec![Candidate::float(1)]), 1), 1);
        assert_eq!(state.records.len(), 2);
    }
}
