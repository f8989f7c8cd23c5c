//! When each network was trained, and in how much memory.

use super::{Event, Fidelity, Memory, Run};

/// What was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingKind {
    Proxy,
    Exact,
    SuperNet,
    Final,
}

/// One training: from when to when, in seconds since the run began, and its memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    pub kind: TrainingKind,
    pub from_seconds: f64,
    pub to_seconds: f64,
    pub planned_bytes: u64,
    /// None while it goes on.
    pub actual_bytes: Option<u64>,
}

impl TrainingKind {
    /// All kinds, in the order that a search comes to them.
    pub const ALL: [Self; 4] = [Self::Proxy, Self::Exact, Self::SuperNet, Self::Final];

    /// What the page calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proxy => "episode",
            Self::Exact => "to convergence",
            Self::SuperNet => "SuperNet",
            Self::Final => "final",
        }
    }
}

impl Run {
    /// Every training whose memory is known, finished ones in the order they ended, then those that go on.
    pub(crate) fn trainings(&self) -> Vec<Training> {
        let mut all = Vec::new();
        let mut add = |kind, from: f64, to: f64, memory: Option<Memory>| {
            if let Some(memory) = memory {
                all.push(Training {
                    kind,
                    from_seconds: from.max(0.0),
                    to_seconds: to,
                    planned_bytes: memory.planned_peak_bytes,
                    actual_bytes: Some(memory.actual_peak_bytes),
                });
            }
        };
        for line in &self.lines {
            let to = line.elapsed_seconds;
            match &line.event {
                Event::Episode(e) => {
                    let kind = match e.fidelity {
                        Some(Fidelity::Exact) => TrainingKind::Exact,
                        _ => TrainingKind::Proxy,
                    };
                    add(kind, to - e.seconds, to, e.memory);
                }
                Event::Screened(s) => add(TrainingKind::SuperNet, to - s.seconds, to, s.memory),
                Event::Retrained(r) => add(TrainingKind::Exact, to - r.seconds, to, r.memory),
                Event::Tested(t) => add(TrainingKind::Final, to - t.seconds, to, t.memory),
                Event::Derived(derived) => {
                    // Its training began when DNAS ended.
                    let (from, end) = self.dnas_span(derived.iteration).unwrap_or((to, to));
                    add(TrainingKind::SuperNet, from, end, derived.supernet_memory);
                    add(TrainingKind::Exact, end, to, derived.memory);
                }
                _ => {}
            }
        }
        all.extend(self.going_on());
        all
    }

    /// From when to when the SuperNet of an iteration was trained.
    fn dnas_span(&self, iteration: usize) -> Option<(f64, f64)> {
        let epochs = self.lines.iter().filter_map(|line| match &line.event {
            Event::DnasEpoch(epoch) if epoch.iteration == iteration => {
                Some((line.elapsed_seconds - epoch.seconds, line.elapsed_seconds))
            }
            _ => None,
        });
        epochs.reduce(|(from, _), (_, to)| (from, to))
    }

    /// What is being trained at the end of a log: the last network that began and whose end is not in the
    /// log, and the SuperNets that nothing was derived from.
    fn going_on(&self) -> Vec<Training> {
        if self.is_over() {
            return Vec::new();
        }
        let now = self.elapsed_seconds();
        let mut open = Vec::new();
        let mut network = None;
        for line in &self.lines {
            let from = line.elapsed_seconds;
            let training = |kind, planned: Option<u64>| {
                planned.map(|planned_bytes| Training {
                    kind,
                    from_seconds: from,
                    to_seconds: now,
                    planned_bytes,
                    actual_bytes: None,
                })
            };
            match &line.event {
                Event::TrainingStarted(started) => {
                    let kind = match started.fidelity {
                        Fidelity::Proxy => TrainingKind::Proxy,
                        Fidelity::Final => TrainingKind::Final,
                        Fidelity::Exact | Fidelity::Other => TrainingKind::Exact,
                    };
                    network = training(kind, started.planned_peak_bytes);
                }
                Event::Pruned(pruned) => {
                    let supernet = training(TrainingKind::SuperNet, pruned.planned_peak_bytes);
                    open.extend(supernet.map(|training| (pruned.iteration, training)));
                }
                Event::Derived(derived) => {
                    open.retain(|&(iteration, _)| iteration != derived.iteration);
                    network = None;
                }
                Event::Screened(_) | Event::Episode(_) | Event::Retrained(_) | Event::Tested(_) => {
                    network = None
                }
                _ => {}
            }
        }
        let supernets = open.into_iter().map(|(_, training)| training);
        supernets.chain(network).collect()
    }
}
