//! Fixed-point formats, what quantisers round to: `I` integer and `F` fraction bits.

use crate::DType;

/// A fixed-point format: codes are integers, values are `code * 2^-fraction`.
///
/// `integer` counts the sign bit when signed, as `ap_fixed<I + F, I>` does. Codes are exact in f32 up to a
/// width of 24 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FixedPoint {
    /// Whether negative values can be expressed.
    pub signed: bool,
    /// Integer bits, the sign included.
    pub integer: u8,
    /// Fraction bits.
    pub fraction: u8,
}

impl FixedPoint {
    /// The format of weights and of the network's input: `-2^(I+F-1) ..= 2^(I+F-1) - 1`.
    pub const fn signed(integer: u8, fraction: u8) -> Self {
        FixedPoint {
            signed: true,
            integer,
            fraction,
        }
    }

    /// The format of activations after a ReLU: `0 ..= 2^(I+F) - 1`.
    pub const fn unsigned(integer: u8, fraction: u8) -> Self {
        FixedPoint {
            signed: false,
            integer,
            fraction,
        }
    }

    /// Bits of a code.
    pub const fn width(self) -> u32 {
        self.integer as u32 + self.fraction as u32
    }

    /// The smallest and the largest code, as floats.
    pub fn code_range(self) -> (f32, f32) {
        if self.signed {
            let half = exp2(self.width() as i32 - 1);
            (-half, half - 1.0)
        } else {
            (0.0, exp2(self.width() as i32) - 1.0)
        }
    }

    /// Codes per unit, `2^F`.
    pub fn scale(self) -> f32 {
        exp2(i32::from(self.fraction))
    }

    /// The size of one step, `2^-F`.
    pub fn step(self) -> f32 {
        exp2(-i32::from(self.fraction))
    }

    /// The narrowest element type that stores a code: u8, i8 or i16; none where i16 does not hold all codes.
    pub fn code_dtype(self) -> Option<DType> {
        match (self.signed, self.width()) {
            (false, 0..=8) => Some(DType::U8),
            (true, 1..=8) => Some(DType::I8),
            (false, 9..=15) | (true, 9..=16) => Some(DType::I16),
            _ => None,
        }
    }

    /// The nearest value of the format: `clamp(round_half_even(x * 2^F), lo, hi) / 2^F`.
    pub fn quantise(self, x: f32) -> f32 {
        let (lo, hi) = self.code_range();
        (x * self.scale()).round_ties_even().clamp(lo, hi) * self.step()
    }

    /// Whether the straight-through estimator passes the gradient: the rounded code is within the limits.
    pub fn passes(self, x: f32) -> bool {
        let (lo, hi) = self.code_range();
        let code = (x * self.scale()).round_ties_even();
        lo <= code && code <= hi
    }
}

/// `2^exponent`, exact; the nearest that f32 has of it where the exponent leaves its range.
fn exp2(exponent: i32) -> f32 {
    f32::from_bits(((127 + exponent.clamp(-126, 127)) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: FixedPoint, inputs: &[f32], expected: &[f32]) {
        let got: Vec<f32> = inputs.iter().map(|&x| format.quantise(x)).collect();
        assert_eq!(got, expected);
    }

    /// numpy: np.clip(np.rint(x * 4), -4, 3) / 4
    #[test]
    fn signed_codes_saturate_and_round_half_to_even() {
        check(
            FixedPoint::signed(1, 2),
            &[-2.0, -0.375, 0.125, 0.375, 0.9],
            &[-1.0, -0.5, 0.0, 0.5, 0.75],
        );
    }

    /// numpy: np.clip(np.rint(x * 2), 0, 15) / 2
    #[test]
    fn unsigned_codes_saturate_at_zero_and_at_the_top() {
        check(
            FixedPoint::unsigned(3, 1),
            &[-0.1, 0.25, 0.75, 7.6, 9.0],
            &[0.0, 0.0, 1.0, 7.5, 7.5],
        );
    }

    /// Every format of up to 20 bits: the type holds its smallest and its largest code, and no type before it does.
    #[test]
    fn codes_are_stored_in_the_narrowest_type_that_holds_them() {
        let types = [
            (DType::U8, 0.0, 255.0),
            (DType::I8, -128.0, 127.0),
            (DType::I16, -32_768.0, 32_767.0),
        ];
        for (signed, width) in [false, true]
            .into_iter()
            .flat_map(|s| (1..=20).map(move |w| (s, w)))
        {
            let format = FixedPoint {
                signed,
                integer: width,
                fraction: 0,
            };
            let (lo, hi) = format.code_range();
            let holds = types
                .into_iter()
                .find(|&(_, least, most)| least <= lo && hi <= most);
            assert_eq!(
                format.code_dtype(),
                holds.map(|(dtype, ..)| dtype),
                "{format:?}"
            );
        }
        assert_eq!(FixedPoint::unsigned(0, 0).code_dtype(), Some(DType::U8));
        // Its only code is -0.5.
        assert_eq!(FixedPoint::signed(0, 0).code_dtype(), None);
    }

    #[test]
    fn the_gradient_passes_where_the_rounded_code_is_in_range() {
        let format = FixedPoint::signed(1, 2); // codes -4..=3
        let passes: Vec<bool> = [-1.2, -1.1, 0.0, 0.87, 0.88]
            .iter()
            .map(|&x| format.passes(x))
            .collect();
        assert_eq!(passes, [false, true, true, true, false]);
    }
}
