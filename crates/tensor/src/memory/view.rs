//! Views of ranges of device memory, as backends get them.

use super::suballocator::aligned;
use crate::{Backend, Error, Result};
use std::ops::Range;

/// A shared view of a range of device memory.
pub struct Ref<'a, B: Backend> {
    memory: &'a B::Memory,
    offset: usize,
    bytes: usize,
}

impl<B: Backend> Clone for Ref<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: Backend> Copy for Ref<'_, B> {}

/// An exclusive view of a range of device memory.
///
/// There is one way to get one, from the range's only owner, so two exclusive views never overlap and
/// none overlaps a shared one.
pub struct Mut<'a, B: Backend> {
    memory: &'a B::Memory,
    offset: usize,
    bytes: usize,
}

impl<'a, B: Backend> Ref<'a, B> {
    pub(super) fn new(memory: &'a B::Memory, offset: usize, bytes: usize) -> Self {
        Ref {
            memory,
            offset,
            bytes,
        }
    }

    /// The device memory that the range belongs to.
    pub fn memory(self) -> &'a B::Memory {
        self.memory
    }

    /// Where the range starts, in bytes.
    pub fn offset(self) -> usize {
        self.offset
    }

    /// How long the range is, in bytes.
    pub fn bytes(self) -> usize {
        self.bytes
    }

    /// The part `range` (bytes) of the view; backends want it to start at a multiple of the element's size.
    ///
    /// # Panics
    /// When the range reaches over the view's end.
    pub fn slice(self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.bytes,
            "a slice within its view"
        );
        Ref {
            memory: self.memory,
            offset: self.offset + range.start,
            bytes: range.len(),
        }
    }

    /// The view itself, when it has exactly `expected` bytes.
    ///
    /// # Errors
    /// [`Error::Length`] otherwise.
    pub fn checked(self, op: &'static str, operand: &'static str, expected: usize) -> Result<Self> {
        if self.bytes != expected {
            return Err(Error::Length {
                op,
                operand,
                expected,
                got: self.bytes,
            });
        }
        Ok(self)
    }
}

impl<'a, B: Backend> Mut<'a, B> {
    pub(super) fn new(memory: &'a B::Memory, offset: usize, bytes: usize) -> Self {
        Mut {
            memory,
            offset,
            bytes,
        }
    }

    /// The device memory that the range belongs to.
    pub fn memory(&self) -> &'a B::Memory {
        self.memory
    }

    /// Where the range starts, in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// How long the range is, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The same view for a shorter time.
    pub fn reborrow(&mut self) -> Mut<'_, B> {
        Mut {
            memory: self.memory,
            offset: self.offset,
            bytes: self.bytes,
        }
    }

    /// A shared view of the same range, for as long as this one is not used.
    pub fn as_ref(&self) -> Ref<'_, B> {
        Ref {
            memory: self.memory,
            offset: self.offset,
            bytes: self.bytes,
        }
    }

    /// The part `range` (bytes) of the view; backends want it to start at a multiple of the element's size.
    ///
    /// # Panics
    /// When the range reaches over the view's end.
    pub fn slice(self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.bytes,
            "a slice within its view"
        );
        Mut {
            memory: self.memory,
            offset: self.offset + range.start,
            bytes: range.len(),
        }
    }

    /// Takes the first `bytes` bytes off, and leaves the rest from the next aligned byte on.
    ///
    /// # Errors
    /// [`Error::Length`] when there are not as many.
    pub fn split(
        self,
        op: &'static str,
        operand: &'static str,
        bytes: usize,
    ) -> Result<(Self, Self)> {
        if bytes > self.bytes {
            return Err(Error::Length {
                op,
                operand,
                expected: bytes,
                got: self.bytes,
            });
        }
        let rest = if bytes == 0 {
            0
        } else {
            aligned(bytes).min(self.bytes)
        };
        let Mut {
            memory,
            offset,
            bytes: all,
        } = self;
        Ok((
            Mut {
                memory,
                offset,
                bytes,
            },
            Mut {
                memory,
                offset: offset + rest,
                bytes: all - rest,
            },
        ))
    }

    /// The view itself, when it has exactly `expected` bytes.
    ///
    /// # Errors
    /// [`Error::Length`] otherwise.
    pub fn checked(self, op: &'static str, operand: &'static str, expected: usize) -> Result<Self> {
        if self.bytes != expected {
            return Err(Error::Length {
                op,
                operand,
                expected,
                got: self.bytes,
            });
        }
        Ok(self)
    }
}
