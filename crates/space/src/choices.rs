//! The choices of one layer: a list of values for each searched hyper-parameter type.

use crate::{Candidate, Error, HyperParameter, Precision, Problem, Quantisation, Result};

const KINDS: usize = HyperParameter::ALL.len();

/// Integer and fraction bits to choose from, for activations or for weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitChoices {
    /// Integer bits, none twice.
    pub integer: Vec<u8>,
    /// Fraction bits, none twice.
    pub fraction: Vec<u8>,
}

/// What may be chosen in one layer. A checked value: every list has at least one entry and none
/// twice, kernel sizes are odd, and every pair of integer and fraction bits is 1 to
/// [`Precision::MAX_WIDTH`] wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// One list per hyper-parameter type, by [`HyperParameter::index`]; empty where a layer has no
    /// such choice.
    lists: [Vec<usize>; KINDS],
}

impl Choices {
    /// Choices of a float layer: kernel sizes only.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty list, an even kernel size or a value listed twice.
    pub fn float(kernels: &[usize]) -> Result<Self> {
        let mut lists = HyperParameter::ALL.map(|_| Vec::new());
        lists[HyperParameter::Kernel.index()] = kernels.to_vec();
        Self::checked(lists).map_err(|problem| Error::Invalid {
            layer: None,
            problem,
        })
    }

    /// Choices of a quantised layer: kernel sizes, precisions of its input and of its weights.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty list, an even kernel size, a value listed twice, or a pair
    /// of integer and fraction bits that is not 1 to [`Precision::MAX_WIDTH`] bits wide.
    pub fn quantised(
        kernels: &[usize],
        activation: &BitChoices,
        weight: &BitChoices,
    ) -> Result<Self> {
        let list = |bits: &[u8]| bits.iter().map(|&b| usize::from(b)).collect::<Vec<_>>();
        let mut lists = HyperParameter::ALL.map(|_| Vec::new());
        lists[HyperParameter::Kernel.index()] = kernels.to_vec();
        let bits = [
            list(&activation.integer),
            list(&activation.fraction),
            list(&weight.integer),
            list(&weight.fraction),
        ];
        for (kind, bits) in HyperParameter::BITS.into_iter().zip(bits) {
            lists[kind.index()] = bits;
        }
        let mut required = [HyperParameter::Kernel]
            .into_iter()
            .chain(HyperParameter::BITS);
        if let Some(kind) = required.find(|kind| lists[kind.index()].is_empty()) {
            return Err(Error::Invalid {
                layer: None,
                problem: Problem::NoChoices { kind },
            });
        }
        Self::checked(lists).map_err(|problem| Error::Invalid {
            layer: None,
            problem,
        })
    }

    /// Checks one list per type, the bit lists all empty (a float layer) or none of them.
    pub(crate) fn checked(lists: [Vec<usize>; KINDS]) -> Result<Self, Problem> {
        if lists[HyperParameter::Kernel.index()].is_empty() {
            return Err(Problem::NoChoices {
                kind: HyperParameter::Kernel,
            });
        }
        let bit_kinds = &HyperParameter::BITS;
        if let Some(&missing) = bit_kinds.iter().find(|kind| lists[kind.index()].is_empty())
            && let Some(&stated) = bit_kinds
                .iter()
                .find(|kind| !lists[kind.index()].is_empty())
        {
            return Err(Problem::HalfQuantised { missing, stated });
        }
        for (kind, list) in HyperParameter::ALL.into_iter().zip(&lists) {
            check_list(kind, list)?;
        }
        let choices = Self { lists };
        if choices.is_quantised() {
            choices.check_widths(
                HyperParameter::ActivationInteger,
                HyperParameter::ActivationFraction,
            )?;
            choices.check_widths(
                HyperParameter::WeightInteger,
                HyperParameter::WeightFraction,
            )?;
        }
        Ok(choices)
    }

