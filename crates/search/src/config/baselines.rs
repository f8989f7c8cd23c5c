//! The methods that RADARS is compared with: the originals, and the project's own forms of them.

use super::Method;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What proposes the paths that the method [`Method::OneShot`] measures with inherited weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OneShotEvaluator {
    /// Nothing: they are drawn uniformly.
    #[default]
    Uniform,
    /// A distribution over the candidates of every layer that learns, in turn with the weights, which paths have a low
    /// validation loss: SETN's, taught by one path at a time where the original mixes all.
    ///
    /// # Source
    /// Dong and Yang 2019.
    Setn,
}

impl fmt::Display for OneShotEvaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OneShotEvaluator::Uniform => "uniform",
            OneShotEvaluator::Setn => "setn",
        })
    }
}

/// Which controller the method [`Method::Quantnas`] has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuantnasController {
    /// The one that [`ControllerConfig`](super::ControllerConfig) describes, RADARS's: what the controller alone is
    /// worth.
    #[default]
    Own,
    /// QuantNAS's: an LSTM of two layers, taught after every five rewards by gradient descent. Left out of the
    /// original: a child's reward is its accuracy after its last epoch, not the mean of its last five epochs.
    ///
    /// # Source
    /// Lu et al. 2019, see [`ControllerSettings::quantnas`](radars_controller::ControllerSettings::quantnas).
    Published,
    /// The same with the other optimizer that its code offers, Adam.
    PublishedAdam,
}

/// The methods that RADARS is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BaselineConfig {
    /// Methods whose episodes train briefly, and which train only the best `retrain` of them to convergence;
    /// the others train every child to convergence.
    pub screened: Vec<Method>,
    /// Evolution: most that live at a time.
    pub population: usize,
    /// Evolution: of how many the best has offspring.
    pub tournament: usize,
    /// QuantNAS: whose controller it has.
    pub quantnas_controller: QuantnasController,
    /// One-shot: what proposes paths.
    pub one_shot_evaluator: OneShotEvaluator,
    /// One-shot: paths that are measured with the weights they inherit.
    pub one_shot_paths: usize,
}

impl Default for BaselineConfig {
    /// Random search and evolution in their strongest form, which screens; QuantNAS trains every child, as
    /// published. What files of before there were the originals mean: the project's own controller, uniform paths.
    fn default() -> Self {
        BaselineConfig {
            screened: vec![Method::Random, Method::Evolution],
            population: 10,
            tournament: 3,
            quantnas_controller: QuantnasController::Own,
            one_shot_evaluator: OneShotEvaluator::Uniform,
            one_shot_paths: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, DnasLoss};

    /// Everything here came after the first files, which say nothing of it.
    #[test]
    fn an_older_file_means_what_it_meant() {
        let preset = Config::preset("fashion-small").unwrap();
        let forms = |config: &Config| {
            let baselines = &config.baselines;
            let controller = baselines.quantnas_controller;
            (controller, baselines.one_shot_evaluator, config.dnas.loss)
        };
        let (published, own) = (QuantnasController::Published, QuantnasController::Own);
        let weighted = DnasLoss::Weighted;
        assert_eq!(
            forms(&preset),
            (published, OneShotEvaluator::Setn, weighted)
        );
        let text = preset.to_toml().unwrap();
        let new = ["quantnas_controller", "one_shot_evaluator", "loss"];
        let is_new = |line: &&str| new.iter().any(|key| line.starts_with(&format!("{key} = ")));
        let lines = text.lines();
        assert_eq!(lines.clone().filter(is_new).count(), 3, "{text}");
        let old: Vec<&str> = lines.filter(|line| !is_new(line)).collect();
        let old = Config::from_toml(&old.join("\n"), "it").unwrap();
        assert_eq!(forms(&old), (own, OneShotEvaluator::Uniform, weighted));
        assert_eq!(old.controller.shared_logits, None);
    }
}
