//! Some of the classes of a data set, for a smaller task than the whole.

use radars_tensor::random::Seed;
use rand::seq::SliceRandom;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::splits::Splits;

/// Some of the classes of a data set, in ascending order; the task of telling them apart numbers them from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSubset {
    classes: Vec<usize>,
    /// The number of each class of the data set within the subset.
    numbers: Vec<Option<usize>>,
}

impl ClassSubset {
    /// Draws `count` of the classes of `dataset`, each as likely as any; the same seed draws the same ones.
    ///
    /// # Errors
    /// [`Error::ClassSubset`] where that is less than two, or more than there are.
    pub fn draw(dataset: &Dataset, count: usize, seed: Seed) -> Result<Self> {
        let all = dataset.classes();
        if !(2..=all).contains(&count) {
            return Err(Error::ClassSubset {
                count,
                classes: all,
            });
        }
        let mut classes: Vec<usize> = (0..all).collect();
        classes.shuffle(&mut seed.stream("class subset", 0));
        classes.truncate(count);
        classes.sort_unstable();
        let mut numbers = vec![None; all];
        for (number, &class) in classes.iter().enumerate() {
            numbers[class] = Some(number);
        }
        Ok(ClassSubset { classes, numbers })
    }

    /// The classes, as the data set numbers them.
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// What a class of the data set is called in the subset, if it is in it.
    pub fn number(&self, class: usize) -> Option<usize> {
        self.numbers.get(class).copied().flatten()
    }

    /// Those of the images `indices` of `dataset` that are of these classes.
    pub fn images(&self, dataset: &Dataset, indices: &[usize]) -> Vec<usize> {
        let labels = dataset.labels();
        let of_these = |&&index: &&usize| {
            let label = labels.get(index);
            label.is_some_and(|&label| self.number(label.into()).is_some())
        };
        indices.iter().filter(of_these).copied().collect()
    }

    /// What of each split is of these classes: a part of the same split of the whole, so that no image changes
    /// sides.
    ///
    /// # Errors
    /// [`Error::EmptySplit`] where nothing is.
    pub fn splits(&self, dataset: &Dataset, splits: &Splits) -> Result<Splits> {
        let part = |split, indices: &[usize]| {
            let images = self.images(dataset, indices);
            match images.is_empty() {
                true => Err(Error::EmptySplit {
                    split,
                    images: indices.len(),
                }),
                false => Ok(images),
            }
        };
        Ok(Splits {
            weights: part("weights", &splits.weights)?,
            alpha: part("alpha", &splits.alpha)?,
            rewards: part("rewards", &splits.rewards)?,
        })
    }
}
