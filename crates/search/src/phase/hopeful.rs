//! Of many architectures that an episode could try, the one that most can be hoped for.

use crate::lab::Lab;
use crate::sampler::{Proposal, Sampler};
use crate::worth::Worth;
use crate::{Evaluator, Findings, Result};
use radars_space::{Decision, Space};
use radars_tensor::random::Seed;
use rand::{Rng, RngExt};

/// Draws of the sampler that are considered.
const DRAWS: u64 = 60;

/// The best so far, of which variants are considered.
const PARENTS: usize = 5;

/// Variants of each in a few single decisions, and in one type over a run of layers.
const SCATTERED: usize = 40;
const IN_A_ROW: usize = 20;

/// Most single decisions in which a variant differs.
const MOST_CHANGES: u32 = 4;

/// By how many of its standard deviations an error is hoped to be smaller than estimated: half a deviation has an
/// episode try what is new where little is known, and stay near the best where much is.
const OPTIMISM: f64 = 0.5;

/// A proposal for an episode by the predictor of what was measured: of draws of the sampler, and of variants of the
/// best, the one with the most reward that can be hoped for, among those that were not met; the sampler's own
/// proposal where there is no such.
///
/// It is a function of the seed, the episode and what was found.
///
/// # Source
/// The upper confidence bound: Srinivas et al. 2010, "Gaussian process optimization in the bandit setting".
pub(super) fn hopeful<E: Evaluator>(
    lab: &Lab<'_, E>,
    sampler: &mut dyn Sampler,
    findings: &Findings,
    attempt: u64,
) -> Result<Option<Proposal>> {
    let problem = lab.problem;
    let space = &problem.space;
    let Some(proposal) = sampler.propose(attempt)? else {
        return Ok(None);
    };
    let worth = Worth::new(problem, lab.evaluator.data(), &findings.records)?;
    let mut parents: Vec<(f64, Vec<usize>)> = Vec::new();
    for record in &findings.records {
        let choices = space.indices(&record.architecture)?;
        if let Some(reward) = worth.hoped_for(&choices, record.aops, 0.0)
            && record.refused.is_none()
        {
            parents.push((reward, choices));
        }
    }
    parents.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    parents.truncate(PARENTS);

    let seed = Seed(problem.config.seed);
    let mut rng = seed.stream("variants", attempt);
    let mut considered = vec![proposal.choices.clone()];
    for draw in 1..DRAWS {
        // Beyond the numbers of episodes, which the sampler draws by as well.
        let number = (attempt + 1) << 32 | draw;
        considered.extend(sampler.propose(number)?.map(|proposal| proposal.choices));
    }
    for (_, parent) in &parents {
        for _ in 0..SCATTERED {
            considered.push(scattered(space.decisions(), parent, &mut rng));
        }
        for _ in 0..IN_A_ROW {
            considered.push(in_a_row(space, parent, &mut rng));
        }
    }
    let mut best: Option<(f64, Vec<usize>)> = None;
    for choices in considered {
        let architecture = space.architecture(&choices)?;
        let met = |record: &crate::Record| record.architecture == architecture;
        let cost = space.cost(&architecture)?;
        if findings.records.iter().any(met) || problem.config.limits.check(&cost).is_err() {
            continue;
        }
        let Some(reward) = worth.hoped_for(&choices, cost.aops, OPTIMISM) else {
            return Ok(Some(proposal));
        };
        if best.as_ref().is_none_or(|(known, _)| reward > *known) {
            best = Some((reward, choices));
        }
    }
    Ok(Some(match best {
        Some((_, choices)) => Proposal {
            choices,
            ..proposal
        },
        None => proposal,
    }))
}

/// A variant with other choices of one to four decisions.
fn scattered(decisions: &[Decision], parent: &[usize], rng: &mut impl Rng) -> Vec<usize> {
    let mut choices = parent.to_vec();
    for _ in 0..rng.random_range(1..=MOST_CHANGES) {
        // u32, so that 32-bit machines draw the same.
        let decision = rng.random_range(0..decisions.len() as u32) as usize;
        choices[decision] = rng.random_range(0..decisions[decision].choices as u32) as usize;
    }
    choices
}

/// A variant with one choice of one type in all layers from one to another.
fn in_a_row(space: &Space, parent: &[usize], rng: &mut impl Rng) -> Vec<usize> {
    let decisions = space.decisions();
    let mut choices = parent.to_vec();
    let picked = decisions[rng.random_range(0..decisions.len() as u32) as usize];
    let choice = rng.random_range(0..picked.choices as u32) as usize;
    let other = rng.random_range(0..space.layers().len() as u32) as usize;
    let rows = picked.layer.min(other)..=picked.layer.max(other);
    for (decision, chosen) in decisions.iter().zip(&mut choices) {
        if decision.kind == picked.kind && rows.contains(&decision.layer) {
            *chosen = choice.min(decision.choices - 1);
        }
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_differ_in_a_few_decisions_or_in_a_run_of_layers() {
        let space = Space::preset("fashion-small").unwrap();
        let decisions = space.decisions();
        let parent: Vec<usize> = decisions.iter().map(|_| 0).collect();
        let (mut rng, mut longest) = (Seed(3).stream("test", 0), 0);
        for _ in 0..200 {
            let variant = scattered(decisions, &parent, &mut rng);
            assert!(variant.iter().filter(|&&choice| choice != 0).count() <= 4);
            let variant = in_a_row(&space, &parent, &mut rng);
            let changed: Vec<&Decision> = (decisions.iter().zip(&variant))
                .filter_map(|(decision, &choice)| (choice != 0).then_some(decision))
                .collect();
            let Some(first) = changed.first() else {
                continue;
            };
            for (step, decision) in changed.iter().enumerate() {
                assert_eq!(
                    (decision.kind, decision.layer),
                    (first.kind, first.layer + step)
                );
            }
            longest = longest.max(changed.len());
        }
        assert_eq!(longest, 6);
    }
}
