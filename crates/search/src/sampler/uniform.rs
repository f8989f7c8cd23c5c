//! Uniform architectures: the same candidate in every layer, one after the other.

use super::{Proposal, Sampler};
use crate::Result;
use radars_space::{Architecture, Candidate, Space};

/// Tries uniform architectures: the control that no search has to be better than by accident.
pub(crate) struct Uniform {
    architectures: Vec<Vec<usize>>,
}

impl Uniform {
    /// Every uniform architecture of a space with 3x3 kernels (with the first layer's smallest kernel, where
    /// 3x3 is not a choice) and equal bits for activations and weights.
    pub fn new(space: &Space) -> Result<Self> {
        let of_first_layer = space.candidates(0)?;
        let kernels = of_first_layer.iter().map(|candidate| candidate.kernel);
        let smallest = kernels.clone().min();
        let kernel = kernels.clone().find(|&k| k == 3).or(smallest);
        let depth = space.layers().len();
        let is_uniform = |c: &&Candidate| Some(c.kernel) == kernel && c.activation() == c.weight();
        let candidates = of_first_layer.iter().filter(is_uniform);
        let choices = candidates
            .filter_map(|&candidate| {
                // Where a layer lacks the candidate, there is no such architecture.
                space.indices(&Architecture::uniform(candidate, depth)).ok()
            })
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
