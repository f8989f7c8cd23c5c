//! What is compared: methods, seeds, trade-offs and ablations over one task.

use super::{Entrant, Setting, Sweep};
use crate::{Config, Error, Method, Result, RewardConfig, SpaceSource, Task};
use radars_data::Data;
use radars_space::{Reward, Space};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

const FILE: &str = "comparison.toml";
const SPACE: &str = "space.toml";

/// A whole comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The methods.
    pub methods: Vec<Method>,
    /// The seeds; everything is done once with each.
    pub seeds: Vec<u64>,
    /// Weights of the accuracy in the reward, one trade-off each; none for the configuration's alone.
    #[serde(default)]
    pub reward_alphas: Vec<f64>,
    /// Settings that are gone through, every value with every one of the others.
    #[serde(default)]
    pub sweeps: Vec<Sweep>,
    /// What each search may spend, in training MACs; none lets RADARS go first and gives the others what it
    /// spent with the same seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<u64>,
    /// A method is out of time when it takes this many times as long as the fastest that finished.
    pub out_of_time: f64,
    /// Whether winners are trained from scratch and tested.
    pub final_training: bool,
    /// Everything else, alike for all: the bound, the batch, the epochs, the data.
    pub config: Config,
}

/// What runs have in common that are compared with one another: all but method and seed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Group {
    /// The weight of the accuracy in the reward; none for the configuration's.
    pub reward_alpha: Option<f64>,
    /// The swept settings.
    pub point: Vec<Setting>,
}

/// `alpha=0.9 episodes=5`; nothing where nothing was varied.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alpha = self.reward_alpha.map(|alpha| format!("alpha={alpha}"));
        let settings = self.point.iter().map(ToString::to_string);
        let words: Vec<String> = alpha.into_iter().chain(settings).collect();
        f.write_str(&words.join(" "))
    }
}

/// One run of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The method.
    pub entrant: Entrant,
    /// The seed.
    pub seed: u64,
    /// The trade-off and the swept settings.
    pub group: Group,
}

/// `quantnas, seed 1, episodes=5`.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, seed {}", self.entrant, self.seed)?;
        match self.group.to_string() {
            group if group.is_empty() => Ok(()),
            group => write!(f, ", {group}"),
        }
    }
}

impl Spec {
    /// The name of its run folder: `quantnas-1-episodes-5`.
    pub fn folder(&self) -> String {
        let mut name = format!("{}-{}", self.entrant.stem(), self.seed);
        if let Some(alpha) = self.group.reward_alpha {
            name.push_str(&format!("-alpha-{alpha}"));
        }
        for setting in &self.group.point {
            name.push_str(&format!("-{}-{}", setting.key.name(), setting.value));
        }
        // Values are numbers and names of modes, but nothing says so here.
        let keep = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        name.chars()
            .map(|c| if keep(c) { c } else { '-' })
            .collect()
    }

    /// Whether two runs are compared with one another: the same seed, trade-off and settings.
    pub fn is_paired_with(&self, other: &Spec) -> bool {
        self.seed == other.seed && self.group == other.group
    }

    /// Its task.
    ///
    /// # Errors
    /// Whatever is wrong with the settings, the space or the data.
    pub fn task(&self, comparison: &Comparison, data: &Data, budget: Option<u64>) -> Result<Task> {
        let mut config = comparison.config.clone();
        self.entrant.apply(&mut config);
        config.seed = self.seed;
        for setting in &self.group.point {
            setting.apply(&mut config)?;
        }
        // What stands in the configuration itself is the budget of a single search.
        config.search.budget = budget;
        let mut task = Task::with_data(config, data.clone())?;
        let problem = &mut task.problem;
        if let Some(alpha) = self.group.reward_alpha {
            let (beta, gamma) = (problem.reward.beta(), problem.reward.gamma());
            problem.reward = Reward::new(alpha, beta, gamma)?;
            problem.config.reward = Some(RewardConfig { alpha, beta, gamma });
        }
        Ok(task)
    }
}

impl Comparison {
    /// Who takes part.
    pub fn entrants(&self) -> Vec<Entrant> {
        Entrant::of(&self.methods)
    }

    /// What is varied beside methods and seeds.
    pub fn groups(&self) -> Vec<Group> {
        let alphas: Vec<Option<f64>> = match &self.reward_alphas[..] {
            [] => vec![None],
            alphas => alphas.iter().copied().map(Some).collect(),
        };
        let points = Sweep::points(&self.sweeps).into_iter();
        let with = |point: Vec<Setting>| {
            let alphas = alphas.clone().into_iter();
            alphas.map(move |reward_alpha| Group {
                reward_alpha,
                point: point.clone(),
            })
        };
        points.flat_map(with).collect()
    }

    /// All runs in their order: seed by seed, so that what is there when it is ended early can be compared.
    pub fn specs(&self) -> Vec<Spec> {
        let mut specs = Vec::new();
        for &seed in &self.seeds {
            for group in self.groups() {
                for entrant in self.entrants() {
                    let group = group.clone();
                    specs.push(Spec {
                        entrant,
                        seed,
                        group,
                    });
                }
            }
        }
        specs
    }

    /// Checks what the types do not, for every run.
    ///
    /// # Errors
    /// [`Error::Setting`] for what makes no sense; whatever is wrong with the space or the data.
    pub fn check(&self, data: &Data) -> Result<()> {
        let refuse = |setting, value: String, expected| {
            Err(Error::Setting {
                setting,
                value,
                expected,
            })
        };
        if self.methods.is_empty() {
            return refuse("methods", "empty".into(), "at least one");
        }
        let seeds: BTreeSet<u64> = self.seeds.iter().copied().collect();
        if seeds.is_empty() || seeds.len() < self.seeds.len() {
            let value = format!("{:?}", self.seeds);
            return refuse("seeds", value, "at least one, each once");
        }
        if !(self.out_of_time >= 1.0 && self.out_of_time.is_finite()) {
            return refuse("oot", self.out_of_time.to_string(), "at least 1");
        }
        let groups = self.groups();
        for (index, group) in groups.iter().enumerate() {
            if groups[..index].contains(group) {
                return refuse("sweep", format!("`{group}` twice"), "different each time");
            }
            let radars = Entrant::of(&[Method::Radars])[0];
            let spec = Spec {
                entrant: radars,
                seed: self.seeds[0],
                group: group.clone(),
            };
            spec.task(self, data, self.budget)?;
        }
        Ok(())
    }

    /// Writes `comparison.toml`, from which [`Comparison::read`] goes on; a space that came from a file is
    /// copied beside it.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::ConfigWrite`].
    pub fn write(&self, folder: &Path) -> Result<()> {
        let mut written = self.clone();
        if let SpaceSource::File(file) = &mut written.config.space {
            let space = Space::load(&*file)?;
            write(&folder.join(SPACE), &space.to_toml())?;
            *file = SPACE.into();
        }
        let text = toml::to_string_pretty(&written).map_err(Error::ConfigWrite)?;
        write(&folder.join(FILE), &text)
    }

    /// Reads the comparison that a folder was written by.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Config`].
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| Error::File {
            path: path.clone(),
            source,
        })?;
        let mut comparison: Self = toml::from_str(&text).map_err(|source| Error::Config {
            file: path.display().to_string(),
            source: Box::new(source),
        })?;
        if let SpaceSource::File(file) = &mut comparison.config.space {
            *file = folder.join(&*file);
        }
        Ok(comparison)
    }
}

fn write(path: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File {
        path: path.clone(),
        source,
    })
}
