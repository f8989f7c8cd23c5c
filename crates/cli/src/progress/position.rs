//! Where in the search it is, from the events so far: each phase by itself, and the run as a whole.

use super::exploitation::Exploitation;
use super::exploration::Exploration;
use crate::workload::{Epochs, Exploring, Work, Workload};
use radars_search::{Event, Phase, Resumed};

/// Where in the search it is.
#[derive(Clone, Debug)]
pub struct Position {
    workload: Workload,
    exploration: Exploration,
    exploitation: Exploitation,
    /// Whether the final training is what is left.
    searched: bool,
    /// Epochs of the final training that are done.
    last_epochs: usize,
}

/// Epochs that are left, where they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Until exploitation can begin, where it waits for exploration.
    pub waiting: Option<Epochs>,
    /// Of exploration.
    pub exploration: Option<Epochs>,
    /// Of exploitation, without the wait.
    pub exploitation: Option<Epochs>,
    /// Of the final training.
    pub last: usize,
}

impl Position {
    /// The beginning, or where a run was left.
    pub fn new(workload: Workload, resumed: Option<&Resumed>) -> Self {
        let network = resumed.and_then(|resumed| resumed.networks.get(&Phase::Run));
        Self {
            workload,
            exploration: Exploration::new(workload, resumed),
            exploitation: Exploitation::new(workload, resumed),
            searched: !workload.searches()
                || resumed.is_some_and(|resumed| resumed.run.stop.is_some()),
            last_epochs: network.map_or(0, |network| network.epochs),
        }
    }

    /// Moves on.
    pub fn update(&mut self, phase: Phase, event: &Event) {
        match phase {
            Phase::Exploration => self.exploration.update(event),
            Phase::Exploitation => {
                let works = matches!(
                    event,
                    Event::TrainingStarted { .. } | Event::Epoch { .. } | Event::Pruned { .. }
                );
                if works {
                    // It works with what an exploration found, which is therefore over.
                    self.exploration.end(self.exploitation.iteration());
                }
                self.exploitation.update(event);
            }
            Phase::Run => match event {
                Event::SearchEnded { .. } => self.searched = true,
                Event::Epoch { epoch, .. } => self.last_epochs = epoch + 1,
                Event::Tested { .. } => self.last_epochs = self.workload.final_epochs,
                _ => {}
            },
        }
    }

    /// Whether the final training is what is left.
    pub fn searched(&self) -> bool {
        self.searched
    }

    /// Whether exploitation waits for exploration.
    fn waits(&self) -> bool {
        self.workload.exploring != Exploring::Nothing
            && !self.exploitation.is_over()
            && self.exploration.done() <= self.exploitation.iteration()
    }

    /// What is left, if nothing is left out.
    pub fn left(&self) -> Left {
        let none = [0; Work::COUNT];
        let last = (self.workload.final_epochs).saturating_sub(self.last_epochs);
        if self.searched {
            return Left {
                waiting: Some(none),
                exploration: Some(none),
                exploitation: Some(none),
                last,
            };
        }
        let exploration = self.exploration.left();
        Left {
            waiting: match (self.waits(), exploration) {
                (true, exploration) => exploration.map(|[now, _]| now),
                (false, _) => Some(none),
            },
            exploration: exploration.map(|[now, after]| std::array::from_fn(|k| now[k] + after[k])),
            exploitation: self.exploitation.left(),
            last,
        }
    }

    /// A phase in words, with its counts.
    pub fn headline(&self, phase: Phase) -> String {
        match phase {
            _ if self.searched => {
                let epochs = self.workload.final_epochs;
                let epoch = (self.last_epochs + 1).min(epochs);
                format!("final training: epoch {epoch}/{epochs}")
            }
            Phase::Exploitation if self.waits() => "exploitation: waits for exploration".to_owned(),
            Phase::Exploitation => self.exploitation.headline(),
            Phase::Exploration => self.exploration.headline(),
            Phase::Run => "begins".to_owned(),
        }
    }
}

