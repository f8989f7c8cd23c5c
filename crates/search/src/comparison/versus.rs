//! Methods against one another: differences paired by seed.

use super::summary::{accuracy, measured_reward, true_reward};
use super::{Comparison, Entrant, Group, Outcome, Paired, Run};
use crate::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One method minus another, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The method that is compared: the second one of [`differences`], the first one of [`over_uniform`].
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// Of the true rewards; none where winners were not judged.
    #[serde(default)]
    pub true_reward: Option<Paired>,
    /// Of the rewards that the searches measured of their winners.
    pub reward: Option<Paired>,
    /// Of the accuracies.
    pub accuracy: Option<Paired>,
    /// Of the adjusted operations.
    #[serde(default)]
    pub aops: Option<Paired>,
}

/// RADARS minus each of the others, those with larger budgets among them.
pub fn differences(comparison: &Comparison, runs: &[Run]) -> Vec<Difference> {
    let others = with_runs(comparison, runs, Method::Radars);
    others
        .map(|(group, other)| {
            let pairs = pairs(runs, &group, (Entrant::plain(Method::Radars), other));
            Difference::of(comparison, other, &group, &pairs)
        })
        .collect()
}

/// Each method minus the control that does not search.
pub fn over_uniform(comparison: &Comparison, runs: &[Run]) -> Vec<Difference> {
    let others = with_runs(comparison, runs, Method::Uniform);
    others
        .map(|(group, first)| {
            let pairs = pairs(runs, &group, (first, Entrant::plain(Method::Uniform)));
            Difference::of(comparison, first, &group, &pairs)
        })
        .collect()
}

impl Difference {
    fn of(comparison: &Comparison, method: Entrant, group: &Group, pairs: &[(&Run, &Run)]) -> Self {
        Difference {
            method: method.to_string(),
            reward_alpha: group.reward_alpha,
            settings: group.settings(),
            true_reward: paired(pairs, &true_reward),
            reward: paired(pairs, &measured_reward),
            accuracy: paired(pairs, &|run| accuracy(comparison, run)),
            aops: paired(pairs, &|run| Some(run.result.as_ref()?.best.aops as f64)),
        }
    }
}

/// The methods that `than` is compared with, group by group; those without a run are left out, and all of them
/// where `than` takes no part.
fn with_runs(
    comparison: &Comparison,
    runs: &[Run],
    than: Method,
) -> impl Iterator<Item = (Group, Entrant)> {
    let groups = match comparison.methods.contains(&than) {
        true => comparison.groups(),
        false => Vec::new(),
    };
    let entrants = comparison.entrants().into_iter();
    let others: Vec<Entrant> = entrants.filter(|entrant| entrant.method != than).collect();
    groups.into_iter().flat_map(move |group| {
        let there = |entrant: &Entrant| {
            let mut specs = runs.iter().map(|run| &run.spec);
            specs.any(|spec| spec.group == group && spec.entrant == *entrant)
        };
        let there: Vec<Entrant> = others.iter().copied().filter(there).collect();
        there
            .into_iter()
            .map(move |entrant| (group.clone(), entrant))
    })
}

/// Runs of two methods with the same seed, both done.
pub(super) fn pairs<'a>(
    runs: &'a [Run],
    group: &Group,
    (first, second): (Entrant, Entrant),
) -> Vec<(&'a Run, &'a Run)> {
    let done = |entrant: Entrant| {
        let of = move |run: &&Run| is_done(run) && run.spec.entrant == entrant;
        let runs = runs.iter().filter(of);
        runs.filter(|run| run.spec.group == *group)
    };
    let with = |run: &'a Run| {
        let other = done(second).find(|other| other.spec.seed == run.spec.seed)?;
        Some((run, other))
    };
    done(first).filter_map(with).collect()
}

pub(super) fn is_done(run: &Run) -> bool {
    run.outcome == Outcome::Done
}

pub(super) fn paired(
    pairs: &[(&Run, &Run)],
    value: &dyn Fn(&Run) -> Option<f64>,
) -> Option<Paired> {
    let values: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|(first, second)| value(first).zip(value(second)))
        .collect();
    Paired::of(&values)
}
