//! Runs that are left, by every method, with and without a budget: what was kept is all that it takes.

use super::fake::{Fake, finished, problem, run};
use super::untimed;
use crate::{Method, Problem, Resumed};

fn problems() -> impl Iterator<Item = (String, Problem)> {
    Method::ALL.into_iter().flat_map(|method| {
        [None, Some(24), Some(33), Some(50), Some(71)].map(|budget| {
            let problem = problem(|config| {
                config.method = method;
                config.search.budget = budget;
            });
            (format!("{method} with budget {budget:?}"), problem)
        })
    })
}

#[test]
fn every_method_goes_on_from_whatever_it_is_interrupted_in() {
    for (what, problem) in problems() {
        let whole = finished(&problem, Fake::default());
        for interrupted in 0..whole.fake.calls.len() {
            let fake = Fake {
                interrupted_call: Some(interrupted),
                ..Fake::default()
            };
            let left = run(&problem, fake, Resumed::default()).unwrap();
            let done = run(&problem, Fake::default(), left.kept).unwrap();
            let what = format!("{what}, left in call {interrupted}");
            assert_eq!(done.stop, whole.stop, "{what}");
            assert_eq!(untimed(&done), untimed(&whole), "{what}");
        }
    }
}

/// A process can end between any two of its steps: a count that only it knew would be lost.
#[test]
fn every_method_goes_on_from_every_checkpoint() {
    for (what, problem) in problems() {
        let whole = finished(&problem, Fake::default());
        for (at, kept) in whole.history.iter().enumerate() {
            let done = run(&problem, Fake::default(), kept.clone()).unwrap();
            let what = format!("{what}, left at checkpoint {at}");
            assert_eq!(done.stop, whole.stop, "{what}");
            assert_eq!(untimed(&done), untimed(&whole), "{what}");
            let kept = at + 1 + done.history.len();
            assert_eq!(kept, whole.history.len(), "{what}");
        }
    }
}
