//! Many searches of a table of three fidelities by each of several methods.

use super::{FidelityTable, FidelityTabular};
use crate::comparison::Sample;
use crate::tabular::deal::deal;
use crate::{
    Config, Error, Evaluators, Method, Problem, Result, Setup, Silent, Stop, StopSignal,
    search_with,
};
use radars_space::{Architecture, Reward};
use radars_tensor::random::Seed;

/// Methods that search a table, each many times with seeds of its own, with the same budget.
#[derive(Clone, Debug)]
pub struct FidelityStudy<'a> {
    /// What is searched.
    pub table: &'a FidelityTable,
    /// How the methods are set; its budget is what each search may spend, in multiply-accumulates. Epochs are the
    /// table's, where it says them.
    pub config: Config,
    /// The trade-off of accuracy and cost.
    pub reward: Reward,
    /// The methods: those that need no more than trained networks.
    pub methods: Vec<Method>,
    /// The seeds of the searches of each method.
    pub seeds: Vec<u64>,
}

/// What the searches of a method came to.
#[derive(Clone, Debug, PartialEq)]
pub struct FidelityStudied {
    /// The method.
    pub method: Method,
    /// One for each seed, in their order.
    pub winners: Vec<Winner>,
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Winner {
    /// What won.
    pub architecture: Architecture,
    /// Its adjusted operations for one image.
    pub aops: u64,
    /// The reward that it won by, of one training with one seed.
    pub selected: Option<f64>,
    /// Its true accuracy, a fraction: the mean over the table's final trainings.
    pub accuracy: f64,
    /// Its reward at that accuracy.
    pub reward: f64,
    /// What the search spent, in multiply-accumulates.
    pub spent: u64,
}

impl FidelityStudied {
    /// The true rewards of the winners.
    pub fn rewards(&self) -> Vec<f64> {
        self.winners.iter().map(|winner| winner.reward).collect()
    }

    /// The mean of a figure of the winners, and how far it is to be trusted; none without searches.
    pub fn sample(&self, figure: impl Fn(&Winner) -> f64) -> Option<Sample> {
        Sample::of(&self.winners.iter().map(figure).collect::<Vec<_>>())
    }
}

impl FidelityStudy<'_> {
    /// Does all searches, several at a time; none when it was asked to stop before the last.
    ///
    /// `searched` is told of every search that is over. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a method that needs more than trained networks; [`Error::Setting`] for numbers that
    /// make no sense, and where there is no budget; those of the methods.
    pub fn run(
        &self,
        threads: usize,
        stop: &StopSignal,
        searched: &(dyn Fn() + Sync),
    ) -> Result<Option<Vec<FidelityStudied>>> {
        let problem = self.problem()?;
        let seeds = || self.seeds.iter().copied();
        let jobs =
            (self.methods.iter()).flat_map(|&method| seeds().map(move |seed| (method, seed)));
        let jobs: Vec<(Method, u64)> = jobs.collect();
        let winners = deal(&jobs, threads, &|&(method, seed)| {
            let winner = self.search(&problem, method, seed, stop)?;
            searched();
            Ok(winner)
        })?;
        let Some(winners) = winners else {
            return Ok(None);
        };
        let mut winners = winners.into_iter();
        let methods = self.methods.iter().map(|&method| FidelityStudied {
            method,
            winners: winners.by_ref().take(self.seeds.len()).collect(),
        });
        Ok(Some(methods.collect()))
    }

    /// What all searches have in common.
    fn problem(&self) -> Result<Problem> {
        for &method in &self.methods {
            let what = match method {
                Method::Dnas => "SuperNets",
                Method::OneShot => "shared weights",
                Method::Given => "trainings",
                _ => continue,
            };
            return Err(Error::Unsupported { what });
        }
        if self.config.search.budget.is_none() {
            return Err(Error::Setting {
                setting: "search.budget",
                value: "missing".into(),
                expected: "there: what each search of the table may spend",
            });
        }
        let mut config = self.config.clone();
        config.architecture = None;
        config.method = Method::Random;
        config.search.exploration_memory = None;
        if let Some(epochs) = self.table.epochs() {
            let training = &mut config.training;
            [
                training.proxy_epochs,
                training.exact_epochs,
                training.final_epochs,
            ] = epochs;
        }
        config.check()?;
        Ok(Problem {
            config,
            space: self.table.space().clone(),
            reward: self.reward,
        })
    }

    /// One search; none when it was stopped.
    fn search(
        &self,
        problem: &Problem,
        method: Method,
        seed: u64,
        stop: &StopSignal,
    ) -> Result<Option<Winner>> {
        let mut problem = problem.clone();
        (problem.config.method, problem.config.seed) = (method, seed);
        let evaluator = Evaluators::Shared(FidelityTabular::new(self.table, Seed(seed)));
        let mut silent = Silent;
        let setup = Setup {
            // The table is asked for the truth itself.
            final_training: false,
            ..Setup::new("table", &mut silent, stop)
        };
        let result = match search_with(evaluator, &problem, setup) {
            Ok(result) if result.search.stop == Stop::Interrupted => return Ok(None),
            Ok(result) => result,
            Err(Error::NothingMeasured) => return Ok(None),
            Err(error) => return Err(error),
        };
        let best = result.best;
        let known = self.table.get(&best.architecture)?;
        let accuracy = known.truth();
        Ok(Some(Winner {
            aops: known.aops,
            selected: best.reward,
            accuracy,
            reward: self.reward.reward(accuracy, known.aops as f64),
            spent: result.search.spent,
            architecture: best.architecture,
        }))
    }
}

#[cfg(test)]
mod tests;
