//! What a search came to, and the result made of it.

use crate::phase::{ExploiterState, Explored, ExplorerState};
use crate::result::{Best, Kept, MemoryUse, RunResult, SearchCounts, Times};
use crate::worth::Worth;
use crate::{
    DataSizes, Error, Fidelity, Findings, Fingerprint, Measured, Memory, PhaseTimes, Problem,
    Record, Result, Score, SpaceSource, Stop,
};
use radars_space::Architecture;
use radars_supernet::Traffic;

/// What both phases came to, as far as it is part of the result.
pub(super) struct Outcome {
    pub stop: Stop,
    pub iterations: usize,
    pub episodes: usize,
    pub trained: usize,
    pub spent: u64,
    pub traffic: Traffic,
    pub memory: Memory,
    pub fingerprint: Fingerprint,
    pub phases: PhaseTimes,
    /// Everything that was measured, that of exploitation first.
    records: Vec<Record>,
}

impl Outcome {
    /// Of the phases; `split` when each had its own memory, so that both could have been in use at once.
    ///
    /// Exploitations that were not done make explorations beyond them part of the result only where they were
    /// stopped: an exploration that ran ahead of the last exploitation is not.
    pub fn new(
        exploration: &ExplorerState,
        exploitation: &ExploiterState,
        stop: Stop,
        split: bool,
    ) -> Self {
        let iterations = exploitation.iterations;
        let ahead = match stop {
            Stop::Target | Stop::Iterations => iterations.checked_sub(1),
            _ => None,
        };
        let explored = ahead.and_then(|last| exploration.iterations.get(last));
        let findings = &exploration.findings;
        let (episodes, mut memory, mut fingerprint, spent) = match explored {
            Some(e) => (e.episodes, e.memory, e.fingerprint.clone(), e.spent),
            None => (
                exploration.episodes,
                findings.memory,
                findings.fingerprint.clone(),
                findings.spent,
            ),
        };
        let exploited = &exploitation.findings;
        fingerprint.add_chain(&exploited.fingerprint);
        match split {
            true => memory.add(exploited.memory),
            false => memory.include(exploited.memory),
        }
        let mut traffic = findings.traffic;
        traffic.uploaded_bytes += exploited.traffic.uploaded_bytes;
        traffic.downloaded_bytes += exploited.traffic.downloaded_bytes;
        Outcome {
            stop,
            iterations,
            episodes,
            trained: findings.trained + exploited.trained,
            spent: spent + exploited.spent,
            traffic,
            memory,
            fingerprint,
            phases: PhaseTimes {
                exploration_seconds: exploration.seconds,
                retraining_seconds: exploitation.retraining_seconds,
                exploitation_seconds: exploitation.dnas_seconds,
            },
            records: merged(exploited, &until(exploration, explored)),
        }
    }

    /// What is worth most of what was trained to convergence wins; the best proxy reward when nothing was yet. An
    /// architecture that is given has no rival.
    ///
    /// `data` is what was measured with.
    ///
    /// # Errors
    /// [`Error::NothingMeasured`], [`Error::NothingTrained`].
    pub fn winner(&self, problem: &Problem, data: DataSizes) -> Result<Winner> {
        if let Some(architecture) = &problem.config.architecture {
            return Ok(Winner {
                architecture: architecture.clone(),
                score: None,
                measured: None,
            });
        }
        let winner = match self.by_worth(problem, data)?.into_iter().next() {
            Some(winner) => Some(winner),
            None => self.best(Fidelity::Proxy, 1).first().map(|record| Winner {
                architecture: record.architecture.clone(),
                score: record.proxy,
                measured: None,
            }),
        };
        winner.ok_or(match self.stop {
            Stop::Interrupted | Stop::TimeLimit => Error::NothingMeasured,
            _ => Error::NothingTrained {
                episodes: self.episodes,
            },
        })
    }

    /// All that was trained to convergence, the most worth first; the first met of equals.
    pub fn by_worth(&self, problem: &Problem, data: DataSizes) -> Result<Vec<Winner>> {
        let worth = Worth::new(problem, data, &self.records)?;
        let exact = self.records.iter();
        let exact = exact.filter_map(|record| Some((record, record.exact?)));
        let mut ranked: Vec<Winner> = exact
            .map(|(record, measured)| {
                Ok(Winner {
                    architecture: record.architecture.clone(),
                    score: Some(worth.of(&record.architecture, record.aops, measured)?),
                    measured: Some(measured),
                })
            })
            .collect::<Result<_>>()?;
        let reward = |w: &Winner| w.score.map_or(f64::NEG_INFINITY, |score| score.reward);
        ranked.sort_by(|a, b| reward(b).total_cmp(&reward(a)));
        Ok(ranked)
    }

