//! A whole run: search, then the final training of the winner, then the result.

mod outcome;
mod refuse;

use crate::method::{Both, Desk, procedure, side_by_side};
use crate::phase::{PhaseState, RunState};
use crate::{
    Bounds, Error, Evaluator, Evaluators, Event, Fidelity, Measured, Method, NetworkState,
    Observer, Phase, Problem, Result, Resumed, RunResult, Stop, StopSignal, Task, Trainer,
    Training, Watch, planner,
};
use outcome::{Finished, Outcome};
use radars_space::Architecture;
use radars_tensor::{Backend, Region};
use std::time::Instant;

/// How a search is run: nothing of this reaches its result.
pub struct Setup<'a> {
    /// The device and its code path, for the result to name.
    pub device: String,
    /// Who watches.
    pub observer: &'a mut dyn Observer,
    /// Who may ask it to stop.
    pub stop: &'a StopSignal,
    /// Where it goes on; none to begin.
    pub resumed: Option<Resumed>,
    /// Whether the winner is trained from scratch and tested in the end; the result has no test accuracy
    /// otherwise.
    pub final_training: bool,
}

impl<'a> Setup<'a> {
    /// A search that begins.
    pub fn new(
        device: impl Into<String>,
        observer: &'a mut dyn Observer,
        stop: &'a StopSignal,
    ) -> Self {
        Setup {
            device: device.into(),
            observer,
            stop,
            resumed: None,
            final_training: true,
        }
    }
}

/// Searches `task` with all memory in `region`, trains the winner from scratch, tests it once.
///
/// The phases run one after the other; where the configuration gives exploration a share of the memory, each
/// has its own. When asked to end early, the best architecture so far is the winner; it is trained and
/// tested unless the user interrupted.
///
/// # Errors
/// [`Error::BoundTooSmall`] when no path fits the region; [`Error::SupernetOverBound`] when the method needs
/// a SuperNet that does not; [`Error::NothingTrained`] when nothing was found that may be trained;
/// [`Error::NothingMeasured`] when it was stopped before anything was; those of training and of the observer.
pub fn search<'a, B: Backend>(
    region: Region<B>,
    task: &'a Task,
    setup: Setup<'a>,
) -> Result<RunResult> {
    let Some(share) = task.problem.config.search.exploration_memory else {
        let evaluators = Evaluators::Shared(Trainer::new(region, task)?);
        return search_with(evaluators, &task.problem, setup);
    };
    let share = usize::try_from(share.as_u64()).unwrap_or(usize::MAX);
    let (exploration, exploitation) = region.split(share)?;
    search_in_turns(exploration, exploitation, task, setup)
}

/// As [`search`], with a region for each phase, which may be of two devices. One phase runs after the other; the
/// result is that of [`search_side_by_side`] with these regions.
///
/// # Errors
/// As [`search`].
pub fn search_in_turns<'a, B: Backend>(
    exploration: Region<B>,
    exploitation: Region<B>,
    task: &'a Task,
    setup: Setup<'a>,
) -> Result<RunResult> {
    let evaluators = Evaluators::Split {
        exploration: Trainer::new(exploration, task)?,
        exploitation: Trainer::new(exploitation, task)?,
    };
    search_with(evaluators, &task.problem, setup)
}

/// As [`search`], with exploration `t + 1` beside exploitation `t`, each on a thread and in a region of its
/// own; with the same regions, the same result.
///
/// # Errors
/// As [`search`]; [`Error::NotSideBySide`] for a method other than RADARS, or a budget.
pub fn search_side_by_side<'a, B: Backend>(
    exploration: Region<B>,
    exploitation: Region<B>,
    task: &'a Task,
    setup: Setup<'a>,
) -> Result<RunResult> {
    let bounds = Bounds {
        exploration_bytes: exploration.bytes(),
        exploitation_bytes: exploitation.bytes(),
    };
    let regions = [exploration, exploitation].map(|region| std::sync::Mutex::new(Some(region)));
    let make = |phase| {
        let region = &regions[usize::from(phase != Phase::Exploration)];
        let region = region.lock().ok().and_then(|mut region| region.take());
        let region = region.ok_or(Error::NotSideBySide {
            what: "more than two evaluators",
        })?;
        Trainer::new(region, task)
    };
    search_with_both(bounds, &make, &task.problem, setup)
}

