//! Algorithm 1, step by step, with an evaluator that looks everything up.

mod fake;
mod refusals;

use crate::run::winner;
use crate::{Event, Fidelity, PhaseTimes, SearchState, Stop};
use fake::{Call, Fake, KERNELS, finished, run, search, task};
use radars_space::Reward;

fn sorted(mut kernels: Vec<usize>) -> Vec<usize> {
    kernels.sort_unstable();
    kernels
}

#[test]
fn every_episode_counts_and_a_repeated_architecture_teaches_without_training() {
    let task = task(|_| {});
    let (fake, state, stop, events) = finished(&task, Fake::default());
    assert_eq!(
        (stop, state.iterations, state.episodes),
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
        assert_eq!(*baseline, mean.unwrap_or(*reward));
        let decay = task.config.controller.baseline_decay;
        mean = Some(mean.map_or(*reward, |mean| decay * mean + (1.0 - decay) * reward));
        met.push(kernel);
    }
    assert_eq!(met.len(), 32);
}

#[test]
fn the_most_promising_by_proxy_are_retrained_once_and_the_derived_only_when_it_was_not() {
    let task = task(|config| config.search.iterations = 3);
    let fake = Fake {
        derived: 1,
        ..Fake::default()
    };
    let (fake, state, _, events) = finished(&task, fake);
    // 7, 5 and 3 have the best proxies; 1 is what DNAS derives, every time.
    assert_eq!(fake.trained(Fidelity::Exact), [7, 5, 3, 1]);
    assert_eq!(fake.exploited(), [[7, 5, 3]; 3]);
    assert_eq!(state.retrained, 4);
    let rewards: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Derived { reward, memory, .. } => Some((*reward, memory.is_some())),
            _ => None,
        })
        .collect();
    assert_eq!(
        rewards,
        [(Some(0.5), true), (Some(0.5), false), (Some(0.5), false)]
    );
}

#[test]
fn exact_rewards_alone_decide_who_wins() {
    let task = task(|_| {});
    let fake = Fake {
        proxy_accuracy: [0.1, 0.7, 0.8, 0.99],
        exact_accuracy: [0.3, 0.6, 0.5, 0.4],
        derived: 1,
        ..Fake::default()
    };
    let (_, state, _, events) = finished(&task, fake);
    let best = winner(&state).unwrap();
    assert_eq!(state.records[best.index].architecture.layers()[0].kernel, 3);
    assert_eq!(best.score.reward, 0.6);
    let course: Vec<f64> = events
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
    let task = task(|config| config.search.iterations = 1);
    let fake = Fake {
        exact_accuracy: [0.1, 0.9, 0.8, 0.7],
        candidate_bytes: [1, 60, 41, 2],
        ..Fake::default()
    };
    let (fake, _, _, events) = finished(&task, fake);
    assert_eq!(fake.exploited(), [[3]]);
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
    let (fake, ..) = finished(
        &task,
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
    let task = task(|_| {});
    let fake = Fake {
        candidate_bytes: [101; 4],
        ..Fake::default()
    };
    let (fake, state, stop, _) = finished(&task, fake);
    assert_eq!((stop, state.iterations), (Stop::Iterations, 2));
    assert!(fake.exploited().is_empty());
    assert_eq!(winner(&state).unwrap().score.reward, 0.8);
}

#[test]
fn an_exact_reward_at_the_target_ends_the_search_after_its_iteration_and_a_proxy_does_not() {
    let task = task(|config| {
        config.search.iterations = 4;
        config.search.target = Some(0.8);
    });
    let (_, state, stop, _) = finished(&task, Fake::default());
    assert_eq!(
        (stop, state.iterations, state.episodes),
        (Stop::Target, 1, 16)
    );
    let promising = Fake {
        proxy_accuracy: [0.9; 4],
        exact_accuracy: [0.79; 4],
        ..Fake::default()
    };
    let (_, state, stop, _) = finished(&task, promising);
    assert_eq!((stop, state.iterations), (Stop::Iterations, 4));
}

/// Wherever it is interrupted: there is a winner once anything was measured, and the state is one from
/// which the same search goes on.
#[test]
fn an_interrupted_search_goes_on_as_if_it_had_not_been() {
    let task = task(|config| config.search.retrain = 2);
    let fake = || Fake {
        derived: 1,
        ..Fake::default()
    };
    let (calls, whole, _, _) = finished(&task, fake());
    let calls = calls.calls;
    // 4 proxies, 2 exact, DNAS, the derived one; then DNAS again.
    assert_eq!(calls.len(), 9);
    let untimed = |state: &SearchState| SearchState {
        time: PhaseTimes::default(),
        ..state.clone()
    };
    for interrupted in 0..calls.len() {
        let mut search = search(
            &task,
            Fake {
                interrupted_call: Some(interrupted),
                ..fake()
            },
        );
        let (stop, _) = run(&mut search).unwrap();
        assert_eq!(stop, Stop::Interrupted);
        assert_eq!(search.evaluator.calls, calls[..interrupted]);
        assert_eq!(winner(&search.state).is_ok(), interrupted > 0);
        let (stop, _) = run(&mut search).unwrap();
        assert_eq!(stop, Stop::Iterations);
        // A DNAS whose derived architecture was not trained to its end is done again.
        let again = matches!(calls[interrupted], Call::Train(Fidelity::Exact, 1));
        assert_eq!(
            search.evaluator.calls.len(),
            calls.len() + usize::from(again)
        );
        assert_eq!(
            untimed(&search.state),
            untimed(&whole),
            "interrupted in call {interrupted}"
        );
    }
}

/// Eq. 2 by hand: 28 * 28 pixels, 8 channels, kernel k: 6272 k^2 MACs, and 80 of the classifier, all float.
#[test]
fn the_reward_weighs_accuracy_against_aops() {
    let mut task = task(|_| {});
    task.reward = Reward::new(0.75, 352.0, 1e6).unwrap();
    let (_, state, ..) = finished(&task, Fake::default());
    for record in &state.records {
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
    let task = task(|_| {});
    let fingerprint = |fake| finished(&task, fake).1.fingerprint;
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
