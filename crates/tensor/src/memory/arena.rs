//! Regions, arenas and buffers: who owns which range of device memory.

use super::suballocator::{ALIGN, Stats, Suballocator};
use super::view::{Mut, Ref};
use super::{Layout, Lifetimes};
use crate::{Backend, Error, Result};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

struct Device<B: Backend> {
    backend: B,
    memory: B::Memory,
}

/// An exclusive range of a device's memory that can be sent to another thread; arenas and tensors cannot.
///
/// The bound is reserved once, as one region; phases that run side by side get a part each.
pub struct Region<B: Backend> {
    device: Arc<Device<B>>,
    offset: usize,
    bytes: usize,
}

impl<B: Backend> Region<B> {
    /// Reserves exactly `bound_bytes` of the backend's memory (rounded down to the alignment, and to
    /// `isize::MAX`: so much is unbounded, for plans).
    ///
    /// # Errors
    /// [`Error::Reserve`] when the device has less.
    pub fn reserve(backend: B, bound_bytes: usize) -> Result<Self> {
        let bytes = bound_bytes.min(isize::MAX as usize) / ALIGN * ALIGN;
        let memory = backend.reserve(bytes)?;
        Ok(Region {
            device: Arc::new(Device { backend, memory }),
            offset: 0,
            bytes,
        })
    }

    /// Length in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first `bytes` bytes (rounded down to the alignment), and the rest.
    ///
    /// # Errors
    /// [`Error::Length`] when the region is smaller.
    pub fn split(self, bytes: usize) -> Result<(Self, Self)> {
        let first = bytes / ALIGN * ALIGN;
        if first > self.bytes {
            return Err(Error::Length {
                op: "split",
                operand: "region",
                expected: first,
                got: self.bytes,
            });
        }
        let rest = Region {
            device: self.device.clone(),
            offset: self.offset + first,
            bytes: self.bytes - first,
        };
        Ok((
            Region {
                device: self.device,
                offset: self.offset,
                bytes: first,
            },
            rest,
        ))
    }
}

struct Inner<B: Backend> {
    region: Region<B>,
    suballocator: RefCell<Suballocator>,
}

/// A region with a suballocator: where tensors live. A handle; clones share the arena.
///
/// Arenas and tensors stay on one thread, so buffers are freed in program order and the placement of
/// every tensor is the same in every run.
pub struct Arena<B: Backend>(Rc<Inner<B>>);

impl<B: Backend> Clone for Arena<B> {
    fn clone(&self) -> Self {
        Arena(self.0.clone())
    }
}

impl<B: Backend> Arena<B> {
    /// An empty arena over `region`.
    pub fn new(region: Region<B>) -> Self {
        let suballocator = RefCell::new(Suballocator::new(region.bytes));
        Arena(Rc::new(Inner {
            region,
            suballocator,
        }))
    }

    /// Reserves `bound_bytes` on the backend and makes one arena of all of it.
    ///
    /// # Errors
    /// [`Error::Reserve`] when the device has less.
    pub fn with_bound(backend: B, bound_bytes: usize) -> Result<Self> {
        Ok(Arena::new(Region::reserve(backend, bound_bytes)?))
    }

    /// The backend that computes on this arena.
    pub fn backend(&self) -> &B {
        &self.0.region.device.backend
    }

    /// The bound in bytes.
    pub fn bound_bytes(&self) -> usize {
        self.0.region.bytes
    }

    /// Live bytes, peak and high-water mark so far.
    pub fn stats(&self) -> Stats {
        self.0.suballocator.borrow().stats()
    }

    /// Forgets past peaks: they start again from what is live now.
    pub fn reset_peaks(&self) {
        self.0.suballocator.borrow_mut().reset_peaks();
    }

    /// Starts to record (offset, length) of every allocation.
    pub fn record_trace(&self) {
        self.0.suballocator.borrow_mut().record_trace();
    }

    /// The allocations since [`Arena::record_trace`], in order; recording ends.
    pub fn take_trace(&self) -> Vec<(usize, usize)> {
        self.0.suballocator.borrow_mut().take_trace()
    }

    /// The lifetimes of the ranges that `program` asks for, whether it succeeds or not, and its result.
    pub fn lifetimes_of<R>(&self, program: impl FnOnce() -> R) -> (Lifetimes, R) {
        self.0.suballocator.borrow_mut().record_lifetimes();
        let result = program();
        (self.0.suballocator.borrow_mut().take_lifetimes(), result)
    }

    /// Hands out the ranges of `layout`, those that are repeated so many times over, for as long as requests are as
    /// planned, until what this gives is dropped: see [`Suballocator::play`]. Layouts do not nest: one that begins
    /// ends the one before.
    #[must_use]
    pub fn play(&self, layout: Arc<Layout>, times: usize) -> Playing<B> {
        self.0.suballocator.borrow_mut().play(layout, times);
        Playing {
            arena: self.clone(),
        }
    }

    /// A range of `bytes` bytes; its content is whatever was there before.
    ///
    /// # Errors
    /// [`Error::OverBound`] when no free block is large enough; `op` says who asked.
    pub fn allocate(&self, op: &'static str, bytes: usize) -> Result<Buffer<B>> {
        let offset = self.0.suballocator.borrow_mut().allocate(op, bytes)?;
        Ok(Buffer {
            arena: self.clone(),
            offset,
            bytes,
        })
    }
}

/// A layout is played until this is dropped: see [`Arena::play`].
pub struct Playing<B: Backend> {
    arena: Arena<B>,
}

impl<B: Backend> Drop for Playing<B> {
    fn drop(&mut self) {
        self.arena.0.suballocator.borrow_mut().stop_playing();
    }
}

/// The owner of a range of an arena, which gets it back on drop.
pub struct Buffer<B: Backend> {
    arena: Arena<B>,
    offset: usize,
    bytes: usize,
}

impl<B: Backend> Buffer<B> {
    /// Length in bytes, as asked for.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The arena the range belongs to.
    pub fn arena(&self) -> &Arena<B> {
        &self.arena
    }

    /// A shared view of the whole range.
    pub fn view(&self) -> Ref<'_, B> {
        let region = &self.arena.0.region;
        Ref::new(
            &region.device.memory,
            region.offset + self.offset,
            self.bytes,
        )
    }

    /// An exclusive view of the whole range.
    pub fn view_mut(&mut self) -> Mut<'_, B> {
        let region = &self.arena.0.region;
        Mut::new(
            &region.device.memory,
            region.offset + self.offset,
            self.bytes,
        )
    }
}

impl<B: Backend> Drop for Buffer<B> {
    fn drop(&mut self) {
        self.arena
            .0
            .suballocator
            .borrow_mut()
            .free(self.offset, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use crate::{Arena, Buffer, Cpu, Meta, Region, Tensor};

    fn is_send<T: Send>() {}

    /// Has one method `refused` for a type that is not `Send`, and two, so that the call does not compile,
    /// for one that is.
    trait RefusedIfSend<Case> {
        fn refused() {}
    }
    impl<T> RefusedIfSend<((),)> for T {}
    impl<T: Send> RefusedIfSend<((), ())> for T {}

    /// Checked by the compiler: buffers freed on another thread would make placement depend on timing, and
    /// race on the suballocator.
    #[test]
    fn regions_go_to_other_threads_and_arenas_and_tensors_do_not() {
        is_send::<Region<Cpu>>();
        is_send::<Region<Meta<Cpu>>>();
        <Arena<Cpu>>::refused();
        <Buffer<Cpu>>::refused();
        <Tensor<Cpu>>::refused();
        <Arena<Meta<Cpu>>>::refused();
    }
}
