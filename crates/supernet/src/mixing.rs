//! `Mixing`: the ways to hold a mixture.

use crate::supernet::combinations;
use radars_space::Candidate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a SuperNet holds the mixture of its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mixing {
    /// Every candidate's output is computed and kept; one mixing weight a candidate.
    Materialised,
    /// The same mixture by one convolution for every activation format, of its candidates' merged kernels; no
    /// candidate's output is computed or kept.
    Merged,
    /// One convolution for the product of all hyper-parameter types; one vector of mixing weights a type.
    Factorised,
}

impl Mixing {
    /// All ways, in the order they are listed to the user.
    pub const ALL: [Mixing; 3] = [Mixing::Materialised, Mixing::Merged, Mixing::Factorised];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Mixing::Materialised => "materialised",
            Mixing::Merged => "merged",
            Mixing::Factorised => "factorised",
        }
    }

    /// Whether it computes the mixture of the candidates themselves, each with weights of its own: of such ways
    /// every one gives the same.
    pub fn is_exact(self) -> bool {
        match self {
            Mixing::Materialised | Mixing::Merged => true,
            Mixing::Factorised => false,
        }
    }

    /// Paths that the SuperNet of these candidates, a list for every layer, can tell apart. A factorised one
    /// spans all products of the types that occur, which are more than the candidates it is made from.
    pub fn paths(self, candidates: &[Vec<Candidate>]) -> f64 {
        let of_layer = |layer: &Vec<Candidate>| match self {
            Mixing::Materialised | Mixing::Merged => layer.len() as f64,
            Mixing::Factorised => combinations(layer) as f64,
        };
        candidates.iter().map(of_layer).product()
    }
}

impl fmt::Display for Mixing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::Precision;

    /// First layer: 2 candidates, of 2 kernels, 2 activations and 1 weight: 4 products. Second: 1.
    #[test]
    fn a_factorised_mixture_has_the_paths_of_all_products() {
        let bits = |fraction| Precision {
            integer: 1,
            fraction,
        };
        let one = Candidate::quantised(3, bits(3), bits(6));
        let candidates = [
            vec![one, Candidate::quantised(5, bits(6), bits(6))],
            vec![one],
        ];
        assert_eq!(Mixing::Materialised.paths(&candidates), 2.0);
        assert_eq!(Mixing::Merged.paths(&candidates), 2.0);
        assert_eq!(Mixing::Factorised.paths(&candidates), 4.0);
        let float = [vec![Candidate::float(1), Candidate::float(3)]];
        assert_eq!(Mixing::Factorised.paths(&float), 2.0);
    }
}
