//! What a single-path SuperNet needs, found by running its paths on the planning backend.

use super::{InheritedPath, one_path};
use crate::child::Weights;
use crate::micro_batch::Blank;
use crate::plan::unbounded;
use crate::supernet::{check_candidates, distinct};
use crate::{BatchSizes, Child, Plan, Result, StepSize, WeightSettings};
use radars_nn::Parameters;
use radars_nn::tensor::{Arena, Backend};
use radars_space::{Architecture, Candidate, Space};

/// The most paths that are planned one by one: a second's work.
const EXHAUSTIVE: usize = 1 << 14;

/// Plans the training of a single-path SuperNet: a step and an evaluation of a path at a time. Statistics are
/// estimated on batches of the size of a step.
///
/// Every figure is the largest over the paths that are planned: for every choice of kernels the one of the most
/// bits, whose codes take the most memory. The largest kernels have the highest peak, but where blocks come to
/// lie may still give others a higher mark (seen: 0.3 % on `cifar10-quant`). Where there are more than 16,384
/// choices, those that differ from the largest in one layer stand for all, and [`plan_one_shot_path`] says of
/// any one path what it needs.
///
/// # Errors
/// As [`crate::OneShot::new`].
pub fn plan_one_shot<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    candidates: &[Vec<Candidate>],
    batches: BatchSizes,
    settings: WeightSettings,
) -> Result<Plan> {
    check_candidates(space, candidates)?;
    let choices: Vec<Vec<Candidate>> = candidates.iter().map(|c| of_most_bits(c)).collect();
    let largest = Architecture(choices.iter().map(|c| c[0]).collect());
    let mut plan = plan_one_shot_path::<B>(spec, space, &largest, batches, settings)?;
    for path in paths(&choices) {
        let other = plan_one_shot_path::<B>(spec, space, &path, batches, settings)?;
        plan = plan.largest(other);
    }
    Ok(plan)
}

/// Plans a step and an evaluation of one path of a single-path SuperNet.
///
/// # Errors
/// As [`crate::Child::new`].
pub fn plan_one_shot_path<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    path: &Architecture,
    batches: BatchSizes,
    settings: WeightSettings,
) -> Result<Plan> {
    let arena = unbounded::<B>(spec)?;
    let step = StepSize::whole(batches.step.images);
    let mut trainer = one_path(&arena, space, path, settings)?;
    let saved_bytes = trainer.step_on(&Blank(step.images), 0.1)?;
    drop(trainer);
    if batches.evaluated > 0 {
        evaluate_inherited(&arena, space, path, batches)?;
    }
    Ok(Plan::new(arena.stats(), saved_bytes, step))
}

/// Plans the evaluation of one path of a single-path SuperNet: statistics and losses of batches of the size of a
/// step, and the evaluations, if there are any.
///
/// # Errors
/// As [`crate::Child::new`].
pub fn plan_inherited_path<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    path: &Architecture,
    batches: BatchSizes,
) -> Result<Plan> {
    let arena = unbounded::<B>(spec)?;
    evaluate_inherited(&arena, space, path, batches)?;
    Ok(Plan::new(
        arena.stats(),
        0,
        StepSize::whole(batches.step.images),
    ))
}

fn evaluate_inherited<B: Backend>(
    arena: &Arena<B>,
    space: &Space,
    path: &Architecture,
    batches: BatchSizes,
) -> Result<()> {
    let step = StepSize::whole(batches.step.images);
    let mut parameters = Parameters::new(arena);
    let network = Child::with_weights(&mut parameters, space, path, Weights::Unset)?;
    let mut inherited = InheritedPath::new(network, parameters, space.input()?)?;
    inherited.estimate_on(&Blank(step.images))?;
    for images in (BatchSizes { step, ..batches }).evaluations() {
        inherited.logits_on(&Blank(images))?;
    }
    Ok(())
}

/// The candidate of the most bits, those of the input first, of every size, the largest first.
fn of_most_bits(candidates: &[Candidate]) -> Vec<Candidate> {
    let mut extents = distinct(candidates.iter().map(Candidate::extents));
    extents.sort_unstable_by(|a, b| b.cmp(a));
    let of = |extents| candidates.iter().filter(move |c| c.extents() == extents);
    let widest = |extents| of(extents).max_by_key(|c| c.operand_bits()).copied();
    extents.into_iter().filter_map(widest).collect()
}

/// The paths to be planned, besides the one of the first choices.
fn paths(choices: &[Vec<Candidate>]) -> Vec<Architecture> {
    let all = choices
        .iter()
        .try_fold(1_usize, |n, c| n.checked_mul(c.len()));
    match all.filter(|&n| n <= EXHAUSTIVE) {
        Some(all) => (1..all).map(|n| numbered(choices, n)).collect(),
        None => one_changed(choices),
    }
}

/// The `n`th path, the first layer's choice counting fastest.
fn numbered(choices: &[Vec<Candidate>], mut n: usize) -> Architecture {
    let choose = |choices: &Vec<Candidate>| {
        let choice = choices[n % choices.len()];
        n /= choices.len();
        choice
    };
    Architecture(choices.iter().map(choose).collect())
}

/// The paths that differ from the one of the first choices in one layer.
fn one_changed(choices: &[Vec<Candidate>]) -> Vec<Architecture> {
    let first: Vec<Candidate> = choices.iter().map(|c| c[0]).collect();
    let mut paths = Vec::new();
    for (layer, choices) in choices.iter().enumerate() {
        for &choice in &choices[1..] {
            let mut path = first.clone();
            path[layer] = choice;
            paths.push(Architecture(path));
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(layers: usize) -> Vec<Vec<Candidate>> {
        vec![of_most_bits(&[3, 7, 1, 7].map(Candidate::float)); layers]
    }

    /// 3 kernels: 3^2 - 1 other paths; 3^9 = 19,683 are too many, of which 9 * 2 differ in one layer.
    #[test]
    fn few_paths_are_planned_all_and_many_by_their_neighbours() {
        let few = paths(&choices(2));
        assert_eq!(distinct(few.iter()).len(), 8);
        assert_eq!(few[0].to_string(), "k3 | k7");
        assert_eq!(few[7].to_string(), "k1 | k1");
        let many = paths(&choices(9));
        assert_eq!(distinct(many.iter()).len(), 18);
        assert!(many.iter().all(|path| {
            let changed = path.layers().iter().filter(|c| c.kernel != 7);
            changed.count() == 1
        }));
    }
}
