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
    /// Channels within an inverted residual block, as a multiple of its input's; none in layers of other kinds.
    pub expansion: Option<usize>,
    /// Channels within a residual block, where they are listed.
    pub inner_channels: Option<usize>,
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
            expansion: None,
            inner_channels: None,
            quantisation: None,
        }
    }

    /// A candidate of a quantised space.
    #[must_use]
    pub fn quantised(kernel: usize, activation: Precision, weight: Precision) -> Self {
        Self {
            quantisation: Some(Quantisation { activation, weight }),
            ..Self::float(kernel)
        }
    }

    /// The same candidate with that kernel.
    #[must_use]
    pub fn with_kernel(self, kernel: usize) -> Self {
        Self { kernel, ..self }
    }

    /// The same candidate with that expansion.
    #[must_use]
    pub fn with_expansion(self, expansion: usize) -> Self {
        Self {
            expansion: Some(expansion),
            ..self
        }
    }

    /// The same candidate with that many channels inside.
    #[must_use]
    pub fn with_inner_channels(self, channels: usize) -> Self {
        Self {
            inner_channels: Some(channels),
            ..self
        }
    }

    /// The choices that sizes depend on, those first that memory depends on most: expansion, inner channels, kernel;
    /// 0 where there is no such choice.
    #[must_use]
    pub fn extents(&self) -> [usize; 3] {
        let or_zero = Option::unwrap_or_default;
        [
            or_zero(self.expansion),
            or_zero(self.inner_channels),
            self.kernel,
        ]
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
        if let Some(expansion) = self.expansion {
            write!(f, " e{expansion}")?;
        }
        if let Some(channels) = self.inner_channels {
            write!(f, " c{channels}")?;
        }
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
    expansion: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inner_channels: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activation: Option<Precision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight: Option<Precision>,
}

impl From<Candidate> for Record {
    fn from(candidate: Candidate) -> Self {
        Self {
            kernel: candidate.kernel,
            expansion: candidate.expansion,
            inner_channels: candidate.inner_channels,
            activation: candidate.activation(),
            weight: candidate.weight(),
        }
    }
}

impl TryFrom<Record> for Candidate {
    type Error = &'static str;

    fn try_from(record: Record) -> Result<Self, Self::Error> {
        let quantisation = match (record.activation, record.weight) {
            (None, None) => None,
            (Some(activation), Some(weight)) => Some(Quantisation { activation, weight }),
            _ => return Err("a candidate states `activation` and `weight`, or neither"),
        };
        Ok(Self {
            kernel: record.kernel,
            expansion: record.expansion,
            inner_channels: record.inner_channels,
            quantisation,
        })
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
        assert_eq!(Candidate::float(7).with_expansion(6).to_string(), "k7 e6");
        let block = Candidate::quantised(3, A, W).with_inner_channels(48);
        assert_eq!(block.to_string(), "k3 c48 a3.6 w1.3");
        let json = serde_json::to_string(&block).unwrap();
        assert_eq!(serde_json::from_str::<Candidate>(&json).unwrap(), block);
    }
}
