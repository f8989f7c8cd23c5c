//! Uniform architectures: the same candidate in every layer, one after the other.

use super::{Proposal, Sampler};
use crate::Result;
use radars_space::{Candidate, Space};

/// Tries uniform architectures: the control that no search has to be better than by accident.
pub(crate) struct Uniform {
    architectures: Vec<Vec<usize>>,
}

impl Uniform {
    /// Every uniform architecture of a space with 3x3 kernels (with the smallest kernel, where 3x3 is not a choice) and
    /// equal bits for activations and weights. The candidates are those of the first of the layers that have most.
    pub fn new(space: &Space) -> Result<Self> {
        let layers = space.all_candidates();
        let most = layers.iter().map(Vec::len).max();
        let candidates = layers.into_iter().find(|layer| Some(layer.len()) == most);
        let candidates = candidates.unwrap_or_default();
        let kernels = candidates.iter().map(|candidate| candidate.kernel);
        let smallest = kernels.clone().min();
        let kernel = kernels.clone().find(|&k| k == 3).or(smallest);
        let is_uniform = |c: &&Candidate| Some(c.kernel) == kernel && c.activation() == c.weight();
        let choices = (candidates.iter().filter(is_uniform))
            .filter_map(|&candidate| space.indices(&space.uniform(candidate)?).ok())
            .collect();
        Ok(Uniform {
            architectures: choices,
        })
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
        let mut uniform = Uniform::new(&space).unwrap();
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
}
