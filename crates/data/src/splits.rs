//! The three disjoint parts of a training set that a search works with.

use radars_tensor::random::Seed;

use crate::apportion::stratified_parts;
use crate::dataset::Dataset;
use crate::error::{Error, Result};

/// The share of the training set that each split gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitFractions {
    /// For training network weights.
    pub weights: f64,
    /// For training architecture weights (alpha).
    pub alpha: f64,
    /// For measuring the accuracy in a reward.
    pub rewards: f64,
}

impl Default for SplitFractions {
    /// Three, one and one fifths.
    fn default() -> Self {
        Self {
            weights: 0.6,
            alpha: 0.2,
            rewards: 0.2,
        }
    }
}

/// Index sets of a training set, each in ascending order; disjoint and class-stratified, if it is divided.
///
/// The test set has no part in them: it is touched once, by the final network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splits {
    /// Images that train network weights.
    pub weights: Vec<usize>,
    /// Images that train architecture weights (alpha).
    pub alpha: Vec<usize>,
    /// Images that the accuracy of a reward is measured on.
    pub rewards: Vec<usize>,
}

impl Splits {
    /// No division: all images are for everything, where nothing is chosen by what is measured.
    pub fn undivided(train: &Dataset) -> Self {
        let all = train.indices();
        Self {
            weights: all.clone(),
            alpha: all.clone(),
            rewards: all,
        }
    }

    /// Divides `train` by `fractions`; the same seed gives the same splits.
    ///
    /// A split has its fraction of the images, rounded, and each class its share of them up to rounding
    /// (less than three images, mostly less than one). Fractions that sum to less than one leave images unused.
    ///
    /// # Errors
    /// [`Error::Fractions`] for fractions that are not positive or sum to more than one, [`Error::EmptySplit`]
    /// where there are too few images.
    pub fn new(train: &Dataset, fractions: SplitFractions, seed: Seed) -> Result<Self> {
        let SplitFractions {
            weights,
            alpha,
            rewards,
        } = fractions;
        let positive = weights > 0.0 && alpha > 0.0 && rewards > 0.0;
        // The slack is for sums such as 0.7 + 0.2 + 0.1, which f64 puts a little off 1.
        if !positive || weights + alpha + rewards > 1.0 + 1e-9 {
            return Err(Error::Fractions {
                weights,
                alpha,
                rewards,
            });
        }
        let images = train.len();
        // Boundaries are rounded rather than sizes, so that the sizes cannot sum to more than there is.
        let boundary = |fraction: f64| ((fraction * images as f64).round() as usize).min(images);
        let (first, second) = (boundary(weights), boundary(weights + alpha));
        let sizes = [
            first,
            second - first,
            boundary(weights + alpha + rewards) - second,
        ];
        for (split, size) in ["weights", "alpha", "rewards"].into_iter().zip(sizes) {
            if size == 0 {
                return Err(Error::EmptySplit { split, images });
            }
        }
        let parts = stratified_parts(train.labels(), train.classes(), &sizes, seed, "splits");
        let mut parts = parts.into_iter();
        let mut next = || parts.next().unwrap_or_default();
        Ok(Self {
            weights: next(),
            alpha: next(),
            rewards: next(),
        })
    }
}
