//! What a swept setting changes.

use super::summary::{accuracy, measured_reward, true_reward};
use super::versus::{is_done, paired};
use super::{Comparison, Group, Paired, Run};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One value of the swept settings against the first one of the same method, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ablation {
    /// The method.
    pub method: String,
    /// The weight of the accuracy in the reward, where several were compared.
    pub reward_alpha: Option<f64>,
    /// The swept settings, and `gamma` where several were compared.
    pub settings: BTreeMap<String, String>,
    /// The settings it is compared with.
    pub with: BTreeMap<String, String>,
    /// Of the true rewards, these settings minus the others; none where winners were not judged.
    #[serde(default)]
    pub true_reward: Option<Paired>,
    /// Of the rewards that the searches measured of their winners.
    pub reward: Option<Paired>,
    /// Of the accuracies.
    pub accuracy: Option<Paired>,
}

/// Every value of the swept settings against the first one, for every method.
pub fn ablations(comparison: &Comparison, runs: &[Run]) -> Vec<Ablation> {
    let mut rows = Vec::new();
    let groups = comparison.groups();
    for entrant in comparison.entrants() {
        for group in &groups {
            let first = groups.iter().find(|first| first.has_trade_off_of(group));
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
                settings: group.settings(),
                with: first.settings(),
                true_reward: paired(&pairs, &true_reward),
                reward: paired(&pairs, &measured_reward),
                accuracy: paired(&pairs, &|run| accuracy(comparison, run)),
            });
        }
    }
    rows
}
