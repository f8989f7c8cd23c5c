//! RADARS, Algorithm 1 of the paper: explore, re-train the best, prune to SN, exploit, over and over.

use super::{Desk, Procedure, Until, sampler};
use crate::lab::Lab;
use crate::observer::Shared;
use crate::phase::{Exploiter, Explored, Explorer, ExplorerState, Plan, SupernetOf};
use crate::{
    Bounds, Evaluator, ExploiterState, Fidelity, Observer, Phase, Problem, Result, Resumed, Stop,
    StopSignal, Watch,
};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

/// One phase after the other.
pub(super) struct Radars;

impl<E: Evaluator> Procedure<E> for Radars {
    fn run(&self, desk: &mut Desk<'_, E>) -> Result<Stop> {
        let problem = desk.problem;
        loop {
            let iteration = desk.exploiter.state().iterations;
            if let Some(stop) = over(problem, desk.exploiter.state()) {
                return spend_the_rest(desk, stop);
            }
            let until = Until::EndOf(iteration);
            if desk.explorer.state().iterations.len() <= iteration
                && let Some(stop) = desk.explore(plan(problem, iteration), until)?
            {
                return Ok(stop);
            }
            if explored_nothing(&desk.explorer.state().iterations[..=iteration]) {
                return spend_the_rest(desk, Stop::Budget);
            }
            let stopped = desk.exploit(|exploiter, explorer, lab, watch| {
                lab.ceiling = until.ceiling(problem);
                let explored = &explorer.state().iterations[iteration];
                exploit(exploiter, explored, lab, watch)
            })?;
            if let Some(stop) = stopped {
                return Ok(stop);
            }
        }
    }
}

/// Ends a search that was not stopped: what is left of a budget is spent on the best that exploration found.
fn spend_the_rest<E: Evaluator>(desk: &mut Desk<'_, E>, stop: Stop) -> Result<Stop> {
    if stop == Stop::Target {
        return Ok(stop);
    }
    let stopped = desk.exploit(|exploiter, explorer, lab, watch| {
        let explored = explorer.state().iterations.last();
        let promising = explored.map_or(&[][..], |explored| &explored.promising);
        exploiter.spend_the_rest(lab, promising, watch)
    })?;
    Ok(stopped.unwrap_or(stop))
}

/// An exploration of Algorithm 1.
fn plan(problem: &Problem, iteration: usize) -> Plan {
    let search = &problem.config.search;
    Plan {
        fidelity: Fidelity::Proxy,
        until_episode: Some((iteration + 1) * search.episodes),
        recommends: search.retrain,
        tells: problem.told(),
    }
}

/// Whether the budget did not even pay for one episode of the last of these explorations. Asked of what is
/// known, not of what this process did: a run that was left may have come to its end just before.
fn explored_nothing(explorations: &[Explored]) -> bool {
    let mut ends = explorations.iter().rev().map(|explored| explored.episodes);
    ends.next() == Some(ends.next().unwrap_or(0))
}

/// Whether all is done, and why.
fn over(problem: &Problem, state: &ExploiterState) -> Option<Stop> {
    let search = &problem.config.search;
    match (search.target, state.reached) {
        (Some(target), Some(reached)) if reached >= target => Some(Stop::Target),
        _ => (state.iterations >= search.iterations).then_some(Stop::Iterations),
    }
}

/// One exploitation, on what an exploration found.
fn exploit<E: Evaluator>(
    exploiter: &mut Exploiter,
    explored: &Explored,
    lab: &mut Lab<'_, E>,
    watch: &mut Watch<'_>,
) -> Result<Option<Stop>> {
    lab.spent_elsewhere = explored.spent;
    let promising = &explored.promising;
    // Once the SuperNet is chosen, all that could be re-trained is.
    if exploiter.state().chosen.is_none()
        && let Some(stop) = exploiter.retrain(lab, promising, watch)?
    {
        return Ok(Some(stop));
    }
    let dnas = lab.problem.config.dnas;
    let stopped = exploiter.exploit(lab, SupernetOf::Best(promising), dnas, watch)?;
    if stopped.is_none() {
        exploiter.end_iteration(watch)?;
    }
    Ok(stopped)
}

