//! What the types of a configuration do not say about its values.

use super::{Config, Method, MicroBatch, Policy};
use crate::{Error, Result};

/// Counts from 1 to this: more than any search needs, and no product of two of them overflows.
const MOST: usize = 1_000_000;

impl Config {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting and what it has to be.
    pub fn check(&self) -> Result<()> {
        let (search, training, dnas) = (&self.search, &self.training, &self.dnas);
        let (given, architecture) = (self.method == Method::Given, &self.architecture);
        let is_there = if architecture.is_some() {
            "there"
        } else {
            "missing"
        };
        require(
            "architecture",
            is_there,
            given == architecture.is_some(),
            "there with the method `given`, and with no other",
        )?;
        for (setting, value) in [
            ("search.iterations", search.iterations),
            ("search.episodes", search.episodes),
            ("search.retrain", search.retrain),
            ("search.keep", search.keep),
            ("training.proxy_epochs", training.proxy_epochs),
            ("training.exact_epochs", training.exact_epochs),
            ("training.final_epochs", training.final_epochs),
            ("dnas.epochs", dnas.epochs),
            ("baselines.population", self.baselines.population),
            ("baselines.tournament", self.baselines.tournament),
            ("baselines.one_shot_paths", self.baselines.one_shot_paths),
        ] {
            require(
                setting,
                value,
                (1..=MOST).contains(&value),
                "between 1 and 1000000",
            )?;
        }
        if let Some(share) = search.exploration_memory {
            let inside = share.as_u64() > 0 && share < self.memory;
            require(
                "search.exploration_memory",
                share,
                inside,
                "more than nothing and less than `memory`",
            )?;
        }
        if let Some(budget) = search.budget {
            require("search.budget", budget, budget > 0, "at least 1")?;
        }
        let (batch, hidden) = (self.batch, self.controller.hidden);
        require(
            "batch",
            batch,
            (1..=65_536).contains(&batch),
            "between 1 and 65536",
        )?;
        if let Some(classes) = self.data.proxy_classes {
            require("data.proxy_classes", classes, classes > 1, "at least 2")?;
        }
        if let Some(MicroBatch::Images(images)) = self.micro_batch {
            require("micro_batch", images, images > 0, "at least 1")?;
        }
        require(
            "controller.hidden",
            hidden,
            (1..=4096).contains(&hidden),
            "between 1 and 4096",
        )?;
        if let Some(scale) = self.controller.shared_logits {
            let logits = self.controller.policy == Policy::Logits;
            let not_negative = (scale as f32).is_finite() && scale >= 0.0;
            require(
                "controller.shared_logits",
                scale,
                logits && not_negative,
                "a number, at least 0, with the policy `logits` alone",
            )?;
        }
        require(
            "dnas.warmup_epochs",
            dnas.warmup_epochs,
            dnas.warmup_epochs <= MOST,
            "at most 1000000",
        )?;
        for (setting, value) in [
            ("training.rate", training.rate),
            ("training.clip_norm", training.clip_norm),
            ("dnas.alpha_rate", dnas.alpha_rate),
            ("dnas.temperature_start", dnas.temperature_start),
            ("dnas.temperature_end", dnas.temperature_end),
            ("controller.rate", self.controller.rate),
        ] {
            // As f32, which training computes in.
            let positive = (value as f32).is_normal() && value > 0.0;
            require(setting, value, positive, "a positive number")?;
        }
        for (setting, value) in [
            ("training.momentum", training.momentum),
            ("training.label_smoothing", training.label_smoothing),
            ("controller.baseline_decay", self.controller.baseline_decay),
        ] {
            let fraction = (0.0..1.0).contains(&value);
            require(setting, value, fraction, "at least 0 and less than 1")?;
        }
        for (setting, value) in [
            ("training.weight_decay", training.weight_decay),
            ("training.warmup_epochs", training.warmup_epochs),
            ("dnas.alpha_weight_decay", dnas.alpha_weight_decay),
            ("controller.entropy", self.controller.entropy),
        ] {
            let not_negative = (value as f32).is_finite() && value >= 0.0;
            require(setting, value, not_negative, "a number, at least 0")?;
        }
        for (setting, value) in [
            ("search.penalty", search.penalty),
            ("search.target", search.target),
        ] {
            if let Some(value) = value {
                require(setting, value, value.is_finite(), "a finite number")?;
            }
        }
        Ok(())
    }
}

fn require(
    setting: &'static str,
    value: impl ToString,
    holds: bool,
    expected: &'static str,
) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::Setting {
        setting,
        value: value.to_string(),
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::super::ControllerConfig;
    use super::*;
    use bytesize::ByteSize;
    use radars_space::{Architecture, Candidate};

    fn message(change: fn(&mut Config)) -> String {
        let mut config = Config::preset("fashion-small").unwrap();
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn a_preset_is_valid() {
        for preset in Config::PRESETS {
            Config::preset(preset).unwrap();
        }
    }

    #[test]
    fn an_architecture_is_given_or_searched_for() {
        let architecture = Architecture(vec![Candidate::float(3)]);
        assert_eq!(
            message(|c| c.method = Method::Given),
            "architecture is missing, but has to be there with the method `given`, and with no other"
        );
        let mut config = Config::preset("fashion-small").unwrap();
        config.search.exploration_memory = Some(ByteSize::mib(1));
        config.limits.max_aops = Some(1);
        let given = config.given(architecture);
        given.check().unwrap();
        assert_eq!(
            (given.search.exploration_memory, given.limits),
            Default::default()
        );
        let text = given.to_toml().unwrap();
        assert_eq!(Config::from_toml(&text, "it").unwrap(), given, "{text}");
        let searching = Config {
            method: Method::Radars,
            ..given
        };
        assert!(
            searching
                .check()
                .unwrap_err()
                .to_string()
                .starts_with("architecture is there")
        );
    }

    #[test]
    fn a_senseless_value_is_named_with_what_would_do() {
        assert_eq!(
            message(|c| c.batch = 0),
            "batch is 0, but has to be between 1 and 65536"
        );
        assert_eq!(
            message(|c| c.search.penalty = Some(f64::NAN)),
            "search.penalty is NaN, but has to be a finite number"
        );
        assert_eq!(
            message(|c| c.training.momentum = 1.0),
            "training.momentum is 1, but has to be at least 0 and less than 1"
        );
    }

    #[test]
    fn only_logits_are_shared() {
        let refused = |scale, policy| {
            let mut config = Config::preset("fashion-small").unwrap();
            config.controller = ControllerConfig {
                shared_logits: Some(scale),
                ..ControllerConfig::of(policy)
            };
            config.check().map_err(|error| error.to_string())
        };
        assert_eq!(refused(0.5, Policy::Logits), Ok(()));
        let expected = "but has to be a number, at least 0, with the policy `logits` alone";
        for (scale, policy) in [(0.5, Policy::Lstm), (-0.5, Policy::Logits)] {
            let message = format!("controller.shared_logits is {scale}, {expected}");
            assert_eq!(refused(scale, policy), Err(message));
        }
    }

    /// Each of these once made a sum overflow, or a training compute with infinities.
    #[test]
    fn values_beyond_all_measure_are_refused() {
        let changes: [fn(&mut Config); 6] = [
            |c| c.training.final_epochs = usize::MAX,
            |c| c.dnas.warmup_epochs = usize::MAX,
            |c| c.batch = usize::MAX,
            |c| c.controller.hidden = usize::MAX,
            |c| c.training.rate = 1e300,
            |c| c.dnas.temperature_end = 1e-300,
        ];
        for change in changes {
            assert!(message(change).contains("has to be"));
        }
    }
}
