//! Where exploration is, from its events so far.

use crate::workload::{Epochs, Exploring, Work, Workload};
use radars_search::{Event, Phase, Resumed};

/// Where exploration is.
#[derive(Clone, Debug)]
pub struct Exploration {
    workload: Workload,
    /// Explorations that are done.
    iteration: usize,
    /// Episodes of the one under way that are done.
    episodes: usize,
    /// Epochs of the training under way that are done.
    epochs: usize,
}

impl Exploration {
    /// The beginning, or where a run was left.
    pub fn new(workload: Workload, resumed: Option<&Resumed>) -> Self {
        let state = resumed.and_then(|resumed| resumed.exploration.as_ref());
        let network = resumed.and_then(|resumed| resumed.networks.get(&Phase::Exploration));
        let before = |state: &radars_search::ExplorerState| {
            state.iterations.last().map_or(0, |last| last.episodes)
        };
        Self {
            workload,
            iteration: state.map_or(0, |state| state.iterations.len()),
            episodes: state.map_or(0, |state| state.episodes - before(state)),
            epochs: network.map_or(0, |network| network.epochs),
        }
    }

    /// Moves on.
    pub fn update(&mut self, event: &Event) {
        match event {
            Event::Epoch { epoch, .. } => self.epochs = epoch + 1,
            Event::SharedEpoch { epoch, epochs, .. } => {
                let epochs = Some(*epochs);
                self.workload.exploring = Exploring::Sharing { epochs };
                self.epochs = epoch + 1;
            }
            Event::Episode {
                iteration, episode, ..
            } => {
                (self.iteration, self.episodes, self.epochs) = (*iteration, episode + 1, 0);
                if let Exploring::Episodes {
                    count: Some(count), ..
                } = self.workload.exploring
                    && self.episodes >= count
                {
                    self.end(*iteration);
                }
            }
            Event::Screened { .. } => self.end(self.iteration),
            _ => {}
        }
    }

    /// An exploration is over, at the latest now.
    pub fn end(&mut self, iteration: usize) {
        if self.iteration <= iteration {
            (self.iteration, self.episodes, self.epochs) = (iteration + 1, 0, 0);
        }
    }

    /// Explorations that are done.
    pub fn done(&self) -> usize {
        self.iteration
    }

    /// Whether all of it is over.
    pub fn is_over(&self) -> bool {
        self.iteration >= self.workload.explorations
    }

    /// Epochs until the end of the exploration under way, and of those after it; none when nobody knows.
    pub fn left(&self) -> Option<[Epochs; 2]> {
        let mut left = [[0; Work::COUNT]; 2];
        if self.is_over() {
            return Some(left);
        }
        let after = self.workload.explorations - self.iteration - 1;
        let (work, all, done) = match self.workload.exploring {
            Exploring::Nothing => return Some(left),
            Exploring::Episodes {
                count,
                work,
                epochs,
            } => (work, count? * epochs, self.episodes * epochs + self.epochs),
            Exploring::Sharing { epochs } => (Work::Shared, epochs?, self.epochs),
        };
        left[0][work as usize] = all.saturating_sub(done);
        left[1][work as usize] = after * all;
        Some(left)
    }

