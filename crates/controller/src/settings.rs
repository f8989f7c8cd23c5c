//! `ControllerSettings`: which policy, and how it learns.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the choices are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A recurrent network that sees the choices made before.
    Lstm,
    /// Independent logits for every decision.
    Logits,
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
    /// Adam's learning rate.
    pub rate: f64,
    /// Adam's decay of the first and of the second moment.
    pub betas: (f32, f32),
    /// Decay of the moving averages that a reward is compared with.
    pub baseline_decay: f64,
    /// Weight of the entropy bonus, in rewards a nat (with a normalised advantage: in standard
    /// deviations of the reward a nat).
    pub entropy_weight: f64,
    /// Whether the advantage is divided by its standard deviation.
    pub normalise_advantage: bool,
}

impl ControllerSettings {
    /// The LSTM of two layers of 35, Adam at 0.02.
    pub fn lstm() -> Self {
        ControllerSettings {
            policy: Policy::Lstm,
            hidden: 35,
            layers: 2,
            rate: 0.02,
            betas: (0.9, 0.999),
            baseline_decay: 0.8,
            entropy_weight: 1e-4,
            normalise_advantage: true,
        }
    }

    /// Independent logits, which take larger steps and forget faster: Adam at 0.2 with betas 0.5 and 0.999.
    pub fn logits() -> Self {
        ControllerSettings {
            policy: Policy::Logits,
            rate: 0.2,
            betas: (0.5, 0.999),
            ..ControllerSettings::lstm()
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
    /// [`ControllerSettings::lstm`].
    fn default() -> Self {
        ControllerSettings::lstm()
    }
}
