//! `ControllerSettings`: which policy, and how it learns.

use crate::baseline::LEAST_WEIGHT;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the choices are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A recurrent network that sees the choices made before.
    Lstm,
    /// Logits for every decision, independent of the choices before.
    Logits,
}

/// What a reward is worth beside the rewards before it, see [`Baseline`](crate::Baseline).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Advantage {
    /// How far it is above their moving average.
    Difference,
    /// That, in their standard deviations.
    Normalised,
    /// Its rank among them, whatever the distances: the penalty of an architecture that does not fit is
    /// the worst of the latest rewards and no more than that.
    Ranked,
}

/// What moves the policy's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Adam.
    Adam,
    /// Plain gradient descent, without momentum.
    Sgd,
}

/// Which policy, and how it learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControllerSettings {
    /// What the choices are drawn from.
    pub policy: Policy,
    /// Width of the LSTM's layers and of the embeddings; unused by [`Policy::Logits`].
    pub hidden: usize,
    /// LSTM layers; unused by [`Policy::Logits`].
    pub layers: usize,
    /// [`Policy::Logits`]: decisions that are alike ([`Decisions`](crate::Decisions)) have logits together, and
    /// what each has of its own counts this much beside them, so that a reward teaches all of them:
    /// `shared + scale * own`. None for logits that are each decision's alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared: Option<f64>,
    /// What moves the parameters.
    pub optimizer: Optimizer,
    /// Its learning rate.
    pub rate: f64,
    /// Adam's decay of the first and of the second moment.
    pub betas: (f32, f32),
    /// Rewards that one step learns from: the mean of their gradients.
    pub rollouts: usize,
    /// What a reward is worth.
    pub advantage: Advantage,
    /// How much less every earlier reward counts than the one after it.
    pub baseline_decay: f64,
    /// The first rewards, whose plain mean is the average until there are more of them; of 0 or 1 the average
    /// starts at the first reward.
    pub baseline_warm_up: u64,
    /// Weight of the entropy bonus, in advantages a nat, see
    /// [`Controller::update`](crate::Controller::update).
    pub entropy_weight: f64,
}

impl ControllerSettings {
    /// Independent logits, Adam at 0.3 with betas 0.5 and 0.999: the default, ahead of the LSTM after 10 to
    /// 300 episodes, and a tenth of its work.
    ///
    /// NAS-Bench-201, CIFAR-10, means of 300 searches: 91.47 and 91.57 % after 100 and 300 evaluations, of
    /// [`lstm`](Self::lstm) 91.33 and 91.51, of regularised evolution 91.27 and 91.49, at best 91.61.
    /// 30 decisions, 40 episodes: see `examples/study`.
    pub fn logits() -> Self {
        ControllerSettings {
            policy: Policy::Logits,
            hidden: 35,
            layers: 1,
            shared: None,
            optimizer: Optimizer::Adam,
            rate: 0.3,
            betas: (0.5, 0.999),
            rollouts: 1,
            advantage: Advantage::Ranked,
            baseline_decay: 0.8,
            baseline_warm_up: 0,
            entropy_weight: 0.8,
        }
    }

    /// An LSTM of one layer of 35, Adam at 0.06.
    pub fn lstm() -> Self {
        ControllerSettings {
            policy: Policy::Lstm,
            rate: 0.06,
            betas: (0.9, 0.999),
            ..ControllerSettings::logits()
        }
    }

    /// The published controller of QuantNAS: an LSTM of two layers of 35, a step of gradient descent at 0.2 on the
    /// mean gradient of every five rewards, no entropy bonus; a reward is worth what it is above an average that is
    /// the mean of the first 20 and moves by 2/20 of the difference from there.
    ///
    /// The initial values and the embeddings of choices are this crate's, and no decision is discounted for its
    /// distance from the last. [`ControllerSettings::quantnas_adam`] is the other optimizer that is published.
    ///
    /// # Source
    /// Lu et al. 2019, "On neural architecture search for resource-constrained hardware platforms" (ICCAD), and its
    /// reference code.
    pub fn quantnas() -> Self {
        ControllerSettings {
            policy: Policy::Lstm,
            hidden: 35,
            layers: 2,
            shared: None,
            optimizer: Optimizer::Sgd,
            rate: 0.2,
            betas: (0.9, 0.999),
            rollouts: 5,
            advantage: Advantage::Difference,
            baseline_decay: 0.9,
            baseline_warm_up: 20,
            entropy_weight: 0.0,
        }
    }

    /// [`ControllerSettings::quantnas`] with Adam at 0.005.
    pub fn quantnas_adam() -> Self {
        ControllerSettings {
            optimizer: Optimizer::Adam,
            rate: 0.005,
            ..ControllerSettings::quantnas()
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting and what it has to be.
    pub fn check(&self) -> Result<()> {
        let checks = [
            ("hidden", self.hidden as f64, self.hidden > 0, "at least 1"),
            ("layers", self.layers as f64, self.layers > 0, "at least 1"),
            (
                "shared",
                self.shared.unwrap_or(0.0),
                self.shared
                    .is_none_or(|scale| scale.is_finite() && scale >= 0.0),
                "a number, at least 0",
            ),
            (
                "rollouts",
                self.rollouts as f64,
                (1..=1000).contains(&self.rollouts),
                "between 1 and 1000",
            ),
            (
                "rate",
                self.rate,
                self.rate.is_finite() && self.rate > 0.0,
                "a positive number",
            ),
            (
                "betas.0",
                f64::from(self.betas.0),
                (0.0..1.0).contains(&self.betas.0),
                "at least 0 and less than 1",
            ),
            (
                "betas.1",
                f64::from(self.betas.1),
                (0.0..1.0).contains(&self.betas.1),
                "at least 0 and less than 1",
            ),
            (
                "baseline_decay",
                self.baseline_decay,
                (0.0..1.0).contains(&self.baseline_decay),
                "at least 0 and less than 1",
            ),
            // Nothing would be left to rank a reward among.
            (
                "baseline_decay",
                self.baseline_decay,
                self.advantage != Advantage::Ranked || self.baseline_decay >= LEAST_WEIGHT,
                "at least 0.001 for ranks",
            ),
            (
                "entropy_weight",
                self.entropy_weight,
                self.entropy_weight.is_finite() && self.entropy_weight >= 0.0,
                "a number, at least 0",
            ),
        ];
        for (setting, value, good, expected) in checks {
            if !good {
                return Err(Error::Setting {
                    setting,
                    value,
                    expected,
                });
            }
        }
        Ok(())
    }
}

impl Default for ControllerSettings {
    /// [`ControllerSettings::logits`].
    fn default() -> Self {
        ControllerSettings::logits()
    }
}