/// `iteration 1/2, `, where there are several.
pub fn iteration(done: usize, of: usize) -> String {
    match of {
        0 | 1 => String::new(),
        _ => format!("iteration {}/{of}, ", done + 1),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::workload::tests::{RADARS, of};
    use radars_search::{Fidelity, Method, RunState, Stop};
    use radars_space::Architecture;
    use radars_supernet::{Mixing, Recompute};

    pub fn started(fidelity: Fidelity) -> Event {
        Event::TrainingStarted {
            fidelity,
            architecture: Architecture(vec![]),
            epochs: 8,
            planned_peak_bytes: 0,
            micro_batch: 32,
            recompute: Recompute::NONE,
        }
    }

    pub fn epoch(fidelity: Fidelity, epoch: usize, seconds: f64) -> Event {
        Event::Epoch {
            fidelity,
            epoch,
            loss: Some(1.0),
            seconds,
        }
    }

    pub fn episode(iteration: usize, episode: usize, spent: u64) -> Event {
        Event::Episode {
            iteration,
            episode,
            architecture: Architecture(vec![]),
            repeated: false,
            accuracy: None,
            aops: 0,
            reward: 0.0,
            fidelity: Fidelity::Proxy,
            refused: None,
            entropy: None,
            baseline: None,
            memory: None,
            spent,
            seconds: 0.0,
        }
    }

    pub fn pruned(iteration: usize, candidates: Vec<usize>) -> Event {
        Event::Pruned {
            iteration,
            rule: None,
            architectures: Vec::new(),
            left_out: 0,
            candidates,
            mixing: Some(Mixing::Factorised),
            micro_batch: 32,
            recompute: Recompute::NONE,
            paths: 0.0,
            planned_peak_bytes: 0,
            refused_bytes: None,
        }
    }

    pub fn dnas_epoch(iteration: usize, epoch: usize) -> Event {
        Event::DnasEpoch {
            iteration,
            epoch,
            alpha_trained: true,
            weight_loss: None,
            alpha_loss: None,
            temperature: 1.0,
            alpha: Vec::new(),
            seconds: 1.0,
        }
    }

    fn ended() -> Event {
        Event::SearchEnded {
            stop: Stop::TimeLimit,
            iterations: 0,
            seconds: 1.0,
        }
    }

    /// Exploration goes on with the second iteration while exploitation is in the first.
    #[test]
    fn each_phase_has_its_own_position() {
        let mut position = Position::new(RADARS, None);
        let waits = "exploitation: waits for exploration";
        assert_eq!(position.headline(Phase::Exploitation), waits);
        assert_eq!(position.left().waiting.unwrap()[Work::Proxy as usize], 6);
        position.update(Phase::Exploration, &episode(0, 2, 0));
        position.update(Phase::Exploitation, &epoch(Fidelity::Exact, 0, 1.0));
        position.update(Phase::Exploration, &epoch(Fidelity::Proxy, 0, 1.0));
        assert_eq!(
            position.headline(Phase::Exploration),
            "iteration 2/2, exploration: episode 1/3, epoch 2/2"
        );
        assert_eq!(
            position.headline(Phase::Exploitation),
            "iteration 1/2, re-training: 1/2, epoch 2/8"
        );
        assert_eq!(position.left().waiting, Some([0; Work::COUNT]));
    }

    #[test]
    fn only_the_final_training_is_left_of_a_search_that_ended_early() {
        let mut position = Position::new(RADARS, None);
        position.update(Phase::Run, &ended());
        position.update(Phase::Run, &epoch(Fidelity::Final, 9, 1.0));
        let left = position.left();
        assert_eq!(left.exploration, Some([0; Work::COUNT]));
        assert_eq!(left.exploitation, Some([0; Work::COUNT]));
        assert_eq!(left.last, 20);
        let headline = position.headline(Phase::Run);
        assert_eq!(headline, "final training: epoch 11/30");
    }

    #[test]
    fn a_run_left_in_its_final_training_goes_on_there() {
        let resumed = Resumed {
            run: RunState {
                stop: Some(Stop::Iterations),
                search_seconds: 1.0,
            },
            ..Resumed::default()
        };
        let position = Position::new(RADARS, Some(&resumed));
        assert!(position.searched());
        assert!(Position::new(of(Method::Given, None), None).searched());
        assert_eq!(position.left().last, 30);
    }

    /// Its episodes are over when its best are trained, however few the budget paid for.
    #[test]
    fn a_budget_ends_an_exploration() {
        let mut position = Position::new(of(Method::Random, Some(1)), None);
        position.update(Phase::Exploration, &episode(0, 40, 0));
        assert_eq!(position.left().exploration, None);
        position.update(Phase::Exploitation, &started(Fidelity::Exact));
        let left = position.left();
        assert_eq!(left.exploration, Some([0; Work::COUNT]));
        assert_eq!(left.exploitation.unwrap()[Work::Exact as usize], 16);
    }
}