/// As [`search`], with architectures measured by whatever `evaluators` are.
///
/// # Errors
/// As [`search`]; those of the evaluators.
pub fn search_with<'a, E: Evaluator>(
    mut evaluators: Evaluators<E>,
    problem: &'a Problem,
    setup: Setup<'a>,
) -> Result<RunResult> {
    let bound_bytes = evaluators.bound_bytes();
    let split = matches!(evaluators, Evaluators::Split { .. });
    let procedure = procedure::<E>(problem.config.method);
    procedure.refuse(problem, evaluators.of(Phase::Exploitation))?;
    let mut run = Run::start(
        problem,
        setup,
        evaluators.of(Phase::Exploitation),
        bound_bytes,
    )?;
    let both = match run.ended() {
        Some(both) => both,
        None => {
            let resumed = std::mem::take(&mut run.resumed);
            let mut desk = Desk::new(
                problem,
                &mut evaluators,
                resumed,
                &mut *run.observer,
                run.stop,
            )?;
            let stop = procedure.run(&mut desk)?;
            Both {
                exploration: desk.explorer.state().clone(),
                exploitation: desk.exploiter.state().clone(),
                stop,
            }
        }
    };
    let outcome = Outcome::new(&both.exploration, &both.exploitation, both.stop, split);
    run.finish(outcome, evaluators.of(Phase::Exploitation), bound_bytes)
}

/// As [`search_side_by_side`], with architectures measured by what `make` makes, once for each phase and on
/// its thread.
///
/// # Errors
/// As [`search_side_by_side`]; those of the evaluators.
pub fn search_with_both<'a, E: Evaluator>(
    bounds: Bounds,
    make: &(impl Fn(Phase) -> Result<E> + Sync),
    problem: &'a Problem,
    setup: Setup<'a>,
) -> Result<RunResult> {
    let config = &problem.config;
    if config.method != Method::Radars {
        return Err(Error::NotSideBySide {
            what: "a method without exploitation beside exploration",
        });
    }
    if config.search.budget.is_some() {
        return Err(Error::NotSideBySide { what: "a budget" });
    }
    let bound_bytes = bounds.exploration_bytes + bounds.exploitation_bytes;
    let mut evaluator = make(Phase::Exploitation)?;
    let mut run = Run::start(problem, setup, &evaluator, bound_bytes)?;
    let both = match run.ended() {
        Some(both) => both,
        None => side_by_side(
            problem,
            bounds,
            &|| make(Phase::Exploration),
            &mut evaluator,
            std::mem::take(&mut run.resumed),
            (&mut *run.observer, run.stop),
        )?,
    };
    let outcome = Outcome::new(&both.exploration, &both.exploitation, both.stop, true);
    run.finish(outcome, &mut evaluator, bound_bytes)
}

/// A run under way.
struct Run<'a> {
    problem: &'a Problem,
    device: String,
    observer: &'a mut dyn Observer,
    stop: &'a StopSignal,
    resumed: Resumed,
    network: Option<NetworkState>,
    state: RunState,
    /// Seconds before this process went on with it.
    seconds_before: f64,
    started: Instant,
    final_training: bool,
}

