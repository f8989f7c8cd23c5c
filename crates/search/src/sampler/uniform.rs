//! Uniform architectures: the same candidate in every layer, one after the other.

use super::{Proposal, Sampler};
use crate::Result;
use crate::designs::designs;
use radars_space::{Candidate, Space};
use radars_tensor::random::Seed;
use rand::seq::SliceRandom;

/// Tries uniform architectures: the control that no search has to be better than by accident.
pub(crate) struct Uniform {
    architectures: Vec<Vec<usize>>,
}

impl Uniform {
    /// Every uniform architecture of a space with 3x3 kernels (with the smallest kernel, where 3x3 is not a choice) and
    /// equal bits for activations and weights; with `others`, all other uniform architectures after them, those of the
    /// designs first, the rest in a random order. The candidates are those of the first of the layers that have most.
    pub fn new(space: &Space, others: Option<Seed>) -> Result<Self> {
        let layers = space.all_candidates();
        let most = layers.iter().map(Vec::len).max();
        let candidates = layers.into_iter().find(|layer| Some(layer.len()) == most);
        let candidates = candidates.unwrap_or_default();
        let kernels = candidates.iter().map(|candidate| candidate.kernel);
        let smallest = kernels.clone().min();
        let kernel = kernels.clone().find(|&k| k == 3).or(smallest);
        let is_plain = |c: &Candidate| Some(c.kernel) == kernel && c.activation() == c.weight();
        let choices = |candidate: Candidate| space.indices(&space.uniform(candidate)?).ok();
        let plain = candidates.iter().filter(|candidate| is_plain(candidate));
        let mut architectures: Vec<Vec<usize>> = plain.filter_map(|&c| choices(c)).collect();
        if let Some(seed) = others {
            let mut rest: Vec<Vec<usize>> = candidates.into_iter().filter_map(choices).collect();
            let designs = designs(space).into_iter();
            let mut ordered: Vec<Vec<usize>> = designs.filter(|d| rest.contains(d)).collect();
            rest.shuffle(&mut seed.stream("uniform architectures", 0));
            ordered.append(&mut rest);
            for choices in ordered {
                if !architectures.contains(&choices) {
                    architectures.push(choices);
                }
            }
        }
        Ok(Uniform { architectures })
    }
}

impl Sampler for Uniform {
    fn propose(&mut self, episode: u64) -> Result<Option<Proposal>> {
        let choices = usize::try_from(episode)
            .ok()
            .and_then(|number| self.architectures.get(number));
        Ok(choices.map(|choices| Proposal {
            choices: choices.clone(),
            entropy: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table I: integer bits 1 and 3, fraction bits 1, 3 and 6.
    #[test]
    fn one_for_every_width_of_bits() {
        let space = Space::preset("fashion-small").unwrap();
        let mut uniform = Uniform::new(&space, None).unwrap();
        let mut formats = Vec::new();
        while let Some(proposal) = uniform.propose(formats.len() as u64).unwrap() {
            let architecture = space.architecture(&proposal.choices).unwrap();
            let first = architecture.layers()[0];
            assert!(architecture.layers().iter().all(|layer| *layer == first));
            assert_eq!(first.kernel, 3);
            assert_eq!(first.activation(), first.weight());
            formats.push(first.weight().unwrap().to_string());
        }
        formats.sort();
        assert_eq!(formats, ["1.1", "1.3", "1.6", "3.1", "3.3", "3.6"]);
    }

    /// 4 kernels and 6 widths of bits for activations and for weights each: 144, the 6 plain ones first, then those of
    /// the 10 designs that are not among them (all but the middle one, k3 a1.3 w1.3).
    #[test]
    fn with_a_budget_all_of_them_each_once() {
        let space = Space::preset("fashion-small").unwrap();
        let plain = Uniform::new(&space, None).unwrap().architectures;
        let all = Uniform::new(&space, Some(Seed(1))).unwrap().architectures;
        assert_eq!((plain.len(), all.len()), (6, 144));
        assert_eq!(all[..6], plain);
        assert!(designs(&space)[1..].iter().all(|d| all[6..15].contains(d)));
        let mut sorted = all.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 144);
    }
}
