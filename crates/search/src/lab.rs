//! Measuring: what every method does alike, whatever it measures for.

use crate::{
    Bounds, Error, Evaluator, Event, Fidelity, Findings, Memory, Problem, Record, Refusal, Result,
    Score, Stop, Training, Watch, kernel_path, planner,
};
use radars_space::Architecture;
use radars_supernet::Plan;

/// A problem with what measures architectures for it.
pub(crate) struct Lab<'a, E> {
    pub problem: &'a Problem,
    pub evaluator: &'a mut E,
    /// What an architecture has to fit, wherever it is trained.
    pub bounds: Bounds,
    /// What the other phase has spent of the budget.
    pub spent_elsewhere: u64,
    /// What may be spent of the budget by now; all of it, where nobody says.
    pub ceiling: Option<u64>,
}

/// What became of an attempt to measure something.
pub(crate) enum Attempt<T> {
    Done(T),
    /// It was asked to stop, or the budget does not pay for it: nothing has changed, and the same attempt
    /// can be made again.
    Stopped(Stop),
}

impl<'a, E: Evaluator> Lab<'a, E> {
    /// For a phase that knows nothing of what the other spends.
    pub fn new(problem: &'a Problem, evaluator: &'a mut E, bounds: Bounds) -> Self {
        Lab {
            problem,
            evaluator,
            bounds,
            spent_elsewhere: 0,
            ceiling: problem.config.search.budget,
        }
    }

    /// The record of an architecture, with its cost.
    pub fn meet(&self, findings: &mut Findings, architecture: &Architecture) -> Result<usize> {
        let cost = self.problem.space.cost(architecture)?;
        let index = findings.meet(architecture, cost.aops);
        if let Err(limit) = self.problem.config.limits.check(&cost) {
            findings.records[index].refused = Some(Refusal::OverLimit {
                what: limit.what.into(),
                value: limit.value,
                limit: limit.limit,
            });
        }
        Ok(index)
    }

    /// Whether a record may be trained; notes why not.
    ///
    /// Its training to convergence and its final training have to fit too, since it may come to them.
    fn admits(&self, findings: &mut Findings, index: usize, fidelity: Fidelity) -> Result<bool> {
        let record = &mut findings.records[index];
        let Bounds {
            exploration_bytes,
            exploitation_bytes,
        } = self.bounds;
        let tightest = exploration_bytes.min(exploitation_bytes);
        let over = |fidelity, bound_bytes| -> Result<Option<Refusal>> {
            let plan = self.plan(&record.architecture, fidelity, bound_bytes)?;
            Ok((!plan.fits(bound_bytes)).then_some(Refusal::OverBound {
                needed_bytes: plan.high_water_bytes,
                bound_bytes,
            }))
        };
        record.refused = match over(fidelity, tightest)? {
            Some(refusal) => Some(refusal),
            None => match over(Fidelity::Exact, exploitation_bytes)? {
                Some(refusal) => Some(refusal),
                None => over(Fidelity::Final, exploitation_bytes)?,
            },
        };
        Ok(record.refused.is_none())
    }

    /// The plan of a training under a bound.
    fn plan(
        &self,
        architecture: &Architecture,
        fidelity: Fidelity,
        bound_bytes: usize,
    ) -> Result<Plan> {
        let config = &self.problem.config;
        planner::child(self.evaluator, config, architecture, fidelity, bound_bytes)
    }

    /// What a training costs here, as the planner has it done.
    pub fn cost(&self, architecture: &Architecture, fidelity: Fidelity) -> Result<u64> {
        let plan = self.plan(architecture, fidelity, self.evaluator.bound_bytes())?;
        planner::child_cost(self.evaluator, architecture, fidelity, plan)
    }

    /// What the budget has left when `findings` are what this phase has spent it on; none without a budget.
    pub fn budget_left(&self, findings: &Findings) -> Option<u64> {
        let spent = findings.spent + self.spent_elsewhere;
        Some(self.ceiling?.saturating_sub(spent))
    }

    /// Whether the budget pays for `cost` more.
    pub fn affords(&self, findings: &Findings, cost: u64) -> bool {
        self.budget_left(findings).is_none_or(|left| cost <= left)
    }

    /// Trains and measures a record, if it may be trained; notes its score, the best one where it is measured
    /// anew each time.
    ///
    /// Of the budget, `reserve` is left for what has to follow.
    pub fn measure(
        &mut self,
        findings: &mut Findings,
        index: usize,
        fidelity: Fidelity,
        reserve: u64,
        watch: &mut Watch<'_>,
    ) -> Result<Attempt<Option<(Score, Memory)>>> {
        if findings.records[index].refused.is_some() {
            return Ok(Attempt::Done(None));
        }
        let architecture = findings.records[index].architecture.clone();
        if !self.admits(findings, index, fidelity)? {
            return Ok(Attempt::Done(None));
        }
        let plan = self.plan(&architecture, fidelity, self.evaluator.bound_bytes())?;
        let cost = planner::child_cost(self.evaluator, &architecture, fidelity, plan)?;
        if !self.affords(findings, cost.saturating_add(reserve)) {
            return Ok(Attempt::Stopped(Stop::Budget));
        }
        let training = Training {
            architecture: &architecture,
            fidelity,
            plan,
        };
        let Some(measured) = self.evaluator.train(training, watch)? else {
            return Ok(Attempt::Stopped(watch.stop().unwrap_or(Stop::Interrupted)));
        };
        let record = &mut findings.records[index];
        let reward = (self.problem.reward).reward(measured.accuracy, record.aops as f64);
        let score = Score {
            accuracy: measured.accuracy,
            reward,
        };
        if (record.score(fidelity)).is_none_or(|known| known.reward < reward) {
            match fidelity {
                Fidelity::Proxy => record.proxy = Some(score),
                Fidelity::Exact | Fidelity::Final => record.exact = Some(score),
            }
        }
        findings.trained += usize::from(fidelity == Fidelity::Exact);
        findings.spent += cost;
        findings.memory.include(measured.memory);
        (findings.fingerprint).add(&measured.weights, &architecture, measured.accuracy);
        Ok(Attempt::Done(Some((score, measured.memory))))
    }

    /// Takes a record with an exact reward as the best, if it is.
    pub fn note_best(
        &self,
        findings: &mut Findings,
        index: usize,
        iteration: usize,
        watch: &mut Watch<'_>,
    ) -> Result<()> {
        let record = &findings.records[index];
        let Some(score) = record.exact else {
            return Ok(());
        };
        let known = findings.best.filter(|&best| best != index);
        let known = known.and_then(|best| findings.records[best].exact);
        if known.is_some_and(|best| best.reward >= score.reward) {
            return Ok(());
        }
        let event = Event::Best {
            iteration,
            architecture: record.architecture.clone(),
            reward: score.reward,
            accuracy: score.accuracy,
            aops: record.aops,
            spent: findings.spent + self.spent_elsewhere,
        };
        findings.best = Some(index);
        watch.event(event)
    }

    /// Ends a search that cannot find anything.
    pub fn require_measured(&self, findings: &Findings, episodes: usize) -> Result<()> {
        let measured = |r: &Record| r.proxy.is_some() || r.exact.is_some();
        if findings.records.iter().any(measured) {
            return Ok(());
        }
        let smallest = kernel_path::smallest(&self.problem.space)?;
        let needed = self.cost(&smallest, Fidelity::Exact)?;
        match self.problem.config.search.budget {
            Some(budget) if budget < needed => Err(Error::BudgetTooSmall { budget, needed }),
            _ => Err(Error::NothingTrained { episodes }),
        }
    }
}
