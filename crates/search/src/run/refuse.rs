//! Bounds that are refused before anything is written.

use crate::{Error, Evaluator, Fidelity, Problem, Result, Tried, kernel_path, planner};
use radars_space::Architecture;

/// Ends at once when the architecture that is given cannot be trained.
pub(super) fn given(
    evaluator: &impl Evaluator,
    problem: &Problem,
    architecture: &Architecture,
) -> Result<()> {
    let (config, bound_bytes) = (&problem.config, evaluator.bound_bytes());
    let last = planner::fitting_of(
        evaluator,
        config,
        architecture,
        Fidelity::Final,
        bound_bytes,
    )?;
    match last.plan.fits(bound_bytes) {
        true => Ok(()),
        false => Err(Error::ArchitectureOverBound {
            bound_bytes,
            tried: Tried::new(config.batch, last.plan, last.first_bytes),
        }),
    }
}

/// Ends at once when not even the path of the smallest kernels can be trained.
pub(super) fn small_bound(evaluator: &impl Evaluator, problem: &Problem) -> Result<()> {
    let smallest = kernel_path::smallest(&problem.space)?;
    let (config, bound_bytes) = (&problem.config, evaluator.bound_bytes());
    let fitting =
        |fidelity| planner::fitting_of(evaluator, config, &smallest, fidelity, bound_bytes);
    let (exact, last) = (fitting(Fidelity::Exact)?, fitting(Fidelity::Final)?);
    let larger = match exact.plan.high_water_bytes < last.plan.high_water_bytes {
        true => last,
        false => exact,
    };
    match larger.plan.fits(bound_bytes) {
        true => Ok(()),
        false => Err(Error::BoundTooSmall {
            bound_bytes,
            tried: Tried::new(config.batch, larger.plan, larger.first_bytes),
        }),
    }
}
