//! Codes of fixed-point formats in their narrowest element type, and the values that they stand for.

use super::Cpu;
use super::batch_norm::{self, Forward};
use super::memory::{Plain, read, slice, slice_mut, write};
use super::parallel::PIECE;
use super::pointwise::{Pointwise, Relu};
use super::simd::simd;
use crate::{BatchNorm, DType, FixedPoint, Mut, Ref, Result, Values};
use rayon::prelude::*;

/// An element type of codes.
pub(super) trait Code: Plain + Send + Sync {
    /// The code whose two's complement ends in the bits of `bits`.
    fn low(bits: u32) -> Self;
    /// The code as a number.
    fn number(self) -> i32;
}

macro_rules! codes {
    ($($code:ty),*) => {
        $(impl Code for $code {
            #[inline(always)]
            fn low(bits: u32) -> Self {
                bits as $code
            }

            #[inline(always)]
            fn number(self) -> i32 {
                self.into()
            }
        })*
    };
}
codes!(u8, i8, i16);

/// Calls `$body` with `$code` standing for the element type of codes of `$format`.
macro_rules! with_code {
    ($op:expr, $format:expr, $code:ident => $body:expr) => {
        match Values::Codes($format).dtype($op)? {
            DType::U8 => {
                type $code = u8;
                $body
            }
            DType::I8 => {
                type $code = i8;
                $body
            }
            _ => {
                type $code = i16;
                $body
            }
        }
    };
}
pub(super) use with_code;

/// [`FixedPoint::quantise`] to codes of at most 16 bits.
#[derive(Clone, Copy)]
pub(super) struct Encoder {
    scale: f32,
    lo: f32,
    hi: f32,
}

impl Encoder {
    pub(super) fn new(format: FixedPoint) -> Self {
        let (lo, hi) = format.code_range();
        Encoder {
            scale: format.scale(),
            lo,
            hi,
        }
    }

    /// A code whose low 16 bits count; of NaN, 0. The limits are integers, so it is the same to clamp before
    /// the rounding, which the sum with 1.5 * 2^23 does, half to even.
    #[inline(always)]
    pub(super) fn code(self, value: f32) -> u32 {
        const INTEGERS_FROM: f32 = 12_582_912.0;
        let scaled = if value.is_nan() {
            0.0
        } else {
            value * self.scale
        };
        let at_least = if scaled > self.lo { scaled } else { self.lo };
        let clamped = if at_least < self.hi {
            at_least
        } else {
            self.hi
        };
        (clamped + INTEGERS_FROM).to_bits()
    }
}

/// Writes the codes of `x`.
pub(super) fn encode(
    cpu: &Cpu,
    format: FixedPoint,
    x: Ref<'_, Cpu>,
    codes: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "encode";
    let elements = x.bytes() / size_of::<f32>();
    let x = read(NAME, "x", x, elements)?;
    let codes = codes.checked(NAME, "codes", Values::Codes(format).bytes(NAME, elements)?)?;
    with_code!(NAME, format, C => encode_as::<C>(cpu, format, x, slice_mut(codes)));
    Ok(())
}

fn encode_as<C: Code>(cpu: &Cpu, format: FixedPoint, x: &[f32], codes: &mut [C]) {
    let (isa, encoder) = (cpu.spec.isa, Encoder::new(format));
    let pieces = codes.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE));
    cpu.for_each(x.len(), pieces, |(codes, x)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for (code, &x) in codes.iter_mut().zip(x) {
                    *code = C::low(encoder.code(x));
                }
            },
        );
    });
}

/// Writes the values of `codes`.
pub(super) fn decode(
    cpu: &Cpu,
    format: FixedPoint,
    codes: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "decode";
    let elements = y.bytes() / size_of::<f32>();
    let y = write(NAME, "y", y, elements)?;
    let codes = codes.checked(NAME, "codes", Values::Codes(format).bytes(NAME, elements)?)?;
    with_code!(NAME, format, C => decode_as::<C>(cpu, format, slice(codes), y));
    Ok(())
}

fn decode_as<C: Code>(cpu: &Cpu, format: FixedPoint, codes: &[C], y: &mut [f32]) {
    let (isa, step) = (cpu.spec.isa, format.step());
    let pieces = y.par_chunks_mut(PIECE).zip(codes.par_chunks(PIECE));
    cpu.for_each(codes.len(), pieces, |(y, codes)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                for (y, &code) in y.iter_mut().zip(codes) {
                    *y = code.number() as f32 * step;
                }
            },
        );
    });
}

/// [`crate::Backend::batch_norm_encode`], in one pass.
pub(super) fn batch_norm_encode(
    cpu: &Cpu,
    g: &BatchNorm,
    format: FixedPoint,
    operands: Forward<'_>,
) -> Result<()> {
    const NAME: &str = "batch_norm_encode";
    let encoder = Encoder::new(format);
    with_code!(NAME, format, C => batch_norm::forward(
        cpu,
        NAME,
        g,
        #[inline(always)]
        move |z| <C as Code>::low(encoder.code(Relu.value(z))),
        operands,
    ))
}