    /// The `count` records with the best scores at a fidelity, best first; the first met of equals.
    fn best(&self, fidelity: Fidelity, count: usize) -> Vec<&Record> {
        let scored = |record: &&Record| record.score(fidelity).is_some();
        let mut ranked: Vec<&Record> = self.records.iter().filter(scored).collect();
        let reward = |r: &Record| r.score(fidelity).map_or(f64::NEG_INFINITY, |s| s.reward);
        ranked.sort_by(|a, b| reward(b).total_cmp(&reward(a)));
        ranked.truncate(count);
        ranked
    }
}

/// An architecture that won, or would have.
pub(super) struct Winner {
    pub architecture: Architecture,
    /// What it is taken to be worth, by which it won; none where it was given.
    pub score: Option<Score>,
    /// What its own training to convergence said; none without one.
    pub measured: Option<Score>,
}

/// What exploration knew at the end of an exploration that others ran ahead of; all that it knows, where none did.
fn until(exploration: &ExplorerState, explored: Option<&Explored>) -> Vec<Record> {
    let records = &exploration.findings.records;
    let Some(explored) = explored.filter(|e| e.episodes < exploration.episodes) else {
        return records.clone();
    };
    let told = |record: &&Record| {
        let mut promising = explored.promising.iter();
        promising.any(|promising| promising.architecture == record.architecture)
    };
    records.iter().filter(told).cloned().collect()
}

/// The records of both phases, each architecture once, with all that is known of it.
fn merged(exploited: &Findings, explored: &[Record]) -> Vec<Record> {
    let mut records = exploited.records.clone();
    for record in explored {
        let known = |r: &&mut Record| r.architecture == record.architecture;
        match records.iter_mut().find(known) {
            Some(known) => {
                known.proxy = known.proxy.or(record.proxy);
                known.exact = known.exact.or(record.exact);
            }
            None => records.push(record.clone()),
        }
    }
    records
}

/// A run that has come to its end.
pub(super) struct Finished<'a> {
    pub problem: &'a Problem,
    pub device: String,
    pub bound_bytes: usize,
    pub search_seconds: f64,
    pub final_training_seconds: f64,
    pub outcome: Outcome,
    pub data: DataSizes,
    pub winner: Winner,
    pub tested: Option<Measured>,
}

impl Finished<'_> {
    pub fn result(self) -> Result<RunResult> {
        let (config, outcome) = (&self.problem.config, &self.outcome);
        let record = &self.winner;
        let cost = self.problem.space.cost(&record.architecture)?;
        let score = record.score;
        let (mut memory, mut fingerprint) = (outcome.memory, outcome.fingerprint.clone());
        if let Some(tested) = &self.tested {
            memory.include(tested.memory);
            fingerprint.add(&tested.weights, &record.architecture, tested.accuracy);
        }
        let mut front = Vec::new();
        let kept = outcome.by_worth(self.problem, self.data)?.into_iter();
        for kept in kept.take(config.search.keep) {
            if let Some(measured) = kept.measured {
                front.push(Kept {
                    aops: self.problem.space.cost(&kept.architecture)?.aops,
                    architecture: kept.architecture,
                    reward: measured.reward,
                    accuracy: measured.accuracy,
                });
            }
        }
        Ok(RunResult {
            schema: RunResult::SCHEMA,
            method: config.method,
            preset: match &config.space {
                SpaceSource::Preset(name) => Some(name.clone()),
                SpaceSource::File(_) => None,
            },
            mixing: config.mixing,
            seed: config.seed,
            fingerprint: fingerprint.to_string(),
            best: Best {
                architecture: record.architecture.clone(),
                reward: score.map(|score| score.reward),
                val_accuracy: score.map(|score| score.accuracy),
                test_accuracy: self.tested.as_ref().map(|tested| tested.accuracy),
                test_top5_accuracy: self.tested.as_ref().and_then(|tested| tested.top5),
                aops: cost.aops,
                macs: cost.macs,
                params: cost.params,
            },
            front,
            memory: MemoryUse {
                bound_bytes: self.bound_bytes,
                planned_peak_bytes: memory.planned_peak_bytes,
                actual_peak_bytes: memory.actual_peak_bytes,
                high_water_bytes: memory.high_water_bytes,
            },
            search: SearchCounts {
                iterations: outcome.iterations,
                episodes: outcome.episodes,
                retrained: outcome.trained,
                spent: outcome.spent,
                traffic: outcome.traffic,
                stop: outcome.stop,
            },
            time: Times {
                search_seconds: self.search_seconds,
                final_training_seconds: self.final_training_seconds,
                phases: outcome.phases,
            },
            device: self.device,
        })
    }
}
