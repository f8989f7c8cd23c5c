//! The differentiable search.

use radars_supernet::ArchitectureLoss;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the steps on architecture weights descend; [`ArchitectureLoss`] has the formulas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DnasLoss {
    /// Cross entropy and expected AOPS, weighted as Eq. 2 weighs accuracy and AOPS: the paper's.
    #[default]
    Weighted,
    /// EDD's: cross entropy times expected AOPS, and a resource term where AOPS are limited.
    Product,
    /// Eq. 2 itself, of the expected error.
    ExpectedError,
}

impl DnasLoss {
    /// All of them.
    pub const ALL: [DnasLoss; 3] = [
        DnasLoss::Weighted,
        DnasLoss::Product,
        DnasLoss::ExpectedError,
    ];
}

impl fmt::Display for DnasLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DnasLoss::Weighted => "weighted",
            DnasLoss::Product => "product",
            DnasLoss::ExpectedError => "expected-error",
        })
    }
}

impl FromStr for DnasLoss {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |loss: &DnasLoss| loss.to_string() == text;
        DnasLoss::ALL.into_iter().find(named).ok_or_else(|| {
            let names = DnasLoss::ALL.map(|loss| loss.to_string());
            format!("the losses are {}", names.join(", "))
        })
    }
}

/// The differentiable search: alternating steps on network weights and on architecture weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DnasConfig {
    /// Epochs in which both kinds of weights are trained.
    pub epochs: usize,
    /// Epochs before those, of network weights alone.
    pub warmup_epochs: usize,
    /// What the steps on architecture weights descend.
    #[serde(default)]
    pub loss: DnasLoss,
    /// Adam's learning rate for the architecture weights.
    pub alpha_rate: f64,
    /// L2 penalty on the architecture weights.
    pub alpha_weight_decay: f64,
    /// Whether mixing weights are drawn with Gumbel noise.
    pub gumbel: bool,
    /// Temperature of the softmax at the first epoch.
    pub temperature_start: f64,
    /// Temperature of the softmax at the last epoch; geometric in between.
    pub temperature_end: f64,
}

impl DnasConfig {
    /// The loss in full, under a limit on AOPS.
    pub(crate) fn architecture_loss(&self, max_aops: Option<u64>) -> ArchitectureLoss {
        match self.loss {
            DnasLoss::Weighted => ArchitectureLoss::Weighted,
            DnasLoss::ExpectedError => ArchitectureLoss::ExpectedError,
            DnasLoss::Product => ArchitectureLoss::Product { max_aops },
        }
    }

    /// The softmax temperature in an epoch, those of the warm-up included: the start during the warm-up,
    /// then geometric from the start to the end.
    pub fn temperature(&self, epoch: usize) -> f64 {
        let trained = epoch.saturating_sub(self.warmup_epochs) as f64;
        let last = self.epochs.saturating_sub(1).max(1) as f64;
        self.temperature_start
            * libm::pow(
                self.temperature_end / self.temperature_start,
                (trained / last).min(1.0),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    /// A warm-up of 2, then 4 * (1/2)^e for 5 epochs.
    #[test]
    fn the_temperature_falls_geometrically_after_the_warm_up() {
        let dnas = DnasConfig {
            epochs: 5,
            warmup_epochs: 2,
            temperature_start: 4.0,
            temperature_end: 0.25,
            ..Config::preset("fashion-small").unwrap().dnas
        };
        let course: Vec<f64> = (0..7).map(|epoch| dnas.temperature(epoch)).collect();
        assert_eq!(course, [4.0, 4.0, 4.0, 2.0, 1.0, 0.5, 0.25]);
    }
}
