//! What is tried first, re-trained, spanned and left out, by the settings of Algorithm 1.

use super::fake::{Fake, KERNELS, Run, finished, problem};
use crate::{Config, Event, Fidelity, Method, Rewards, Skip, Stop};

/// What SN was in each iteration, as kernels.
fn spanned(run: &Run) -> Vec<Vec<usize>> {
    let events = run.events.iter();
    events
        .filter_map(|event| match event {
            Event::Pruned { architectures, .. } => {
                Some(architectures.iter().map(|a| a.layers()[0].kernel).collect())
            }
            _ => None,
        })
        .collect()
}

fn skipped(run: &Run) -> Vec<(usize, Skip)> {
    let events = run.events.iter();
    events
        .filter_map(|event| match event {
            Event::DnasSkipped { iteration, why } => Some((*iteration, *why)),
            _ => None,
        })
        .collect()
}

/// The middle kernel first, then the others in their order; random search and evolution are given them as well.
#[test]
fn designs_come_before_what_is_sampled() {
    for method in [Method::Radars, Method::Random, Method::Evolution] {
        let problem = problem(|config| {
            config.method = method;
            config.search.designs = true;
        });
        let run = finished(&problem, Fake::default());
        assert_eq!(run.fake.trained(Fidelity::Proxy), [3, 1, 5, 7], "{method}");
    }
}

#[test]
fn a_supernet_with_nothing_to_choose_is_not_searched() {
    let run = finished(
        &problem(|config| config.search.retrain = 1),
        Fake::default(),
    );
    assert!(run.fake.exploited().is_empty());
    assert_eq!(skipped(&run), [(0, Skip::OnePath), (1, Skip::OnePath)]);
    assert_eq!((run.stop, run.exploited.iterations), (Stop::Iterations, 2));
}

#[test]
fn a_supernet_that_was_searched_is_not_searched_again() {
    let run = finished(&problem(|_| {}), Fake::default());
    assert_eq!(run.fake.exploited(), [[7, 5, 3]]);
    assert_eq!(skipped(&run), [(1, Skip::SameSupernet)]);
}

/// Proxies 7, 5, 3, 1 in this order; the exact rewards of 7 and 5 disappoint, 7 below every proxy but that of 1.
fn disappointing(rewards: Rewards, change: impl FnOnce(&mut Config)) -> Run {
    let problem = problem(|config| {
        config.search.retrain = 2;
        config.search.rewards = rewards;
        change(config);
    });
    let fake = Fake {
        proxy_accuracy: [0.1, 0.7, 0.8, 0.99],
        exact_accuracy: [0.3, 0.6, 0.5, 0.2],
        derived: 5,
        ..Fake::default()
    };
    finished(&problem, fake)
}

/// Lines 9-13: after line 11, R holds 3 at 0.7 (its proxy), 5 at 0.5, 7 at 0.2 and 1 at 0.1; in the second iteration
/// the best two are 3 and 5, of which 3 is re-trained to 0.6.
#[test]
fn re_training_replaces_rewards_in_r_to_the_letter() {
    let run = disappointing(Rewards::Updated, |_| {});
    assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5, 3]);
    assert_eq!(spanned(&run), [[3, 5], [3, 5]]);
}

/// By proxy alone, the same two are chosen again, and 3 is never re-trained.
#[test]
fn proxies_alone_choose_the_same_again() {
    let run = disappointing(Rewards::Proxy, |_| {});
    assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5]);
    assert_eq!(spanned(&run), [[5, 7], [5, 7]]);
}

/// Every iteration re-trains what is not yet, and spans the best of all that is.
#[test]
fn pooled_rewards_re_train_something_new_and_span_the_best_of_all() {
    let run = disappointing(Rewards::Pooled, |_| {});
    assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5, 3, 1]);
    assert_eq!(spanned(&run), [[5, 7], [3, 5]]);
}

/// What DNAS derived spans later SuperNets, though exploration never met it: 1 is over the limits of no episode, but
/// no episode comes to it.
#[test]
fn derived_architectures_span_later_supernets() {
    let problem = problem(|config| {
        config.search.retrain = 2;
        config.search.rewards = Rewards::Pooled;
        // Designs come to 3 and 1, then to 5.
        config.search.designs = true;
        (config.search.episodes, config.search.iterations) = (1, 2);
    });
    let fake = Fake {
        derived: 7,
        ..Fake::default()
    };
    let run = finished(&problem, fake);
    assert_eq!(run.fake.trained(Fidelity::Proxy), [3, 1]);
    // One architecture spans the first SuperNet: nothing to choose; the second is of 3 and 1.
    assert_eq!(spanned(&run), [vec![3], vec![3, 1]]);
    assert_eq!(run.fake.trained(Fidelity::Exact), [3, 1, 7]);
    let three = finished(
        &{
            let mut longer = problem.clone();
            longer.config.search.iterations = 3;
            longer
        },
        Fake {
            derived: 7,
            ..Fake::default()
        },
    );
    assert_eq!(spanned(&three)[2], [7, 5]);
}

/// Of 60, half is for the first iteration: with P = 4, three proxies leave enough for two of the three, and not enough
/// for DNAS. The second has the other half.
#[test]
fn a_budget_is_shared_out_over_the_iterations() {
    let problem = problem(|config| {
        config.search.retrain = 4;
        config.search.budget = Some(60);
        config.search.rewards = Rewards::Pooled;
    });
    let run = finished(&problem, Fake::default());
    let spent_by = |wanted: usize| {
        let spent = run.events.iter().filter_map(|event| match event {
            Event::Retrained {
                iteration, spent, ..
            } if *iteration == wanted => Some(*spent),
            _ => None,
        });
        spent.max()
    };
    assert!(
        spent_by(0).is_some_and(|spent| spent <= 30),
        "{:?}",
        spent_by(0)
    );
    assert!(
        spent_by(1).is_some_and(|spent| spent > 30),
        "{:?}",
        spent_by(1)
    );
    assert_eq!(run.exploited.iterations, 2);
}

/// Of 100, four proxies and four trainings to convergence take 44, and DNAS 8: what follows the iterations, of which
/// the last finds nothing new, is spent on what is left to train.
#[test]
fn what_is_left_of_a_budget_is_spent_on_what_was_found() {
    let problem = problem(|config| {
        config.search.retrain = 2;
        config.search.budget = Some(100);
    });
    let run = finished(&problem, Fake::default());
    let mut trained = run.fake.trained(Fidelity::Exact);
    trained.sort_unstable();
    assert_eq!(trained, KERNELS);
}
