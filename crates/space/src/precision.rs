//! Fixed-point precision: how many integer and fraction bits a quantised value has.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Integer and fraction bits of a fixed-point number, as `ap_fixed<integer + fraction, integer>`.
///
/// The sign follows from the role: weights and the image (the first layer's input) are signed and
/// `integer` counts the sign bit; activations after ReLU are unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Precision {
    /// Bits before the binary point, the sign included where there is one.
    pub integer: u8,
    /// Bits after the binary point: the step is `2^-fraction`.
    pub fraction: u8,
}

impl Precision {
    /// The widest precision a space may list. An f16 has 11 significant bits, so up to here f16
    /// operands are exact and a product of two values is exact in f32.
    pub const MAX_WIDTH: u32 = 9;

    /// Total bits, what Eq. 1 counts.
    #[must_use]
    pub fn width(self) -> u32 {
        u32::from(self.integer) + u32::from(self.fraction)
    }
}

/// `3.6` for 3 integer and 6 fraction bits.
impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.integer, self.fraction)
    }
}
