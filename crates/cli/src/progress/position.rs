//! Where in the search it is, from the events so far.

use radars_search::{Config, Event, Fidelity};

/// A phase of the search, and how far in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The controller samples; this many episodes of the iteration are done.
    Exploration { done: usize },
    /// The best are trained to convergence; this many are done.
    Retraining { done: usize },
    /// The SuperNet is trained; this many epochs are done.
    Dnas { done: usize },
    /// What DNAS derived is trained.
    Derivation,
    /// The winner is trained.
    FinalTraining,
    /// All is done.
    Done,
}

/// Where in the search it is.
#[derive(Clone, Debug)]
pub struct Position {
    plan: Planned,
    /// Iterations that are done.
    pub iteration: usize,
    /// The phase of the iteration under way.
    pub phase: Phase,
    /// Epochs of the training under way that are done.
    pub epochs: usize,
}

/// How much of everything there is to be done at most.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    pub iterations: usize,
    pub episodes: usize,
    pub retrain: usize,
    pub proxy_epochs: usize,
    pub exact_epochs: usize,
    pub final_epochs: usize,
    pub dnas_epochs: usize,
}

impl Planned {
    pub fn new(config: &Config) -> Self {
        Self {
            iterations: config.search.iterations,
            episodes: config.search.episodes,
            retrain: config.search.retrain,
            proxy_epochs: config.training.proxy_epochs,
            exact_epochs: config.training.exact_epochs,
            final_epochs: config.training.final_epochs,
            dnas_epochs: config.dnas.warmup_epochs + config.dnas.epochs,
        }
    }
}

/// Kinds of epochs, which take different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Proxy,
    Exact,
    Dnas,
    Final,
}

impl Work {
    pub const COUNT: usize = 4;

    pub fn of(fidelity: Fidelity) -> Self {
        match fidelity {
            Fidelity::Proxy => Self::Proxy,
            Fidelity::Exact => Self::Exact,
            Fidelity::Final => Self::Final,
        }
    }
}

impl Position {
    /// The beginning.
    pub fn new(plan: Planned) -> Self {
        Self {
            plan,
            iteration: 0,
            phase: Phase::Exploration { done: 0 },
            epochs: 0,
        }
    }

