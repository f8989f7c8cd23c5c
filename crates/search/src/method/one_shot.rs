//! One-shot: shared weights trained by uniformly sampled paths, then a search by validation with them, of paths that
//! an evaluator proposes.

use super::{Desk, Procedure};
use crate::lab::Lab;
use crate::sampler::Random;
use crate::{Error, Evaluator, Event, Fidelity, Phase, Problem, Result, Score, Sharing, Stop};
use radars_space::{Architecture, Candidate};
use radars_tensor::random::Seed;
use std::time::Instant;

/// A uniform single-path SuperNet over the whole space; of the paths that SETN's evaluator proposes, or of random ones,
/// the best by validation with inherited weights are trained to convergence: `retrain` of them, or under a budget as
/// many as the rest of it pays for.
///
/// # Source
/// Dong and Yang 2019, "One-shot neural architecture search via self-evaluated template network"; of random paths: Guo
/// et al. 2020, "Single path one-shot neural architecture search with uniform sampling".
pub(super) struct OneShot;

impl<E: Evaluator> Procedure<E> for OneShot {
    fn refuse(&self, problem: &Problem, evaluator: &E) -> Result<()> {
        let plan = evaluator.plan_sharing(&problem.space.all_candidates())?;
        let bound_bytes = evaluator.bound_bytes();
        match plan.fits(bound_bytes) {
            true => Ok(()),
            false => Err(Error::PathOverBound {
                needed_bytes: plan.high_water_bytes,
                bound_bytes,
            }),
        }
    }

    fn run(&self, desk: &mut Desk<'_, E>) -> Result<Stop> {
        if desk.explorer.state().iterations.is_empty()
            && let Some(stop) = share(desk)?
        {
            return Ok(stop);
        }
        desk.finish_with_promising()
    }
}

/// Trains the shared weights and ranks paths by them.
fn share<E: Evaluator>(desk: &mut Desk<'_, E>) -> Result<Option<Stop>> {
    let started = Instant::now();
    let problem = desk.problem;
    let (space, config) = (&problem.space, &problem.config);
    let candidates = space.all_candidates();
    let decisions = space.decisions().iter().map(|d| d.choices).collect();
    let random = Random::new(decisions, Seed(config.seed).derive("one-shot paths", 0));
    let paths = (0..config.baselines.one_shot_paths as u64)
        .map(|draw| space.architecture(&random.draw(draw)))
        .collect::<radars_space::Result<Vec<_>>>()?;
    let bounds = desk.evaluators.bounds();
    let lab = Lab::new(problem, desk.evaluators.of(Phase::Exploration), bounds);
    let sharing = sharing(&lab, &candidates, &paths)?;
    let resumed = desk.networks.entry(Phase::Exploration).or_default();
    let mut watch = crate::Watch::new(Phase::Exploration, desk.observer, desk.stop, resumed);
    let Some(shared) = lab.evaluator.share(sharing, &mut watch)? else {
        return Ok(Some(watch.stop().unwrap_or(Stop::Interrupted)));
    };
    let findings = desk.explorer.findings_mut();
    findings.spent += shared.spent;
    findings.memory.include(shared.memory);
    findings.traffic = shared.traffic;
    for (path, accuracy) in shared.paths.iter().zip(&shared.accuracies) {
        let index = lab.meet(findings, path)?;
        let record = &mut findings.records[index];
        if record.refused.is_some() {
            continue;
        }
        let reward = problem.reward.reward(*accuracy, record.aops as f64);
        record.proxy = Some(Score {
            accuracy: *accuracy,
            reward,
        });
        findings.fingerprint.add(&shared.weights, path, reward);
    }
    let ranked = findings.best_by(Fidelity::Proxy, 1);
    let best = ranked.first().and_then(|&index| {
        let record = &findings.records[index];
        Some((record.architecture.clone(), record.proxy?))
    });
    let (best, score) = best.ok_or(Error::NothingTrained {
        episodes: shared.paths.len(),
    })?;
    watch.event(Event::Screened {
        paths: shared.paths.len(),
        best,
        accuracy: score.accuracy,
        reward: score.reward,
        memory: shared.memory,
        traffic: shared.traffic,
        spent: findings.spent,
        seconds: started.elapsed().as_secs_f64(),
    })?;
    desk.explorer
        .end(problem.told(), Fidelity::Proxy, &mut watch)?;
    Ok(None)
}

/// How long the shared weights are trained, and how many paths are measured with them: as long as RADARS
/// explores, or what a budget pays for. Of a budget, enough to train `retrain` architectures to convergence is left, if
/// that is no more than half of it.
fn sharing<'a, E: Evaluator>(
    lab: &Lab<'_, E>,
    candidates: &'a [Vec<Candidate>],
    paths: &'a [Architecture],
) -> Result<Sharing<'a>> {
    let config = &lab.problem.config;
    let search = &config.search;
    let mut sharing = Sharing {
        candidates,
        epochs: search.iterations * search.episodes * config.training.proxy_epochs,
        evaluator: config.baselines.one_shot_evaluator,
        paths,
    };
    if let Some(budget) = search.budget {
        let (finals, dearest) = finals(lab, paths)?;
        let left = budget.saturating_sub(finals).max(budget / 2);
        sharing.epochs = 1;
        while lab.evaluator.sharing_cost(&sharing)? > left && sharing.paths.len() > 1 {
            sharing.paths = &sharing.paths[..sharing.paths.len() / 2];
        }
        let once = lab.evaluator.sharing_cost(&sharing)?;
        if once > left {
            return Err(Error::BudgetTooSmall {
                budget,
                needed: once + dearest,
            });
        }
        let none = lab.evaluator.sharing_cost(&Sharing {
            epochs: 0,
            ..sharing
        })?;
        sharing.epochs = ((left - none) / (once - none).max(1)).max(1) as usize;
        // Epochs differ in the paths they sample.
        while lab.evaluator.sharing_cost(&sharing)? > left && sharing.epochs > 1 {
            sharing.epochs -= 1;
        }
    }
    Ok(sharing)
}

/// What the trainings to convergence of `retrain` architectures like these cost, the dearest of all at least; and that
/// one's. What is left after them pays for more, so it need not be what they cost at most.
fn finals<E: Evaluator>(lab: &Lab<'_, E>, paths: &[Architecture]) -> Result<(u64, u64)> {
    let exact = |path: &Architecture| lab.cost(path, Fidelity::Exact);
    let dearest = exact(&crate::kernel_path::largest(&lab.problem.space)?)?;
    let mut sum = 0_u64;
    for path in paths {
        sum = sum.saturating_add(exact(path)?);
    }
    let mean = sum / (paths.len() as u64).max(1);
    let retrain = lab.problem.config.search.retrain as u64;
    Ok((mean.saturating_mul(retrain).max(dearest), dearest))
}
