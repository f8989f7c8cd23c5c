//! One run of a comparison: who searches, with which seed, for which trade-off and under which settings.

use super::{Comparison, Entrant, Setting};
use crate::{Config, Result, RewardConfig, Task};
use radars_data::Data;
use radars_space::{Architecture, Reward};
use std::collections::BTreeMap;
use std::fmt;

/// What runs have in common that are compared with one another: all but method and seed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Group {
    /// The weight of the accuracy in the reward; none for the configuration's.
    pub reward_alpha: Option<f64>,
    /// The AOPS that cost the whole reward of the cost term; none for the configuration's.
    pub reward_gamma: Option<f64>,
    /// The swept settings.
    pub point: Vec<Setting>,
}

impl Group {
    /// Whether rewards of the two are of the same trade-off, so that they can be compared.
    pub fn has_trade_off_of(&self, other: &Group) -> bool {
        (self.reward_alpha, self.reward_gamma) == (other.reward_alpha, other.reward_gamma)
    }

    /// The swept settings by name, and `gamma` where several were compared.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let gamma = self.gamma().map(|gamma| ("gamma".to_owned(), gamma));
        let point = self.point.iter();
        point
            .map(|setting| (setting.key.name().to_owned(), setting.value.clone()))
            .chain(gamma)
            .collect()
    }

    /// `3e8`.
    fn gamma(&self) -> Option<String> {
        self.reward_gamma.map(|gamma| format!("{gamma:e}"))
    }
}

/// `alpha=0.9 gamma=3e8 episodes=5`; nothing where nothing was varied.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alpha = self.reward_alpha.map(|alpha| format!("alpha={alpha}"));
        let gamma = self.gamma().map(|gamma| format!("gamma={gamma}"));
        let settings = self.point.iter().map(ToString::to_string);
        let words: Vec<String> = alpha.into_iter().chain(gamma).chain(settings).collect();
        f.write_str(&words.join(" "))
    }
}

/// One run of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The method.
    pub entrant: Entrant,
    /// The seed.
    pub seed: u64,
    /// The trade-off and the swept settings.
    pub group: Group,
}

/// `quantnas x3, seed 1, episodes=5`.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, seed {}", self.entrant, self.seed)?;
        match self.group.to_string() {
            group if group.is_empty() => Ok(()),
            group => write!(f, ", {group}"),
        }
    }
}

impl Spec {
    /// The name of its run folder: `quantnas-1-episodes-5-x3`.
    pub fn folder(&self) -> String {
        let mut name = format!("{}-{}", self.entrant.stem(), self.seed);
        if let Some(alpha) = self.group.reward_alpha {
            name.push_str(&format!("-alpha-{alpha}"));
        }
        if let Some(gamma) = self.group.gamma() {
            name.push_str(&format!("-gamma-{gamma}"));
        }
        for setting in &self.group.point {
            name.push_str(&format!("-{}-{}", setting.key.name(), setting.value));
        }
        if let Some(factor) = self.entrant.factor {
            name.push_str(&format!("-x{factor}"));
        }
        // Values are numbers and names of modes, but nothing says so here.
        let keep = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        name.chars()
            .map(|c| if keep(c) { c } else { '-' })
            .collect()
    }

    /// Whether two runs are compared with one another: the same seed, trade-off and settings.
    pub fn is_paired_with(&self, other: &Spec) -> bool {
        self.seed == other.seed && self.group == other.group
    }

    /// Its task.
    ///
    /// # Errors
    /// Whatever is wrong with the settings, the space or the data.
    pub fn task(&self, comparison: &Comparison, data: &Data, budget: Option<u64>) -> Result<Task> {
        let mut config = comparison.config.clone();
        self.entrant.apply(&mut config);
        config.seed = self.seed;
        for setting in &self.group.point {
            setting.apply(&mut config)?;
        }
        // What stands in the configuration itself is the budget of a single search.
        config.search.budget = budget;
        let mut task = Task::with_data(config, data.clone())?;
        let problem = &mut task.problem;
        let Group {
            reward_alpha,
            reward_gamma,
            ..
        } = self.group;
        if reward_alpha.is_some() || reward_gamma.is_some() {
            let alpha = reward_alpha.unwrap_or(problem.reward.alpha());
            let gamma = reward_gamma.unwrap_or(problem.reward.gamma());
            let beta = problem.reward.beta();
            problem.reward = Reward::new(alpha, beta, gamma)?;
            problem.config.reward = Some(RewardConfig { alpha, beta, gamma });
        }
        Ok(task)
    }
}

impl Comparison {
    /// The training of an architecture by the final recipe with a seed: the same for all methods, trade-offs and
    /// swept settings.
    pub(super) fn judging(
        &self,
        architecture: &Architecture,
        seed: u64,
        data: &Data,
    ) -> Result<Task> {
        let config = Config {
            seed,
            ..self.config.clone().given(architecture.clone())
        };
        Task::with_data(config, data.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    #[test]
    fn folders_and_names_say_what_was_varied() {
        let entrant = Entrant {
            factor: Some(2.5),
            ..Entrant::plain(Method::Quantnas)
        };
        let spec = Spec {
            entrant,
            seed: 1,
            group: Group {
                reward_alpha: Some(0.9),
                reward_gamma: Some(3e8),
                point: vec![],
            },
        };
        assert_eq!(spec.folder(), "quantnas-1-alpha-0.9-gamma-3e8-x2.5");
        assert_eq!(
            spec.to_string(),
            "quantnas x2.5, seed 1, alpha=0.9 gamma=3e8"
        );
        assert_eq!(spec.group.settings()["gamma"], "3e8");
    }
}