impl<'a> Run<'a> {
    /// Begins, unless it goes on: refuses a bound that is too small, and says what is about to happen.
    fn start(
        problem: &'a Problem,
        setup: Setup<'a>,
        evaluator: &impl Evaluator,
        bound_bytes: usize,
    ) -> Result<Self> {
        let Setup {
            device,
            observer,
            stop,
            resumed,
            final_training,
        } = setup;
        match &problem.config.architecture {
            Some(architecture) => refuse::given(evaluator, problem, architecture)?,
            None => refuse::small_bound(evaluator, problem)?,
        }
        let begins = resumed.is_none();
        let mut resumed = resumed.unwrap_or_default();
        let mut run = Run {
            problem,
            device,
            observer,
            stop,
            network: resumed.networks.remove(&Phase::Run),
            state: resumed.run,
            seconds_before: resumed.seconds,
            resumed,
            started: Instant::now(),
            final_training,
        };
        if begins {
            let data = evaluator.data();
            let event = Event::Started {
                version: env!("CARGO_PKG_VERSION").into(),
                device: run.device.clone(),
                method: problem.config.method,
                bound_bytes,
                data_bytes: data.bytes,
                images: data.images,
                iterations: problem.config.search.iterations,
                episodes: problem.config.search.episodes,
            };
            let state = run.state;
            run.watch(stop, |watch| {
                watch.event(event)?;
                watch.keep(&PhaseState::Run(state))
            })?;
        }
        Ok(run)
    }

    /// The phases of a search that was over before the run was left.
    fn ended(&mut self) -> Option<Both> {
        let stop = self.state.stop?;
        let resumed = std::mem::take(&mut self.resumed);
        Some(Both {
            exploration: resumed.exploration.unwrap_or_default(),
            exploitation: resumed.exploitation.unwrap_or_default(),
            stop,
        })
    }

    fn watch<R>(
        &mut self,
        stop: &StopSignal,
        act: impl FnOnce(&mut Watch<'_>) -> Result<R>,
    ) -> Result<R> {
        let mut watch = Watch::new(Phase::Run, self.observer, stop, &mut self.network);
        act(&mut watch)
    }

    /// Trains and tests the winner, and puts the result together.
    fn finish(
        mut self,
        outcome: Outcome,
        evaluator: &mut impl Evaluator,
        bound_bytes: usize,
    ) -> Result<RunResult> {
        if self.state.stop.is_none() {
            self.state.search_seconds = self.seconds_before + self.started.elapsed().as_secs_f64();
        }
        // A search that was interrupted is not over: it can be gone on with. What was given was not searched for.
        let searched = self.problem.config.method != Method::Given;
        if searched && self.state.stop.is_none() && outcome.stop != Stop::Interrupted {
            self.state.stop = Some(outcome.stop);
            let event = Event::SearchEnded {
                stop: outcome.stop,
                iterations: outcome.iterations,
                seconds: self.state.search_seconds,
            };
            let state = self.state;
            self.watch(self.stop, |watch| {
                watch.event(event)?;
                watch.keep(&PhaseState::Run(state))
            })?;
        }
        let data = evaluator.data();
        let winner = outcome.winner(self.problem, data)?;
        let started = Instant::now();
        let tested = match outcome.stop {
            Stop::Interrupted => None,
            _ if !self.final_training => None,
            _ => self.test(&winner.architecture, evaluator)?,
        };
        Finished {
            problem: self.problem,
            device: self.device,
            bound_bytes,
            search_seconds: self.state.search_seconds,
            final_training_seconds: started.elapsed().as_secs_f64(),
            outcome,
            data,
            winner,
            tested,
        }
        .result()
    }

    /// Trains the winner from scratch on all training images and tests it; none when interrupted.
    fn test(
        &mut self,
        architecture: &Architecture,
        evaluator: &mut impl Evaluator,
    ) -> Result<Option<Measured>> {
        let started = Instant::now();
        let training = Training {
            architecture,
            fidelity: Fidelity::Final,
            plan: planner::child(
                evaluator,
                &self.problem.config,
                architecture,
                Fidelity::Final,
                evaluator.bound_bytes(),
            )?,
        };
        // It may take the time it needs.
        let stop = self.stop.without_deadline();
        self.watch(&stop, |watch| {
            let Some(measured) = evaluator.train(training, watch)? else {
                return Ok(None);
            };
            watch.event(Event::Tested {
                architecture: architecture.clone(),
                test_accuracy: measured.accuracy,
                memory: measured.memory,
                seconds: started.elapsed().as_secs_f64(),
            })?;
            Ok(Some(measured))
        })
    }
}
