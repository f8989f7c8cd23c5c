//! `Shape`: up to four dimensions, by value.

use std::fmt;

/// The largest number of dimensions: a batch of images is `[n, h, w, c]`.
pub const MAX_RANK: usize = 4;

/// The dimensions of a tensor, outermost first; the last one is contiguous in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// How many elements a tensor of this shape has; 1 for a shape without dimensions. A number that
    /// overflows is `usize::MAX`, which no arena holds.
    pub fn elements(&self) -> usize {
        product(self.dims())
    }

    /// The innermost dimension (the channels of an image, the classes of logits); 1 without dimensions.
    pub fn last(&self) -> usize {
        self.dims().last().copied().unwrap_or(1)
    }

    /// How many runs of [`Shape::last`] elements there are.
    pub fn rows(&self) -> usize {
        product(&self.dims()[..self.rank.saturating_sub(1)])
    }
}

/// The product of sizes, `usize::MAX` where it overflows, and 0 where one of them is.
pub(crate) fn product(sizes: &[usize]) -> usize {
    match sizes.contains(&0) {
        true => 0,
        false => sizes.iter().fold(1, |all, &n| all.saturating_mul(n)),
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    /// # Panics
    /// Does not compile for more than [`MAX_RANK`] dimensions.
    fn from(from: [usize; N]) -> Self {
        const { assert!(N <= MAX_RANK, "a shape has at most four dimensions") };
        let mut dims = [1; MAX_RANK];
        dims[..N].copy_from_slice(&from);
        Shape { dims, rank: N }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_rows_and_last_follow_from_the_dimensions() {
        let image = Shape::from([2, 3, 5, 7]);
        assert_eq!((image.elements(), image.rows(), image.last()), (210, 30, 7));
        let scalar = Shape::from([]);
        assert_eq!((scalar.elements(), scalar.rows(), scalar.last()), (1, 1, 1));
        assert_eq!(image.to_string(), "[2, 3, 5, 7]");
    }

    #[test]
    fn absurd_shapes_saturate_and_empty_ones_are_empty() {
        let elements = |dims: [usize; 3]| Shape::from(dims).elements();
        assert_eq!(elements([1 << 32, 1 << 32, 1]), usize::MAX, "not 0");
        assert_eq!(elements([1 << 32, 1 << 31, 3]), usize::MAX);
        assert_eq!(elements([usize::MAX, usize::MAX, 0]), 0);
        assert_eq!(elements([0, usize::MAX, usize::MAX]), 0);
        assert_eq!(Shape::from([1 << 40, 1 << 40, 7]).rows(), usize::MAX);
    }
}
