//! What is compared: methods, seeds, trade-offs and ablations over one task.

use super::{Entrant, Group, Setting, Spec, Sweep};
use crate::{Config, Error, Method, Result, SpaceSource};
use radars_data::Data;
use radars_space::Space;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
    /// Values of the reward's gamma, one trade-off each with every one of the alphas; none for the configuration's
    /// alone.
    #[serde(default)]
    pub reward_gammas: Vec<f64>,
    /// Settings that are gone through, every value with every one of the others.
    #[serde(default)]
    pub sweeps: Vec<Sweep>,
    /// What each search may spend, in training MACs; none lets RADARS go first and gives the others what it
    /// spent with the same seed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<u64>,
    /// Budgets beyond that: every method but RADARS is also run with so many times as much, as a row of its own.
    #[serde(default)]
    pub budget_factors: Vec<f64>,
    /// A method is out of time when it takes this many times as long as the fastest that finished.
    pub out_of_time: f64,
    /// Whether each run trains its winner from scratch and tests it, once and with its own seed. Where winners are
    /// judged that is not needed.
    pub final_training: bool,
    /// How many times every winner is trained from scratch to be judged, with seeds that no search had; 0 to leave
    /// winners unjudged, as comparisons of earlier versions did.
    #[serde(default)]
    pub judge: usize,
    /// By how much a reward may be smaller and still count as not worse.
    #[serde(default = "margin")]
    pub margin: f64,
    /// Everything else, alike for all: the bound, the batch, the epochs, the data.
    pub config: Config,
}

fn margin() -> f64 {
    Comparison::MARGIN
}

impl Comparison {
    /// How many times a winner is trained to be judged, where nothing else is asked for.
    pub const JUDGE: usize = 3;
    /// By how much a reward may be smaller and still count as not worse, where nothing else is asked for.
    pub const MARGIN: f64 = 0.002;

    /// Who takes part: every method with the common budget, then those that are also given more.
    pub fn entrants(&self) -> Vec<Entrant> {
        let mut entrants = Entrant::of(&self.methods);
        let others: Vec<Entrant> = (entrants.iter().copied())
            .filter(|entrant| entrant.method != Method::Radars)
            .collect();
        for &factor in &self.budget_factors {
            entrants.extend(others.iter().map(|&entrant| Entrant {
                factor: Some(factor),
                ..entrant
            }));
        }
        entrants
    }

    /// What is varied beside methods and seeds.
    pub fn groups(&self) -> Vec<Group> {
        let or_none = |values: &[f64]| -> Vec<Option<f64>> {
            match values {
                [] => vec![None],
                values => values.iter().copied().map(Some).collect(),
            }
        };
        let (alphas, gammas) = (or_none(&self.reward_alphas), or_none(&self.reward_gammas));
        let mut groups = Vec::new();
        for point in Sweep::points(&self.sweeps) {
            for &reward_alpha in &alphas {
                for &reward_gamma in &gammas {
                    let point: Vec<Setting> = point.clone();
                    groups.push(Group {
                        reward_alpha,
                        reward_gamma,
                        point,
                    });
                }
            }
        }
        groups
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
        if !(self.margin >= 0.0 && self.margin.is_finite()) {
            return refuse("margin", self.margin.to_string(), "at least 0");
        }
        let factors = &self.budget_factors;
        let fits = |&factor: &f64| factor > 1.0 && factor.is_finite();
        let mut different = factors.clone();
        different.sort_by(f64::total_cmp);
        different.dedup();
        if !factors.iter().all(fits) || different.len() < factors.len() {
            return refuse(
                "budget-factor",
                format!("{factors:?}"),
                "above 1, each once",
            );
        }
        if !factors.is_empty() && self.budget.is_none() && !self.methods.contains(&Method::Radars) {
            let expected =
                "left out without a budget to multiply: give --budget, or compare radars too";
            return refuse("budget-factor", format!("{factors:?}"), expected);
        }
        let groups = self.groups();
        for (index, group) in groups.iter().enumerate() {
            if groups[..index].contains(group) {
                return refuse("sweep", format!("`{group}` twice"), "different each time");
            }
            let spec = Spec {
                entrant: Entrant::plain(Method::Radars),
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
