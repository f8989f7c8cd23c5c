//! From the architectures that span a SuperNet to its candidates.

use radars_space::{Architecture, Candidate};

/// The candidates of a SuperNet, one list a layer, without duplicates and in order of first appearance.
pub fn candidates_of(architectures: &[Architecture]) -> Vec<Vec<Candidate>> {
    let depth = architectures.first().map_or(0, |a| a.layers().len());
    let mut layers = vec![Vec::new(); depth];
    for architecture in architectures {
        for (layer, candidate) in layers.iter_mut().zip(architecture.layers()) {
            if !layer.contains(candidate) {
                layer.push(*candidate);
            }
        }
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_lists_every_candidate_once_in_order_of_first_appearance() {
        let of = |kernels: [usize; 2]| Architecture(kernels.map(Candidate::float).to_vec());
        let spanned = candidates_of(&[of([5, 1]), of([3, 1]), of([5, 7])]);
        let kernels: Vec<Vec<usize>> = (spanned.iter())
            .map(|layer| layer.iter().map(|c| c.kernel).collect())
            .collect();
        assert_eq!(kernels, [[5, 3], [1, 7]]);
        assert!(candidates_of(&[]).is_empty());
    }
}
