//! The methods: how exploration and exploitation take turns.

mod dnas;
mod given;
mod one_shot;
mod radars;
mod sampling;

use crate::lab::Lab;
use crate::phase::{Exploiter, Explorer, Plan};
use crate::sampler::{Evolution, Learner, Random, Sampler, Uniform};
use crate::{
    Evaluator, Evaluators, Fidelity, Method, NetworkState, Observer, Phase, Problem, Result,
    Resumed, Stop, StopSignal, Watch,
};
use radars_tensor::random::Seed;
use std::collections::BTreeMap;

pub(crate) use radars::{Both, side_by_side};

/// A way to search.
pub(crate) trait Procedure<E: Evaluator> {
    /// Plans first: ends a search that needs more memory than there is before anything is written.
    fn refuse(&self, problem: &Problem, evaluator: &E) -> Result<()> {
        let _ = (problem, evaluator);
        Ok(())
    }

    /// Goes on from where the phases stand, to the end of the search or until it is asked to stop; says which.
    fn run(&self, desk: &mut Desk<'_, E>) -> Result<Stop>;
}

/// The procedure of a method.
pub(crate) fn procedure<E: Evaluator>(method: Method) -> Box<dyn Procedure<E>> {
    match method {
        Method::Radars => Box::new(radars::Radars),
        Method::Dnas => Box::new(dnas::Dnas),
        Method::OneShot => Box::new(one_shot::OneShot),
        Method::Given => Box::new(given::Given),
        Method::Quantnas | Method::Random | Method::Evolution | Method::Uniform => {
            Box::new(sampling::Sampling { method })
        }
    }
}

/// What a method works with.
pub(crate) struct Desk<'a, E> {
    pub problem: &'a Problem,
    pub evaluators: &'a mut Evaluators<E>,
    pub explorer: Explorer,
    pub exploiter: Exploiter,
    pub observer: &'a mut dyn Observer,
    pub stop: &'a StopSignal,
    networks: BTreeMap<Phase, Option<NetworkState>>,
}

impl<'a, E: Evaluator> Desk<'a, E> {
    /// A desk where a search begins, or goes on.
    pub fn new(
        problem: &'a Problem,
        evaluators: &'a mut Evaluators<E>,
        resumed: Resumed,
        observer: &'a mut dyn Observer,
        stop: &'a StopSignal,
    ) -> Result<Self> {
        let networks = resumed.networks.into_iter();
        Ok(Desk {
            problem,
            evaluators,
            explorer: Explorer::new(sampler(problem)?, resumed.exploration)?,
            exploiter: Exploiter::new(resumed.exploitation),
            observer,
            stop,
            networks: networks.map(|(phase, n)| (phase, Some(n))).collect(),
        })
    }

    /// Episodes until the end of an iteration.
    fn episodes_until(&self, iteration: usize) -> usize {
        (iteration + 1) * self.problem.config.search.episodes
    }

    /// Explores, with what may be spent of the budget until the end of an iteration of so many.
    pub fn explore(&mut self, plan: Plan, until: Until) -> Result<Option<Stop>> {
        let bounds = self.evaluators.bounds();
        let can_be_beside = matches!(self.evaluators, Evaluators::Split { .. });
        let evaluator = self.evaluators.of(Phase::Exploration);
        let mut lab = Lab::new(self.problem, evaluator, bounds);
        lab.ceiling = until.ceiling(self.problem);
        // With memory of its own and no budget to share, it might as well run beside exploitation, whose
        // spending it would not know: so it says the same in both schedules.
        if !can_be_beside || self.problem.config.search.budget.is_some() {
            lab.spent_elsewhere = self.exploiter.state().findings.spent;
        }
        let resumed = self.networks.entry(Phase::Exploration).or_default();
        let mut watch = Watch::new(Phase::Exploration, self.observer, self.stop, resumed);
        self.explorer.explore(&mut lab, plan, &mut watch)
    }

