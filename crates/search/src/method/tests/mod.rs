//! Algorithm 1, step by step, with an evaluator that looks everything up.

mod baselines;
mod chosen;
mod fake;
mod left;
mod planned;
mod refusals;

use crate::{Event, ExploiterState, ExplorerState, Fidelity, Resumed, Stop};
use fake::{Fake, KERNELS, Run, finished, problem, run};
use radars_space::Reward;

/// The kernel and the reward of the best.
fn best(run: &Run) -> (usize, f64) {
    let (record, score) = run.exploited.findings.best().unwrap();
    (record.architecture.layers()[0].kernel, score.reward)
}

fn sorted(mut kernels: Vec<usize>) -> Vec<usize> {
    kernels.sort_unstable();
    kernels
}

#[test]
fn every_episode_counts_and_a_repeated_architecture_teaches_without_training() {
    let problem = problem(|_| {});
    let Run {
        fake,
        explored,
        exploited,
        stop,
        events,
        ..
    } = finished(&problem, Fake::default());
    assert_eq!(
        (stop, exploited.iterations, explored.episodes),
        (Stop::Iterations, 2, 32)
    );
    assert_eq!(sorted(fake.trained(Fidelity::Proxy)), KERNELS);
    let mut met = Vec::new();
    let mut mean: Option<f64> = None;
    for event in &events {
        let Event::Episode {
            architecture,
            repeated,
            reward,
            baseline,
            ..
        } = event
        else {
            continue;
        };
        let kernel = architecture.layers()[0].kernel;
        assert_eq!(*repeated, met.contains(&kernel));
        assert_eq!(*reward, fake.proxy_accuracy[kernel / 2]);
        // The controller's moving average has seen every episode before, the repeated ones included.
        assert_eq!(*baseline, Some(mean.unwrap_or(*reward)));
        let decay = problem.config.controller.baseline_decay;
        mean = Some(mean.map_or(*reward, |mean| decay * mean + (1.0 - decay) * reward));
        met.push(kernel);
    }
    assert_eq!(met.len(), 32);
}

