//! The paths through a space that need the least and the most memory.

use crate::Result;
use radars_space::{Architecture, Candidate, Space};

/// The path of the smallest candidate of every layer, and of those that of the fewest bits.
pub(crate) fn smallest(space: &Space) -> Result<Architecture> {
    path(space, |candidates| candidates.min_by_key(order))
}

/// The path of the largest candidate of every layer, and of those that of the most bits.
pub(crate) fn largest(space: &Space) -> Result<Architecture> {
    path(space, |candidates| candidates.max_by_key(order))
}

/// The channels within a block and the kernel say most of how much memory a path needs; bits, how large the codes are
/// that it keeps.
fn order(candidate: &Candidate) -> ([usize; 3], [u32; 2]) {
    (candidate.extents(), candidate.operand_bits())
}

/// The path of the candidates that `choose` takes.
fn path(
    space: &Space,
    choose: impl Fn(std::vec::IntoIter<Candidate>) -> Option<Candidate>,
) -> Result<Architecture> {
    let mut layers = Vec::with_capacity(space.layers().len());
    for index in 0..space.layers().len() {
        layers.extend(choose(space.candidates(index)?.into_iter()));
    }
    Ok(Architecture(layers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{BitChoices, Choices, Layer};

    #[test]
    fn each_layer_has_its_own_smallest_and_largest_kernel() {
        let layer = |kernels: &[usize]| Layer::conv(8, 1, Choices::float(kernels).unwrap());
        let space = Space::new("paths", vec![layer(&[3, 1, 5]), layer(&[5, 3])]).unwrap();
        let kernels =
            |path: Architecture| -> Vec<usize> { path.layers().iter().map(|c| c.kernel).collect() };
        assert_eq!(kernels(smallest(&space).unwrap()), [1, 3]);
        assert_eq!(kernels(largest(&space).unwrap()), [5, 5]);
    }

    #[test]
    fn a_kernel_is_taken_with_the_fewest_and_with_the_most_bits() {
        let bits = BitChoices {
            integer: vec![3, 1],
            fraction: vec![1, 6, 3],
        };
        let layer = Layer::conv(8, 1, Choices::quantised(&[3, 1], &bits, &bits).unwrap());
        let space = Space::new("paths", vec![layer]).unwrap();
        assert_eq!(smallest(&space).unwrap().to_string(), "k1 a1.1 w1.1");
        assert_eq!(largest(&space).unwrap().to_string(), "k3 a3.6 w3.6");
    }
}
