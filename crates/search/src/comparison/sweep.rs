//! Ablations: settings that are gone through, each value with each of the others.

use crate::{Config, Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A setting that can be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SweepKey {
    /// `N`, episodes of an exploration.
    Episodes,
    /// `P`, how many of the best are re-trained.
    Retrain,
    /// `Ep`, iterations.
    Iterations,
    /// Epochs of an episode's child network.
    ProxyEpochs,
    /// Epochs of re-training.
    ExactEpochs,
    /// Epochs of DNAS.
    DnasEpochs,
    /// How SuperNets hold their mixtures.
    Mixing,
    /// Weight of the controller's entropy bonus.
    Entropy,
    /// The controller's learning rate.
    ControllerRate,
    /// How much of each layer's own logits the controller has beside those that layers share.
    SharedLogits,
    /// Whether the first episodes try designs.
    Designs,
    /// By which rewards re-trainings and SN are chosen.
    Rewards,
    /// Whether a model says what architectures are worth.
    Predictor,
    /// What DNAS minimises in its architecture weights.
    DnasLoss,
}

impl SweepKey {
    /// All of them.
    pub const ALL: [SweepKey; 14] = [
        SweepKey::Episodes,
        SweepKey::Retrain,
        SweepKey::Iterations,
        SweepKey::ProxyEpochs,
        SweepKey::ExactEpochs,
        SweepKey::DnasEpochs,
        SweepKey::Mixing,
        SweepKey::Entropy,
        SweepKey::ControllerRate,
        SweepKey::SharedLogits,
        SweepKey::Designs,
        SweepKey::Rewards,
        SweepKey::Predictor,
        SweepKey::DnasLoss,
    ];

    /// Its name, as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SweepKey::Episodes => "episodes",
            SweepKey::Retrain => "retrain",
            SweepKey::Iterations => "iterations",
            SweepKey::ProxyEpochs => "proxy-epochs",
            SweepKey::ExactEpochs => "exact-epochs",
            SweepKey::DnasEpochs => "dnas-epochs",
            SweepKey::Mixing => "mixing",
            SweepKey::Entropy => "entropy",
            SweepKey::ControllerRate => "controller-rate",
            SweepKey::SharedLogits => "shared-logits",
            SweepKey::Designs => "designs",
            SweepKey::Rewards => "rewards",
            SweepKey::Predictor => "predictor",
            SweepKey::DnasLoss => "dnas-loss",
        }
    }
}

/// A value of a setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Which setting.
    pub key: SweepKey,
    /// Its value, as it was given.
    pub value: String,
}

impl Setting {
    /// Brings a configuration to this value.
    ///
    /// # Errors
    /// [`Error::Setting`] when the value is not of the setting's kind; whether it makes sense is for
    /// [`Config::check`] to say.
    pub fn apply(&self, config: &mut Config) -> Result<()> {
        let number = |setting: &mut usize| self.parse(setting, "a whole number");
        match self.key {
            SweepKey::Episodes => number(&mut config.search.episodes),
            SweepKey::Retrain => number(&mut config.search.retrain),
            SweepKey::Iterations => number(&mut config.search.iterations),
            SweepKey::ProxyEpochs => number(&mut config.training.proxy_epochs),
            SweepKey::ExactEpochs => number(&mut config.training.exact_epochs),
            SweepKey::DnasEpochs => number(&mut config.dnas.epochs),
            SweepKey::Entropy => self.parse(&mut config.controller.entropy, "a number"),
            SweepKey::ControllerRate => self.parse(&mut config.controller.rate, "a number"),
            SweepKey::SharedLogits => {
                let mut scale = 0.0;
                self.parse(&mut scale, "a number, at least 0")?;
                config.controller.shared_logits = Some(scale);
                Ok(())
            }
            SweepKey::Designs => self.parse(&mut config.search.designs, "true or false"),
            SweepKey::Predictor => self.parse(&mut config.search.predictor, "true or false"),
            SweepKey::Rewards => self.parse(&mut config.search.rewards, "proxy, updated or pooled"),
            SweepKey::DnasLoss => {
                self.parse(&mut config.dnas.loss, "weighted, product or expected-error")
            }
            SweepKey::Mixing => self.parse(
                &mut config.mixing,
                "auto, materialised, merged or factorised",
            ),
        }
    }

    fn parse<T: FromStr>(&self, setting: &mut T, expected: &'static str) -> Result<()> {
        *setting = (self.value.parse()).map_err(|_| self.refused(expected))?;
        Ok(())
    }

    fn refused(&self, expected: &'static str) -> Error {
        Error::Setting {
            setting: self.key.name(),
            value: format!("`{}`", self.value),
            expected,
        }
    }
}

