//! Checks of the views that a method was given, the same as the CPU backend's.

use crate::Cuda;
use crate::memory::Address;
use radars_tensor::{Coefficient, Error, Mut, Operand, Ref, Result};

const F32: usize = size_of::<f32>();

/// How many whole f32 values `bytes` bytes hold.
pub(crate) fn elements(op: &'static str, operand: &'static str, bytes: usize) -> Result<usize> {
    let expected = bytes / F32 * F32;
    match expected == bytes {
        true => Ok(bytes / F32),
        false => Err(Error::Length {
            op,
            operand,
            expected,
            got: bytes,
        }),
    }
}

/// A view of exactly `elements` f32 values.
pub(crate) fn read<'a>(
    op: &'static str,
    operand: &'static str,
    view: Ref<'a, Cuda>,
    elements: usize,
) -> Result<Ref<'a, Cuda>> {
    view.checked(op, operand, elements.saturating_mul(F32))
}

/// An exclusive view of exactly `elements` f32 values.
pub(crate) fn write<'a>(
    op: &'static str,
    operand: &'static str,
    view: Mut<'a, Cuda>,
    elements: usize,
) -> Result<Mut<'a, Cuda>> {
    view.checked(op, operand, elements.saturating_mul(F32))
}

/// A size as kernels take it: in 31 bits, so that what they add to it stays within 32.
///
/// # Errors
/// [`Error::Geometry`] when it is 2^31 or more.
pub(crate) fn size(op: &'static str, what: &'static str, value: usize) -> Result<u32> {
    match i32::try_from(value) {
        Ok(size) => Ok(size.unsigned_abs()),
        Err(_) => Err(Error::Geometry {
            op,
            what,
            value,
            expected: "below 2^31 on a CUDA device",
        }),
    }
}

/// The address of a first operand of `elements` f32 values, which may be the result's own memory.
pub(crate) fn first(
    op: &'static str,
    operand: &'static str,
    given: Operand<'_, Cuda>,
    y: &Mut<'_, Cuda>,
    elements: usize,
) -> Result<Address> {
    match given {
        Operand::Read(view) => Ok(Address::of(read(op, operand, view, elements)?)),
        Operand::InPlace => Ok(Address::of_mut(y)),
    }
}

/// A coefficient as kernels take it: the address of the device's element, or null and the constant.
pub(crate) fn coefficient(
    op: &'static str,
    coefficient: Coefficient<'_, Cuda>,
) -> Result<(Address, f32)> {
    match coefficient {
        Coefficient::Constant(value) => Ok((Address::NULL, value)),
        Coefficient::Element(view) => Ok((Address::of(read(op, "coefficient", view, 1)?), 1.0)),
    }
}
