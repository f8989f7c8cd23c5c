//! A problem: a configuration with its space; and a task: a problem with its data loaded.

use crate::{Config, Error, Fidelity, Result, SpaceSource};
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
