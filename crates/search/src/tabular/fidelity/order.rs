//! In which order the architectures of a table are trained.

use super::table::{architectures, choices};
use crate::tabular::TableError;
use radars_space::Space;
use radars_tensor::random::Seed;
use rand::RngExt;
use std::fmt;
use std::str::FromStr;

/// In which order the architectures of a table are trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// At random, the same way every time: the first so many are a fair sample of all.
    #[default]
    Random,
    /// As they are counted, the last decision fastest.
    Listed,
}

impl Order {
    /// Both.
    pub const ALL: [Order; 2] = [Order::Random, Order::Listed];

    /// One choice a decision for every architecture of a space.
    ///
    /// # Errors
    /// [`TableError::TooLarge`].
    pub fn of(self, space: &Space) -> Result<Vec<Vec<usize>>, TableError> {
        let mut places: Vec<usize> = (0..architectures(space)?).collect();
        if self == Order::Random {
            let mut rng = Seed(0).stream("order of a table", 0);
            // Fisher and Yates; as u32, so that 32-bit machines draw the same.
            for last in (1..places.len()).rev() {
                let other = rng.random_range(0..=last as u32) as usize;
                places.swap(last, other);
            }
        }
        let all = places.into_iter().map(|place| choices(space, place));
        Ok(all.collect())
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Order::Random => "random",
            Order::Listed => "listed",
        })
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |order: &Order| order.to_string() == text;
        let order = Order::ALL.into_iter().find(named);
        order.ok_or_else(|| "the orders are random and listed".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{Choices, Layer};

    fn space(layers: usize) -> Space {
        let layer = Layer::conv(1, 1, Choices::float(&[1, 3]).unwrap());
        Space::new("order", vec![layer; layers]).unwrap()
    }

    #[test]
    fn the_last_decision_is_the_fastest_where_they_are_listed() {
        let listed = Order::Listed.of(&space(2)).unwrap();
        assert_eq!(listed, [[0, 0], [0, 1], [1, 0], [1, 1]]);
    }

    /// Of 256 architectures, the first 64 have each of 8 choices 32 times, give or take 4 standard deviations of
    /// 3.5 (hypergeometric).
    #[test]
    fn the_first_of_a_random_order_are_a_fair_sample_and_all_are_there_once() {
        let space = space(8);
        let random = Order::Random.of(&space).unwrap();
        assert_eq!(random, Order::Random.of(&space).unwrap());
        for decision in 0..8 {
            let ones = random[..64].iter().filter(|choices| choices[decision] == 1);
            let ones = ones.count();
            assert!((18..=46).contains(&ones), "{decision}: {ones}");
        }
        let (mut all, listed) = (random.clone(), Order::Listed.of(&space).unwrap());
        assert_ne!(random, listed);
        all.sort();
        assert_eq!(all, listed);
    }

    #[test]
    fn spaces_that_nobody_can_train_are_refused_with_their_count() {
        let error = Order::Random.of(&space(17)).unwrap_err().to_string();
        assert!(
            error.starts_with(
                "the space order holds 131072 architectures, and a table has at most 100000;"
            ),
            "{error}"
        );
        for order in Order::ALL {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        assert!("sorted".parse::<Order>().unwrap_err().contains("random"));
    }
}
