//! A whole search with real training: the same seed gives the same run on any number of threads, also under
//! a bound so tight that it decides SN; and what was planned is what was used, to the byte.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_search::{
    Config, Evaluator, Event, Fingerprint, Memory, Method, MicroBatch, MixingChoice, Observer,
    Phase, Problem, Recomputation, Result, RunResult, Setup, SnRule, StopSignal, Task, Trained,
    Trainer, candidates_of, search,
};
use radars_space::{Architecture, BitChoices, Choices, ImageShape, Layer, Reward, Space};
use radars_supernet::{Mixing, Recompute};
use radars_tensor::{ALIGN, Cpu, Isa, Region};

const AMPLE: usize = 64 << 20;

/// A search of seconds: three episodes, all of them re-trained, on 160 images a split.
fn task(mixing: Mixing, seed: u64) -> Task {
    let mut config = Config::preset("fashion-small").unwrap();
    config.seed = seed;
    config.mixing = mixing.into();
    config.batch = 16;
    config.data.limit_train = Some(400);
    config.data.weights_fraction = 0.4;
    config.data.rewards_fraction = 0.4;
    config.search.iterations = 2;
    config.search.episodes = 3;
    config.search.retrain = 3;
    config.training.proxy_epochs = 1;
    config.training.exact_epochs = 1;
    config.training.final_epochs = 1;
    config.dnas.epochs = 1;
    config.dnas.warmup_epochs = 1;
    let bits = |integer: &[u8], fraction: &[u8]| BitChoices {
        integer: integer.to_vec(),
        fraction: fraction.to_vec(),
    };
    let choices = Choices::quantised(&[1, 3, 5], &bits(&[1, 3], &[3, 6]), &bits(&[1], &[3, 6]));
    let choices = choices.unwrap();
    let layers = [(8, 2), (16, 1), (32, 2)]
        .map(|(channels, stride)| Layer::conv(channels, stride, choices.clone()));
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let space = Space::new("three layers", layers.to_vec()).unwrap();
    let task = Task::load(config.clone(), None).unwrap();
    Task {
        problem: Problem {
            config,
            space: space.resolve(images, 10).unwrap(),
            reward: Reward::balanced(100_000_000),
        },
        ..task
    }
}

#[derive(Default)]
struct Log {
    events: Vec<Event>,
    trained: Vec<(Architecture, Fingerprint)>,
}

impl Observer for Log {
    fn event(&mut self, _: Phase, event: &Event) -> Result<()> {
        self.events.push(event.clone());
        Ok(())
    }

    fn trained(&mut self, phase: Phase, trained: &Trained<'_>) -> Result<()> {
        assert_eq!(phase, Phase::Run);
        let mut values = Fingerprint::default();
        values.add_saved(trained.parameters);
        self.trained.push((trained.architecture.clone(), values));
        Ok(())
    }
}

struct Run {
    result: RunResult,
    events: Vec<Event>,
    /// The winner, and a hash of its values.
    trained: (Architecture, Fingerprint),
}

fn run(task: &Task, bound: usize, threads: usize, isa: Isa) -> Run {
    let region = Region::reserve(Cpu::with_isa(threads, isa).unwrap(), bound).unwrap();
    let (mut log, stop) = (Log::default(), StopSignal::default());
    let result = search(region, task, Setup::new("cpu", &mut log, &stop)).unwrap();
    assert_eq!(log.trained.len(), 1);
    let trained = log.trained.remove(0);
    assert_eq!(trained.0, result.best.architecture);
    Run {
        result,
        events: log.events,
        trained,
    }
}

impl Run {
    /// Everything that happened, the times aside.
    fn untimed(&self) -> Vec<serde_json::Value> {
        let untimed = |event| {
            let mut value = serde_json::to_value(event).unwrap();
            value.as_object_mut().unwrap().remove("seconds");
            value
        };
        self.events.iter().map(untimed).collect()
    }

    fn assert_same(&self, other: &Run, what: &str) {
        assert_eq!(self.result.fingerprint, other.result.fingerprint, "{what}");
        assert_eq!(
            self.result.without_times(),
            other.result.without_times(),
            "{what}"
        );
        assert_eq!(self.trained, other.trained, "{what}");
        assert_eq!(self.untimed(), other.untimed(), "{what}");
    }