    /// In words, with its counts.
    pub fn headline(&self) -> String {
        if self.is_over() {
            return "exploration: done".to_owned();
        }
        let iteration = super::position::iteration(self.iteration, self.workload.explorations);
        match self.workload.exploring {
            Exploring::Nothing => "no exploration".to_owned(),
            Exploring::Episodes { count, epochs, .. } => {
                let number = self.episodes + 1;
                let episode = match count {
                    Some(count) => format!("{}/{count}", number.min(count)),
                    None => number.to_string(),
                };
                let epoch = (self.epochs + 1).min(epochs);
                format!("{iteration}exploration: episode {episode}, epoch {epoch}/{epochs}")
            }
            Exploring::Sharing { epochs } => match epochs {
                Some(epochs) if self.epochs >= epochs => "shared weights: measuring paths".into(),
                Some(epochs) => format!("shared weights: epoch {}/{epochs}", self.epochs + 1),
                None => "shared weights: first epoch".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::position::tests::{episode, epoch};
    use super::*;
    use crate::workload::tests::{RADARS, of};
    use radars_search::{ExplorerState, Fidelity, Memory, Method, Network, NetworkState};

    fn epochs(work: Work, count: usize) -> Epochs {
        let mut epochs = [0; Work::COUNT];
        epochs[work as usize] = count;
        epochs
    }

    /// By hand: 2 explorations of 3 episodes of 2 epochs.
    #[test]
    fn what_is_left_shrinks_with_every_event() {
        let mut exploration = Exploration::new(RADARS, None);
        let mut left = |event: Option<Event>| {
            if let Some(event) = event {
                exploration.update(&event);
            }
            let [now, after] = exploration.left().unwrap();
            (now[Work::Proxy as usize], after[Work::Proxy as usize])
        };
        assert_eq!(left(None), (6, 6));
        assert_eq!(left(Some(epoch(Fidelity::Proxy, 0, 1.0))), (5, 6));
        assert_eq!(left(Some(episode(0, 0, 0))), (4, 6));
        assert_eq!(left(Some(episode(0, 2, 0))), (6, 0));
        assert_eq!(left(Some(episode(1, 1, 0))), (2, 0));
        assert_eq!(left(Some(episode(1, 2, 0))), (0, 0));
        assert_eq!(exploration.headline(), "exploration: done");
    }

    #[test]
    fn the_headline_counts_from_one() {
        let mut exploration = Exploration::new(RADARS, None);
        exploration.update(&episode(1, 1, 0));
        exploration.update(&epoch(Fidelity::Proxy, 0, 1.0));
        assert_eq!(
            exploration.headline(),
            "iteration 2/2, exploration: episode 3/3, epoch 2/2"
        );
    }

    /// A budget ends it: nobody knows when.
    #[test]
    fn what_nobody_knows_is_not_counted() {
        let mut exploration = Exploration::new(of(Method::Quantnas, Some(1)), None);
        exploration.update(&episode(0, 6, 0));
        assert_eq!(exploration.left(), None);
        assert_eq!(exploration.headline(), "exploration: episode 8, epoch 1/8");
        exploration.end(0);
        assert_eq!(exploration.left(), Some([[0; Work::COUNT]; 2]));
    }

    /// The first epoch says how many there are.
    #[test]
    fn shared_epochs_are_known_from_the_first() {
        let mut exploration = Exploration::new(of(Method::OneShot, Some(1)), None);
        assert_eq!(exploration.left(), None);
        let shared = |epoch| Event::SharedEpoch {
            epoch,
            epochs: 7,
            loss: None,
            seconds: 1.0,
        };
        exploration.update(&shared(1));
        let left = [epochs(Work::Shared, 5), [0; Work::COUNT]];
        assert_eq!(exploration.left(), Some(left));
        assert_eq!(exploration.headline(), "shared weights: epoch 3/7");
        exploration.update(&shared(6));
        assert_eq!(exploration.headline(), "shared weights: measuring paths");
    }

    /// Left after 1 exploration of 3 episodes and 1 more episode, 1 epoch into the next.
    #[test]
    fn a_resumed_run_goes_on_from_where_it_was_left() {
        let explored = radars_search::Explored {
            promising: Vec::new(),
            episodes: 3,
            fingerprint: radars_search::Fingerprint::default(),
            memory: radars_search::Memory::default(),
            spent: 0,
        };
        let mut resumed = Resumed {
            exploration: Some(ExplorerState {
                episodes: 4,
                iterations: vec![explored],
                ..ExplorerState::default()
            }),
            ..Resumed::default()
        };
        let network = NetworkState {
            work: String::new(),
            epochs: 1,
            memory: Memory::default(),
            network: Network::Child(radars_supernet::ChildState {
                parameters: Vec::new(),
                momenta: Vec::new(),
            }),
        };
        resumed.networks.insert(Phase::Exploration, network);
        let exploration = Exploration::new(RADARS, Some(&resumed));
        assert_eq!(
            exploration.headline(),
            "iteration 2/2, exploration: episode 2/3, epoch 2/2"
        );
        let left = [epochs(Work::Proxy, 3), [0; Work::COUNT]];
        assert_eq!(exploration.left(), Some(left));
    }
}
