//! A whole run: search, then the final training of the winner, then the result.

use crate::algorithm::Search;
use crate::evaluator::{Evaluator, Training, Watch};
use crate::result::{Best, Kept, MemoryUse, PhaseTimes, RunResult, SearchCounts, Times};
use crate::{
    Error, Event, Fidelity, Observer, Policy, Result, Score, SearchState, SpaceSource, Stop,
    StopSignal, Task, Trainer,
};
use radars_controller::{Controller, ControllerSettings};
use radars_space::{Architecture, Space};
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
/// that may be trained; those of training and of `observer`.
pub fn search<B: Backend>(
    region: Region<B>,
    device: String,
    task: &Task,
    observer: &mut dyn Observer,
    stop: &StopSignal,
) -> Result<RunResult> {
    let started = Instant::now();
    let trainer = Trainer::new(region, task)?;
    refuse_small_bound(&trainer, task)?;
    let mut watch = Watch { observer, stop };
    let splits = &task.splits;
    watch.event(Event::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        device: device.clone(),
        bound_bytes: trainer.bound_bytes(),
        data_bytes: task.data.bytes(),
        images: [
            splits.weights.len(),
            splits.alpha.len(),
            splits.rewards.len(),
            task.data.test.len(),
        ],
        iterations: task.config.search.iterations,
        episodes: task.config.search.episodes,
    })?;
    let controller = controller(task)?;
    let mut search = Search {
        task,
        evaluator: trainer,
        controller,
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
    let (winner, score) = winner(&state)?;
    let started = Instant::now();
    let unlimited = stop.without_deadline();
    let mut watch = Watch {
        observer,
        stop: &unlimited,
    };
    let test_accuracy = match stopped {
        Stop::Interrupted => None,
        _ => test(&mut evaluator, &mut state, winner, &mut watch)?,
    };
    let final_training_seconds = started.elapsed().as_secs_f64();
    result(
        task,
        device,
        &state,
        (winner, score),
        stopped,
        test_accuracy,
        evaluator.bound_bytes(),
    )
    .map(|result| RunResult {
        time: Times {
            search_seconds,
            final_training_seconds,
            ..result.time
        },
        ..result
    })
}

/// Ends at once when not even the path of the smallest kernels can be trained.
fn refuse_small_bound(evaluator: &impl Evaluator, task: &Task) -> Result<()> {
    let smallest = path(&task.space, <[usize]>::iter, |kernels| {
        kernels.min().copied()
    })?;
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

/// The architecture whose kernel in every layer is what `choose` takes of the choices, everything else
/// the first choice: memory does not depend on it.
pub(crate) fn path<'a, I>(
    space: &'a Space,
    iter: impl Fn(&'a [usize]) -> I,
    choose: impl Fn(I) -> Option<usize>,
) -> Result<Architecture> {
    let mut layers = Vec::with_capacity(space.layers().len());
    for (index, layer) in space.layers().iter().enumerate() {
        let kernel = choose(iter(layer.choices.kernels()));
        let candidates = space.candidates(index)?;
        layers.extend(
            candidates
                .into_iter()
                .find(|candidate| Some(candidate.kernel) == kernel),
        );
    }
    Ok(Architecture(layers))
}

/// A controller on an arena of its own, exactly as large as it needs.
///
/// It always computes portably: its tensors are tiny, and the search does not depend on the device then.
fn controller(task: &Task) -> Result<Controller<Cpu>> {
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

/// The record that wins, with its score: the best exact reward; the best proxy reward when nothing was
/// re-trained yet.
fn winner(state: &SearchState) -> Result<(usize, Score)> {
    let fallback = || state.best_by(Fidelity::Proxy, 1).first().copied();
    let index = state.best.or_else(fallback).ok_or(Error::NothingMeasured)?;
    let record = &state.records[index];
    let score = record
        .exact
        .or(record.proxy)
        .ok_or(Error::NothingMeasured)?;
    Ok((index, score))
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

fn result(
    task: &Task,
    device: String,
    state: &SearchState,
    (winner, score): (usize, Score),
    stop: Stop,
    test_accuracy: Option<f64>,
    bound_bytes: usize,
) -> Result<RunResult> {
    let record = &state.records[winner];
    let cost = task.space.cost(&record.architecture)?;
    let front = state
        .best_by(Fidelity::Exact, task.config.search.keep)
        .into_iter()
        .filter_map(|index| {
            let record = &state.records[index];
            record.exact.map(|score| Kept {
                architecture: record.architecture.clone(),
                reward: score.reward,
                accuracy: score.accuracy,
                aops: record.aops,
            })
        });
    Ok(RunResult {
        schema: RunResult::SCHEMA,
        method: task.config.method,
        preset: match &task.config.space {
            SpaceSource::Preset(name) => Some(name.clone()),
            SpaceSource::File(_) => None,
        },
        mixing: task.config.mixing,
        seed: task.config.seed,
        device,
        fingerprint: state.fingerprint.to_string(),
        best: Best {
            architecture: record.architecture.clone(),
            reward: score.reward,
            val_accuracy: score.accuracy,
            test_accuracy,
            aops: cost.aops,
            macs: cost.macs,
            params: cost.params,
        },
        front: front.collect(),
        memory: MemoryUse {
            bound_bytes,
            planned_peak_bytes: state.memory.planned_peak_bytes,
            actual_peak_bytes: state.memory.actual_peak_bytes,
            high_water_bytes: state.memory.high_water_bytes,
        },
        search: SearchCounts {
            iterations: state.iterations,
            episodes: state.episodes,
            retrained: state.retrained,
            stop,
        },
        time: Times {
            search_seconds: 0.0,
            final_training_seconds: 0.0,
            phases: PhaseTimes {
                exploration_seconds: state.seconds.exploration,
                retraining_seconds: state.seconds.retraining,
                exploitation_seconds: state.seconds.exploitation,
            },
        },
    })
}
