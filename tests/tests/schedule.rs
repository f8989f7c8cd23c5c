//! Exploration beside exploitation or one after the other: with the same split of the bound, the same run. And
//! what each phase used of its share is what was planned, to the byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytesize::ByteSize;
use radars_search::{
    Config, Continued, Error, Event, Kept, Memory, Observer, Phase, Problem, Result, RunFolder,
    RunResult, Setup, Silent, Stop, StopSignal, Task, search, search_in_turns, search_side_by_side,
};
use radars_space::{BitChoices, Choices, ImageShape, Layer, Reward, Space};
use radars_tensor::{Cpu, Isa, Region};
use std::path::Path;

/// A search of seconds: three iterations of three episodes.
fn task(change: impl FnOnce(&mut Config)) -> Task {
    let mut config = Config::preset("fashion-small").unwrap();
    config.seed = 5;
    config.batch = 16;
    config.memory = ByteSize::mib(16);
    config.data.limit_train = Some(300);
    config.data.weights_fraction = 0.4;
    config.data.rewards_fraction = 0.4;
    config.search.iterations = 3;
    config.search.episodes = 3;
    config.search.retrain = 2;
    config.search.exploration_memory = Some(ByteSize::mib(6));
    config.training.proxy_epochs = 1;
    config.training.exact_epochs = 2;
    config.training.final_epochs = 1;
    config.dnas.epochs = 1;
    config.dnas.warmup_epochs = 1;
    change(&mut config);
    let bits = |integer: &[u8], fraction: &[u8]| BitChoices {
        integer: integer.to_vec(),
        fraction: fraction.to_vec(),
    };
    let choices = Choices::quantised(&[1, 3, 5], &bits(&[1, 3], &[3, 6]), &bits(&[1], &[3, 6]));
    let choices = choices.unwrap();
    let layers =
        [(4, 2), (8, 2)].map(|(channels, stride)| Layer::conv(channels, stride, choices.clone()));
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let space = Space::new("two layers", layers.to_vec()).unwrap();
    let task = Task::load(config.clone(), None).unwrap();
    Task {
        problem: Problem {
            config,
            space: space.resolve(images, 10).unwrap(),
            reward: Reward::balanced(10_000_000),
        },
        ..task
    }
}

/// How a run is scheduled, with threads for exploration and exploitation.
#[derive(Clone, Copy, Debug)]
enum Schedule {
    Sequential(usize),
    Overlapped(usize, usize),
}

use Schedule::{Overlapped, Sequential};

/// Takes everything down, in a run folder too where there is one; asks to stop at an event.
struct Log<'a> {
    events: Vec<(Phase, Event)>,
    folder: Option<RunFolder>,
    stop: &'a StopSignal,
    stop_at: Option<usize>,
}

impl Observer for Log<'_> {
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        self.events.push((phase, event.clone()));
        if self.stop_at == Some(self.events.len()) {
            self.stop.interrupt();
        }
        match &mut self.folder {
            Some(folder) => folder.event(phase, event),
            None => Ok(()),
        }
    }

    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        match &mut self.folder {
            Some(folder) => folder.keep(phase, kept),
            None => Ok(()),
        }
    }
}

fn searched<'a>(task: &'a Task, schedule: Schedule, setup: Setup<'a>) -> Result<RunResult> {
    let bytes = |size: ByteSize| usize::try_from(size.as_u64()).unwrap();
    let bound = bytes(task.problem.config.memory);
    let share = bytes(task.problem.config.search.exploration_memory.unwrap());
    let region = |threads, bytes| {
        let backend = Cpu::with_isa(threads, Isa::detect()).unwrap();
        Region::reserve(backend, bytes).unwrap()
    };
    match schedule {
        Sequential(threads) => search(region(threads, bound), task, setup),
        Overlapped(exploring, exploiting) => search_side_by_side(
            region(exploring, share),
            region(exploiting, bound - share),
            task,
            setup,
        ),
    }
}

struct Run {
    result: RunResult,
    events: Vec<(Phase, Event)>,
}

fn run(task: &Task, schedule: Schedule) -> Run {
    let stop = StopSignal::default();
    let mut log = Log {
        events: Vec::new(),
        folder: None,
        stop: &stop,
        stop_at: None,
    };
    let result = searched(task, schedule, Setup::new("cpu", &mut log, &stop)).unwrap();
    Run {
        result,
        events: log.events,
    }
}

/// The events of a phase, the times aside.
fn of(events: &[(Phase, Event)], phase: Phase) -> Vec<serde_json::Value> {
    let untimed = |event| {
        // By way of its text, as a log has it: a value of its own would widen f32 in another way.
        let text = serde_json::to_string(event).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        value.as_object_mut().unwrap().remove("seconds");
        value
    };
    let of_phase = events.iter().filter(|(p, _)| *p == phase);
    of_phase.map(|(_, event)| untimed(event)).collect()
}