    /// Moves on.
    pub fn update(&mut self, event: &Event) {
        match event {
            Event::Epoch { epoch, .. } => self.epochs = epoch + 1,
            Event::Episode {
                iteration, episode, ..
            } => {
                self.iteration = *iteration;
                let done = episode + 1;
                let last = done >= self.plan.episodes;
                self.enter(if last {
                    Phase::Retraining { done: 0 }
                } else {
                    Phase::Exploration { done }
                });
            }
            Event::Retrained { rank, .. } => self.enter(Phase::Retraining { done: rank + 1 }),
            Event::Pruned { architectures, .. } if architectures.is_empty() => {
                self.next_iteration()
            }
            Event::Pruned { .. } => self.enter(Phase::Dnas { done: 0 }),
            Event::DnasEpoch { epoch, .. } => {
                let done = epoch + 1;
                let last = done >= self.plan.dnas_epochs;
                self.enter(if last {
                    Phase::Derivation
                } else {
                    Phase::Dnas { done }
                });
            }
            Event::Derived { .. } => self.next_iteration(),
            Event::SearchEnded { .. } => self.enter(Phase::FinalTraining),
            Event::Tested { .. } => self.enter(Phase::Done),
            _ => {}
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.epochs = 0;
    }

    fn next_iteration(&mut self) {
        self.iteration += 1;
        let last = self.iteration >= self.plan.iterations;
        self.enter(if last {
            Phase::FinalTraining
        } else {
            Phase::Exploration { done: 0 }
        });
    }

    /// Epochs of every kind of [`Work`] still to be done, if none is left out.
    pub fn epochs_left(&self) -> [usize; Work::COUNT] {
        let plan = &self.plan;
        let (proxy, exact, dnas, last) = (
            plan.proxy_epochs,
            plan.exact_epochs,
            plan.dnas_epochs,
            plan.final_epochs,
        );
        let all_exact = (plan.retrain + 1) * exact;
        let left = |trainings: usize, done: usize, epochs: usize| {
            (trainings.saturating_sub(done) * epochs).saturating_sub(self.epochs)
        };
        let [p, e, d] = match self.phase {
            Phase::Exploration { done } => [left(plan.episodes, done, proxy), all_exact, dnas],
            Phase::Retraining { done } => [0, left(plan.retrain + 1, done, exact), dnas],
            Phase::Dnas { done } => [0, exact, dnas.saturating_sub(done)],
            Phase::Derivation => [0, left(1, 0, exact), 0],
            Phase::FinalTraining => return [0, 0, 0, left(1, 0, last)],
            Phase::Done => return [0; Work::COUNT],
        };
        let after = plan.iterations.saturating_sub(self.iteration + 1);
        [
            p + after * plan.episodes * proxy,
            e + after * all_exact,
            d + after * dnas,
            last,
        ]
    }

    /// The phase in words, with its counts.
    pub fn headline(&self) -> String {
        let plan = &self.plan;
        let iteration = format!("iteration {}/{}", self.iteration + 1, plan.iterations);
        let epoch = |of: usize| format!("epoch {}/{of}", (self.epochs + 1).min(of));
        match self.phase {
            Phase::Exploration { done } => {
                let episode = (done + 1).min(plan.episodes);
                let epoch = epoch(plan.proxy_epochs);
                format!(
                    "{iteration}, exploration: episode {episode}/{}, {epoch}",
                    plan.episodes
                )
            }
            Phase::Retraining { done } => {
                let number = (done + 1).min(plan.retrain);
                let epoch = epoch(plan.exact_epochs);
                format!(
                    "{iteration}, re-training: {number}/{}, {epoch}",
                    plan.retrain
                )
            }
            Phase::Dnas { done } => {
                let number = (done + 1).min(plan.dnas_epochs);
                format!("{iteration}, DNAS: epoch {number}/{}", plan.dnas_epochs)
            }
            Phase::Derivation => {
                format!(
                    "{iteration}, derived architecture: {}",
                    epoch(plan.exact_epochs)
                )
            }
            Phase::FinalTraining => format!("final training: {}", epoch(plan.final_epochs)),
            Phase::Done => "done".to_owned(),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use radars_search::Stop;
    use radars_space::Architecture;

    pub const PLAN: Planned = Planned {
        iterations: 2,
        episodes: 3,
        retrain: 2,
        proxy_epochs: 2,
        exact_epochs: 8,
        final_epochs: 30,
        dnas_epochs: 5,
    };

    pub fn epoch(fidelity: Fidelity, epoch: usize, seconds: f64) -> Event {
        Event::Epoch {
            fidelity,
            epoch,
            loss: Some(1.0),
            seconds,
        }
    }

    fn episode(iteration: usize, episode: usize) -> Event {
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
            spent: 0,
            seconds: 0.0,
        }
    }

    /// By hand: 2 iterations of 3 episodes of 2 epochs, (2 + 1) exact trainings of 8, 5 of DNAS; then 30.
    #[test]
    fn what_is_left_shrinks_with_every_event() {
        let mut position = Position::new(PLAN);
        assert_eq!(position.epochs_left(), [12, 48, 10, 30]);
        position.update(&epoch(Fidelity::Proxy, 0, 1.0));
        assert_eq!(position.epochs_left(), [11, 48, 10, 30]);
        position.update(&episode(0, 0));
        assert_eq!(position.epochs_left(), [10, 48, 10, 30]);
        position.update(&episode(0, 2));
        assert_eq!(position.phase, Phase::Retraining { done: 0 });
        position.update(&epoch(Fidelity::Exact, 2, 1.0));
        assert_eq!(position.epochs_left(), [6, 45, 10, 30]);
        let stop = Stop::TimeLimit;
        position.update(&Event::SearchEnded {
            stop,
            iterations: 0,
            seconds: 1.0,
        });
        assert_eq!(position.epochs_left(), [0, 0, 0, 30]);
        position.update(&epoch(Fidelity::Final, 9, 1.0));
        assert_eq!(position.epochs_left(), [0, 0, 0, 20]);
    }

    #[test]
    fn the_headline_counts_from_one() {
        let mut position = Position::new(PLAN);
        assert_eq!(
            position.headline(),
            "iteration 1/2, exploration: episode 1/3, epoch 1/2"
        );
        position.update(&episode(1, 1));
        position.update(&epoch(Fidelity::Proxy, 0, 1.0));
        assert_eq!(
            position.headline(),
            "iteration 2/2, exploration: episode 3/3, epoch 2/2"
        );
    }
}
