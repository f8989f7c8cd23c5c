//! The moving averages that a reward is compared with.

use crate::{Advantage, ControllerSettings};
use serde::{Deserialize, Serialize};

/// The least standard deviation that an advantage is divided by: rewards that differ by rounding alone
/// must not teach as loudly as rewards that differ.
const LEAST_DEVIATION: f64 = 1e-6;

/// Rewards that weigh less are forgotten.
pub(crate) const LEAST_WEIGHT: f64 = 1e-3;

/// Moving averages of the rewards and of their squared deviations, and the latest rewards themselves.
///
/// For rewards `r_1, r_2, ...` and the decay `d`:
/// ```text
/// b_1 = r_1                                   a_1 = 0
/// b_t = b_{t-1} + e_t / t                     while t <= w, the warm-up: the plain mean
/// e_t = r_t - b_{t-1}                         the deviation
/// v_t = d v_{t-1} + (1 - d) e_t^2             v_1 = 0
/// w_t = d w_{t-1} + (1 - d)                   w_1 = 0; corrects v_t for having started at 0
/// b_t = d b_{t-1} + (1 - d) r_t               after the warm-up
///
/// a_t = e_t                                   Difference
/// a_t = e_t / max(sqrt(v_t / w_t), 1e-6)      Normalised
/// a_t = sqrt(3) * sum over k of d^k sign(r_t - r_{t-k}) / sum over k of d^k
///                                             Ranked, k = 0, 1, ... as long as d^k >= 1e-3
/// ```
/// The variance knows the deviation it divides, so a normalised `|a_t| <= 1 / sqrt(1 - d)`: one reward out
/// of all proportion (the penalty of an architecture that does not fit) cannot overturn the policy. But it
/// hides the differences of the rewards after it. The rank sees only which of two rewards is larger; the
/// root makes its variance 1 where the rewards are alike, as the normalised one's is.
///
/// # Source
/// The baseline: Williams 1992, section 3 (reinforcement comparison); the correction: Kingma and Ba
/// 2015, section 3; ranks in place of rewards: Wierstra et al. 2014 (natural evolution strategies),
/// section 3.1, fitness shaping.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `b_t`; none before the first reward.
    pub mean: Option<f64>,
    /// `v_t`.
    pub variance: f64,
    /// `w_t`.
    pub weight: f64,
    /// The rewards that a rank is taken among, the latest last; none if nothing is ranked.
    pub latest: Vec<f64>,
    /// `t`, as long as the warm-up lasts; 0 without one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub warming_up: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a reward is worth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compared {
    /// What the reward was compared with: the average before it, or itself when it is the first.
    pub(crate) baseline: f64,
    /// `a_t`.
    pub(crate) advantage: f64,
    /// The averages after it.
    pub(crate) next: Baseline,
}

impl Baseline {
    /// Compares a reward with those before.
    pub(crate) fn compare(&self, reward: f64, settings: &ControllerSettings) -> Compared {
        let (decay, warm_up) = (settings.baseline_decay, settings.baseline_warm_up);
        let mut next = self.clone();
        if self.warming_up < warm_up {
            next.warming_up += 1;
        }
        next.mean = Some(reward);
        let (mut baseline, mut deviation) = (reward, 0.0);
        if let Some(mean) = self.mean {
            (baseline, deviation) = (mean, reward - mean);
            next.mean = Some(match self.warming_up < warm_up {
                true => mean + deviation / next.warming_up as f64,
                false => decay * mean + (1.0 - decay) * reward,
            });
            next.variance = decay * self.variance + (1.0 - decay) * deviation * deviation;
            next.weight = decay * self.weight + (1.0 - decay);
        }
        let advantage = match settings.advantage {
            Advantage::Difference => deviation,
            Advantage::Normalised if next.weight > 0.0 => {
                deviation / (next.variance / next.weight).sqrt().max(LEAST_DEVIATION)
            }
            Advantage::Normalised => 0.0,
            Advantage::Ranked => next.rank(reward, decay),
        };
        Compared {
            baseline,
            advantage,
            next,
        }
    }

