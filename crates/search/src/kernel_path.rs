//! The paths through a space that need the least and the most memory.

use crate::Result;
use radars_space::{Architecture, Space};

/// The path of the smallest kernel of every layer.
pub(crate) fn smallest(space: &Space) -> Result<Architecture> {
    path(space, |kernels| kernels.iter().min().copied())
}

/// The path of the largest kernel of every layer.
pub(crate) fn largest(space: &Space) -> Result<Architecture> {
    path(space, |kernels| kernels.iter().max().copied())
}

/// The path of the kernels that `choose` takes. Everything else is the first choice: operands are f32
/// whatever the bits, so memory does not depend on it.
fn path(space: &Space, choose: impl Fn(&[usize]) -> Option<usize>) -> Result<Architecture> {
    let mut layers = Vec::with_capacity(space.layers().len());
    for (index, layer) in space.layers().iter().enumerate() {
        let kernel = choose(layer.choices.kernels());
        let candidates = space.candidates(index)?;
        layers.extend(candidates.into_iter().find(|c| Some(c.kernel) == kernel));
    }
    Ok(Architecture(layers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Choices, Layer};

    #[test]
    fn each_layer_has_its_own_smallest_and_largest_kernel() {
        let layer = |kernels: &[usize]| Layer::conv(8, 1, Choices::float(kernels).unwrap());
        let space = Space::new("paths", vec![layer(&[3, 1, 5]), layer(&[5, 3])]).unwrap();
        let kernels =
            |path: Architecture| -> Vec<usize> { path.layers().iter().map(|c| c.kernel).collect() };
        assert_eq!(kernels(smallest(&space).unwrap()), [1, 3]);
        assert_eq!(kernels(largest(&space).unwrap()), [5, 5]);
    }
}
