//! The controller that explores.

use radars_controller::ControllerSettings;
use serde::{Deserialize, Serialize};

/// The policy of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A recurrent network that sees the decisions before.
    Lstm,
    /// Logits for every decision, independent of the decisions before.
    Logits,
}

/// The controller: REINFORCE on ranked rewards.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerConfig {
    /// The policy.
    pub policy: Policy,
    /// Width of the LSTM's layers.
    pub hidden: usize,
    /// Logits: those that all layers share for a hyper-parameter with as many choices, and this much of each
    /// layer's own beside them; none for logits that are each layer's alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shared_logits: Option<f64>,
    /// Adam's learning rate.
    pub rate: f64,
    /// How much less every earlier reward counts in what a reward is compared with.
    pub baseline_decay: f64,
    /// Weight of the entropy bonus, in advantages a nat, divided by the square root of the number of decisions.
    pub entropy: f64,
}

impl ControllerConfig {
    /// A policy as `radars-controller` tuned it, in what can be set here.
    pub fn of(policy: Policy) -> Self {
        let settings = match policy {
            Policy::Lstm => ControllerSettings::lstm(),
            Policy::Logits => ControllerSettings::logits(),
        };
        ControllerConfig {
            policy,
            hidden: settings.hidden,
            shared_logits: settings.shared,
            rate: settings.rate,
            baseline_decay: settings.baseline_decay,
            entropy: settings.entropy_weight,
        }
    }

    /// What a controller is made with.
    pub(crate) fn settings(&self) -> ControllerSettings {
        let base = match self.policy {
            Policy::Lstm => ControllerSettings::lstm(),
            Policy::Logits => ControllerSettings::logits(),
        };
        ControllerSettings {
            hidden: self.hidden,
            shared: self.shared_logits,
            rate: self.rate,
            baseline_decay: self.baseline_decay,
            entropy_weight: self.entropy,
            ..base
        }
    }
}
