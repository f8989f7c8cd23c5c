//! Bit masks: one bit an element, the lowest bit first.

use super::Cpu;
use super::memory::{read, slice, slice_mut, write};
use super::parallel::PIECE;
use super::pointwise::{Pointwise, Quantiser};
use super::simd::simd;
use crate::{MaskOp, Mut, Ref, Result};
use rayon::prelude::*;

/// Elements of a byte of mask.
const BYTE: usize = 8;

/// Elements that are compared before their bits are put together.
const FLAGS: usize = 512;

/// Writes the bits of `x`; those of the last byte that belong to no element are 0.
pub(super) fn mask(cpu: &Cpu, op: MaskOp, x: Ref<'_, Cpu>, mask: Mut<'_, Cpu>) -> Result<()> {
    const NAME: &str = "mask";
    let elements = x.bytes() / size_of::<f32>();
    let x = read(NAME, "x", x, elements)?;
    let mask = slice_mut::<u8>(mask.checked(NAME, "mask", elements.div_ceil(BYTE))?);
    match op {
        MaskOp::Positive => bits(
            cpu,
            x,
            mask,
            #[inline(always)]
            move |x| x > 0.0,
        ),
        MaskOp::Between(lo, hi) => {
            bits(
                cpu,
                x,
                mask,
                #[inline(always)]
                move |x| (x > lo) & (x < hi),
            );
        }
        MaskOp::InRange(format) => {
            let quantiser = Quantiser::new(format);
            bits(
                cpu,
                x,
                mask,
                #[inline(always)]
                move |x| quantiser.passes(x),
            );
        }
    }
    Ok(())
}

fn bits(cpu: &Cpu, x: &[f32], mask: &mut [u8], f: impl Fn(f32) -> bool + Copy + Send + Sync) {
    let isa = cpu.spec.isa;
    let pieces = mask.par_chunks_mut(PIECE / BYTE).zip(x.par_chunks(PIECE));
    cpu.for_each(x.len(), pieces, |(mask, x)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                // Compare many at once, then put their flags together: the first half vectorises.
                let groups = x.chunks(FLAGS).zip(mask.chunks_mut(FLAGS / BYTE));
                for (x, mask) in groups {
                    let mut flags = [0u8; FLAGS];
                    for (flag, &x) in flags.iter_mut().zip(x) {
                        *flag = u8::from(f(x));
                    }
                    for (mask, flags) in mask.iter_mut().zip(flags.as_chunks::<BYTE>().0) {
                        *mask = byte(*flags);
                    }
                }
            },
        );
    });
}

/// Flag `i`, 0 or 1, as bit `i`: the product shifts flag `i`, at bit `8 i`, by `7 (8 - i)` to bit `56 + i`,
/// and no other sum of the two shifts falls on the same bit.
#[inline(always)]
fn byte(flags: [u8; BYTE]) -> u8 {
    (u64::from_le_bytes(flags).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Sets the elements of `y` whose bit is not set to zero.
pub(super) fn apply(cpu: &Cpu, mask: Ref<'_, Cpu>, y: Mut<'_, Cpu>) -> Result<()> {
    const NAME: &str = "apply_mask";
    let elements = y.bytes() / size_of::<f32>();
    let mask = slice::<u8>(mask.checked(NAME, "mask", elements.div_ceil(BYTE))?);
    let y = write(NAME, "y", y, elements)?;
    let isa = cpu.spec.isa;
    let pieces = y.par_chunks_mut(PIECE).zip(mask.par_chunks(PIECE / BYTE));
    cpu.for_each(elements, pieces, |(y, mask)| {
        simd(
            isa,
            #[inline(always)]
            move || {
                let (whole, rest) = y.as_chunks_mut::<BYTE>();
                for (y, &mask) in whole.iter_mut().zip(mask) {
                    for (bit, y) in y.iter_mut().enumerate() {
                        let keep = if mask & (1 << bit) == 0 { 0 } else { u32::MAX };
                        *y = f32::from_bits(y.to_bits() & keep);
                    }
                }
                if let Some(mask) = mask.get(whole.len()) {
                    for (bit, y) in rest.iter_mut().enumerate() {
                        if mask & (1 << bit) == 0 {
                            *y = 0.0;
                        }
                    }
                }
            },
        );
    });
    Ok(())
}
