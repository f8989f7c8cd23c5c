//! Comparisons with an evaluator that knows everything at once: terms, budgets, outcomes, going on.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod budgets;
mod judging;
mod oracle;
mod trade_offs;

use oracle::{BOUND, Measure, Oracle};
use radars_data::Data;
use radars_search::comparison::{
    Compared, Comparison, Onlooker, Outcome, Run, Spec, Stage, Summary, Verdict, ablations,
    compare_with, differences, reaches,
};
use radars_search::{
    Config, Evaluators, Method, Result, Rewards, Setup, StopSignal, Task, search_with,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// Counts what is begun and what ends; may ask to stop once so many have ended, or as so many trainings that judge
/// have begun.
#[derive(Default)]
struct Counts {
    begun: Vec<String>,
    judging: usize,
    ended: usize,
    stop_after: Option<(usize, StopSignal)>,
    stop_judging: Option<(usize, StopSignal)>,
}

impl Onlooker for Counts {
    fn begins(&mut self, spec: &Spec, _: usize, _: usize, _: &Task, _: Option<Instant>) {
        self.begun.push(spec.to_string());
    }

    fn judges(&mut self, _: &Spec, _: usize, _: usize) {
        self.judging += 1;
        if let Some((count, stop)) = &self.stop_judging
            && self.judging == *count
        {
            stop.interrupt();
        }
    }

    fn ends(&mut self, _: &Run, _: usize, _: usize, _: bool) {
        self.ended += 1;
        if let Some((count, stop)) = &self.stop_after
            && self.ended == *count
        {
            stop.interrupt();
        }
    }
}

fn comparison(methods: &[Method], seeds: &[u64]) -> Comparison {
    let mut config = Config::preset("fashion-small").unwrap();
    config.data.limit_train = Some(100);
    config.batch = 4;
    config.search.iterations = 2;
    config.search.episodes = 5;
    config.search.retrain = 2;
    // Winners are selected by their own measurement.
    config.search.designs = false;
    config.search.rewards = Rewards::Proxy;
    config.search.predictor = false;
    Comparison {
        methods: methods.to_vec(),
        seeds: seeds.to_vec(),
        reward_alphas: vec![],
        reward_gammas: vec![],
        sweeps: vec![],
        budget: None,
        budget_factors: vec![],
        out_of_time: 1e6,
        final_training: true,
        judge: 0,
        margin: Comparison::MARGIN,
        config,
    }
}

fn data() -> Data {
    Task::load(comparison(&[], &[]).config, None).unwrap().data
}

fn conduct(
    comparison: &Comparison,
    folder: &Path,
    stop: &StopSignal,
    counts: &mut Counts,
    nap: impl Fn(Method) -> Duration,
) -> Result<Compared> {
    let measure = |_: &Config, architecture: &_, _| oracle::accuracy(architecture);
    conduct_measuring(comparison, folder, stop, counts, (&nap, &measure))
}

fn conduct_measuring(
    comparison: &Comparison,
    folder: &Path,
    stop: &StopSignal,
    counts: &mut Counts,
    (nap, measure): (&dyn Fn(Method) -> Duration, Measure<'_>),
) -> Result<Compared> {
    let stage = Stage {
        data: &data(),
        device: "oracle".into(),
        folder,
        onlooker: counts,
        stop,
    };
    compare_with(comparison, stage, &mut |task: &Task, setup: Setup<'_>| {
        let oracle = Oracle {
            candidates: task.problem.space.candidates(0)?.len(),
            config: &task.problem.config,
            measure,
            nap: nap(task.problem.config.method),
        };
        search_with(Evaluators::Shared(oracle), &task.problem, setup)
    })
}

fn compared(comparison: &Comparison) -> Compared {
    let folder = tempfile::tempdir().unwrap();
    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let no_nap = |_| Duration::ZERO;
    conduct(comparison, folder.path(), &stop, &mut counts, no_nap).unwrap()
}

/// With accuracies that `measure` says.
fn measured(comparison: &Comparison, measure: Measure<'_>) -> Compared {
    let folder = tempfile::tempdir().unwrap();
    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let no_nap = |_| Duration::ZERO;
    conduct_measuring(
        comparison,
        folder.path(),
        &stop,
        &mut counts,
        (&no_nap, measure),
    )
    .unwrap()
}

fn spent(run: &Run) -> Option<u64> {
    run.result.as_ref().map(|result| result.search.spent)
}

#[test]
fn every_method_gets_what_radars_spent_with_the_same_seed() {
    let compared = compared(&comparison(&Method::ALL, &[0, 1, 2]));
    assert_eq!(compared.runs.len(), 3 * 9);
    assert!(compared.left_out.is_empty());
    for of_seed in compared.runs.chunks(9) {
        let (radars, others) = of_seed.split_first().unwrap();
        assert_eq!(radars.spec.entrant.method, Method::Radars);
        assert_eq!(radars.budget, None);
        for run in others {
            assert_eq!(run.spec.seed, radars.spec.seed);
            assert_eq!(run.budget, spent(radars), "{}", run.spec);
            assert!(spent(run) <= spent(radars), "{}", run.spec);
        }
    }
}

#[test]
fn a_given_budget_is_that_of_all() {
    let comparison = Comparison {
        budget: Some(30),
        ..comparison(&[Method::Quantnas, Method::Radars, Method::Evolution], &[4])
    };
    let compared = compared(&comparison);
    for run in &compared.runs {
        assert_eq!(run.budget, Some(30));
        assert!(spent(run).unwrap() <= 30, "{}", run.spec);
    }
}

#[test]
fn dnas_is_out_of_memory_materialised_and_not_in_other_mixings() {
    let comparison = comparison(&[Method::Radars, Method::Dnas], &[0]);
    let compared = compared(&comparison);
    let rows = Summary::all(&comparison, &compared.runs);
    let named: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row.method.as_str(), row.outcome.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("radars", "done"),
            ("dnas", "OOM"),
            ("dnas (merged)", "done"),
            ("dnas (factorised)", "done")
        ]
    );
    assert_eq!(rows[1].needed_bytes, Some(9216));
    assert_eq!((rows[1].finished, rows[1].mean_reward), (0, None));
    let out = Outcome::OutOfMemory {
        needed_bytes: 9216,
        bound_bytes: BOUND,
    };
    assert_eq!(compared.runs[1].outcome, out);
    for run in &compared.runs {
        let memory = run.result.as_ref().map(|result| result.memory);
        assert!(memory.is_none_or(|m| m.actual_peak_bytes <= m.bound_bytes));
    }
}

