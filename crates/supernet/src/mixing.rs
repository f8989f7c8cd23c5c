//! `Mixing`: the ways to hold a mixture.

use crate::supernet::combinations;
use radars_space::{Candidate, Layer, LayerKind, Space};
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
    /// candidate's output is computed or kept. Of inverted residual blocks, those that differ in the kernel alone
    /// share all weights but the kernel's, and are one block whose depthwise convolution has merged kernels.
    Merged,
    /// One convolution for the product of all hyper-parameter types; one vector of mixing weights a type. Blocks, which
    /// are not linear, are held as in [`Mixing::Merged`].
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

    /// Whether it computes the mixture of these candidates themselves, each with weights of its own: of such ways
    /// every one gives the same. A merged layer of inverted residuals is no such mixture, where candidates share an
    /// expansion: they share their 1x1 convolutions then.
    pub fn is_exact(self, candidates: &[Vec<Candidate>]) -> bool {
        let shares = |layer: &Vec<Candidate>| {
            layer.iter().enumerate().any(|(index, candidate)| {
                let as_wide = |c: &Candidate| c.with_kernel(candidate.kernel) == *candidate;
                candidate.expansion.is_some() && layer[..index].iter().any(as_wide)
            })
        };
        match self {
            Mixing::Materialised => true,
            Mixing::Merged => !candidates.iter().any(shares),
            Mixing::Factorised => false,
        }
    }

    /// Paths that the SuperNet of these candidates, a list for every layer, can tell apart. A factorised one
    /// spans all products of the types that occur, which are more than the candidates it is made from.
    pub fn paths(self, space: &Space, candidates: &[Vec<Candidate>]) -> f64 {
        let of_layer = |(layer, candidates): (&Layer, &Vec<Candidate>)| match self {
            Mixing::Factorised if layer.kind == LayerKind::Conv => combinations(candidates) as f64,
            _ => candidates.len() as f64,
        };
        let layers = space.layers().iter().zip(candidates);
        layers.map(of_layer).product()
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
    use radars_space::{Choices, HyperParameter, Precision};

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
        let choices = |kernels| Choices::float(kernels).unwrap();
        let layers = vec![Layer::conv(8, 1, choices(&[3])); 2];
        let space = Space::new("two", layers).unwrap();
        assert_eq!(Mixing::Materialised.paths(&space, &candidates), 2.0);
        assert_eq!(Mixing::Merged.paths(&space, &candidates), 2.0);
        assert_eq!(Mixing::Factorised.paths(&space, &candidates), 4.0);
        let float = [vec![Candidate::float(1), Candidate::float(3)]];
        assert_eq!(Mixing::Factorised.paths(&space, &float), 2.0);
        // Blocks are no products: three of the four that kernels and expansions combine to.
        let blocks = [[3, 3], [3, 6], [5, 6]].map(|[k, e]| Candidate::float(k).with_expansion(e));
        let expansion = HyperParameter::Expansion;
        let choices = choices(&[3, 5]).with(expansion, &[3, 6]).unwrap();
        let layer = Layer::new(LayerKind::InvertedResidual, 8, 1, choices);
        let space = Space::new("block", vec![layer]).unwrap();
        assert_eq!(Mixing::Factorised.paths(&space, &[blocks.to_vec()]), 3.0);
    }

    #[test]
    fn merged_blocks_share_weights_where_only_kernels_differ() {
        let block = |kernel, expansion| Candidate::float(kernel).with_expansion(expansion);
        let apart = [vec![block(3, 3), block(5, 6)], vec![block(3, 3)]];
        assert!(Mixing::Merged.is_exact(&apart));
        let sharing = [vec![block(3, 3)], vec![block(3, 3), block(5, 3)]];
        assert!(!Mixing::Merged.is_exact(&sharing));
        assert!(Mixing::Materialised.is_exact(&sharing));
        let convolutions = [vec![Candidate::float(3), Candidate::float(5)]];
        assert!(Mixing::Merged.is_exact(&convolutions));
    }
}
