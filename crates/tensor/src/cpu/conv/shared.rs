//! A result that several threads write at once, each to pixels of its own.

use std::marker::PhantomData;

/// A mutable slice whose parts are handed out to threads without being contiguous.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    start: *mut f32,
    len: usize,
    slice: PhantomData<&'a mut [f32]>,
}

// SAFETY: `part` makes its callers promise that no two threads have the same values.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub(super) fn new(slice: &'a mut [f32]) -> Self {
        Shared {
            start: slice.as_mut_ptr(),
            len: slice.len(),
            slice: PhantomData,
        }
    }

    /// The `count` values from `at` on.
    ///
    /// # Safety
    /// Nobody else has one of these values while the result lives.
    #[inline(always)]
    pub(super) unsafe fn part(&self, at: usize, count: usize) -> &'a mut [f32] {
        assert!(at <= self.len && count <= self.len - at);
        // SAFETY: in bounds, and the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), count) }
    }
}
