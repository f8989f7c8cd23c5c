//! How the memory of a SuperNet grows: with the architectures it spans, with the hyper-parameter types that
//! are searched, with the batch.

use crate::task::dnas_settings;
use crate::{Config, Result, candidates_of};
use radars_space::{Architecture, Candidate, HyperParameter, Reward, Space};
use radars_supernet::{Mixing, SuperNetPlan, plan_supernet};
use radars_tensor::Backend;
use radars_tensor::random::Seed;
use serde::Serialize;

/// What is varied, everything else staying as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sweep {
    /// The architectures that the SuperNet spans: the first of a sequence of random ones, and in the end
    /// every candidate of the space.
    Architectures,
    /// The hyper-parameter types that are searched, in the order of [`HyperParameter::ALL`]; the others hold
    /// their last choice.
    Types,
    /// The images of a batch, for the whole space.
    Batch,
}

impl Sweep {
    /// All of them.
    pub const ALL: [Sweep; 3] = [Sweep::Architectures, Sweep::Types, Sweep::Batch];
}

/// One SuperNet of a [`Sweep`], in every way to hold its mixtures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GrowthPoint {
    /// How many architectures, types or images.
    pub at: usize,
    /// Candidates of the layer that has most.
    pub candidates: usize,
    /// Most bytes in use at once, in the order of [`Mixing::ALL`].
    pub peak_bytes: Vec<usize>,
    /// What Eq. 5 says.
    pub eq5_bytes: u64,
}

/// Sizes of SN below that of the whole space.
const ARCHITECTURES: [usize; 9] = [1, 2, 3, 6, 12, 24, 48, 72, 96];
const BATCHES: [usize; 4] = [32, 64, 128, 256];

/// Plans every point of a sweep.
///
/// # Errors
/// When the space is not resolved.
pub fn growth<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
    sweep: Sweep,
) -> Result<Vec<GrowthPoint>> {
    let all = space.all_candidates();
    let most = widest(&all);
    let point = |at, candidates: &[Vec<Candidate>], batch| {
        point::<B>(spec, space, config, (at, batch), candidates)
    };
    match sweep {
        Sweep::Architectures => {
            let random = |index| space.random(&mut Seed(config.seed).stream("growth", index));
            let random: Vec<Architecture> = (0..most as u64).map(random).collect();
            let sizes = ARCHITECTURES.into_iter().filter(|&size| size < most);
            let mut points: Vec<GrowthPoint> = sizes
                .map(|size| point(size, &candidates_of(&random[..size]), config.batch))
                .collect::<Result<_>>()?;
            points.push(point(most, &all, config.batch)?);
            Ok(points)
        }
        Sweep::Types => (1..=searched(space).len())
            .map(|types| point(types, &of_types(space, types), config.batch))
            .collect(),
        Sweep::Batch => BATCHES
            .into_iter()
            .map(|batch| point(batch, &all, batch))
            .collect(),
    }
}

fn point<B: Backend>(
    spec: &B::Spec,
    space: &Space,
    config: &Config,
    (at, batch): (usize, usize),
    candidates: &[Vec<Candidate>],
) -> Result<GrowthPoint> {
    let peak = |mixing| -> Result<usize> {
        let of = SuperNetPlan {
            space,
            candidates,
            mixing,
            // The trade-off changes no allocation.
            reward: Reward::balanced(1),
        };
        Ok(plan_supernet::<B>(spec, of, batch, dnas_settings(config))?.peak_bytes)
    };
    Ok(GrowthPoint {
        at,
        candidates: widest(candidates),
        peak_bytes: Mixing::ALL.into_iter().map(peak).collect::<Result<_>>()?,
        eq5_bytes: space.memory_estimate_of(candidates, batch)?.bytes,
    })
}

fn widest(candidates: &[Vec<Candidate>]) -> usize {
    candidates.iter().map(Vec::len).max().unwrap_or(0)
}

/// The types with a choice in any layer.
fn searched(space: &Space) -> Vec<HyperParameter> {
    let has_choice = |kind: &HyperParameter| space.decisions().iter().any(|d| d.kind == *kind);
    HyperParameter::ALL.into_iter().filter(has_choice).collect()
}

/// The candidates of every layer where the first `types` types are searched.
fn of_types(space: &Space, types: usize) -> Vec<Vec<Candidate>> {
    let fixed: Vec<HyperParameter> = searched(space).split_off(types);
    let of_layer = |(layer, candidates): (usize, Vec<Candidate>)| -> Vec<Candidate> {
        let decisions = space.decisions().iter().filter(|d| d.layer == layer);
        let decisions: Vec<_> = decisions.rev().collect();
        // Candidates are numbered by their choices, those of the last type being the last digit.
        let holds_the_last_choices = |number: usize| {
            let mut rest = number;
            decisions.iter().all(|decision| {
                let choice = rest % decision.choices;
                rest /= decision.choices;
                !fixed.contains(&decision.kind) || choice + 1 == decision.choices
            })
        };
        let numbered = candidates.into_iter().enumerate();
        let kept = numbered.filter(|&(number, _)| holds_the_last_choices(number));
        kept.map(|(_, candidate)| candidate).collect()
    };
    let layers = space.all_candidates().into_iter().enumerate();
    layers.map(of_layer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::Precision;
    use radars_tensor::{Cpu, CpuSpec, Isa};

    fn sweep(sweep: Sweep) -> Vec<GrowthPoint> {
        let space = Space::preset("cifar10-quant").unwrap();
        let config = Config::preset("cifar10-quant").unwrap();
        growth::<Cpu>(&CpuSpec::new(Isa::Portable), &space, &config, sweep).unwrap()
    }

    /// Table I: 4 kernels, 2 and 3 bits of activations, 2 and 3 of weights.
    #[test]
    fn types_multiply_the_candidates_and_the_memory_of_own_weights() {
        let points = sweep(Sweep::Types);
        let candidates: Vec<usize> = points.iter().map(|point| point.candidates).collect();
        assert_eq!(candidates, [4, 8, 24, 48, 144]);
        let space = Space::preset("cifar10-quant").unwrap();
        let bits = Precision {
            integer: 3,
            fraction: 6,
        };
        let kernels = [1, 3, 5, 7].map(|kernel| Candidate::quantised(kernel, bits, bits));
        assert_eq!(of_types(&space, 1)[3], kernels);
        let of = |mixing| Mixing::ALL.iter().position(|&m| m == mixing).unwrap();
        let (materialised, factorised) = (of(Mixing::Materialised), of(Mixing::Factorised));
        let (first, last) = (&points[0].peak_bytes, &points[4].peak_bytes);
        assert!(last[materialised] > 10 * first[materialised]);
        assert!(last[factorised] < 2 * first[factorised]);
    }

    #[test]
    fn the_last_supernet_is_the_whole_space() {
        let points = sweep(Sweep::Architectures);
        let last = points.last().unwrap();
        assert_eq!((last.at, last.candidates), (144, 144));
        assert!(points.is_sorted_by_key(|point| point.peak_bytes[0]));
    }

    #[test]
    fn batches_are_of_the_whole_space() {
        let points = sweep(Sweep::Batch);
        let batches: Vec<usize> = points.iter().map(|point| point.at).collect();
        assert_eq!(batches, [32, 64, 128, 256]);
        assert!(points.iter().all(|point| point.candidates == 144));
    }
}
