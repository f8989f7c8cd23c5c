//! RADARS against each of the others: differences paired by seed, and what the others took to come as far.

use super::summary::accuracy;
use super::{Comparison, Group, Paired, Run, Sample};
use crate::{Method, RunResult};
use serde::Serialize;
use std::collections::BTreeMap;

/// RADARS minus another method, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The other method.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings.
    pub settings: BTreeMap<String, String>,
    /// Of the exact rewards.
    pub reward: Option<Paired>,
    /// Of the accuracies.
    pub accuracy: Option<Paired>,
}

/// What a method took to reach the reward that RADARS ended with, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reach {
    /// The method; RADARS itself included.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings.
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

/// One value of the swept settings against the first one of the same method, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ablation {
    /// The method.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings.
    pub settings: BTreeMap<String, String>,
    /// The settings it is compared with.
    pub with: BTreeMap<String, String>,
    /// Of the exact rewards: these settings minus the others.
    pub reward: Option<Paired>,
    /// Of the accuracies.
    pub accuracy: Option<Paired>,
}

/// Differences of RADARS from each of the others.
pub fn differences(comparison: &Comparison, runs: &[Run]) -> Vec<Difference> {
    let mut rows = Vec::new();
    for (group, name) in others(comparison, runs, false) {
        let pairs: Vec<(&Run, &Run)> = pairs(runs, &group, &name);
        rows.push(Difference {
            method: name,
            reward_alpha: group.reward_alpha,
            settings: settings(&group),
            reward: paired(&pairs, &|result| result.best.reward),
            accuracy: paired(&pairs, &|result| accuracy(comparison, result)),
        });
    }
    rows
}

/// What every method took to reach RADARS's reward.
pub fn reaches(comparison: &Comparison, runs: &[Run]) -> Vec<Reach> {
    let mut rows = Vec::new();
    for (group, name) in others(comparison, runs, true) {
        let pairs = pairs(runs, &group, &name);
        let target = |radars: &Run| -> Option<f64> { radars.result.as_ref()?.best.reward };
        let reached: Vec<_> = pairs
            .iter()
            .filter_map(|(radars, other)| other.history.reaching(target(radars)?))
            .collect();
        let mean = |values: Vec<f64>| Sample::of(&values).map(|sample| sample.mean);
        rows.push(Reach {
            method: name,
            reward_alpha: group.reward_alpha,
            settings: settings(&group),
            reached: reached.len(),
            seeds: pairs.len(),
            mean_spent_macs: mean(reached.iter().map(|r| r.spent_macs as f64).collect()),
            mean_seconds: mean(reached.iter().map(|r| r.seconds).collect()),
        });
    }
    rows
}

/// Every value of the swept settings against the first one, for every method.
pub fn ablations(comparison: &Comparison, runs: &[Run]) -> Vec<Ablation> {
    let mut rows = Vec::new();
    let groups = comparison.groups();
    for entrant in comparison.entrants() {
        for group in &groups {
            let first = groups.iter().find(|g| g.reward_alpha == group.reward_alpha);
            let Some(first) = first.filter(|&first| first != group) else {
                continue;
            };
            let of = |group: &Group, seed: u64| {
                let mut runs = runs.iter().filter(|run| is_done(run));
                runs.find(|run| {
                    let spec = &run.spec;
                    spec.entrant == entrant && spec.group == *group && spec.seed == seed
                })
            };
            let seeds = comparison.seeds.iter();
            let pairs: Vec<(&Run, &Run)> = seeds
                .filter_map(|&seed| of(group, seed).zip(of(first, seed)))
                .collect();
            rows.push(Ablation {
                method: entrant.to_string(),
                reward_alpha: group.reward_alpha,
                settings: settings(group),
                with: settings(first),
                reward: paired(&pairs, &|result| result.best.reward),
                accuracy: paired(&pairs, &|result| accuracy(comparison, result)),
            });
        }
    }
    rows
}

/// The methods that RADARS is compared with, group by group; those with no run are left out.
fn others(comparison: &Comparison, runs: &[Run], with_radars: bool) -> Vec<(Group, String)> {
    if !comparison.methods.contains(&Method::Radars) {
        return Vec::new();
    }
    let mut others = Vec::new();
    for group in comparison.groups() {
        for entrant in comparison.entrants() {
            let there = |run: &Run| run.spec.group == group && run.spec.entrant == entrant;
            let wanted = with_radars || entrant.method != Method::Radars;
            if wanted && runs.iter().any(there) {
                others.push((group.clone(), entrant.to_string()));
            }
        }
    }
    others
}

/// RADARS and another method with the same seed, both done.
fn pairs<'a>(runs: &'a [Run], group: &Group, method: &str) -> Vec<(&'a Run, &'a Run)> {
    let done = || {
        runs.iter()
            .filter(|run| is_done(run) && run.spec.group == *group)
    };
    let radars = done().filter(|run| run.spec.entrant.method == Method::Radars);
    let with = |radars: &'a Run| {
        let same = |run: &&Run| {
            run.spec.seed == radars.spec.seed && run.spec.entrant.to_string() == method
        };
        Some((radars, done().find(same)?))
    };
    radars.filter_map(with).collect()
}

fn is_done(run: &Run) -> bool {
    run.outcome == super::Outcome::Done
}

fn paired(pairs: &[(&Run, &Run)], value: &dyn Fn(&RunResult) -> Option<f64>) -> Option<Paired> {
    let of = |run: &Run| value(run.result.as_ref()?);
    let values: Vec<(f64, f64)> = pairs
        .iter()
        .filter_map(|(first, second)| of(first).zip(of(second)))
        .collect();
    Paired::of(&values)
}

fn settings(group: &Group) -> BTreeMap<String, String> {
    let settings = group.point.iter();
    settings
        .map(|s| (s.key.name().to_owned(), s.value.clone()))
        .collect()
}