    fn check_widths(
        &self,
        integer: HyperParameter,
        fraction: HyperParameter,
    ) -> Result<(), Problem> {
        for precision in self.precisions(integer, fraction) {
            if precision.width() == 0 || precision.width() > Precision::MAX_WIDTH {
                return Err(Problem::Width {
                    integer,
                    fraction,
                    precision,
                    max: Precision::MAX_WIDTH,
                });
            }
        }
        Ok(())
    }

    /// The values of one type; empty for the bit types of a float layer.
    #[must_use]
    pub fn list(&self, kind: HyperParameter) -> &[usize] {
        &self.lists[kind.index()]
    }

    /// Kernel sizes.
    #[must_use]
    pub fn kernels(&self) -> &[usize] {
        self.list(HyperParameter::Kernel)
    }

    /// Every precision of the input, integer bits slowest; empty in a float layer.
    #[must_use]
    pub fn activations(&self) -> Vec<Precision> {
        self.precisions(
            HyperParameter::ActivationInteger,
            HyperParameter::ActivationFraction,
        )
    }

    /// Every precision of the weights, integer bits slowest; empty in a float layer.
    #[must_use]
    pub fn weights(&self) -> Vec<Precision> {
        self.precisions(
            HyperParameter::WeightInteger,
            HyperParameter::WeightFraction,
        )
    }

    /// Whether the layer quantises its input and weights.
    #[must_use]
    pub fn is_quantised(&self) -> bool {
        !self.list(HyperParameter::WeightInteger).is_empty()
    }

    /// The number of candidates: the product of the lengths of the lists.
    #[must_use]
    pub fn candidate_count(&self) -> usize {
        self.lists.iter().map(|list| list.len().max(1)).product()
    }

    /// All candidates, in the order of nested loops over kernel, activation integer, activation
    /// fraction, weight integer and weight fraction bits, the last one fastest.
    #[must_use]
    pub fn candidates(&self) -> Vec<Candidate> {
        (0..self.candidate_count())
            .map(|mut rest| {
                let mut positions = [0; KINDS];
                for (position, list) in positions.iter_mut().zip(&self.lists).rev() {
                    *position = rest % list.len().max(1);
                    rest /= list.len().max(1);
                }
                self.at(positions)
            })
            .collect()
    }

    /// The candidate at one position per list. The positions are within the lists.
    pub(crate) fn at(&self, positions: [usize; KINDS]) -> Candidate {
        let value = |kind: HyperParameter| self.lists[kind.index()][positions[kind.index()]];
        let listed = |kind: HyperParameter| (!self.list(kind).is_empty()).then(|| value(kind));
        let candidate = Candidate {
            expansion: listed(HyperParameter::Expansion),
            inner_channels: listed(HyperParameter::InnerChannels),
            ..Candidate::float(value(HyperParameter::Kernel))
        };
        if !self.is_quantised() {
            return candidate;
        }
        let precision = |integer, fraction| precision(value(integer), value(fraction));
        let quantisation = Quantisation {
            activation: precision(
                HyperParameter::ActivationInteger,
                HyperParameter::ActivationFraction,
            ),
            weight: precision(
                HyperParameter::WeightInteger,
                HyperParameter::WeightFraction,
            ),
        };
        Candidate {
            quantisation: Some(quantisation),
            ..candidate
        }
    }

    /// The same choices with another list for one type.
    ///
    /// # Errors
    /// [`Error::Invalid`] as for a file with that list.
    pub fn with(&self, kind: HyperParameter, values: &[usize]) -> Result<Self> {
        let mut lists = self.lists.clone();
        lists[kind.index()] = values.to_vec();
        Self::checked(lists).map_err(|problem| Error::Invalid {
            layer: None,
            problem,
        })
    }

    fn precisions(&self, integer: HyperParameter, fraction: HyperParameter) -> Vec<Precision> {
        let fractions = self.list(fraction);
        self.list(integer)
            .iter()
            .flat_map(|&i| fractions.iter().map(move |&f| precision(i, f)))
            .collect()
    }
}

