//! DNAS over the whole space: one SuperNet of every candidate, or the reason why there is none.

use super::{Desk, Procedure};
use crate::phase::SupernetOf;
use crate::{DnasConfig, Error, Evaluator, Fidelity, Problem, Result, Stop, planner};
use radars_space::Candidate;

/// The whole space as one SuperNet; ends with an error that says what it would need, where it does not fit.
///
/// It trains for as many epochs as RADARS does in all its iterations, or as many as the budget pays for.
pub(super) struct Dnas;

impl<E: Evaluator> Procedure<E> for Dnas {
    fn refuse(&self, problem: &Problem, evaluator: &E) -> Result<()> {
        let candidates = problem.space.all_candidates();
        let planned = planner::supernet(evaluator, &problem.config, &candidates)?;
        let bound_bytes = evaluator.bound_bytes();
        match planned.plan.fits(bound_bytes) {
            true => Ok(()),
            false => Err(planned.over(bound_bytes, problem.config.batch)),
        }
    }

    fn run(&self, desk: &mut Desk<'_, E>) -> Result<Stop> {
        if desk.exploiter.state().iterations > 0 {
            return Ok(desk.natural_end());
        }
        let candidates = desk.problem.space.all_candidates();
        let stopped = desk.exploit(|exploiter, _, lab, watch| {
            let dnas = match exploiter.state().findings.spent {
                0 => epochs(lab, &candidates)?,
                // Resumed after DNAS: it is not done again.
                _ => lab.problem.config.dnas,
            };
            let of = SupernetOf::WholeSpace(&candidates);
            let stopped = exploiter.exploit(lab, of, dnas, watch)?;
            if stopped.is_none() {
                exploiter.end_iteration(watch)?;
            }
            Ok(stopped)
        })?;
        Ok(stopped.unwrap_or(desk.natural_end()))
    }
}

/// The epochs of all iterations together; with a budget, as many as leave enough for the dearest derived
/// architecture, in the same proportion of warm-up, but for the last few.
fn epochs<E: Evaluator>(
    lab: &crate::lab::Lab<'_, E>,
    candidates: &[Vec<Candidate>],
) -> Result<DnasConfig> {
    let config = &lab.problem.config;
    let of = |times: usize| DnasConfig {
        epochs: config.dnas.epochs * times,
        warmup_epochs: config.dnas.warmup_epochs * times,
        ..config.dnas
    };
    let Some(budget) = config.search.budget else {
        return Ok(of(config.search.iterations));
    };
    let planned = planner::supernet(lab.evaluator, config, candidates)?;
    let cost = |dnas| planner::supernet_cost(lab.evaluator, &planned, dnas);
    let dearest = crate::kernel_path::largest(&lab.problem.space)?;
    let last = lab.cost(&dearest, Fidelity::Exact)?;
    let left = budget.saturating_sub(last);
    // Warm-up and the rest differ in cost, so whole repetitions first, then single epochs, the cheaper ones last.
    let once = cost(of(1))?.max(1);
    let mut dnas = of((left / once).max(1) as usize);
    if cost(dnas)? > left {
        return Err(Error::BudgetTooSmall {
            budget,
            needed: cost(dnas)? + last,
        });
    }
    for [epochs, warmup_epochs] in [[1, 0], [0, 1]] {
        let next = |dnas: DnasConfig| DnasConfig {
            epochs: dnas.epochs + epochs,
            warmup_epochs: dnas.warmup_epochs + warmup_epochs,
            ..dnas
        };
        while cost(next(dnas))? <= left {
            dnas = next(dnas);
        }
    }
    Ok(dnas)
}
