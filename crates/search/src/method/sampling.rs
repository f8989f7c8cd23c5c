//! Sampling alone: a controller (QuantNAS), random search, evolution, uniform architectures.

use super::{Desk, Procedure, Until, episode_fidelity};
use crate::phase::Plan;
use crate::{Evaluator, Fidelity, Method, Result, Stop};

/// Episodes until the end; where children are trained briefly, the best of them to convergence then.
///
/// # Source
/// Controller alone: QuantNAS, Lu et al. 2019. Random search as a control: Li and Talwalkar 2019.
pub(super) struct Sampling {
    pub method: Method,
}

impl<E: Evaluator> Procedure<E> for Sampling {
    fn run(&self, desk: &mut Desk<'_, E>) -> Result<Stop> {
        let search = desk.problem.config.search;
        let fidelity = episode_fidelity(desk.problem);
        if desk.explorer.state().iterations.is_empty() {
            let every_iteration = desk.episodes_until(search.iterations - 1);
            let until_episode = match (search.budget, self.method) {
                // It ends where there are no more of them.
                (_, Method::Uniform) => None,
                (Some(_), _) => None,
                (None, _) => Some(every_iteration),
            };
            let plan = Plan {
                fidelity,
                until_episode,
                recommends: search.retrain,
                tells: desk.problem.told(),
            };
            if let Some(stop) = desk.explore(plan, Until::TheEnd)? {
                return Ok(stop);
            }
        }
        match fidelity {
            Fidelity::Proxy => desk.finish_with_promising(),
            Fidelity::Exact | Fidelity::Final => Ok(desk.natural_end()),
        }
    }
}