fn memories(event: &Event) -> Vec<Memory> {
    match event {
        Event::Episode { memory, .. } => memory.iter().copied().collect(),
        Event::Retrained { memory, .. } | Event::Tested { memory, .. } => vec![*memory],
        Event::Derived {
            supernet_memory,
            memory,
            ..
        } => [Some(*supernet_memory), *memory]
            .into_iter()
            .flatten()
            .collect(),
        _ => vec![],
    }
}

impl Run {
    /// Of exploration, an overlapped run may have done more than was of use.
    fn assert_same(&self, other: &Run, what: &str) {
        assert_eq!(self.result.fingerprint, other.result.fingerprint, "{what}");
        assert_eq!(
            self.result.without_times(),
            other.result.without_times(),
            "{what}"
        );
        for phase in [Phase::Run, Phase::Exploitation] {
            assert_eq!(
                of(&self.events, phase),
                of(&other.events, phase),
                "{what}: {phase:?}"
            );
        }
        let explored = [self, other].map(|run| of(&run.events, Phase::Exploration));
        let shorter = explored[0].len().min(explored[1].len());
        assert_eq!(explored[0][..shorter], explored[1][..shorter], "{what}");
        if self.result.search.stop == Stop::Iterations {
            assert_eq!(explored[0].len(), explored[1].len(), "{what}");
        }
    }

    /// Every training used what was planned, within the share of its phase; the run, no more than the bound. What it
    /// used at most is that of the first `explored` events of exploration, beside exploitation: an exploration that
    /// was begun in vain is no part of the result.
    fn assert_within_its_shares(&self, task: &Task, mut explored: usize) {
        let config = &task.problem.config;
        let bound = config.memory.as_u64() as usize;
        let share = config.search.exploration_memory.unwrap().as_u64() as usize;
        let mut peaks = [0; 2];
        for (phase, event) in &self.events {
            let exploring = *phase == Phase::Exploration;
            let share = if exploring { share } else { bound - share };
            let counts = !exploring || explored > 0;
            explored -= usize::from(exploring && counts);
            for memory in memories(event) {
                assert_eq!(
                    memory.planned_peak_bytes, memory.actual_peak_bytes,
                    "{event:?}"
                );
                assert!(memory.high_water_bytes <= share, "{event:?}");
                let peak = &mut peaks[usize::from(exploring)];
                if counts {
                    *peak = memory.actual_peak_bytes.max(*peak);
                }
            }
        }
        assert!(peaks[0] > 0 && peaks[1] > 0, "both phases trained");
        let memory = self.result.memory;
        assert_eq!(memory.bound_bytes, bound);
        assert_eq!(memory.planned_peak_bytes, memory.actual_peak_bytes);
        // Both at once, at the worst.
        assert_eq!(memory.actual_peak_bytes, peaks[0] + peaks[1]);
        assert!(memory.high_water_bytes <= bound);
    }

    /// How many architectures each SuperNet has, and whether one more was refused.
    fn spanned(&self) -> Vec<(usize, bool)> {
        let pruned = |(_, event): &(Phase, Event)| match event {
            Event::Pruned {
                architectures,
                refused_bytes,
                ..
            } => Some((architectures.len(), refused_bytes.is_some())),
            _ => None,
        };
        self.events.iter().filter_map(pruned).collect()
    }
}

/// Both schedules with one and more threads; what all of them came to.
fn check(task: &Task) -> Run {
    let one = run(task, Sequential(1));
    let explored = of(&one.events, Phase::Exploration).len();
    one.assert_within_its_shares(task, explored);
    for schedule in [Sequential(2), Overlapped(1, 1), Overlapped(2, 1)] {
        let other = run(task, schedule);
        other.assert_within_its_shares(task, explored);
        one.assert_same(&other, &format!("{schedule:?}"));
    }
    one
}

#[test]
fn the_schedule_is_no_part_of_the_result() {
    let run = check(&task(|_| {}));
    assert_eq!(run.result.search.stop, Stop::Iterations);
    assert_eq!(run.result.search.episodes, 9);
    assert_eq!(run.spanned(), [(2, false); 3]);
}

/// R with the rewards of re-training is read by exploitation alone.
#[test]
fn nor_to_the_letter_of_algorithm_1() {
    let run = check(&task(|config| {
        config.search = config.search.to_the_letter()
    }));
    assert_eq!(run.result.search.stop, Stop::Iterations);
}

/// Explorations that were begun in vain, since the first exploitation reached the target.
#[test]
fn nor_when_a_target_ends_it_while_exploration_is_ahead() {
    let run = check(&task(|config| config.search.target = Some(-1.0)));
    assert_eq!(run.result.search.stop, Stop::Target);
    assert_eq!(
        (run.result.search.iterations, run.result.search.episodes),
        (1, 3)
    );
    // An exploration did run ahead: it takes a fraction of the exploitation beside it.
    let reaching = task(|config| config.search.target = Some(-1.0));
    let beside = self::run(&reaching, Overlapped(1, 1));
    let explored = |run: &Run| of(&run.events, Phase::Exploration).len();
    assert!(explored(&beside) > explored(&run));
}

