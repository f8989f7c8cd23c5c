//! A candidate operation: one choice of every hyper-parameter type in a layer.

use crate::Precision;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One candidate operation of a layer.
///
/// As JSON: `{"kernel": 3, "activation": {"integer": 3, "fraction": 6}, "weight": {...}}`, the last
/// two only where the candidate is quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Record", into = "Record")]
#[non_exhaustive]
pub struct Candidate {
    /// Side of the square kernel, odd; the padding is `kernel / 2`.
    pub kernel: usize,
    /// Precisions of input and weights; `None` in a float space.
    pub quantisation: Option<Quantisation>,
}

/// The precisions of a quantised candidate: `y = conv(Qa(x), Qw(W))`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quantisation {
    /// Precision of the layer's input. Signed in the first layer, where it is the image; unsigned
    /// elsewhere.
    pub activation: Precision,
    /// Precision of the layer's weights, signed.
    pub weight: Precision,
}

impl Candidate {
    /// A candidate of a float space.
    #[must_use]
    pub fn float(kernel: usize) -> Self {
        Self {
            kernel,
            quantisation: None,
        }
    }

    /// A candidate of a quantised space.
    #[must_use]
    pub fn quantised(kernel: usize, activation: Precision, weight: Precision) -> Self {
        Self {
            kernel,
            quantisation: Some(Quantisation { activation, weight }),
        }
    }

    /// Precision of the input, `None` in a float space.
    #[must_use]
    pub fn activation(&self) -> Option<Precision> {
        self.quantisation.map(|q| q.activation)
    }

    /// Precision of the weights, `None` in a float space.
    #[must_use]
    pub fn weight(&self) -> Option<Precision> {
        self.quantisation.map(|q| q.weight)
    }

    /// Bits of an element of the input and of the weights: 32 in a float space.
    #[must_use]
    pub fn operand_bits(&self) -> [u32; 2] {
        [self.activation(), self.weight()].map(|of| of.map_or(u32::BITS, Precision::width))
    }

    /// What one MAC of this candidate costs: activation bits x weight bits, or 1 in a float space.
    ///
    /// # Source
    /// Eq. 1 of the paper: `AOPS = sum over layers of MACs x activation bits x weight bits`.
    #[must_use]
    pub fn aops_per_mac(&self) -> u64 {
        self.quantisation.map_or(1, |q| {
            u64::from(q.activation.width()) * u64::from(q.weight.width())
        })
    }
}

/// `k3 a3.6 w1.6`, or `k3` in a float space.
impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.kernel)?;
        if let Some(q) = self.quantisation {
            write!(f, " a{} w{}", q.activation, q.weight)?;
        }
        Ok(())
    }
}

/// The serialised form: flat, so that a reader needs no knowledge of [`Quantisation`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    kernel: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activation: Option<Precision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<Precision>,
}

impl From<Candidate> for Record {
    fn from(candidate: Candidate) -> Self {
        Self {
            kernel: candidate.kernel,
            activation: candidate.activation(),
            weight: candidate.weight(),
        }
    }
}

impl TryFrom<Record> for Candidate {
    type Error = &'static str;

    fn try_from(record: Record) -> Result<Self, Self::Error> {
        match (record.activation, record.weight) {
            (None, None) => Ok(Self::float(record.kernel)),
            (Some(activation), Some(weight)) => {
                Ok(Self::quantised(record.kernel, activation, weight))
            }
            _ => Err("a candidate states `activation` and `weight`, or neither"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Precision = Precision {
        integer: 3,
        fraction: 6,
    };
    const W: Precision = Precision {
        integer: 1,
        fraction: 3,
    };

    #[test]
    fn operands_have_the_bits_of_their_precisions() {
        assert_eq!(Candidate::quantised(5, A, W).operand_bits(), [9, 4]);
        assert_eq!(Candidate::float(5).operand_bits(), [32, 32]);
    }

    #[test]
    fn json_has_named_fields_and_comes_back() {
        let candidate = Candidate::quantised(5, A, W);
        let json = serde_json::to_string(&candidate).unwrap();
        assert_eq!(
            json,
            r#"{"kernel":5,"activation":{"integer":3,"fraction":6},"weight":{"integer":1,"fraction":3}}"#
        );
        assert_eq!(serde_json::from_str::<Candidate>(&json).unwrap(), candidate);
        assert_eq!(
            serde_json::to_string(&Candidate::float(1)).unwrap(),
            r#"{"kernel":1}"#
        );
        assert_eq!(
            serde_json::from_str::<Candidate>(r#"{"kernel":1}"#).unwrap(),
            Candidate::float(1)
        );
    }

    #[test]
    fn half_quantised_and_unknown_fields_are_refused() {
        let half = r#"{"kernel":1,"weight":{"integer":1,"fraction":3}}"#;
        assert!(serde_json::from_str::<Candidate>(half).is_err());
        assert!(serde_json::from_str::<Candidate>(r#"{"kernel":1,"stride":2}"#).is_err());
    }

    #[test]
    fn a_mac_costs_the_product_of_the_widths() {
        assert_eq!(Candidate::quantised(5, A, W).aops_per_mac(), 36); // (3 + 6) * (1 + 3)
        assert_eq!(Candidate::float(5).aops_per_mac(), 1);
    }

    #[test]
    fn displays_compactly() {
        assert_eq!(Candidate::quantised(5, A, W).to_string(), "k5 a3.6 w1.3");
        assert_eq!(Candidate::float(7).to_string(), "k7");
    }
}
