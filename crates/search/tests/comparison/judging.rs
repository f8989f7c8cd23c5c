//! Winners judged by fresh trainings: what luck in the search promised is not what they are worth.

use super::oracle::Measure;
use super::{Counts, compared, comparison, conduct, conduct_measuring, measured, oracle};
use radars_search::comparison::{
    Compared, Comparison, Outcome, Run, Summary, Verdict, differences, judge_seeds, reaches,
};
use radars_search::space::{Architecture, Reward};
use radars_search::tensor::random::Seed;
use radars_search::{Config, Fidelity, Method, StopSignal};
use std::time::Duration;

/// A number from 0 to 1 that is another one for every seed and architecture.
fn luck(seed: u64, architecture: &Architecture) -> f64 {
    let drawn = Seed(seed).derive(&architecture.to_string(), 0).0;
    drawn as f64 / u64::MAX as f64
}

fn judged(methods: &[Method], seeds: &[u64]) -> Comparison {
    Comparison {
        final_training: false,
        judge: 3,
        ..comparison(methods, seeds)
    }
}

/// A search sees 0.05 more than there is; a final training draws from 0.02 around the truth with its own seed.
fn promising(config: &Config, architecture: &Architecture, fidelity: Fidelity) -> f64 {
    let truth = 0.5 * oracle::accuracy(architecture);
    match fidelity {
        Fidelity::Final => truth + 0.02 * (luck(config.seed, architecture) - 0.5),
        _ => truth + 0.05,
    }
}

/// The true reward is recovered: Eq. 2 with the mean over the fresh seeds, none of which is the run's own; and what
/// the search saw too much of, 0.05 times the weight of the accuracy, is the optimism, but for the luck of judging.
#[test]
fn the_true_reward_is_recovered_and_the_optimism_told() {
    let comparison = judged(&[Method::Radars, Method::Random], &[3, 4]);
    let compared = measured(&comparison, &promising);
    // The preset fashion-small: alpha 0.9, beta 0, gamma 3e9.
    let eq2 = Reward::new(0.9, 0.0, 3e9).unwrap();
    let mut of_radars = Vec::new();
    for run in &compared.runs {
        let (judged, best) = (
            run.judged.as_ref().unwrap(),
            &run.result.as_ref().unwrap().best,
        );
        assert_eq!(best.test_accuracy, None);
        let winner = &best.architecture;
        let seeds: Vec<u64> = judged
            .trainings
            .iter()
            .map(|training| training.seed)
            .collect();
        assert_eq!(seeds, judge_seeds(run.spec.seed, 3));
        let drawn = seeds
            .iter()
            .map(|&seed| luck(seed, winner) - 0.5)
            .sum::<f64>()
            / 3.0;
        let accuracy = 0.5 * oracle::accuracy(winner) + 0.02 * drawn;
        assert!((judged.accuracy - accuracy).abs() < 1e-12, "{}", run.spec);
        let reward = eq2.reward(accuracy, best.aops as f64);
        assert!((judged.reward - reward).abs() < 1e-12, "{}", run.spec);
        let optimism = 0.9 * (0.05 - 0.02 * drawn);
        assert!(
            (judged.optimism.unwrap() - optimism).abs() < 1e-12,
            "{}",
            run.spec
        );
        if run.spec.entrant.method == Method::Radars {
            of_radars.push((reward, optimism));
        }
    }
    let rows = Summary::all(&comparison, &compared.runs);
    let close = |value: Option<f64>, pair: fn(&(f64, f64)) -> f64| {
        let mean = of_radars.iter().map(pair).sum::<f64>() / 2.0;
        (value.unwrap() - mean).abs() < 1e-12
    };
    assert!(close(rows[0].mean_true_reward, |of| of.0));
    assert!(close(rows[0].mean_optimism, |of| of.1));
    assert_eq!(rows[0].accuracy_on, "test");
}

