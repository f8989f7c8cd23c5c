//! `Decisions`: what a controller decides.

/// What a controller decides: so many choices each, in groups of decisions that are alike.
///
/// A number is a decision of so many choices that is like no other; so [`Controller::new`](crate::Controller::new)
/// takes plain numbers. Which decisions are alike matters to [`ControllerSettings::shared`] alone.
///
/// [`ControllerSettings::shared`]: crate::ControllerSettings::shared
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decisions {
    /// The number of choices of each.
    choices: Vec<usize>,
    /// Its group.
    groups: Vec<usize>,
}

impl Decisions {
    /// Decisions of `(choices, group)`. Only decisions of equally many choices can be alike: a group whose
    /// decisions differ in that is one group for each number.
    pub fn grouped(decisions: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let (choices, groups) = decisions.into_iter().unzip();
        Decisions { choices, groups }
    }

    /// The number of choices of each decision.
    pub fn choices(&self) -> &[usize] {
        &self.choices
    }

    /// For every decision the first that is like it, where there are others.
    pub(crate) fn alike(&self) -> Vec<Option<usize>> {
        let keys: Vec<_> = self.choices.iter().zip(&self.groups).collect();
        let count = |key| keys.iter().filter(|other| **other == key).count();
        let first = |key| keys.iter().position(|other| *other == key);
        keys.iter()
            .map(|&key| first(key).filter(|_| count(key) > 1))
            .collect()
    }
}

impl<C: AsRef<[usize]> + ?Sized> From<&C> for Decisions {
    /// Numbers of choices, each decision in a group of its own.
    fn from(choices: &C) -> Self {
        Decisions::grouped(choices.as_ref().iter().copied().zip(0..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_splits_where_the_numbers_of_choices_differ() {
        let decisions =
            Decisions::grouped([(3, 0), (2, 1), (3, 0), (4, 0), (2, 1), (4, 0), (3, 7)]);
        let (first, second, fourth) = (Some(0), Some(1), Some(3));
        assert_eq!(
            decisions.alike(),
            [first, second, first, fourth, second, fourth, None]
        );
        assert_eq!(Decisions::from(&[3, 3]).alike(), [None, None]);
    }
}
