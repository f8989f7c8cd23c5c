//! A problem: a configuration with its space; and a task: a problem with its data loaded.

use crate::{Config, Error, Fidelity, Method, QuantnasController, Result, Rewards, SpaceSource};
use radars_data::{ClassSubset, Data, LoadOptions, SplitFractions, Splits};
use radars_nn::{AdamSettings, SgdSettings};
use radars_space::{Reward, Space};
use radars_supernet::{BatchSizes, DnasSettings, WeightSettings, nn as radars_nn};
use radars_tensor::random::Seed;

/// What is searched for: all that a method knows, whatever measures architectures.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Every setting.
    pub config: Config,
    /// The space, resolved.
    pub space: Space,
    /// The trade-off of accuracy and cost.
    pub reward: Reward,
}

impl Problem {
    /// Whether exploration tries the designs of the space before its sampler draws.
    ///
    /// Uniform architectures are listed already, a one-shot search and a whole SuperNet have no episodes, and QuantNAS
    /// as published has no designs.
    pub(crate) fn explores_designs(&self) -> bool {
        let samples = match self.config.method {
            Method::Radars | Method::Random | Method::Evolution => true,
            Method::Quantnas => {
                self.config.baselines.quantnas_controller == QuantnasController::Own
            }
            _ => false,
        };
        samples && self.config.search.designs
    }

    /// How many of the best an exploration tells of: those that are to be re-trained, or all, where exploitation has
    /// more to choose by or a budget to spend.
    pub(crate) fn told(&self) -> usize {
        let search = &self.config.search;
        match (search.rewards, search.budget) {
            (Rewards::Proxy, None) if !self.predicts() => search.retrain,
            _ => usize::MAX,
        }
    }

    /// Whether a model of all measurements says what architectures are worth: that is a part of RADARS.
    pub(crate) fn predicts(&self) -> bool {
        self.config.method == Method::Radars && self.config.search.predictor
    }

    /// The reward of an architecture that may not be trained, for the bound or the limits: what the configuration
    /// says; else Eq. 2 of the space's dearest architecture at accuracy 0, which no architecture falls below.
    ///
    /// # Errors
    /// When the space is not resolved.
    pub fn penalty(&self) -> Result<f64> {
        match self.config.search.penalty {
            Some(penalty) => Ok(penalty),
            None => {
                let (cheapest, dearest) = self.space.aops_range()?;
                Ok(self.reward.range(cheapest, dearest).lowest)
            }
        }
    }
}

/// What brief trainings are done on where the whole is too much: some of the classes.
#[derive(Clone, Debug)]
pub struct ProxyTask {
    /// The classes.
    pub classes: ClassSubset,
    /// The space, resolved for as many classes: a child has a smaller classifier, and is the same otherwise.
    pub space: Space,
    /// What of each split is of these classes.
    pub splits: Splits,
}

/// A problem, and the images that architectures are measured with.
pub struct Task {
    /// What is searched for.
    pub problem: Problem,
    /// The data set.
    pub data: Data,
    /// The three parts of the training set.
    pub splits: Splits,
    /// What brief trainings are done on, if it is not the same; architectures cost what they cost in the whole.
    pub proxy: Option<ProxyTask>,
}

impl Task {
    /// Loads the data, reads the space and brings them together; `progress` is told of decoded images.
    ///
    /// # Errors
    /// Whatever is wrong with the settings, the space or the data.
    pub fn load(config: Config, progress: Option<&(dyn Fn(usize, usize) + Sync)>) -> Result<Self> {
        config.check()?;
        let options = LoadOptions {
            limit_train: config.data.limit_train,
            resize: config.data.resize,
            stream: config.data.streaming(),
            progress,
            ..LoadOptions::default()
        };
        // The space first: what is wrong with it is found before images are decoded.
        let space = read_space(&config)?;
        let data = Data::load(&config.data.source, &options)?;
        Self::with_space(config, space, data)
    }

    /// As [`Task::load`], with a data set that is loaded already, as the configuration's `data` says.
    ///
    /// # Errors
    /// As [`Task::load`].
    pub fn with_data(config: Config, data: Data) -> Result<Self> {
        config.check()?;
        let space = read_space(&config)?;
        Self::with_space(config, space, data)
    }

    fn with_space(config: Config, space: Space, data: Data) -> Result<Self> {
        let shape = data.train.shape();
        let images = radars_space::ImageShape {
            height: shape.height,
            width: shape.width,
            channels: shape.channels,
        };
        let space = space.resolve(images, data.train.classes())?;
        let fractions = SplitFractions {
            weights: config.data.weights_fraction,
            alpha: config.data.alpha_fraction,
            rewards: config.data.rewards_fraction,
        };
        let seed = Seed(config.seed);
        let splits = match &config.architecture {
            None => Splits::new(&data.train, fractions, seed)?,
            Some(architecture) => {
                space.indices(architecture)?;
                Splits::undivided(&data.train)
            }
        };
        let proxy = match config.data.proxy_classes {
            Some(count) if count < data.train.classes() => {
                let classes = ClassSubset::draw(&data.train, count, seed.derive("proxy", 0))?;
                Some(ProxyTask {
                    space: space.with_classes(count)?,
                    splits: classes.splits(&data.train, &splits)?,
                    classes,
                })
            }
            // As many as there are, or more, are all.
            _ => None,
        };
        let batch = config.batch;
        let briefly = proxy.as_ref().map(|proxy| &proxy.splits.weights);
        for (split, part) in [
            ("weights", &splits.weights),
            ("alpha", &splits.alpha),
            ("proxy classes' weights", briefly.unwrap_or(&splits.weights)),
        ] {
            let images = part.len();
            if config.architecture.is_none() && images < batch {
                return Err(Error::SplitBelowBatch {
                    split,
                    images,
                    batch,
                });
            }
        }
        let reward = match config.reward {
            Some(reward) => Reward::new(reward.alpha, reward.beta, reward.gamma)?,
            None => space.reward()?,
        };
        Ok(Task {
            problem: Problem {
                config,
                space,
                reward,
            },
            data,
            splits,
            proxy,
        })
    }