/// All architectures are worth 0.8, and the reward is the accuracy. RADARS's trainings in the search draw from 0.7 to
/// 0.9, those of random search are exact; final trainings draw from 0.79 to 0.81. By the reward that winners are
/// selected by, RADARS is ahead; by the true one nothing is shown.
#[test]
fn a_method_that_is_only_luckier_is_not_ahead() {
    let seeds: Vec<u64> = (0..16).collect();
    let comparison = Comparison {
        reward_alphas: vec![1.0],
        ..judged(&[Method::Radars, Method::Random], &seeds)
    };
    let measure = |config: &Config, architecture: &Architecture, fidelity| {
        let drawn = luck(config.seed, architecture) - 0.5;
        match (fidelity, config.method) {
            (Fidelity::Final, _) => 0.8 + 0.02 * drawn,
            (_, Method::Radars) => 0.8 + 0.2 * drawn,
            _ => 0.8,
        }
    };
    let compared = measured(&comparison, &measure);
    let rows = differences(&comparison, &compared.runs);
    let (selected_by, worth) = (rows[0].reward.unwrap(), rows[0].true_reward.unwrap());
    assert_eq!((selected_by.pairs, worth.pairs), (16, 16));
    assert_eq!(selected_by.verdict, Verdict::Ahead);
    assert!(selected_by.difference > 0.05, "{selected_by:?}");
    assert_eq!(worth.verdict, Verdict::NotShown, "{worth:?}");
    assert!(worth.difference.abs() < 0.004, "{worth:?}");
    // The same winner is not meant: luck of 0.02 in single trainings is what is left.
    assert!(worth.error.unwrap() > 0.0);
}

/// Brief trainings are worth 0.5, long ones 0.7, so that the model of measurements expects more of a final one: RADARS
/// selects by that, and is compared with methods that do not by what its search measured.
#[test]
fn what_a_model_expects_is_not_compared_with_what_was_measured() {
    let mut comparison = comparison(&[Method::Radars, Method::Random], &[0, 1]);
    comparison.reward_alphas = vec![1.0];
    comparison.final_training = false;
    comparison.config.search.predictor = true;
    let measure = |_: &Config, _: &Architecture, fidelity| match fidelity {
        Fidelity::Proxy => 0.5,
        _ => 0.7,
    };
    let compared = measured(&comparison, &measure);
    let selected_by = |run: &Run| run.result.as_ref().unwrap().best.reward.unwrap();
    let of_radars = compared
        .runs
        .iter()
        .find(|run| run.spec.entrant.method == Method::Radars);
    assert!(selected_by(of_radars.unwrap()) > 0.71);
    let difference = differences(&comparison, &compared.runs)[0].reward.unwrap();
    assert!(difference.difference.abs() < 1e-12, "{difference:?}");
    for row in Summary::all(&comparison, &compared.runs) {
        assert!((row.mean_reward.unwrap() - 0.7).abs() < 1e-12, "{row:?}");
        assert!((row.mean_accuracy.unwrap() - 0.7).abs() < 1e-12, "{row:?}");
    }
    let reached = &reaches(&comparison, &compared.runs);
    assert!(reached.iter().all(|row| row.reached == 2), "{reached:?}");
}

/// Both ways to hold a mixture find the same network: it is trained three times for the two, and once more for each
/// seed and winner that is another.
#[test]
fn the_same_winner_with_the_same_seed_is_trained_once() {
    let comparison = judged(&[Method::Radars, Method::Dnas], &[0, 1]);
    let folder = tempfile::tempdir().unwrap();
    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let no_nap = |_| Duration::ZERO;
    let compared = conduct(&comparison, folder.path(), &stop, &mut counts, no_nap).unwrap();
    let judged = |run: &Run| run.judged.clone();
    let of = |name: &str| -> Vec<_> {
        let named = |run: &&Run| run.spec.entrant.to_string() == name;
        compared.runs.iter().filter(named).map(judged).collect()
    };
    let merged = of("dnas (merged)");
    assert_eq!(merged, of("dnas (factorised)"));
    assert!(merged.iter().all(Option::is_some));
    let mut folders: Vec<String> = (compared.runs.iter().filter_map(judged))
        .flat_map(|judged| judged.trainings)
        .map(|training| training.folder)
        .collect();
    let all = folders.len();
    folders.sort_unstable();
    folders.dedup();
    assert_eq!(counts.judging, folders.len());
    assert!(folders.len() <= all - 6, "{} of {all}", folders.len());
    for name in &folders {
        assert!(
            folder.path().join(name).join("result.json").is_file(),
            "{name}"
        );
    }
    // What cannot be searched in has no winner.
    let out_of_memory = |run: &&Run| matches!(run.outcome, Outcome::OutOfMemory { .. });
    assert!(
        compared
            .runs
            .iter()
            .filter(out_of_memory)
            .all(|run| run.judged.is_none())
    );
}

