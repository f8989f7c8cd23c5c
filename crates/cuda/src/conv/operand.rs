//! What kernels are told of an operand's values: see `conv_operand.cuh`.

use crate::quantiser::Quantiser;
use radars_tensor::Values;

/// Significant bits of an f16, the implicit one included.
const HALF_BITS: u32 = 11;

/// What is done to values on the way in.
pub(super) fn quantiser(values: Values) -> Quantiser {
    match values {
        Values::Quantise(format) => format.into(),
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => Quantiser::NONE,
    }
}

/// Whether the values that are multiplied are f16 as they are; others are split in two.
///
/// The largest magnitude of such a format is at most 2^11, its step at least 2^-12: f16 spans far more.
pub(super) fn exact(values: Values) -> bool {
    values.format().is_some_and(|format| {
        format.width() - u32::from(format.signed && format.width() > 0) <= HALF_BITS
    })
}

/// How many f16 products make one product of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Products {
    /// Both are exact.
    One,
    /// The first is split.
    Two,
    /// Both are split; an exact first operand beside a split second is split too, into itself and zero.
    Three,
}

impl Products {
    /// Of operands with these values.
    pub(crate) fn of(first: Values, second: Values) -> Self {
        match (exact(first), exact(second)) {
            (true, true) => Products::One,
            (false, true) => Products::Two,
            (_, false) => Products::Three,
        }
    }

    /// Operands that are split.
    pub(crate) fn split(self) -> usize {
        match self {
            Products::One => 0,
            Products::Two => 1,
            Products::Three => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::f16;
    use radars_tensor::FixedPoint;

    /// Every code of every format that counts as exact comes back from f16 as it was.
    #[test]
    fn formats_that_count_as_exact_are_exact_in_f16() {
        let mut seen = 0;
        for (signed, integer, fraction) in (0..=13)
            .flat_map(|i| (0..=13).map(move |f| (i, f)))
            .flat_map(|(i, f)| [(true, i, f), (false, i, f)])
        {
            let format = FixedPoint {
                signed,
                integer,
                fraction,
            };
            if format.width() == 0 || !exact(Values::OnGrid(format)) {
                continue;
            }
            let (lo, hi) = format.code_range();
            for code in lo as i32..=hi as i32 {
                let value = code as f32 * format.step();
                assert_eq!(f16::from_f32(value).to_f32(), value, "{format:?}");
            }
            seen += 1;
        }
        // Widths 1 to 12 signed (integer and fraction 0 to 12), 1 to 11 unsigned: 2 + ... + 13 and 2 + ... + 12.
        assert_eq!(seen, 90 + 77);
    }

    /// 2^12 - 1 has twelve significant bits.
    #[test]
    fn wider_formats_and_floats_are_split() {
        assert!(!exact(Values::Quantise(FixedPoint::unsigned(6, 6))));
        assert!(exact(Values::Quantise(FixedPoint::unsigned(5, 6))));
        assert!(!exact(Values::Float));
        let narrow = Values::OnGrid(FixedPoint::signed(3, 6));
        assert_eq!(Products::of(narrow, narrow), Products::One);
        assert_eq!(Products::of(Values::Float, narrow), Products::Two);
        assert_eq!(Products::of(narrow, Values::Float), Products::Three);
    }
}