    /// The architectures of the first SuperNet, and what the next one would have needed.
    fn first_sn(&self) -> (Vec<Architecture>, Option<usize>) {
        let pruned = self.events.iter().find_map(|event| match event {
            Event::Pruned {
                architectures,
                refused_bytes,
                ..
            } => Some((architectures.clone(), *refused_bytes)),
            _ => None,
        });
        pruned.unwrap()
    }

    /// The memory of every training.
    fn memories(&self) -> Vec<Memory> {
        let of = |event: &Event| match event {
            Event::Episode { memory, .. } => vec![*memory],
            Event::Retrained { memory, .. } | Event::Tested { memory, .. } => vec![Some(*memory)],
            Event::Derived {
                supernet_memory,
                memory,
                ..
            } => vec![Some(*supernet_memory), *memory],
            _ => vec![],
        };
        self.events.iter().flat_map(of).flatten().collect()
    }

    fn assert_planned_to_the_byte(&self) {
        let memories = self.memories();
        // At least an episode, its re-training, a SuperNet and the final training.
        assert!(memories.len() >= 4);
        let bound = self.result.memory.bound_bytes;
        for memory in memories {
            assert_eq!(memory.planned_peak_bytes, memory.actual_peak_bytes);
            assert!(memory.high_water_bytes <= bound);
        }
        let of_run = self.result.memory;
        assert_eq!(of_run.planned_peak_bytes, of_run.actual_peak_bytes);
        assert!(of_run.actual_peak_bytes <= of_run.high_water_bytes);
    }
}

/// The smallest bound under which the first two of `sn` span a SuperNet, and what all of them need.
fn bound_for_two(task: &Task, sn: &[Architecture]) -> (usize, usize) {
    let region = Region::reserve(Cpu::new(1).unwrap(), AMPLE).unwrap();
    let planner = Trainer::new(region, task).unwrap();
    let needed = |count: usize| {
        let plan = {
            let config = &task.problem.config;
            let mixing = config.mixing.ways(&[])[0];
            planner
                .plan_supernet(&candidates_of(&sn[..count]), mixing, config.batch.into())
                .unwrap()
        };
        plan.high_water_bytes
    };
    (needed(2), needed(3))
}

fn check(mixing: Mixing, seed: u64) {
    let task = task(mixing, seed);
    let isa = Isa::detect();
    let one = run(&task, AMPLE, 1, isa);
    one.assert_planned_to_the_byte();
    for threads in [2, 3] {
        one.assert_same(
            &run(&task, AMPLE, threads, isa),
            &format!("{threads} threads"),
        );
    }

    let (sn, refused) = one.first_sn();
    assert_eq!(
        (sn.len(), refused),
        (3, None),
        "an ample bound refuses nothing"
    );
    let (tight, all) = bound_for_two(&task, &sn);
    assert!(
        tight < all,
        "seed {seed} does not make SN depend on the bound"
    );
    let narrow = run(&task, tight, 1, isa);
    narrow.assert_planned_to_the_byte();
    assert_eq!(narrow.first_sn(), (sn[..2].to_vec(), Some(all)));
    assert_ne!(narrow.result.fingerprint, one.result.fingerprint);
    for threads in [2, 3] {
        let other = run(&task, tight, threads, isa);
        narrow.assert_same(&other, &format!("{threads} threads under a tight bound"));
    }

    let mark = one.result.memory.high_water_bytes;
    let at_the_mark = run(&task, mark, 2, isa);
    assert_eq!(at_the_mark.result.fingerprint, one.result.fingerprint);
    assert_eq!(at_the_mark.result.memory.high_water_bytes, mark);
    let below = run(&task, mark - ALIGN, 2, isa);
    assert!(below.result.memory.high_water_bytes < mark);
}

#[test]
fn of_a_search_with_materialised_mixtures() {
    check(Mixing::Materialised, 1);
}

#[test]
fn of_a_search_with_merged_mixtures() {
    check(Mixing::Merged, 1);
}

#[test]
fn of_a_search_with_factorised_mixtures() {
    check(Mixing::Factorised, 1);
}