#[test]
fn the_most_promising_by_proxy_are_retrained_once_and_the_derived_only_when_it_was_not() {
    let problem = problem(|config| config.search.iterations = 3);
    let fake = Fake {
        derived: 1,
        ..Fake::default()
    };
    let Run {
        fake,
        exploited,
        events,
        ..
    } = finished(&problem, fake);
    // 7, 5 and 3 have the best proxies; 1 is what DNAS derives, every time.
    assert_eq!(fake.trained(Fidelity::Exact), [7, 5, 3, 1]);
    // The same SuperNet is searched once.
    assert_eq!(fake.exploited(), [[7, 5, 3]]);
    assert_eq!(exploited.findings.trained, 4);
    let rewards: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Derived { reward, memory, .. } => Some((*reward, memory.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(rewards, [(Some(0.5), true)]);
}

#[test]
fn exact_rewards_alone_decide_who_wins() {
    let problem = problem(|_| {});
    let fake = Fake {
        proxy_accuracy: [0.1, 0.7, 0.8, 0.99],
        exact_accuracy: [0.3, 0.6, 0.5, 0.4],
        derived: 1,
        ..Fake::default()
    };
    let done = finished(&problem, fake);
    assert_eq!(best(&done), (3, 0.6));
    let course: Vec<f64> = (done.events)
        .iter()
        .filter_map(|event| match event {
            Event::Best { reward, .. } => Some(*reward),
            _ => None,
        })
        .collect();
    assert_eq!(course, [0.4, 0.5, 0.6]);
}

/// By exact reward 3, 5, 7, of which 5 takes too much beside 3: the prefix ends there, though 7 would fit.
#[test]
fn sn_ends_before_the_first_that_does_not_fit() {
    let problem = problem(|config| config.search.iterations = 1);
    let fake = Fake {
        exact_accuracy: [0.1, 0.9, 0.8, 0.7],
        candidate_bytes: [1, 60, 41, 2],
        ..Fake::default()
    };
    let Run { fake, events, .. } = finished(&problem, fake);
    // One path: there is nothing to search.
    assert!(fake.exploited().is_empty());
    let pruned = events.iter().find_map(|event| match event {
        Event::Pruned {
            architectures,
            candidates,
            planned_peak_bytes,
            refused_bytes,
            ..
        } => Some((
            architectures.len(),
            candidates.clone(),
            *planned_peak_bytes,
            *refused_bytes,
        )),
        _ => None,
    });
    assert_eq!(pruned, Some((1, vec![1], 60, Some(101))));

    let fits_exactly = Fake {
        candidate_bytes: [1, 60, 40, 2],
        ..fake
    };
    let Run { fake, .. } = finished(
        &problem,
        Fake {
            calls: Vec::new(),
            ..fits_exactly
        },
    );
    assert_eq!(
        fake.exploited(),
        [[3, 5]],
        "a bound may be used to its last byte"
    );
}

#[test]
fn where_no_supernet_fits_the_search_goes_on_without() {
    let problem = problem(|_| {});
    let fake = Fake {
        candidate_bytes: [101; 4],
        ..Fake::default()
    };
    let done = finished(&problem, fake);
    assert_eq!(
        (done.stop, done.exploited.iterations),
        (Stop::Iterations, 2)
    );
    assert!(done.fake.exploited().is_empty());
    assert_eq!(best(&done).1, 0.8);
}

#[test]
fn an_exact_reward_at_the_target_ends_the_search_after_its_iteration_and_a_proxy_does_not() {
    let problem = problem(|config| {
        config.search.iterations = 4;
        config.search.target = Some(0.8);
    });
    let done = finished(&problem, Fake::default());
    assert_eq!(
        (done.stop, done.exploited.iterations, done.explored.episodes),
        (Stop::Target, 1, 16)
    );
    let promising = Fake {
        proxy_accuracy: [0.9; 4],
        exact_accuracy: [0.79; 4],
        ..Fake::default()
    };
    let done = finished(&problem, promising);
    assert_eq!(
        (done.stop, done.exploited.iterations),
        (Stop::Iterations, 4)
    );
}

/// All but the times.
fn untimed(run: &Run) -> (ExplorerState, ExploiterState) {
    let exploration = ExplorerState {
        seconds: 0.0,
        ..run.explored.clone()
    };
    let exploitation = ExploiterState {
        retraining_seconds: 0.0,
        dnas_seconds: 0.0,
        ..run.exploited.clone()
    };
    (exploration, exploitation)
}

/// Wherever it is left: what was kept is all that it takes to go on as if nothing had been.
#[test]
fn a_search_that_was_left_goes_on_as_if_it_had_not_been() {
    let problem = problem(|config| config.search.retrain = 2);
    let fake = || Fake {
        derived: 1,
        ..Fake::default()
    };
    let whole = finished(&problem, fake());
    let calls = &whole.fake.calls;
    // 4 proxies, 2 exact, DNAS, the derived one; the SuperNet of the second iteration is the same.
    assert_eq!(calls.len(), 8);
    for interrupted in 0..calls.len() {
        let stopping = Fake {
            interrupted_call: Some(interrupted),
            ..fake()
        };
        let left = run(&problem, stopping, Resumed::default()).unwrap();
        assert_eq!(left.stop, Stop::Interrupted);
        assert_eq!(left.fake.calls, calls[..interrupted]);
        let done = run(&problem, fake(), left.kept).unwrap();
        assert_eq!(done.stop, Stop::Iterations);
        assert_eq!(done.fake.calls, calls[interrupted..]);
        assert_eq!(
            untimed(&done),
            untimed(&whole),
            "left in call {interrupted}"
        );
        // Nothing that was told is told again.
        let events = [&left.events[..], &done.events[..]].concat();
        let names =
            |events: &[Event]| -> Vec<_> { events.iter().map(std::mem::discriminant).collect() };
        assert_eq!(names(&events), names(&whole.events));
    }
}

/// Eq. 2 by hand: 28 * 28 pixels, 8 channels, kernel k: 6272 k^2 MACs, and 80 of the classifier, all float.
#[test]
fn the_reward_weighs_accuracy_against_aops() {
    let mut problem = problem(|_| {});
    problem.reward = Reward::new(0.75, 352.0, 1e6).unwrap();
    let done = finished(&problem, Fake::default());
    for record in &done.explored.findings.records {
        let kernel = record.architecture.layers()[0].kernel;
        let aops = (6272 * kernel * kernel + 80) as f64;
        assert_eq!(record.aops as f64, aops);
        let accuracy = Fake::default().proxy_accuracy[kernel / 2];
        let expected = 0.75 * accuracy + 0.25 * (1.0 - (aops - 352.0) / 1e6);
        let reward = record.proxy.unwrap().reward;
        assert!(
            (reward - expected).abs() < 1e-15,
            "{reward} for kernel {kernel}"
        );
    }
}

#[test]
fn the_last_bit_of_any_reward_is_in_the_fingerprint() {
    let problem = problem(|_| {});
    let fingerprint = |fake| {
        let done = finished(&problem, fake);
        let findings = (done.explored.findings, done.exploited.findings);
        (findings.0.fingerprint, findings.1.fingerprint)
    };
    let base = fingerprint(Fake::default());
    assert_eq!(base, fingerprint(Fake::default()));
    for (i, kernel) in KERNELS.into_iter().enumerate() {
        let mut fake = Fake::default();
        fake.proxy_accuracy[i] = fake.proxy_accuracy[i].next_up();
        assert_ne!(fingerprint(fake), base, "proxy reward of kernel {kernel}");
    }
    // The first has the worst proxy reward, so it is never trained to convergence.
    for (i, kernel) in KERNELS.into_iter().enumerate().skip(1) {
        let mut fake = Fake::default();
        fake.exact_accuracy[i] = fake.exact_accuracy[i].next_up();
        assert_ne!(fingerprint(fake), base, "exact reward of kernel {kernel}");
    }
}
