//! Architectures as short text: one character a list of choices.

use super::fault::RowFault;
use crate::tabular::TableError;
use radars_space::{HyperParameter, Space};
use std::path::Path;

/// The characters, in the order of the choices that they stand for.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// How the architectures of a space are written: layer by layer, in the order of [`HyperParameter::ALL`], the place of
/// what was chosen in its list. That is the order of [`Space::decisions`], with the lists of a single entry in
/// between, so that a code says which space it can belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    /// Choices of every list.
    lists: Vec<usize>,
}

impl Codes {
    /// The codes of a space; `file` is what errors call its table.
    ///
    /// # Errors
    /// [`TableError::LongList`] for a list of more choices than there are characters.
    pub fn of(space: &Space, file: &Path) -> Result<Self, TableError> {
        let layers = space.layers().iter().enumerate();
        let lists = layers.flat_map(|(layer, stated)| {
            HyperParameter::ALL.map(|kind| (layer, kind, stated.choices.list(kind).len()))
        });
        let lists = lists.filter(|&(.., choices)| choices > 0);
        let checked = lists.map(|(layer, kind, choices)| match choices <= DIGITS.len() {
            true => Ok(choices),
            false => Err(TableError::LongList {
                file: file.into(),
                layer: layer + 1,
                kind,
                choices,
                most: DIGITS.len(),
            }),
        });
        Ok(Codes {
            lists: checked.collect::<Result<_, _>>()?,
        })
    }

    /// The code of one choice a decision; choices that there are not are left out.
    pub fn write(&self, choices: &[usize]) -> String {
        let mut choices = choices.iter();
        let mut place = |&list: &usize| match list {
            1 => Some(&0),
            _ => choices.next(),
        };
        let places = self.lists.iter().filter_map(&mut place);
        let digits = places.filter_map(|&place| DIGITS.get(place));
        digits.map(|&digit| char::from(digit)).collect()
    }

    /// One choice a decision, as [`Space::architecture`] takes them: the inverse of [`Codes::write`].
    ///
    /// # Errors
    /// [`RowFault`] for another number of characters, and for one that stands for no choice.
    pub fn read(&self, code: &str) -> Result<Vec<usize>, RowFault> {
        let expected = self.lists.len();
        if code.len() != expected {
            return Err(RowFault::CodeLength {
                code: code.into(),
                found: code.chars().count(),
                expected,
            });
        }
        let mut choices = Vec::new();
        for (place, (digit, &list)) in code.bytes().zip(&self.lists).enumerate() {
            let choice = DIGITS.iter().position(|&known| known == digit);
            let choice = choice.filter(|&choice| choice < list);
            let choice = choice.ok_or_else(|| RowFault::CodeDigit {
                code: code.into(),
                place: place + 1,
                choices: list,
            })?;
            if list > 1 {
                choices.push(choice);
            }
        }
        Ok(choices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_space::{BitChoices, Choices, Layer};

    /// Two layers: kernels 3 and 5, activations (1, 3), weights (1, 1), (1, 3) and (1, 6); and one kernel, the same bits.
    fn codes() -> (Space, Codes) {
        let bits = |fraction: &[u8]| BitChoices {
            integer: vec![1],
            fraction: fraction.to_vec(),
        };
        let layer = |kernels: &[usize]| {
            let choices = Choices::quantised(kernels, &bits(&[3]), &bits(&[1, 3, 6]));
            Layer::conv(4, 1, choices.unwrap())
        };
        let space = Space::new("codes", vec![layer(&[3, 5]), layer(&[3])]).unwrap();
        let codes = Codes::of(&space, Path::new("t.csv")).unwrap();
        (space, codes)
    }

    /// Kernel, activation integer and fraction, weight integer and fraction: the single choices are zeros.
    #[test]
    fn single_choices_are_written_too() {
        let (space, codes) = codes();
        assert_eq!(codes.write(&[1, 2, 1]), "1000200001");
        assert_eq!(codes.read("1000200001").unwrap(), [1, 2, 1]);
        let architecture = space.architecture(&[1, 2, 1]).unwrap();
        assert_eq!(architecture.to_string(), "k5 a1.3 w1.6 | k3 a1.3 w1.3");
        assert_eq!(space.decisions().len(), 3);
    }

    #[test]
    fn letters_follow_the_digits() {
        let kernels: Vec<usize> = (0..12).map(|k| 2 * k + 1).collect();
        let layer = Layer::conv(1, 1, Choices::float(&kernels).unwrap());
        let space = Space::new("kernels", vec![layer]).unwrap();
        let codes = Codes::of(&space, Path::new("t.csv")).unwrap();
        assert_eq!(codes.write(&[11]), "b");
        assert_eq!(codes.read("b").unwrap(), [11]);
        assert_eq!(
            codes.read("c").unwrap_err().to_string(),
            "`arch` is `c`, whose character 1 has to be one of the 12 from `0` to `b`"
        );
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let (_, codes) = codes();
        assert_eq!(
            codes.read("10002").unwrap_err().to_string(),
            "`arch` is `10002`, 5 characters, but this space takes 10: one a list of choices, those of one entry \
             included"
        );
        for bad in ["2000200001", "1100200001", "10002000 1", "100020000é"] {
            assert!(codes.read(bad).is_err(), "{bad}");
        }
    }
}