#[test]
fn portably() {
    let task = task(Mixing::Factorised, 1);
    let one = run(&task, AMPLE, 1, Isa::Portable);
    one.assert_planned_to_the_byte();
    one.assert_same(&run(&task, AMPLE, 2, Isa::Portable), "2 threads");
}

#[test]
fn another_seed_is_another_run() {
    let fingerprint = |seed| {
        let run = run(&task(Mixing::Factorised, seed), AMPLE, 1, Isa::detect());
        run.result.fingerprint
    };
    assert_ne!(fingerprint(1), fingerprint(2));
}

/// Every method: the same run on any number of threads, planned to the byte, within the bound.
#[test]
fn of_every_method() {
    for method in Method::ALL {
        let mut task = task(Mixing::Factorised, 1);
        task.problem.config.method = method;
        task.problem.config.baselines.one_shot_paths = 5;
        let one = run(&task, AMPLE, 1, Isa::detect());
        let memory = one.result.memory;
        assert_eq!(
            memory.planned_peak_bytes, memory.actual_peak_bytes,
            "{method}"
        );
        assert!(memory.high_water_bytes <= memory.bound_bytes, "{method}");
        one.assert_same(&run(&task, AMPLE, 2, Isa::detect()), method.name());
    }
}

/// Under a bound that whole batches of the largest networks do not fit, the planner halves some and not others;
/// what it planned is what was used, and the threads say nothing about it.
#[test]
fn in_micro_batches_that_the_planner_chooses() {
    let mut task = task(Mixing::Materialised, 1);
    let config = &mut task.problem.config;
    config.micro_batch = Some(MicroBatch::Auto);
    config.mixing = MixingChoice::Auto;
    config.search.sn_rule = SnRule::Pack;
    let batch = config.batch;
    let isa = Isa::detect();
    let mark = run(&task, AMPLE, 1, isa).result.memory.high_water_bytes;
    let tight = mark * 5 / 10 / ALIGN * ALIGN;
    let one = run(&task, tight, 1, isa);
    one.assert_planned_to_the_byte();
    let micro_batches = one.events.iter().filter_map(|event| match event {
        Event::TrainingStarted { micro_batch, .. } | Event::Pruned { micro_batch, .. } => {
            Some(*micro_batch)
        }
        _ => None,
    });
    let micro_batches: Vec<usize> = micro_batches.collect();
    assert!(
        micro_batches.iter().any(|&images| images < batch),
        "{micro_batches:?}"
    );
    assert!(micro_batches.contains(&batch), "{micro_batches:?}");
    one.assert_same(&run(&task, tight, 3, isa), "3 threads in micro-batches");
}

/// Under a bound that the largest networks do not fit with every layer kept, the planner has layers computed again:
/// it is the same search to the last bit, in what was planned to the byte, for any number of threads.
#[test]
fn with_layers_recomputed_that_the_planner_chooses() {
    let mut task = task(Mixing::Materialised, 1);
    let isa = Isa::detect();
    let kept = run(&task, AMPLE, 1, isa);
    task.problem.config.recompute = Recomputation::Auto;
    let ample = run(&task, AMPLE, 1, isa);
    ample.assert_same(&kept, "nothing needs to be recomputed");

    let mark = kept.result.memory.high_water_bytes;
    let tight = mark * 9 / 10 / ALIGN * ALIGN;
    let one = run(&task, tight, 1, isa);
    one.assert_planned_to_the_byte();
    let chosen = one.events.iter().filter_map(|event| match event {
        Event::TrainingStarted { recompute, .. } | Event::Pruned { recompute, .. } => {
            Some(*recompute)
        }
        _ => None,
    });
    let chosen: Vec<Recompute> = chosen.collect();
    assert!(chosen.iter().any(|set| !set.is_empty()), "{chosen:?}");
    assert!(chosen.contains(&Recompute::NONE), "{chosen:?}");
    assert_eq!(one.result.fingerprint, kept.result.fingerprint);
    assert_eq!(one.first_sn(), kept.first_sn());
    one.assert_same(&run(&task, tight, 3, isa), "3 threads with recomputation");

    // Without it, the same bound is another search.
    task.problem.config.recompute = Recomputation::None;
    let without = run(&task, tight, 1, isa);
    assert_ne!(without.result.fingerprint, kept.result.fingerprint);
}