    /// How network weights are trained.
    pub fn weight_settings(&self) -> WeightSettings {
        weight_settings(&self.problem.config)
    }

    /// How SuperNets are trained.
    pub fn dnas_settings(&self) -> DnasSettings {
        dnas_settings(&self.problem.config)
    }

    /// The space that children of a fidelity are built in.
    pub fn space(&self, fidelity: Fidelity) -> &Space {
        match (fidelity, &self.proxy) {
            (Fidelity::Proxy, Some(proxy)) => &proxy.space,
            _ => &self.problem.space,
        }
    }

    /// The splits that children of a fidelity within the search are trained and measured on.
    pub fn splits(&self, fidelity: Fidelity) -> &Splits {
        match (fidelity, &self.proxy) {
            (Fidelity::Proxy, Some(proxy)) => &proxy.splits,
            _ => &self.splits,
        }
    }

    /// The batches of a child's brief training.
    pub fn proxy_batches(&self) -> BatchSizes {
        BatchSizes {
            step: self.problem.config.batch.into(),
            evaluated: self.splits(Fidelity::Proxy).rewards.len(),
        }
    }

    /// The batches of a child's training to convergence within the search.
    pub fn search_batches(&self) -> BatchSizes {
        BatchSizes {
            step: self.problem.config.batch.into(),
            evaluated: self.splits.rewards.len(),
        }
    }

    /// The batches of the final training.
    pub fn final_batches(&self) -> BatchSizes {
        BatchSizes {
            step: self.problem.config.batch.into(),
            evaluated: self.data.test.len(),
        }
    }
}

/// The space that a configuration names, as narrow as it says.
///
/// # Errors
/// [`Error::Space`].
pub fn read_space(config: &Config) -> Result<Space> {
    let space = match &config.space {
        SpaceSource::Preset(name) => Space::preset(name)?,
        SpaceSource::File(path) => Space::load(path)?,
    };
    Ok(space.narrowed(config.narrow)?)
}

/// How network weights are trained under a configuration.
pub fn weight_settings(config: &Config) -> WeightSettings {
    let training = &config.training;
    let sgd = SgdSettings {
        momentum: training.momentum as f32,
        nesterov: true,
        weight_decay: training.weight_decay as f32,
        clip_norm: Some(training.clip_norm as f32),
        ..SgdSettings::default()
    };
    WeightSettings {
        sgd,
        label_smoothing: training.label_smoothing as f32,
        statistics_batches: training.statistics_batches,
    }
}

/// How SuperNets are trained under a configuration.
pub fn dnas_settings(config: &Config) -> DnasSettings {
    let alpha = AdamSettings {
        weight_decay: config.dnas.alpha_weight_decay as f32,
        ..AdamSettings::architecture()
    };
    DnasSettings {
        weights: weight_settings(config),
        alpha,
        loss: config.dnas.architecture_loss(config.limits.max_aops),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Architecture, Candidate};

    fn problem(preset: &str, reward: Option<Reward>) -> Problem {
        let config = Config::preset(preset).unwrap();
        let space = read_space(&config).unwrap();
        let (images, classes) = (space.input().unwrap(), space.classes().unwrap());
        let space = space.resolve(images, classes).unwrap();
        Problem {
            reward: reward.unwrap_or_else(|| space.reward().unwrap()),
            config,
            space,
        }
    }

    /// The largest kernel, the widest bits and the widest expansion in every layer.
    fn dearest(space: &Space) -> Architecture {
        let size = |c: &&Candidate| (c.kernel, c.expansion, c.aops_per_mac());
        let layers = space.all_candidates();
        let largest = layers.iter().map(|c| *c.iter().max_by_key(size).unwrap());
        Architecture(largest.collect())
    }

    /// By hand for `fashion-small`, 7x7 with 9 bits in every layer: 81 * (49 * 379,136 + 640) = 1,504,842,624 AOPS;
    /// the paper's reward at accuracy 0 is 0.5 * (1 - 1.504842624).
    #[test]
    fn nothing_that_may_be_trained_falls_below_the_penalty() {
        let fashion = problem("fashion-small", Some(Reward::paper()));
        assert!((fashion.penalty().unwrap() + 0.252_421_312).abs() < 1e-12);
        for preset in Config::PRESETS {
            for reward in [None, Some(Reward::paper())] {
                let problem = problem(preset, reward);
                let aops = problem.space.cost(&dearest(&problem.space)).unwrap().aops;
                let poor = problem.reward.reward(0.05, aops as f64);
                let penalty = problem.penalty().unwrap();
                assert!(penalty < poor, "{preset}, {reward:?}: {penalty} {poor}");
            }
        }
    }

    /// As in the files of before there was none to leave out.
    #[test]
    fn a_penalty_that_is_stated_is_taken_as_it_is() {
        let mut problem = problem("cifar10-quant", None);
        problem.config.search.penalty = Some(0.0);
        let text = problem.config.to_toml().unwrap();
        problem.config = Config::from_toml(&text, "it").unwrap();
        assert_eq!(problem.penalty().unwrap(), 0.0);
        let without = text.replace("penalty = 0.0\n", "");
        assert_ne!(without, text);
        problem.config = Config::from_toml(&without, "it").unwrap();
        assert!(problem.penalty().unwrap() < 0.0);
    }
}