#[test]
fn a_method_far_slower_than_the_fastest_is_out_of_time() {
    let comparison = Comparison {
        out_of_time: 5.0,
        ..comparison(&[Method::Radars, Method::Random, Method::Evolution], &[0])
    };
    let folder = tempfile::tempdir().unwrap();
    // The deadline is seen between trainings.
    let nap = |method| match method {
        Method::Random => Duration::from_secs(2),
        _ => Duration::ZERO,
    };
    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let compared = conduct(&comparison, folder.path(), &stop, &mut counts, nap).unwrap();
    let outcomes: Vec<String> = compared
        .runs
        .iter()
        .map(|r| r.outcome.to_string())
        .collect();
    assert_eq!(outcomes, ["done", "OOT", "done"]);
    let rows = Summary::all(&comparison, &compared.runs);
    assert_eq!(rows[1].outcome, "OOT");
}

#[test]
fn seeds_pair_radars_with_the_others() {
    let comparison = comparison(&[Method::Radars, Method::Random], &[0, 1, 2]);
    let compared = compared(&comparison);
    let rewards: Vec<f64> = (compared.runs.iter())
        .map(|run| run.result.as_ref().unwrap().best.reward.unwrap())
        .collect();
    let expected =
        (rewards[0] - rewards[1] + rewards[2] - rewards[3] + rewards[4] - rewards[5]) / 3.0;
    let rows = differences(&comparison, &compared.runs);
    assert_eq!(rows.len(), 1);
    let reward = rows[0].reward.unwrap();
    assert_eq!((rows[0].method.as_str(), reward.pairs), ("random", 3));
    assert!((reward.difference - expected).abs() < 1e-12);
    // NIST/SEMATECH e-Handbook, table 1.3.6.7.2: 4.303 errors with two degrees of freedom.
    let error = reward.error.unwrap();
    assert_eq!(reward.verdict == Verdict::Ahead, expected > 4.303 * error);
    let reaches = reaches(&comparison, &compared.runs);
    assert_eq!(
        (reaches[0].method.as_str(), reaches[0].reached),
        ("radars", 3)
    );
    let most = compared.runs.iter().filter_map(spent).max().unwrap() as f64;
    assert!(reaches[0].mean_spent_macs.unwrap() <= most);
}