    /// Does something in exploitation, which may know what exploration found.
    pub fn exploit<R>(
        &mut self,
        act: impl FnOnce(&mut Exploiter, &Explorer, &mut Lab<'_, E>, &mut Watch<'_>) -> Result<R>,
    ) -> Result<R> {
        let bounds = self.evaluators.bounds();
        let evaluator = self.evaluators.of(Phase::Exploitation);
        let mut lab = Lab::new(self.problem, evaluator, bounds);
        lab.spent_elsewhere = self.explorer.state().findings.spent;
        let resumed = self.networks.entry(Phase::Exploitation).or_default();
        let mut watch = Watch::new(Phase::Exploitation, self.observer, self.stop, resumed);
        act(&mut self.exploiter, &self.explorer, &mut lab, &mut watch)
    }

    /// Trains the best of the first exploration to convergence, and with a budget all that it pays for; ends the only
    /// iteration.
    fn finish_with_promising(&mut self) -> Result<Stop> {
        if self.exploiter.state().iterations > 0 {
            return Ok(self.natural_end());
        }
        let stopped = self.exploit(|exploiter, explorer, lab, watch| {
            let promising = &explorer.state().iterations[0].promising;
            let mut stopped = exploiter.retrain(lab, promising, watch)?;
            if stopped.is_none() {
                stopped = exploiter.spend_the_rest(lab, promising, watch)?;
            }
            if stopped.is_none() {
                exploiter.end_iteration(watch)?;
            }
            Ok(stopped)
        })?;
        Ok(stopped.unwrap_or(self.natural_end()))
    }

    /// Why a search ends that nobody stopped.
    fn natural_end(&self) -> Stop {
        match self.problem.config.search.budget {
            Some(_) => Stop::Budget,
            None => Stop::Iterations,
        }
    }
}

/// How much of a budget may be spent: a part for every iteration, so that a search that pays for all of them has all of
/// them.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// Until an iteration is over.
    EndOf(usize),
    /// All.
    TheEnd,
}

impl Until {
    /// What may be spent by then; none without a budget.
    pub fn ceiling(self, problem: &Problem) -> Option<u64> {
        let search = &problem.config.search;
        let budget = search.budget?;
        Some(match self {
            Until::TheEnd => budget,
            Until::EndOf(iteration) => {
                let done = (iteration + 1).min(search.iterations) as u128;
                let share = u128::from(budget) * done / search.iterations as u128;
                u64::try_from(share).unwrap_or(budget)
            }
        })
    }
}

/// How thoroughly a method trains what it samples.
pub(crate) fn episode_fidelity(problem: &Problem) -> Fidelity {
    let config = &problem.config;
    let briefly = match config.method {
        Method::Radars => true,
        method => config.baselines.screened.contains(&method),
    };
    match briefly {
        true => Fidelity::Proxy,
        false => Fidelity::Exact,
    }
}

/// What a method samples with.
pub(crate) fn sampler(problem: &Problem) -> Result<Box<dyn Sampler>> {
    let config = &problem.config;
    let seed = Seed(config.seed);
    let decisions: Vec<usize> = (problem.space.decisions().iter())
        .map(|decision| decision.choices)
        .collect();
    Ok(match config.method {
        Method::Radars | Method::Quantnas | Method::Dnas => Box::new(Learner::new(problem)?),
        // What is given is never sampled.
        Method::Random | Method::OneShot | Method::Given => {
            Box::new(Random::new(decisions, seed.derive("random search", 0)))
        }
        Method::Evolution => {
            let baselines = &config.baselines;
            let seed = seed.derive("evolution", 0);
            Box::new(Evolution::new(
                decisions,
                baselines.population,
                baselines.tournament,
                seed,
            ))
        }
        Method::Uniform => {
            // With a budget, as many as it pays for.
            let others = config.search.budget.map(|_| seed.derive("uniform", 0));
            Box::new(Uniform::new(&problem.space, others)?)
        }
    })
}

#[cfg(test)]
mod tests;
