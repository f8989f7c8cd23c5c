//! The other methods, with an evaluator that looks everything up; what a budget means for each.

use super::fake::{Call, Fake, KERNELS, Run, finished, problem, run};
use crate::{Config, Error, Event, Fidelity, Method, Problem, Resumed, SearchConfig, Stop};

fn of(method: Method, budget: Option<u64>) -> Run {
    let problem = problem(|config| {
        config.method = method;
        config.search.budget = budget;
    });
    finished(&problem, Fake::default())
}

fn spent(run: &Run) -> u64 {
    run.explored.findings.spent + run.exploited.findings.spent
}

#[test]
fn a_controller_alone_trains_every_child_to_convergence_and_the_best_wins() {
    let run = of(Method::Quantnas, None);
    assert_eq!((run.stop, run.explored.episodes), (Stop::Iterations, 32));
    let mut trained = run.fake.trained(Fidelity::Exact);
    trained.sort_unstable();
    assert_eq!(trained, KERNELS);
    assert_eq!(run.fake.calls.len(), 4);
    let (best, score) = run.explored.findings.best().unwrap();
    assert_eq!(
        (best.architecture.layers()[0].kernel, score.reward),
        (7, 0.8)
    );
    let best = run.events.iter().rev().find_map(|event| match event {
        Event::Best { reward, spent, .. } => Some((*reward, *spent)),
        _ => None,
    });
    assert_eq!(best.unwrap().0, 0.8);
}

#[test]
fn random_search_and_evolution_screen_and_train_the_best_of_it() {
    for method in [Method::Random, Method::Evolution] {
        let run = of(method, None);
        assert_eq!((run.stop, run.explored.episodes), (Stop::Iterations, 32));
        assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5, 3], "{method}");
        assert_eq!(run.exploited.findings.best().unwrap().1.reward, 0.8);
    }
}

/// The layer is float, so one plain architecture for its kernel 3; with a budget, those of the other kernels too.
#[test]
fn uniform_architectures_end_when_there_are_no_more() {
    let run = of(Method::Uniform, None);
    assert_eq!(run.fake.calls, [Call::Train(Fidelity::Exact, 3)]);
    let run = of(Method::Uniform, Some(1000));
    assert_eq!(run.fake.trained(Fidelity::Exact), [3, 1, 5, 7]);
}

/// DNAS: 2 an epoch, 5 + 1 epochs an iteration, 2 iterations; then its architecture.
#[test]
fn dnas_has_the_epochs_of_all_iterations_in_one_supernet_of_everything() {
    let run = of(Method::Dnas, None);
    assert_eq!(run.fake.exploited(), [KERNELS]);
    assert_eq!(spent(&run), 2 * (5 + 1) * 2 + 10);
    assert_eq!(run.stop, Stop::Iterations);
}

#[test]
fn dnas_that_does_not_fit_is_out_of_memory_before_it_begins() {
    let problem = problem(|config| config.method = Method::Dnas);
    let fake = Fake {
        candidate_bytes: [26; 4],
        ..Fake::default()
    };
    let error = run(&problem, fake, Resumed::default()).err().unwrap();
    assert!(
        matches!(
            error,
            Error::SupernetOverBound { bound_bytes: 100, tried, .. } if tried.needed_bytes == 104
        ),
        "{error}"
    );
}

#[test]
fn one_shot_ranks_paths_by_inherited_weights_and_trains_the_best() {
    let run = of(Method::OneShot, None);
    // As many epochs as RADARS explores: 2 iterations of 16 episodes of 2 epochs.
    assert_eq!(run.fake.calls[0], Call::Share(64, 100));
    assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5, 3]);
    assert_eq!(run.explored.findings.traffic.uploaded_bytes, 11);
    assert_eq!(spent(&run), 3 * 64 + 1 + 3 * 10);
}

/// Whatever the method and the budget: it is never exceeded, and most of it is used.
#[test]
fn a_budget_is_never_exceeded() {
    for method in Method::ALL {
        for budget in [24, 33, 50, 71] {
            let run = of(method, Some(budget));
            let spent = spent(&run);
            assert!(spent <= budget, "{method}: {spent} of {budget}");
            let best = run.exploited.findings.best();
            let best = best.or(run.explored.findings.best());
            assert!(best.is_some(), "{method} found nothing within {budget}");
        }
    }
    // Four proxies, and all of them to convergence: P is three, and the rest pays for the fourth.
    assert_eq!(spent(&of(Method::Random, Some(71))), 44);
    // Four kernels to convergence are all there is.
    assert_eq!(spent(&of(Method::Quantnas, Some(71))), 40);
    // 10 for each of three architectures, 1 for the paths, 3 an epoch.
    assert_eq!(spent(&of(Method::OneShot, Some(500))), 30 + 1 + 3 * 156);
    // 10 for the derived; 6 epochs at once for 12, as often as they fit, then single ones.
    assert_eq!(spent(&of(Method::Dnas, Some(71))), 10 + 60);
}

/// Of a budget, `retrain` trainings to convergence are left, but half of it at least is for the shared weights; all
/// paths are recommended, so that whatever is left after `retrain` is used.
#[test]
fn one_shot_trains_as_many_of_the_best_as_the_budget_pays_for() {
    let problem = problem(|config| {
        config.method = Method::OneShot;
        config.search.budget = Some(50);
        config.search.retrain = 1;
        config.baselines.one_shot_paths = 40;
    });
    // 10 for one of them leaves 40 for 13 epochs, which cost 39 and the paths 1: what is left is one training.
    let run = finished(&problem, Fake::default());
    assert_eq!(run.fake.trained(Fidelity::Exact), [7]);
    assert_eq!(run.explored.iterations[0].promising.len(), KERNELS.len());
    let problem = Problem {
        config: Config {
            search: SearchConfig {
                budget: Some(44),
                retrain: 3,
                ..problem.config.search
            },
            ..problem.config.clone()
        },
        ..problem
    };
    // 30 for three leave 22, half of the budget, for 7 epochs: 22. The rest pays for two, in order.
    let run = finished(&problem, Fake::default());
    assert_eq!(run.fake.trained(Fidelity::Exact), [7, 5]);
    assert_eq!(spent(&run), 42);
}

/// Of 15, a second proxy leaves 13: enough for one of two finalists, so there is no third.
#[test]
fn screening_leaves_enough_for_the_finalists() {
    let run = of(Method::Random, Some(15));
    assert_eq!(run.fake.trained(Fidelity::Proxy).len(), 2);
    assert_eq!(run.fake.trained(Fidelity::Exact).len(), 1);
}