    /// Adds a reward to the latest and gives its rank among them.
    fn rank(&mut self, reward: f64, decay: f64) -> f64 {
        let (mut kept, mut weight, mut weights, mut sum) = (0, decay, 1.0, 0.0);
        for other in self.latest.iter().rev() {
            if weight < LEAST_WEIGHT {
                break;
            }
            kept += 1;
            weights += weight;
            if reward > *other {
                sum += weight;
            } else if reward < *other {
                sum -= weight;
            }
            weight *= decay;
        }
        self.latest.drain(..self.latest.len() - kept);
        self.latest.push(reward);
        3f64.sqrt() * sum / weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(baseline_decay: f64, advantage: Advantage) -> ControllerSettings {
        ControllerSettings {
            baseline_decay,
            advantage,
            ..ControllerSettings::default()
        }
    }

    fn advantages(rewards: &[f64], decay: f64, advantage: Advantage) -> Vec<f64> {
        advantages_by(rewards, &settings(decay, advantage))
    }

    fn advantages_by(rewards: &[f64], settings: &ControllerSettings) -> Vec<f64> {
        let mut baseline = Baseline::default();
        let compare = |&reward| {
            let compared = baseline.compare(reward, settings);
            baseline = compared.next;
            compared.advantage
        };
        rewards.iter().map(compare).collect()
    }

    fn close(got: &[f64], expected: &[f64]) {
        assert_eq!(got.len(), expected.len());
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() < 1e-12, "{got:?} is not {expected:?}");
        }
    }

    /// By hand with d = 0.5: b = 1, 2, 2.5; e = -, 2, 1.
    #[test]
    fn deviations_from_the_moving_average() {
        let got = advantages(&[1.0, 3.0, 3.0], 0.5, Advantage::Difference);
        close(&got, &[0.0, 2.0, 1.0]);
    }

    /// By hand with w = 3, d = 0.5: b = 1, 2, 3, 6, 4; e = -, 2, 3, 6, -4.
    #[test]
    fn the_mean_of_the_first_and_a_moving_average_after() {
        let settings = ControllerSettings {
            baseline_warm_up: 3,
            ..settings(0.5, Advantage::Difference)
        };
        let got = advantages_by(&[1.0, 3.0, 5.0, 9.0, 2.0, 4.0], &settings);
        close(&got, &[0.0, 2.0, 3.0, 6.0, -4.0, 0.0]);
    }

    /// By hand: v = 0, 2, 1.5; w = 0, 0.5, 0.75; a = 0, 2 / sqrt(4), 1 / sqrt(2).
    #[test]
    fn normalised_deviations() {
        let got = advantages(&[1.0, 3.0, 3.0], 0.5, Advantage::Normalised);
        close(&got, &[0.0, 1.0, 0.5f64.sqrt()]);
    }

    /// By hand with d = 0.5, over the root: (0.5) / 1.5, (0 + 0.25) / 1.75, (-0.5 - 0.25 + 0.125) / 1.875.
    #[test]
    fn ranks_among_the_latest() {
        let got = advantages(&[1.0, 3.0, 3.0, 2.0], 0.5, Advantage::Ranked);
        let root = 3f64.sqrt();
        let expected = [0.0, 0.5 / 1.5, 0.25 / 1.75, -0.625 / 1.875];
        close(&got, &expected.map(|a| root * a));
    }

    #[test]
    fn ranks_do_not_see_distances() {
        let rewards: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 11)).collect();
        let bent: Vec<f64> = rewards.iter().map(|r| r.powi(5) - 9.0).collect();
        let ranks = advantages(&rewards, 0.8, Advantage::Ranked);
        assert_eq!(ranks, advantages(&bent, 0.8, Advantage::Ranked));
        assert!(ranks.iter().any(|a| *a > 1.0) && ranks.iter().any(|a| *a < -1.0));
    }

    /// 0.8^30 = 0.0012 and 0.8^31 = 0.00099: thirty earlier rewards, and the one just added.
    #[test]
    fn old_rewards_are_forgotten() {
        let mut baseline = Baseline::default();
        for i in 0..100 {
            let settings = settings(0.8, Advantage::Ranked);
            baseline = baseline.compare(f64::from(i), &settings).next;
        }
        let latest: Vec<f64> = (69..100).map(f64::from).collect();
        assert_eq!(baseline.latest, latest);
    }

    #[test]
    fn equal_rewards_teach_nothing() {
        for advantage in [
            Advantage::Difference,
            Advantage::Normalised,
            Advantage::Ranked,
        ] {
            close(&advantages(&[0.7; 4], 0.9, advantage), &[0.0; 4]);
        }
    }

    /// Of a normalised outlier 1 / sqrt(1 - 0.9) = 3.1623 is nearly reached, of a ranked one sqrt(3).
    #[test]
    fn an_outlier_is_bounded() {
        let mut rewards: Vec<f64> = (0..60).map(|i| 0.7 + 0.01 * f64::from(i % 3)).collect();
        rewards.push(-1e6);
        let normalised = advantages(&rewards, 0.9, Advantage::Normalised)[60];
        assert!((-3.1623..-3.1).contains(&normalised), "{normalised}");
        let ranked = advantages(&rewards, 0.9, Advantage::Ranked)[60];
        assert!((-3f64.sqrt()..-1.5).contains(&ranked), "{ranked}");
    }
}