/// `episodes=5`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key.name(), self.value)
    }
}

/// A setting and the values that it takes in turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// Which setting.
    pub key: SweepKey,
    /// Its values, as they were given.
    pub values: Vec<String>,
}

impl Sweep {
    /// Every combination of the values of `sweeps`, the last one changing fastest; a single one without
    /// settings where there are none.
    pub fn points(sweeps: &[Sweep]) -> Vec<Vec<Setting>> {
        sweeps.iter().fold(vec![Vec::new()], |points, sweep| {
            let with = |point: &Vec<Setting>, value: &String| {
                let mut point = point.clone();
                point.push(Setting {
                    key: sweep.key,
                    value: value.clone(),
                });
                point
            };
            let points = points.iter();
            points
                .flat_map(|point| sweep.values.iter().map(move |value| with(point, value)))
                .collect()
        })
    }
}

/// Reads `episodes=5,10,20`.
impl FromStr for Sweep {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::Setting {
            setting: "sweep",
            value: format!("`{text}`"),
            expected: "KEY=VALUE,VALUE... with one of the keys episodes, retrain, iterations, proxy-epochs, \
                       exact-epochs, dnas-epochs, mixing, entropy, controller-rate, shared-logits, designs, rewards, \
                       predictor, dnas-loss",
        };
        let (name, values) = text.split_once('=').ok_or_else(refused)?;
        let named = |key: &SweepKey| key.name() == name.trim();
        let key = SweepKey::ALL.into_iter().find(named).ok_or_else(refused)?;
        let values: Vec<String> = values.split(',').map(|v| v.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err(refused());
        }
        Ok(Sweep { key, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_supernet::Mixing;

    fn points(sweeps: &[&str]) -> Vec<String> {
        let sweeps: Vec<Sweep> = sweeps.iter().map(|text| text.parse().unwrap()).collect();
        let words = |point: &Vec<Setting>| {
            let settings: Vec<String> = point.iter().map(ToString::to_string).collect();
            settings.join(" ")
        };
        Sweep::points(&sweeps).iter().map(words).collect()
    }

    #[test]
    fn sweeps_make_every_combination() {
        assert_eq!(points(&[]), [""]);
        assert_eq!(
            points(&["episodes=5,10", "retrain=2,6"]),
            [
                "episodes=5 retrain=2",
                "episodes=5 retrain=6",
                "episodes=10 retrain=2",
                "episodes=10 retrain=6"
            ]
        );
    }

    #[test]
    fn every_key_reaches_the_configuration() {
        let mut config = Config::preset("fashion-small").unwrap();
        for text in [
            "episodes=3",
            "retrain=4",
            "iterations=5",
            "proxy-epochs=6",
            "exact-epochs=7",
            "dnas-epochs=8",
            "mixing=factorised",
            "entropy=0.25",
            "controller-rate=0.5",
            "shared-logits=0.75",
            "designs=false",
            "rewards=updated",
            "predictor=false",
            "dnas-loss=product",
        ] {
            let sweep: Sweep = text.parse().unwrap();
            let setting = Sweep::points(&[sweep])[0][0].clone();
            setting.apply(&mut config).unwrap();
        }
        let search = &config.search;
        assert_eq!(
            (search.episodes, search.retrain, search.iterations),
            (3, 4, 5)
        );
        let training = &config.training;
        assert_eq!((training.proxy_epochs, training.exact_epochs), (6, 7));
        assert_eq!(config.dnas.epochs, 8);
        assert_eq!(config.mixing, Mixing::Factorised.into());
        assert_eq!(
            (config.controller.entropy, config.controller.rate),
            (0.25, 0.5)
        );
        assert_eq!(config.controller.shared_logits, Some(0.75));
        let search = &config.search;
        assert_eq!(
            (search.designs, search.rewards, search.predictor),
            (false, crate::Rewards::Updated, false)
        );
        assert_eq!(config.dnas.loss, crate::DnasLoss::Product);
    }

    #[test]
    fn what_cannot_be_swept_is_refused_with_what_can() {
        for text in ["episodes", "epochs=3", "episodes=5,,6", "=3"] {
            let message = text.parse::<Sweep>().unwrap_err().to_string();
            assert!(message.contains("controller-rate"), "{message}");
        }
        let mut config = Config::preset("fashion-small").unwrap();
        let sweep: Sweep = "episodes=five".parse().unwrap();
        let error = Sweep::points(&[sweep])[0][0]
            .apply(&mut config)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "episodes is `five`, but has to be a whole number"
        );
    }
}
