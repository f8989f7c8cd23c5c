//! A whole run: search, then the final training of the winner, then the result.

use crate::algorithm::Search;
use crate::evaluator::{Evaluator, Training, Watch};
use crate::result::{Best, Kept, MemoryUse, RunResult, SearchCounts, Times};
use crate::{
    Error, Event, Fidelity, Observer, Policy, Result, Score, SearchState, SpaceSource, Stop,
    StopSignal, Task, Trainer, kernel_path,
};
use radars_controller::{Controller, ControllerSettings};
use radars_tensor::random::Seed;
use radars_tensor::{Arena, Backend, Cpu, CpuSpec, Isa, Region};
use std::time::Instant;

/// Searches `task` with all memory in `region`, trains the winner from scratch, tests it once.
///
/// `device` names the device and its code path for the result. When `stop` asks to end early, the best
/// architecture so far is the winner; it is trained and tested unless the user interrupted.
///
/// # Errors
/// [`Error::BoundTooSmall`] when no path fits the region; [`Error::NothingTrained`] when none was found
/// that may be trained; [`Error::NothingMeasured`] when it was stopped before the first one was; those of
/// training and of `observer`.
pub fn search<B: Backend>(
    region: Region<B>,
    device: String,
    task: &Task,
    observer: &mut dyn Observer,
    stop: &StopSignal,
) -> Result<RunResult> {
    search_with(Trainer::new(region, task)?, device, task, observer, stop)
}

/// As [`search`], with architectures measured by `evaluator`, whatever it is.
///
/// # Errors
/// As [`search`]; those of `evaluator`.
pub fn search_with(
    evaluator: impl Evaluator,
    device: String,
    task: &Task,
    observer: &mut dyn Observer,
    stop: &StopSignal,
) -> Result<RunResult> {
    let started = Instant::now();
    refuse_small_bound(&evaluator, task)?;
    let mut watch = Watch { observer, stop };
    watch.event(started_event(&evaluator, &device, task))?;
    let mut search = Search {
        task,
        evaluator,
        controller: controller(task)?,
        state: SearchState::default(),
    };
    let stopped = search.run(&mut watch)?;
    let search_seconds = started.elapsed().as_secs_f64();
    watch.event(Event::SearchEnded {
        stop: stopped,
        iterations: search.state.iterations,
        seconds: search_seconds,
    })?;
    let Search {
        mut evaluator,
        mut state,
        ..
    } = search;
    let winner = winner(&state)?;
    let started = Instant::now();
    let unlimited = stop.without_deadline();
    let mut watch = Watch {
        observer,
        stop: &unlimited,
    };
    let test_accuracy = match stopped {
        Stop::Interrupted => None,
        _ => test(&mut evaluator, &mut state, winner.index, &mut watch)?,
    };
    let time = Times {
        search_seconds,
        final_training_seconds: started.elapsed().as_secs_f64(),
        phases: state.time,
    };
    Finished {
        task,
        device,
        bound_bytes: evaluator.bound_bytes(),
        state,
        winner,
        stop: stopped,
        test_accuracy,
        time,
    }
    .result()
}

fn started_event(evaluator: &impl Evaluator, device: &str, task: &Task) -> Event {
    let splits = &task.splits;
    Event::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        device: device.into(),
        bound_bytes: evaluator.bound_bytes(),
        data_bytes: task.data.bytes(),
        images: [
            splits.weights.len(),
            splits.alpha.len(),
            splits.rewards.len(),
            task.data.test.len(),
        ],
        iterations: task.config.search.iterations,
        episodes: task.config.search.episodes,
    }
}

/// Ends at once when not even the path of the smallest kernels can be trained.
fn refuse_small_bound(evaluator: &impl Evaluator, task: &Task) -> Result<()> {
    let smallest = kernel_path::smallest(&task.space)?;
    let needed_bytes = evaluator
        .plan(&smallest)?
        .high_water_bytes
        .max(evaluator.plan_final(&smallest)?.high_water_bytes);
    let bound_bytes = evaluator.bound_bytes();
    if needed_bytes > bound_bytes {
        return Err(Error::BoundTooSmall {
            bound_bytes,
            needed_bytes,
            batch: task.config.batch,
        });
    }
    Ok(())
}

