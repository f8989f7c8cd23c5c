//! From formats and floats to codes.

use crate::{Error, Result};
use radars_nn::tensor::FixedPoint;
use radars_space::Precision;

/// What is refused, and why.
pub(super) fn refuse(reason: String) -> Error {
    Error::Unsupported {
        what: "integer inference:",
        reason,
    }
}

/// A format whose codes products and sums are made for: at most [`Precision::MAX_WIDTH`] bits.
pub(super) fn supported(name: &str, format: Option<FixedPoint>) -> Result<FixedPoint> {
    let Some(format) = format else {
        return Err(refuse(format!(
            "{name} is not quantised; a network of floats has no codes"
        )));
    };
    match format.width() {
        1..=Precision::MAX_WIDTH => Ok(format),
        width => Err(refuse(format!(
            "{name} has codes of {width} bits, and 1 to {} are computed with",
            Precision::MAX_WIDTH
        ))),
    }
}

/// The codes of values.
pub(super) fn codes(name: &str, values: &[f32], format: FixedPoint) -> Result<Vec<i16>> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(refuse(format!("{name} has a weight of {value}")));
    }
    Ok(values.iter().map(|&value| code(value, format)).collect())
}

/// The code of a value.
pub(super) fn code(value: f32, format: FixedPoint) -> i16 {
    // Exact: the value of a code times the codes of one.
    (format.quantise(value) * format.scale()) as i16
}

/// The largest magnitude of a code, or one more.
pub(super) fn magnitude(format: FixedPoint) -> u64 {
    1 << (format.width() - u32::from(format.signed))
}
