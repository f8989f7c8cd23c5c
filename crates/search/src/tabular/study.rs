//! Many searches of a table by each of several methods.

use super::deal::deal;
use super::{Table, Tabular};
use crate::comparison::Sample;
use crate::{
    Config, Error, Evaluators, Event, Fidelity, Method, Observer, Phase, Problem, Result, Setup,
    Stop, StopSignal, search_with,
};
use radars_space::{Architecture, Reward};
use radars_tensor::random::Seed;

/// Methods that search a table, each many times with seeds of its own.
///
/// An evaluation draws one of the architecture's trainings, and every one counts, repeated or not. What a search
/// has found after some evaluations is the mean accuracy of the architecture with the best draw until then.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// What is searched.
    pub table: &'a Table,
    /// How the methods are set. Of these settings only those of the controllers and of evolution matter;
    /// [`BaselineConfig::quantnas_controller`](crate::BaselineConfig) says which of them quantnas has.
    pub config: Config,
    /// The methods: those that sample and need nothing but accuracies.
    pub methods: Vec<Method>,
    /// Searches of each method, with the seeds from 0.
    pub searches: u64,
    /// After how many evaluations it is told what a search has found; a search ends with the most of them.
    pub at: Vec<usize>,
}

/// What the searches of a method came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Studied {
    /// The method.
    pub method: Method,
    /// One for each of [`Study::at`].
    pub figures: Vec<Figure>,
}

/// What the searches of a method had found after some evaluations.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// After how many.
    pub at: usize,
    /// The mean accuracy of the architecture with the best draw, a fraction; one a search, by seed.
    pub found: Vec<f64>,
}

impl Figure {
    /// The mean over the searches, and how far it is to be trusted; none without searches.
    pub fn sample(&self) -> Option<Sample> {
        Sample::of(&self.found)
    }
}

impl Study<'_> {
    /// Does all searches, several at a time; none when it was asked to stop before the last.
    ///
    /// `searched` is told of every search that is over. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a method that needs more than accuracies; [`Error::Setting`] for numbers that
    /// make no sense; those of the samplers.
    pub fn run(
        &self,
        threads: usize,
        stop: &StopSignal,
        searched: &(dyn Fn() + Sync),
    ) -> Result<Option<Vec<Studied>>> {
        let problem = self.problem()?;
        let seeds = 0..self.searches;
        let jobs = (self.methods.iter()).flat_map(|&m| seeds.clone().map(move |seed| (m, seed)));
        let jobs: Vec<(Method, u64)> = jobs.collect();
        let found = deal(&jobs, threads, &|&(method, seed)| {
            let found = self.search(&problem, method, seed, stop)?;
            searched();
            Ok(found)
        })?;
        Ok(found.map(|found| self.studied(&found)))
    }

    /// What all searches have in common.
    fn problem(&self) -> Result<Problem> {
        for &method in &self.methods {
            let what = match method {
                Method::Quantnas | Method::Random | Method::Evolution => continue,
                Method::Radars | Method::Dnas => "SuperNets",
                Method::OneShot => "shared weights",
                Method::Given => "trainings",
                Method::Uniform => "architectures that are alike in every layer",
            };
            return Err(Error::Unsupported { what });
        }
        for (setting, value) in [
            ("the least evaluations", self.at.iter().min()),
            ("the most evaluations", self.at.iter().max()),
        ] {
            if !value.is_some_and(|value| (1..=1_000_000).contains(value)) {
                return Err(Error::Setting {
                    setting,
                    value: value.map_or("missing".into(), ToString::to_string),
                    expected: "between 1 and 1000000",
                });
            }
        }
        let mut config = self.config.clone();
        config.search.iterations = 1;
        config.search.episodes = self.at.iter().copied().max().unwrap_or_default();
        config.search.budget = None;
        config.search.designs = false;
        config.search.target = None;
        config.limits = Default::default();
        config.baselines.screened = Vec::new();
        config.check()?;
        Ok(Problem {
            config,
            space: self.table.space()?,
            // The accuracy alone.
            reward: Reward::new(1.0, 0.0, 1.0)?,
        })
    }

    /// One search: what it had found after the evaluations of [`Study::at`]; none when it was stopped.
    fn search(
        &self,
        problem: &Problem,
        method: Method,
        seed: u64,
        stop: &StopSignal,
    ) -> Result<Option<Vec<f64>>> {
        let mut problem = problem.clone();
        (problem.config.method, problem.config.seed) = (method, seed);
        let evaluator = Evaluators::Shared(Tabular::new(self.table, Seed(seed)));
        let mut incumbents = Incumbents::default();
        let setup = Setup::new("table", &mut incumbents, stop);
        match search_with(evaluator, &problem, setup) {
            Ok(result) if result.search.stop == Stop::Iterations => {}
            Ok(_) | Err(Error::NothingMeasured) => return Ok(None),
            Err(error) => return Err(error),
        }
        let found = self.at.iter().map(|&at| {
            let best = incumbents.after(at)?;
            Some(self.table.row(best)?.mean())
        });
        Ok(found.collect())
    }

    /// Puts what the searches found together: by method, then by seed.
    fn studied(&self, found: &[Vec<f64>]) -> Vec<Studied> {
        let searches = self.searches as usize;
        let methods = self.methods.iter().enumerate();
        methods
            .map(|(index, &method)| {
                let own = &found[index * searches..][..searches];
                let figures = self.at.iter().enumerate();
                Studied {
                    method,
                    figures: figures
                        .map(|(figure, &at)| Figure {
                            at,
                            found: own.iter().map(|found| found[figure]).collect(),
                        })
                        .collect(),
                }
            })
            .collect()
    }
}

/// The architectures with the best draw so far, each with the evaluation that made it so; the first of equals.
#[derive(Default)]
struct Incumbents {
    evaluations: usize,
    best: Vec<(usize, Architecture)>,
    reward: Option<f64>,
}

impl Incumbents {
    /// The architecture with the best draw of the first `evaluations`.
    fn after(&self, evaluations: usize) -> Option<&Architecture> {
        let earlier = self.best.iter().rev();
        let mut earlier = earlier.skip_while(|(evaluation, _)| *evaluation > evaluations);
        earlier.next().map(|(_, architecture)| architecture)
    }
}

impl Observer for Incumbents {
    fn event(&mut self, _: Phase, event: &Event) -> Result<()> {
        let Event::Episode {
            architecture,
            reward,
            fidelity: Fidelity::Exact,
            ..
        } = event
        else {
            return Ok(());
        };
        self.evaluations += 1;
        if self.reward.is_none_or(|best| *reward > best) {
            self.reward = Some(*reward);
            self.best.push((self.evaluations, architecture.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