/// What both phases came to, side by side.
pub(crate) struct Both {
    pub exploration: ExplorerState,
    pub exploitation: ExploiterState,
    pub stop: Stop,
}

/// Exploration `t + 1` beside exploitation `t`: the one on a thread and with an evaluator of its own, which
/// `make` makes there, the other here with `evaluator`.
///
/// Exploration never reads what exploitation finds, and exploitation reads an exploration only when it is
/// over, so nothing depends on who is faster. An exploration that was begun in vain, because an exploitation
/// reached the target, is no part of the result.
pub(crate) fn side_by_side<E: Evaluator>(
    problem: &Problem,
    bounds: Bounds,
    make: &(impl Fn() -> Result<E> + Sync),
    evaluator: &mut E,
    resumed: Resumed,
    (observer, stop): (&mut dyn Observer, &StopSignal),
) -> Result<Both> {
    let observer = Mutex::new(observer);
    let (observer, ends) = (&observer, &stop.until_over());
    let Resumed {
        exploration,
        exploitation,
        mut networks,
        ..
    } = resumed;
    let (sender, explored) = channel();
    let mut exploring_network = networks.remove(&Phase::Exploration);
    let mut exploiting_network = networks.remove(&Phase::Exploitation);
    std::thread::scope(|scope| {
        let exploring = scope.spawn(move || {
            let mut evaluator = make()?;
            let mut shared = Shared(observer);
            let network = &mut exploring_network;
            let mut watch = Watch::new(Phase::Exploration, &mut shared, ends, network);
            let lab = Lab::new(problem, &mut evaluator, bounds);
            explore_all(lab, exploration, &sender, &mut watch)
        });
        let mut shared = Shared(observer);
        let network = &mut exploiting_network;
        let mut watch = Watch::new(Phase::Exploitation, &mut shared, stop, network);
        let lab = Lab::new(problem, evaluator, bounds);
        let exploited = exploit_all(lab, Exploiter::new(exploitation), &explored, &mut watch);
        ends.end();
        let exploration = exploring
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // An exploration that failed is why exploitation heard no more of it.
        let exploration = exploration?;
        let (exploitation, stop) = exploited?;
        Ok(Both {
            exploration,
            exploitation,
            stop,
        })
    })
}

/// All explorations, each sent on when it is over.
fn explore_all<E: Evaluator>(
    mut lab: Lab<'_, E>,
    resumed: Option<ExplorerState>,
    sender: &Sender<Explored>,
    watch: &mut Watch<'_>,
) -> Result<ExplorerState> {
    let problem = lab.problem;
    let mut explorer = Explorer::new(sampler(problem)?, resumed)?;
    for iteration in 0..problem.config.search.iterations {
        if explorer.state().iterations.len() <= iteration
            && (explorer.explore(&mut lab, plan(problem, iteration), watch)?).is_some()
        {
            break;
        }
        // Nobody listens any more once exploitation has stopped.
        let _ = sender.send(explorer.state().iterations[iteration].clone());
    }
    Ok(explorer.state().clone())
}

/// All exploitations, each as soon as its exploration is over.
fn exploit_all<E: Evaluator>(
    mut lab: Lab<'_, E>,
    mut exploiter: Exploiter,
    explored: &Receiver<Explored>,
    watch: &mut Watch<'_>,
) -> Result<(ExploiterState, Stop)> {
    // Explorations whose exploitation is done were sent as well.
    let mut explored = explored.iter().skip(exploiter.state().iterations);
    let stop = loop {
        if let Some(stop) = over(lab.problem, exploiter.state()) {
            break stop;
        }
        let Some(explored) = explored.next() else {
            break watch.stop().unwrap_or(Stop::Interrupted);
        };
        if let Some(stop) = exploit(&mut exploiter, &explored, &mut lab, watch)? {
            break stop;
        }
    };
    Ok((exploiter.state().clone(), stop))
}
