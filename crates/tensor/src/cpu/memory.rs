//! Host memory of the CPU backend, and its views as slices.

use super::Cpu;
use crate::{Error, Mut, Ref, Result};
use memmap2::MmapMut;

/// An anonymous mapping: reserved at once, given pages as they are touched.
pub struct HostMemory {
    start: *mut u8,
    /// Owns the mapping that `start` points into.
    _mapping: MmapMut,
}

// SAFETY: the bytes are reached through `Ref` and `Mut` views alone, whose ranges the arena and the
// borrow checker keep disjoint, so threads never race on them.
unsafe impl Send for HostMemory {}
// SAFETY: as for `Send`.
unsafe impl Sync for HostMemory {}

impl HostMemory {
    /// Maps `bytes` bytes.
    pub(super) fn reserve(bytes: usize) -> Result<Self> {
        let fail = |error: std::io::Error| Error::Reserve {
            bytes,
            device: Cpu::DEVICE,
            reason: error.to_string(),
        };
        let mut mapping = MmapMut::map_anon(bytes.max(1)).map_err(fail)?;
        // Fewer faults, and addresses that the processor knows; where the system refuses, all works without.
        #[cfg(target_os = "linux")]
        let _ = mapping.advise(memmap2::Advice::HugePage);
        Ok(HostMemory {
            start: mapping.as_mut_ptr(),
            _mapping: mapping,
        })
    }
}

impl Cpu {
    pub(super) const DEVICE: &'static str = "cpu";
}

/// A type whose every bit pattern is a value, for slices over device memory.
pub(super) trait Plain: bytemuck::Pod {}
impl Plain for f32 {}
impl Plain for f64 {}
impl Plain for i32 {}
impl Plain for u32 {}
impl Plain for u8 {}
impl Plain for i8 {}
impl Plain for i16 {}

/// The bytes of a view as values; a rest that makes no whole value is left off.
pub(super) fn slice<'a, T: Plain>(view: Ref<'a, Cpu>) -> &'a [T] {
    // SAFETY: a view lies within its mapping and starts at a multiple of its elements' size (ranges are
    // 256-byte aligned and sliced at whole elements, asserted below); for 'a nobody holds an exclusive
    // view of the range; every bit pattern is a `T`.
    unsafe {
        let start = view.memory().start.add(view.offset()).cast::<T>();
        assert!(start.is_aligned());
        std::slice::from_raw_parts(start, view.bytes() / size_of::<T>())
    }
}

/// The bytes of an exclusive view as values; a rest that makes no whole value is left off.
pub(super) fn slice_mut<'a, T: Plain>(view: Mut<'a, Cpu>) -> &'a mut [T] {
    // SAFETY: as in `slice`, and for 'a this is the only view of the range.
    unsafe {
        let start = view.memory().start.add(view.offset()).cast::<T>();
        assert!(start.is_aligned());
        std::slice::from_raw_parts_mut(start, view.bytes() / size_of::<T>())
    }
}

/// A view of `elements` f32 values as a slice; `op` and `operand` name it in the error.
pub(super) fn read<'a>(
    op: &'static str,
    operand: &'static str,
    view: Ref<'a, Cpu>,
    elements: usize,
) -> Result<&'a [f32]> {
    Ok(slice(view.checked(
        op,
        operand,
        elements.saturating_mul(size_of::<f32>()),
    )?))
}

/// An exclusive view of `elements` f32 values as a slice; `op` and `operand` name it in the error.
pub(super) fn write<'a>(
    op: &'static str,
    operand: &'static str,
    view: Mut<'a, Cpu>,
    elements: usize,
) -> Result<&'a mut [f32]> {
    Ok(slice_mut(view.checked(
        op,
        operand,
        elements.saturating_mul(size_of::<f32>()),
    )?))
}

/// Row `index` of an exclusive view of rows of `length` f32 values, for loops over rows of several views.
///
/// # Panics
/// When there is no such row.
///
/// # Safety
/// As long as the row lives, nobody asks for the same row again, and the view is not used otherwise.
#[allow(clippy::mut_from_ref, reason = "rows are disjoint")]
pub(super) unsafe fn row<'a>(view: &'a Mut<'_, Cpu>, length: usize, index: usize) -> &'a mut [f32] {
    assert!((index + 1) * length * size_of::<f32>() <= view.bytes());
    // SAFETY: as in `slice_mut`; of the range of this row, asserted to lie in the view, the caller has no
    // other view.
    unsafe {
        let start = view.memory().start.add(view.offset()).cast::<f32>();
        assert!(start.is_aligned());
        std::slice::from_raw_parts_mut(start.add(index * length), length)
    }
}

/// The first `bytes` bytes of scratch as partial results.
pub(super) fn partials<'a>(
    op: &'static str,
    scratch: Mut<'a, Cpu>,
    bytes: usize,
) -> Result<&'a mut [f64]> {
    Ok(slice_mut(scratch.split(op, "scratch", bytes)?.0))
}