/// Every listed value is at most [`Precision::MAX_WIDTH`], so the conversion loses nothing.
fn precision(integer: usize, fraction: usize) -> Precision {
    Precision {
        integer: integer as u8,
        fraction: fraction as u8,
    }
}

/// The most candidates of all layers together: a thousand times those of the paper's spaces, and few enough to list.
const MAX_CANDIDATES: usize = 1 << 20;

/// Refuses more candidates than can be listed.
pub(crate) fn check_candidates(candidates: usize) -> Result<(), Problem> {
    match candidates <= MAX_CANDIDATES {
        true => Ok(()),
        false => Err(Problem::TooManyCandidates {
            max: MAX_CANDIDATES,
        }),
    }
}

/// Checks each value of a list and that none comes twice. An empty list passes: absence is judged
/// by layer.
pub(crate) fn check_list(kind: HyperParameter, list: &[usize]) -> Result<(), Problem> {
    for (position, &value) in list.iter().enumerate() {
        kind.check(value)?;
        if list[..position].contains(&value) {
            return Err(Problem::Duplicate { kind, value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(integer: &[u8], fraction: &[u8]) -> BitChoices {
        BitChoices {
            integer: integer.to_vec(),
            fraction: fraction.to_vec(),
        }
    }

    /// The nested loops of the reference: `for k .. for ai .. for af .. for wi .. for wf`.
    #[test]
    fn candidates_come_in_the_order_of_nested_loops() {
        let choices = Choices::quantised(
            &[1, 3, 5, 7],
            &bits(&[1, 3], &[1, 3, 6]),
            &bits(&[1, 3], &[1, 3, 6]),
        )
        .unwrap();
        let mut expected = Vec::new();
        for k in [1, 3, 5, 7] {
            for ai in [1, 3] {
                for af in [1, 3, 6] {
                    for wi in [1, 3] {
                        for wf in [1, 3, 6] {
                            let a = Precision {
                                integer: ai,
                                fraction: af,
                            };
                            expected.push(Candidate::quantised(
                                k,
                                a,
                                Precision {
                                    integer: wi,
                                    fraction: wf,
                                },
                            ));
                        }
                    }
                }
            }
        }
        assert_eq!(choices.candidates(), expected);
        assert_eq!(choices.candidate_count(), 144);
    }

    #[test]
    fn a_float_layer_has_one_candidate_per_kernel_size() {
        let choices = Choices::float(&[3, 5]).unwrap();
        assert_eq!(
            choices.candidates(),
            [Candidate::float(3), Candidate::float(5)]
        );
        assert!(choices.activations().is_empty());
    }

    #[test]
    fn bad_lists_are_refused_with_their_numbers() {
        let message = |choices: Result<Choices>| choices.unwrap_err().to_string();
        assert_eq!(
            message(Choices::float(&[3, 4])),
            "kernel size 4 is not valid: odd sizes from 1 to 31 are"
        );
        assert_eq!(
            message(Choices::float(&[3, 5, 3])),
            "`kernel` lists 3 twice"
        );
        assert_eq!(
            message(Choices::quantised(
                &[3],
                &bits(&[5], &[3, 6]),
                &bits(&[1], &[1])
            )),
            "`activation_integer` 5 and `activation_fraction` 6 make 11 bits: 1 to 9 are valid"
        );
        assert_eq!(
            message(Choices::quantised(
                &[3],
                &bits(&[1], &[1]),
                &bits(&[0], &[0])
            )),
            "`weight_integer` 0 and `weight_fraction` 0 make 0 bits: 1 to 9 are valid"
        );
        assert_eq!(
            message(Choices::quantised(
                &[3],
                &bits(&[1], &[]),
                &bits(&[1], &[1])
            )),
            "`activation_fraction` lists no choices: give at least one"
        );
    }
}
