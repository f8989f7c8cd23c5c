//! Flags for the parts of methods that are published in one form and have another here.

use clap::{Args, ValueEnum};
use radars_search::{
    BaselineConfig, Config, ControllerConfig, DnasLoss, OneShotEvaluator, Policy,
    QuantnasController,
};

#[derive(Debug, Args)]
#[command(next_help_heading = "Forms of methods [defaults: what the preset says]")]
pub struct OriginalArgs {
    /// What samples in `radars` and `quantnas`: `logits`, each decision by itself, or `lstm`, which sees the decisions
    /// before; for `quantnas` alone also `published`, the LSTM of its paper, taught after every five rewards by gradient
    /// descent, and `published-adam`, the same with the other optimizer of its code [fashion-small: logits for radars,
    /// published for quantnas; with --table: logits]
    #[arg(long, value_name = "NAME")]
    pub controller: Option<ControllerChoice>,

    /// Logits that all layers have together, so that a reward teaches all of them, and this much of each layer's own
    /// beside them [fashion-small: none, each layer's alone]
    #[arg(long, value_name = "SCALE")]
    pub shared_logits: Option<f64>,

    /// What proposes the paths that `one-shot` measures: `setn`, a distribution that learns which have a low validation
    /// loss, as in its paper, or `uniform`, none [fashion-small: setn]
    #[arg(long, value_name = "NAME")]
    pub one_shot_evaluator: Option<EvaluatorChoice>,

    /// What DNAS descends, in `radars` too: `weighted`, alpha * cross entropy + (1 - alpha) * expected AOPS / gamma, as
    /// in the paper; `expected-error`, the reward itself; `product`, EDD's cross entropy * expected AOPS, with a
    /// resource term under --max-aops [fashion-small: weighted]
    #[arg(long, value_name = "LOSS")]
    pub dnas_loss: Option<DnasLoss>,
}

/// What proposes paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EvaluatorChoice {
    /// SETN's evaluator.
    Setn,
    /// Nothing.
    Uniform,
}

/// What samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ControllerChoice {
    /// QuantNAS's own.
    Published,
    /// That with Adam.
    PublishedAdam,
    /// Logits.
    Logits,
    /// An LSTM of one layer.
    Lstm,
}

impl ControllerChoice {
    /// Whether it is QuantNAS's alone.
    pub fn is_published(self) -> bool {
        matches!(self, Self::Published | Self::PublishedAdam)
    }
}

impl OriginalArgs {
    /// Brings a configuration to what the flags say.
    pub fn apply(&self, config: &mut Config) {
        if let Some(choice) = self.controller {
            choice.apply(&mut config.baselines, &mut config.controller);
        }
        let shared = &mut config.controller.shared_logits;
        *shared = self.shared_logits.or(*shared);
        match self.one_shot_evaluator {
            Some(EvaluatorChoice::Setn) => {
                config.baselines.one_shot_evaluator = OneShotEvaluator::Setn;
            }
            Some(EvaluatorChoice::Uniform) => {
                config.baselines.one_shot_evaluator = OneShotEvaluator::Uniform;
            }
            None => {}
        }
        config.dnas.loss = self.dnas_loss.unwrap_or(config.dnas.loss);
    }
}

impl ControllerChoice {
    /// QuantNAS's controller, or one for both methods; with the settings of its policy, where it has another than before.
    fn apply(self, baselines: &mut BaselineConfig, controller: &mut ControllerConfig) {
        let (quantnas, policy) = match self {
            Self::Published => (QuantnasController::Published, controller.policy),
            Self::PublishedAdam => (QuantnasController::PublishedAdam, controller.policy),
            Self::Logits => (QuantnasController::Own, Policy::Logits),
            Self::Lstm => (QuantnasController::Own, Policy::Lstm),
        };
        baselines.quantnas_controller = quantnas;
        if policy != controller.policy {
            *controller = ControllerConfig::of(policy);
        }
    }
}