/// Ended in the middle of judging and gone on with, it is the comparison that was never ended; what is over is not
/// done again.
#[test]
fn judging_goes_on_where_it_was_ended() {
    let comparison = judged(&[Method::Radars, Method::Random], &[0, 1]);
    let found = |compared: &Compared| -> Vec<_> {
        let runs = compared.runs.iter();
        runs.map(|run| {
            let fingerprint = run.result.as_ref().map(|result| result.fingerprint.clone());
            (run.spec.clone(), fingerprint, run.judged.clone())
        })
        .collect()
    };
    let whole = found(&measured(&comparison, &promising));
    let folder = tempfile::tempdir().unwrap();
    let no_nap = |_| Duration::ZERO;
    let stop = StopSignal::default();
    // Three trainings judge the first winner; the second of the next one is not done any more.
    let mut counts = Counts {
        stop_judging: Some((5, stop.clone())),
        ..Counts::default()
    };
    let terms: (&dyn Fn(Method) -> Duration, Measure<'_>) = (&no_nap, &promising);
    let part = conduct_measuring(&comparison, folder.path(), &stop, &mut counts, terms).unwrap();
    assert_eq!((part.runs.len(), part.left_out.len()), (1, 3));
    assert_eq!(found(&part), whole[..1]);

    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let rest = conduct_measuring(&comparison, folder.path(), &stop, &mut counts, terms).unwrap();
    assert_eq!(counts.begun, ["radars, seed 1", "random, seed 1"]);
    assert_eq!(counts.judging, 12 - 4);
    assert_eq!(found(&rest), whole);
}

/// Runs that a comparison did without judging are judged when that is asked for later, and are not done again.
#[test]
fn a_comparison_can_be_judged_afterwards() {
    let unjudged = comparison(&[Method::Radars], &[0]);
    let folder = tempfile::tempdir().unwrap();
    let (stop, mut counts) = (StopSignal::default(), Counts::default());
    let no_nap = |_| Duration::ZERO;
    let before = conduct(&unjudged, folder.path(), &stop, &mut counts, no_nap).unwrap();
    assert_eq!(before.runs[0].judged, None);
    let later = Comparison {
        judge: 2,
        ..unjudged
    };
    let mut counts = Counts::default();
    let after = conduct(&later, folder.path(), &stop, &mut counts, no_nap).unwrap();
    assert!(counts.begun.is_empty());
    assert_eq!(counts.judging, 2);
    assert_eq!(after.runs[0].result, before.runs[0].result);
    assert_eq!(after.runs[0].judged.as_ref().unwrap().trainings.len(), 2);
}

/// A file that was written before winners were judged: nothing of what it meant has changed.
#[test]
fn a_comparison_of_before_winners_were_judged_still_reads() {
    let folder = tempfile::tempdir().unwrap();
    let text = include_str!("before_judging.toml");
    std::fs::write(folder.path().join("comparison.toml"), text).unwrap();
    let read = Comparison::read(folder.path()).unwrap();
    assert_eq!(
        (read.judge, read.margin, read.final_training),
        (0, 0.002, true)
    );
    assert!(read.budget_factors.is_empty() && read.reward_gammas.is_empty());
    assert_eq!(read.seeds, [0, 1, 2]);
    let unjudged = Comparison {
        config: comparison(&[], &[]).config,
        ..read
    };
    assert_eq!(compared(&unjudged).runs.len(), 6);
}