#[test]
fn trade_offs_and_sweeps_make_a_run_each() {
    let comparison = Comparison {
        reward_alphas: vec![0.7, 0.9],
        sweeps: vec!["episodes=2,3".parse().unwrap()],
        ..comparison(&[Method::Radars], &[0, 1])
    };
    let compared = compared(&comparison);
    let names: Vec<String> = compared.runs.iter().map(|run| run.spec.folder()).collect();
    assert_eq!(
        names[..4],
        [
            "radars-0-alpha-0.7-episodes-2",
            "radars-0-alpha-0.9-episodes-2",
            "radars-0-alpha-0.7-episodes-3",
            "radars-0-alpha-0.9-episodes-3"
        ]
    );
    assert_eq!(names.len(), 8);
    for run in &compared.runs {
        let episodes = run.spec.group.point[0].value.parse::<usize>().unwrap();
        assert_eq!(run.result.as_ref().unwrap().search.episodes, 2 * episodes);
    }
    assert_eq!(Summary::all(&comparison, &compared.runs).len(), 4);
    let ablations = ablations(&comparison, &compared.runs);
    assert_eq!(ablations.len(), 2);
    assert_eq!(ablations[0].settings["episodes"], "3");
    assert_eq!(ablations[0].with["episodes"], "2");
    assert_eq!(ablations[0].reward.unwrap().pairs, 2);
}

#[test]
fn without_final_training_accuracies_are_those_of_the_search() {
    let comparison = Comparison {
        final_training: false,
        ..comparison(&[Method::Radars], &[0])
    };
    let compared = compared(&comparison);
    let result = compared.runs[0].result.as_ref().unwrap();
    assert_eq!(result.best.test_accuracy, None);
    let rows = Summary::all(&comparison, &compared.runs);
    assert_eq!(rows[0].accuracy_on, "validation");
    assert_eq!(rows[0].mean_accuracy, result.best.val_accuracy);
}

/// Ended after two of four runs and gone on with, it is the comparison that was never ended.
#[test]
fn a_comparison_goes_on_where_it_was_ended() {
    for final_training in [true, false] {
        let comparison = Comparison {
            final_training,
            ..comparison(&[Method::Radars, Method::Quantnas], &[0, 1])
        };
        let fingerprints = |compared: &Compared| -> Vec<String> {
            let results = compared.runs.iter().filter_map(|run| run.result.as_ref());
            results.map(|result| result.fingerprint.clone()).collect()
        };
        let whole = fingerprints(&compared(&comparison));
        let folder = tempfile::tempdir().unwrap();
        comparison.write(folder.path()).unwrap();
        let stop = StopSignal::default();
        let mut counts = Counts {
            stop_after: Some((2, stop.clone())),
            ..Counts::default()
        };
        let no_nap = |_| Duration::ZERO;
        let part = conduct(&comparison, folder.path(), &stop, &mut counts, no_nap).unwrap();
        assert_eq!((part.runs.len(), part.left_out.len()), (2, 2));
        assert_eq!(fingerprints(&part), whole[..2]);

        let read = Comparison::read(folder.path()).unwrap();
        assert_eq!(read, comparison);
        let (stop, mut counts) = (StopSignal::default(), Counts::default());
        let rest = conduct(&read, folder.path(), &stop, &mut counts, no_nap).unwrap();
        assert_eq!(counts.begun, ["radars, seed 1", "quantnas, seed 1"]);
        assert_eq!(fingerprints(&rest), whole);
        assert_eq!(rest.runs[..2], part.runs[..]);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let message = |change: fn(&mut Comparison)| {
        let mut comparison = comparison(&[Method::Radars], &[0]);
        change(&mut comparison);
        comparison.check(&data()).unwrap_err().to_string()
    };
    assert!(message(|c| c.methods.clear()).contains("methods is empty"));
    assert!(message(|c| c.seeds = vec![1, 2, 1]).contains("each once"));
    assert!(message(|c| c.out_of_time = 0.5).contains("at least 1"));
    assert!(message(|c| c.reward_alphas = vec![0.5, 0.5]).contains("alpha=0.5"));
    assert!(message(|c| c.reward_gammas = vec![0.0]).contains("gamma"));
    assert!(message(|c| c.margin = -0.5).contains("at least 0"));
    assert!(message(|c| c.budget_factors = vec![1.0]).contains("above 1"));
    assert!(message(|c| c.budget_factors = vec![3.0, 3.0]).contains("each once"));
    let no_budget = message(|c| {
        c.methods = vec![Method::Random];
        c.budget_factors = vec![3.0];
    });
    assert!(no_budget.contains("--budget"), "{no_budget}");
    assert!(message(|c| c.sweeps = vec!["episodes=0".parse().unwrap()]).contains("episodes is 0"));
}
