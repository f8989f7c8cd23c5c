//! The functions of one value that several kernels share: activations, quantisers, and their gates.

use crate::FixedPoint;

/// A function of one value with a gate that its gradient passes or not.
pub(super) trait Pointwise: Copy + Send + Sync {
    /// The function's value at `z`.
    fn value(self, z: f32) -> f32;
    /// Whether the gradient passes at `z`.
    fn passes(self, z: f32) -> bool;
}

/// `z` itself, which lets every gradient pass.
#[derive(Clone, Copy)]
pub(super) struct Identity;

/// `gradient` where it passes, else 0; by a mask of bits, since a branch keeps loops from vectorising.
#[inline(always)]
pub(super) fn gated(passes: bool, gradient: f32) -> f32 {
    f32::from_bits(gradient.to_bits() & u32::from(passes).wrapping_neg())
}

/// `max(z, 0)`.
#[derive(Clone, Copy)]
pub(super) struct Relu;

/// `min(max(z, 0), 6)`.
#[derive(Clone, Copy)]
pub(super) struct Relu6;

/// `quantise(max(z, 0))`.
#[derive(Clone, Copy)]
pub(super) struct ReluQuantise(pub(super) Quantiser);

/// [`FixedPoint::quantise`] and [`FixedPoint::passes`] with the format's constants at hand, and a
/// rounding that vectorises on every CPU.
#[derive(Clone, Copy)]
pub(super) struct Quantiser {
    scale: f32,
    step: f32,
    lo: f32,
    hi: f32,
}

impl Quantiser {
    pub(super) fn new(format: FixedPoint) -> Self {
        let (lo, hi) = format.code_range();
        Quantiser {
            scale: format.scale(),
            step: format.step(),
            lo,
            hi,
        }
    }

    /// The value at `x`, and whether the straight-through estimator passes there.
    #[inline(always)]
    fn value_and_gate(self, x: f32) -> (f32, bool) {
        let code = round_half_even(x * self.scale);
        // Not f32::clamp, whose assertion keeps loops from vectorising; NaN stays NaN here too.
        let at_least = if code < self.lo { self.lo } else { code };
        let clamped = if at_least > self.hi {
            self.hi
        } else {
            at_least
        };
        (clamped * self.step, (code >= self.lo) & (code <= self.hi))
    }
}

/// `x.round_ties_even()`, for which baseline x86-64 would call the C library. From 2^23 on every float
/// is an integer; below, the sum with 2^23 has no fraction bits left, and was rounded half to even.
#[inline(always)]
fn round_half_even(x: f32) -> f32 {
    const INTEGERS_FROM: f32 = 8_388_608.0;
    let magnitude = x.abs();
    let rounded = (magnitude + INTEGERS_FROM) - INTEGERS_FROM;
    let magnitude = if magnitude < INTEGERS_FROM {
        rounded
    } else {
        magnitude
    };
    magnitude.copysign(x)
}

/// `max(z, 0)`; NaN stays, so that a diverged training shows.
#[inline(always)]
fn relu(z: f32) -> f32 {
    if z < 0.0 { 0.0 } else { z }
}

impl Pointwise for Identity {
    #[inline(always)]
    fn value(self, z: f32) -> f32 {
        z
    }

    #[inline(always)]
    fn passes(self, _: f32) -> bool {
        true
    }
}

impl Pointwise for Relu {
    #[inline(always)]
    fn value(self, z: f32) -> f32 {
        relu(z)
    }

    #[inline(always)]
    fn passes(self, z: f32) -> bool {
        z > 0.0
    }
}

impl Pointwise for Relu6 {
    #[inline(always)]
    fn value(self, z: f32) -> f32 {
        let z = relu(z);
        if z > 6.0 { 6.0 } else { z }
    }

    #[inline(always)]
    fn passes(self, z: f32) -> bool {
        (z > 0.0) & (z < 6.0)
    }
}

impl Pointwise for Quantiser {
    #[inline(always)]
    fn value(self, z: f32) -> f32 {
        self.value_and_gate(z).0
    }

    #[inline(always)]
    fn passes(self, z: f32) -> bool {
        self.value_and_gate(z).1
    }
}

impl Pointwise for ReluQuantise {
    #[inline(always)]
    fn value(self, z: f32) -> f32 {
        self.0.value(relu(z))
    }

    #[inline(always)]
    fn passes(self, z: f32) -> bool {
        (z > 0.0) & (round_half_even(z * self.0.scale) <= self.0.hi)
    }
}

/// Calls `$kernel` with the activation's [`Pointwise`] as `$function`.
macro_rules! with_activation {
    ($activation:expr, $function:ident => $kernel:expr) => {
        match $activation {
            $crate::Activation::Relu => {
                let $function = $crate::cpu::pointwise::Relu;
                $kernel
            }
            $crate::Activation::Relu6 => {
                let $function = $crate::cpu::pointwise::Relu6;
                $kernel
            }
            $crate::Activation::ReluQuantise(format) => {
                let $function = $crate::cpu::pointwise::ReluQuantise(
                    $crate::cpu::pointwise::Quantiser::new(format),
                );
                $kernel
            }
        }
    };
}
pub(super) use with_activation;

#[cfg(test)]
mod tests {
    use super::*;

    /// Every bit pattern's high part, with low bits that make halves and near halves.
    #[test]
    fn the_quantiser_is_that_of_the_format_bit_for_bit() {
        let formats = [
            FixedPoint::signed(1, 1),
            FixedPoint::signed(3, 6),
            FixedPoint::unsigned(1, 3),
            FixedPoint::unsigned(3, 6),
            FixedPoint::signed(12, 12),
            FixedPoint::unsigned(16, 16),
        ];
        for format in formats {
            let quantiser = Quantiser::new(format);
            for high in 0..=u16::MAX {
                for low in [0, 1, 0x8000, 0xffff] {
                    let x = f32::from_bits(u32::from(high) << 16 | low);
                    let (value, passes) = quantiser.value_and_gate(x);
                    assert_eq!(passes, format.passes(x), "{format:?} at {x}");
                    let expected = format.quantise(x);
                    let same = value.to_bits() == expected.to_bits();
                    assert!(
                        same || value.is_nan() && expected.is_nan(),
                        "{format:?} at {x}"
                    );
                }
            }
        }
    }
}
