//! The reward of an architecture, Eq. 2: accuracy traded against cost.

use crate::{Error, Problem, Result};
use serde::{Deserialize, Serialize};

/// `reward = alpha * accuracy + (1 - alpha) * (1 - (AOPS - beta) / gamma)`.
///
/// The DNAS loss uses the same trade-off, see [`Reward::cost_term`].
///
/// # Source
/// Eq. 2 of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
pub struct Reward {
    alpha: f64,
    beta: f64,
    gamma: f64,
}

/// The lowest and the highest reward a space can give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardRange {
    /// The dearest architecture, accuracy 0.
    pub lowest: f64,
    /// The cheapest architecture, accuracy 1.
    pub highest: f64,
}

impl RewardRange {
    /// Whether no architecture's reward can leave `[0, 1]`.
    #[must_use]
    pub fn within_unit_interval(&self) -> bool {
        self.lowest >= 0.0 && self.highest <= 1.0
    }
}

impl Reward {
    /// A reward that weighs accuracy with `alpha` and takes AOPS `beta + gamma` as worth nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless `alpha` is in `[0, 1]`, `beta` is finite and `gamma` finite and
    /// positive.
    pub fn new(alpha: f64, beta: f64, gamma: f64) -> Result<Self> {
        Self::checked(alpha, beta, gamma).map_err(|problem| Error::Invalid {
            layer: None,
            problem,
        })
    }

    pub(crate) fn checked(alpha: f64, beta: f64, gamma: f64) -> Result<Self, Problem> {
        let refuse = |key, value, valid| Err(Problem::Reward { key, value, valid });
        if !(0.0..=1.0).contains(&alpha) {
            return refuse("alpha", alpha, "0 to 1 is");
        }
        if !beta.is_finite() {
            return refuse("beta", beta, "a finite number of AOPS is");
        }
        if !gamma.is_finite() || gamma <= 0.0 {
            return refuse("gamma", gamma, "a finite number of AOPS above 0 is");
        }
        Ok(Self { alpha, beta, gamma })
    }

    /// The paper's setting for CIFAR-10: alpha 0.5, beta 0, gamma 1e9. It rewards a chance-level
    /// network of 2x2 bits with 0.53 and the paper's own winner with -0.31, so it is kept for
    /// comparison only.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            alpha: 0.5,
            beta: 0.0,
            gamma: 1e9,
        }
    }

    /// The setting for a space that states none: alpha 0.8, beta 0, and gamma a third of the
    /// dearest architecture's AOPS, where neither the cheapest nor the dearest architecture wins.
    #[must_use]
    pub fn balanced(dearest_aops: u64) -> Self {
        Self {
            alpha: 0.8,
            beta: 0.0,
            gamma: (dearest_aops as f64 / 3.0).max(1.0),
        }
    }

    /// The weight of the accuracy.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// AOPS that cost nothing.
    #[must_use]
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// AOPS above `beta` at which the cost term reaches zero.
    #[must_use]
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// Eq. 2. `accuracy` is a fraction, `aops` may be an expectation.
    #[must_use]
    pub fn reward(&self, accuracy: f64, aops: f64) -> f64 {
        self.alpha * accuracy + (1.0 - self.alpha) * (1.0 - (aops - self.beta) / self.gamma)
    }

    /// What the AOPS add to the DNAS loss `alpha * CE + (1 - alpha) * (E[AOPS] - beta) / gamma`.
    #[must_use]
    pub fn cost_term(&self, expected_aops: f64) -> f64 {
        self.cost_slope() * (expected_aops - self.beta)
    }

    /// The derivative of [`Self::cost_term`]: loss per AOPS, `(1 - alpha) / gamma`.
    #[must_use]
    pub fn cost_slope(&self) -> f64 {
        (1.0 - self.alpha) / self.gamma
    }

    /// The rewards that architectures of `cheapest` to `dearest` AOPS can have, at any accuracy.
    #[must_use]
    pub fn range(&self, cheapest: u64, dearest: u64) -> RewardRange {
        RewardRange {
            lowest: self.reward(0.0, dearest as f64),
            highest: self.reward(1.0, cheapest as f64),
        }
    }
}

/// The serialised form, checked on its way in.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    alpha: f64,
    beta: f64,
    gamma: f64,
}

impl From<Reward> for Record {
    fn from(Reward { alpha, beta, gamma }: Reward) -> Self {
        Self { alpha, beta, gamma }
    }
}

impl TryFrom<Record> for Reward {
    type Error = Problem;

    fn try_from(record: Record) -> Result<Self, Problem> {
        Self::checked(record.alpha, record.beta, record.gamma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0.8 * 0.9 + 0.2 * (1 - (300 - 100) / 400) = 0.72 + 0.1.
    #[test]
    fn eq2_by_hand() {
        let reward = Reward::new(0.8, 100.0, 400.0).unwrap();
        assert!((reward.reward(0.9, 300.0) - 0.82).abs() < 1e-12);
        assert!((reward.cost_term(300.0) - 0.1).abs() < 1e-12); // 0.2 * 200 / 400
        assert!((reward.cost_slope() - 0.0005).abs() < 1e-15); // 0.2 / 400
    }

    /// All 1x1 in 2x2 bits: 7,536,640 MACs x 4 + 2,560 x 81 = 30,353,920 AOPS at accuracy 0.1:
    /// 0.05 + 0.5 * (1 - 0.03035392) = 0.53482304.
    #[test]
    fn the_papers_setting_prefers_a_chance_level_network() {
        assert!((Reward::paper().reward(0.1, 30_353_920.0) - 0.534_823_04).abs() < 1e-12);
    }

    #[test]
    fn range_is_reached_at_its_ends() {
        let reward = Reward::new(0.5, 0.0, 100.0).unwrap();
        assert_eq!(
            reward.range(0, 100),
            RewardRange {
                lowest: 0.0,
                highest: 1.0
            }
        );
        assert!(reward.range(0, 100).within_unit_interval());
        assert!(!reward.range(0, 101).within_unit_interval());
        assert!(
            !Reward::new(0.5, 10.0, 100.0)
                .unwrap()
                .range(0, 100)
                .within_unit_interval()
        );
    }

    #[test]
    fn bad_parameters_are_refused() {
        for (alpha, beta, gamma) in [
            (1.5, 0.0, 1.0),
            (f64::NAN, 0.0, 1.0),
            (0.5, f64::INFINITY, 1.0),
            (0.5, 0.0, 0.0),
        ] {
            assert!(
                Reward::new(alpha, beta, gamma).is_err(),
                "{alpha} {beta} {gamma}"
            );
        }
        assert_eq!(
            Reward::new(0.5, 0.0, -1.0).unwrap_err().to_string(),
            "reward `gamma` -1 is not valid: a finite number of AOPS above 0 is"
        );
    }
}
