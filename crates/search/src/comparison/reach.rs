//! How soon: what methods took to come as far as RADARS did, and RADARS to come as far as they did.
//!
//! On its way a search knows only what it measured, so it is exact rewards that are reached here, by whatever a method
//! names its winner; what they are worth in truth is for [`super::differences`] to say.

use super::versus::pairs;
use super::{Comparison, Entrant, Reached, Run, Sample};
use crate::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a method took to reach the best exact reward of RADARS, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The method; RADARS itself included.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// Seeds with which it reached RADARS's reward within its budget.
    pub reached: usize,
    /// Seeds with which both are done.
    pub seeds: usize,
    /// Mean of what it had spent then, over those with which it did.
    pub mean_spent_macs: Option<f64>,
    /// Mean of the seconds it had taken then, over those with which it did.
    pub mean_seconds: Option<f64>,
}

/// What RADARS took to reach the best exact reward of another method, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overtaking {
    /// The other method.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// Seeds with which RADARS reached the other's reward.
    pub reached: usize,
    /// Seeds with which both are done.
    pub seeds: usize,
    /// Mean of what RADARS had spent then, over those with which it did.
    pub mean_spent_macs: Option<f64>,
    /// Mean of the seconds that RADARS had taken then, over the same.
    pub mean_seconds: Option<f64>,
    /// What RADARS had spent then as a share of what the other spent in all, over the same.
    pub share_macs: Option<f64>,
    /// The same of the seconds of search.
    pub share_seconds: Option<f64>,
}

/// What every method took to reach RADARS's reward.
pub fn reaches(comparison: &Comparison, runs: &[Run]) -> Vec<Reach> {
    let radars = Entrant::plain(Method::Radars);
    let mut rows = Vec::new();
    for group in comparison.groups() {
        for entrant in entrants(comparison, runs) {
            let pairs = pairs(runs, &group, (radars, entrant));
            let reached: Vec<Reached> = pairs
                .iter()
                .filter_map(|(radars, other)| other.history.reaching(radars.history.best()?))
                .collect();
            rows.push(Reach {
                method: entrant.to_string(),
                reward_alpha: group.reward_alpha,
                settings: group.settings(),
                reached: reached.len(),
                seeds: pairs.len(),
                mean_spent_macs: mean(reached.iter().map(|r| r.spent_macs as f64)),
                mean_seconds: mean(reached.iter().map(|r| r.seconds)),
            });
        }
    }
    rows
}

/// What RADARS took to reach the reward of each of the others.
pub fn overtakings(comparison: &Comparison, runs: &[Run]) -> Vec<Overtaking> {
    let radars = Entrant::plain(Method::Radars);
    let others = entrants(comparison, runs).into_iter();
    let others: Vec<Entrant> = others.filter(|&entrant| entrant != radars).collect();
    let mut rows = Vec::new();
    for group in comparison.groups() {
        for &entrant in &others {
            let pairs = pairs(runs, &group, (radars, entrant));
            let reached: Vec<(Reached, &Run)> = pairs
                .iter()
                .filter_map(|(radars, other)| {
                    Some((radars.history.reaching(other.history.best()?)?, *other))
                })
                .collect();
            let spent_macs = || reached.iter().map(|(radars, _)| radars.spent_macs as f64);
            let seconds = || reached.iter().map(|(radars, _)| radars.seconds);
            let others = || {
                reached
                    .iter()
                    .filter_map(|(_, other)| other.result.as_ref())
            };
            rows.push(Overtaking {
                method: entrant.to_string(),
                reward_alpha: group.reward_alpha,
                settings: group.settings(),
                reached: reached.len(),
                seeds: pairs.len(),
                mean_spent_macs: mean(spent_macs()),
                mean_seconds: mean(seconds()),
                share_macs: share(spent_macs(), others().map(|r| r.search.spent as f64)),
                share_seconds: share(seconds(), others().map(|r| r.time.search_seconds)),
            });
        }
    }
    rows
}

/// Who has a run at all; nobody where RADARS takes no part.
fn entrants(comparison: &Comparison, runs: &[Run]) -> Vec<Entrant> {
    if !comparison.methods.contains(&Method::Radars) {
        return Vec::new();
    }
    let there = |entrant: &Entrant| runs.iter().any(|run| run.spec.entrant == *entrant);
    comparison.entrants().into_iter().filter(there).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    Sample::of(&values.collect::<Vec<f64>>()).map(|sample| sample.mean)
}

/// The sum of these as a share of the sum of those; none where that is nothing.
fn share(these: impl Iterator<Item = f64>, those: impl Iterator<Item = f64>) -> Option<f64> {
    let (these, those): (f64, f64) = (these.sum(), those.sum());
    (those > 0.0).then(|| these / those)
}
