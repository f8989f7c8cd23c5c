//! The moving averages that a reward is compared with.

use serde::{Deserialize, Serialize};

/// The least standard deviation that an advantage is divided by: rewards that differ by rounding alone
/// must not teach as loudly as rewards that differ.
const LEAST_DEVIATION: f64 = 1e-6;

/// Moving averages of the rewards and of their squared deviations.
///
/// For rewards `r_1, r_2, ...` and the decay `d`:
/// ```text
/// b_1 = r_1                                   a_1 = 0
/// e_t = r_t - b_{t-1}                         the deviation
/// v_t = d v_{t-1} + (1 - d) e_t^2             v_1 = 0
/// w_t = d w_{t-1} + (1 - d)                   w_1 = 0; corrects v_t for having started at 0
/// a_t = e_t / max(sqrt(v_t / w_t), 1e-6)      normalised, else a_t = e_t
/// b_t = d b_{t-1} + (1 - d) r_t
/// ```
/// The variance knows the deviation it divides, so `|a_t| <= 1 / sqrt(1 - d)`: one reward out of all
/// proportion (the penalty of an architecture that does not fit) cannot overturn the policy.
///
/// # Source
/// The baseline: Williams 1992, section 3 (reinforcement comparison); the correction: Kingma and Ba
/// 2015, section 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// `b_t`; none before the first reward.
    pub mean: Option<f64>,
    /// `v_t`.
    pub variance: f64,
    /// `w_t`.
    pub weight: f64,
}

/// What a reward is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    pub(crate) fn compare(&self, reward: f64, decay: f64, normalise: bool) -> Compared {
        let Some(mean) = self.mean else {
            return Compared {
                baseline: reward,
                advantage: 0.0,
                next: Baseline {
                    mean: Some(reward),
                    ..*self
                },
            };
        };
        let deviation = reward - mean;
        let next = Baseline {
            mean: Some(decay * mean + (1.0 - decay) * reward),
            variance: decay * self.variance + (1.0 - decay) * deviation * deviation,
            weight: decay * self.weight + (1.0 - decay),
        };
        let scale = match normalise {
            true => (next.variance / next.weight).sqrt().max(LEAST_DEVIATION),
            false => 1.0,
        };
        Compared {
            baseline: mean,
            advantage: deviation / scale,
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advantages(rewards: &[f64], decay: f64, normalise: bool) -> Vec<f64> {
        let mut baseline = Baseline::default();
        let compare = |&reward| {
            let compared = baseline.compare(reward, decay, normalise);
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
        close(&advantages(&[1.0, 3.0, 3.0], 0.5, false), &[0.0, 2.0, 1.0]);
    }

    /// By hand: v = 0, 2, 1.5; w = 0, 0.5, 0.75; a = 0, 2 / sqrt(4), 1 / sqrt(2).
    #[test]
    fn normalised_deviations() {
        let expected = [0.0, 1.0, 0.5f64.sqrt()];
        close(&advantages(&[1.0, 3.0, 3.0], 0.5, true), &expected);
    }

    #[test]
    fn equal_rewards_teach_nothing() {
        close(&advantages(&[0.7; 4], 0.9, true), &[0.0; 4]);
    }

    #[test]
    fn an_outlier_is_bounded() {
        let mut rewards: Vec<f64> = (0..60).map(|i| 0.7 + 0.01 * f64::from(i % 3)).collect();
        rewards.push(-1e6);
        let last = advantages(&rewards, 0.9, true)[60];
        // 1 / sqrt(1 - 0.9) = 3.1623, and nearly reached.
        assert!((-3.1623..-3.1).contains(&last), "{last}");
    }
}