/// A controller on an arena of its own, exactly as large as it needs.
///
/// It always computes portably: its tensors are tiny, and the search does not depend on the device then.
pub(crate) fn controller(task: &Task) -> Result<Controller<Cpu>> {
    let config = &task.config.controller;
    let base = match config.policy {
        Policy::Lstm => ControllerSettings::lstm(),
        Policy::Logits => ControllerSettings::logits(),
    };
    let settings = ControllerSettings {
        hidden: config.hidden,
        rate: config.rate,
        baseline_decay: config.baseline_decay,
        entropy_weight: config.entropy,
        ..base
    };
    let choices: Vec<usize> = task
        .space
        .decisions()
        .iter()
        .map(|decision| decision.choices)
        .collect();
    let bytes = Controller::<Cpu>::arena_bytes(CpuSpec::new(Isa::Portable), &choices, settings)?;
    let arena = Arena::with_bound(Cpu::with_isa(1, Isa::Portable)?, bytes)?;
    let seed = Seed(task.config.seed).derive("controller", 0);
    Ok(Controller::new(&arena, &choices, settings, seed)?)
}

/// The record that wins, and the score that it wins by.
#[derive(Clone, Copy)]
pub(crate) struct Winner {
    pub index: usize,
    pub score: Score,
}

/// The best exact reward wins; the best proxy reward when nothing was re-trained yet.
pub(crate) fn winner(state: &SearchState) -> Result<Winner> {
    let fallback = || state.best_by(Fidelity::Proxy, 1).first().copied();
    let index = state.best.or_else(fallback).ok_or(Error::NothingMeasured)?;
    let record = &state.records[index];
    let score = record
        .exact
        .or(record.proxy)
        .ok_or(Error::NothingMeasured)?;
    Ok(Winner { index, score })
}

/// Trains the winner from scratch on all training images and tests it; none when interrupted.
fn test(
    evaluator: &mut impl Evaluator,
    state: &mut SearchState,
    winner: usize,
    watch: &mut Watch<'_>,
) -> Result<Option<f64>> {
    let started = Instant::now();
    let architecture = state.records[winner].architecture.clone();
    let plan = evaluator.plan_final(&architecture)?;
    let training = Training {
        architecture: &architecture,
        fidelity: Fidelity::Final,
        number: winner as u64,
        plan,
    };
    let Some(measured) = evaluator.train(training, watch)? else {
        return Ok(None);
    };
    state.memory.include(measured.memory);
    state
        .fingerprint
        .add(&measured.weights, &architecture, measured.accuracy);
    watch.event(Event::Tested {
        architecture,
        test_accuracy: measured.accuracy,
        memory: measured.memory,
        seconds: started.elapsed().as_secs_f64(),
    })?;
    Ok(Some(measured.accuracy))
}

/// A run that has come to its end.
struct Finished<'a> {
    task: &'a Task,
    device: String,
    bound_bytes: usize,
    state: SearchState,
    winner: Winner,
    stop: Stop,
    test_accuracy: Option<f64>,
    time: Times,
}

impl Finished<'_> {
    fn result(self) -> Result<RunResult> {
        let (config, state) = (&self.task.config, &self.state);
        let record = &state.records[self.winner.index];
        let cost = self.task.space.cost(&record.architecture)?;
        Ok(RunResult {
            schema: RunResult::SCHEMA,
            method: config.method,
            preset: match &config.space {
                SpaceSource::Preset(name) => Some(name.clone()),
                SpaceSource::File(_) => None,
            },
            mixing: config.mixing,
            seed: config.seed,
            device: self.device,
            fingerprint: state.fingerprint.to_string(),
            best: Best {
                architecture: record.architecture.clone(),
                reward: self.winner.score.reward,
                val_accuracy: self.winner.score.accuracy,
                test_accuracy: self.test_accuracy,
                aops: cost.aops,
                macs: cost.macs,
                params: cost.params,
            },
            front: front(state, config.search.keep),
            memory: MemoryUse {
                bound_bytes: self.bound_bytes,
                planned_peak_bytes: state.memory.planned_peak_bytes,
                actual_peak_bytes: state.memory.actual_peak_bytes,
                high_water_bytes: state.memory.high_water_bytes,
            },
            search: SearchCounts {
                iterations: state.iterations,
                episodes: state.episodes,
                retrained: state.retrained,
                stop: self.stop,
            },
            time: self.time,
        })
    }
}

/// The `keep` records with the best exact rewards.
fn front(state: &SearchState, keep: usize) -> Vec<Kept> {
    let best = state.best_by(Fidelity::Exact, keep).into_iter();
    best.filter_map(|index| {
        let record = &state.records[index];
        record.exact.map(|score| Kept {
            architecture: record.architecture.clone(),
            reward: score.reward,
            accuracy: score.accuracy,
            aops: record.aops,
        })
    })
    .collect()
}