/// Exploitation's share fits any path, but not the SuperNet of two architectures.
#[test]
fn nor_under_a_bound_that_decides_sn() {
    let ample = run(&task(|_| {}), Sequential(1));
    let of_supernets = ample.events.iter().filter_map(|(_, event)| match event {
        Event::Derived {
            supernet_memory, ..
        } => Some(supernet_memory.high_water_bytes),
        _ => None,
    });
    let widest = of_supernets.max().unwrap();
    // Arenas are rounded to 256 bytes: one step below what the widest SuperNet needs.
    let share = widest - 256;
    let tight = task(|config| {
        config.memory = ByteSize(config.search.exploration_memory.unwrap().as_u64() + share as u64);
    });
    let run = check(&tight);
    assert!(run.spanned().contains(&(1, true)), "{:?}", run.spanned());
    assert_ne!(run.result.fingerprint, ample.result.fingerprint);
}

/// Leaves a run in one schedule at an event, and ends it in the other.
fn left(task: &Task, path: &Path, [first, second]: [Schedule; 2], at: usize) -> (RunResult, usize) {
    let stop = StopSignal::default();
    let mut folder = RunFolder::create(path).unwrap();
    let problem = &task.problem;
    folder
        .write_config(&problem.config, &problem.space)
        .unwrap();
    let mut log = Log {
        events: Vec::new(),
        folder: Some(folder),
        stop: &stop,
        stop_at: Some(at),
    };
    match searched(task, first, Setup::new("cpu", &mut log, &stop)) {
        Ok(result) => assert_eq!(result.best.test_accuracy, None, "it was left at event {at}"),
        Err(error) => assert!(matches!(error, Error::NothingMeasured), "{error}"),
    }
    drop(log);

    let Continued::Left(left) = RunFolder::resume(path).unwrap() else {
        panic!("it has no result");
    };
    let stop = StopSignal::default();
    let mut log = Log {
        events: Vec::new(),
        folder: Some(left.folder),
        stop: &stop,
        stop_at: None,
    };
    let setup = Setup {
        resumed: left.resumed,
        ..Setup::new("cpu", &mut log, &stop)
    };
    let result = searched(task, second, setup).unwrap();
    (result, log.events.len())
}

#[test]
fn a_run_may_be_gone_on_with_in_the_other_schedule() {
    let task = task(|_| {});
    let whole = run(&task, Sequential(1));
    let parent = tempfile::tempdir().unwrap();
    let schedules = [Sequential(1), Overlapped(1, 1)];
    for at in (1..whole.events.len()).step_by(9) {
        for (name, schedules) in [
            ("sequential-first", schedules),
            ("overlapped-first", [schedules[1], schedules[0]]),
        ] {
            let path = parent.path().join(format!("{name}-{at}"));
            let (result, again) = left(&task, &path, schedules, at);
            let what = format!("{name}, left at event {at}");
            assert!(again < whole.events.len(), "{what}: it began anew");
            assert_eq!(result.fingerprint, whole.result.fingerprint, "{what}");
            assert_eq!(
                result.without_times(),
                whole.result.without_times(),
                "{what}"
            );
            // Every event once, in the order of its phase.
            let text = std::fs::read_to_string(path.join("events.jsonl")).unwrap();
            for phase in Phase::ALL {
                let lines = text.lines().filter_map(|line| {
                    let mut value: serde_json::Value = serde_json::from_str(line).unwrap();
                    let fields = value.as_object_mut().unwrap();
                    fields.remove("seconds");
                    fields.remove("elapsed_seconds").unwrap();
                    let of_phase = fields.remove("phase").unwrap();
                    let counts = fields["event"] != "resumed";
                    (counts && of_phase == serde_json::to_value(phase).unwrap()).then_some(value)
                });
                let lines: Vec<_> = lines.collect();
                assert_eq!(lines, of(&whole.events, phase), "{what}: {phase:?}");
            }
        }
    }
}

/// As on two devices of one kind: a region of the whole bound each. One device that one phase after the other has
/// for itself finds the same, in less memory.
#[test]
fn a_device_for_each_phase_finds_what_one_for_both_finds() {
    let task = task(|config| config.search.exploration_memory = None);
    let bound = task.problem.config.memory.as_u64() as usize;
    let region = || Region::reserve(Cpu::new(1).unwrap(), bound).unwrap();
    let stop = StopSignal::default();
    let (mut a, mut b, mut c) = (Silent, Silent, Silent);
    let setup = |observer| Setup::new("cpu", observer, &stop);
    let one = search(region(), &task, setup(&mut a)).unwrap();
    let in_turns = search_in_turns(region(), region(), &task, setup(&mut b)).unwrap();
    let beside = search_side_by_side(region(), region(), &task, setup(&mut c)).unwrap();
    assert_eq!(in_turns.without_times(), beside.without_times());
    assert_eq!(in_turns.fingerprint, one.fingerprint);
    assert_eq!(in_turns.best.architecture, one.best.architecture);
    assert_eq!(in_turns.memory.bound_bytes, 2 * bound);
    assert!(in_turns.memory.actual_peak_bytes > one.memory.actual_peak_bytes);
}
