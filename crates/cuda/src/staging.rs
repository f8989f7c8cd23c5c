//! Copies between the host and the device, through pinned host memory.
//!
//! The driver copies pinned memory while the host goes on; ordinary memory it would have to copy aside
//! itself and make the host wait. So an upload is copied into a pinned slot and left to the stream: the
//! host waits only when it comes round to a slot whose copy is not over yet.

use crate::error::driver;
use crate::memory::Address;
use cudarc::driver::{CudaContext, CudaEvent, CudaStream, DriverError, result};
use radars_tensor::Result;
use std::ffi::c_void;
use std::sync::Arc;

/// Pinned memory of a slot; a larger copy goes in pieces.
const SLOT_BYTES: usize = 1 << 20;
/// One slot is filled while the copies from the others are under way.
const SLOTS: usize = 4;

/// Pinned host memory for copies on one stream.
pub(crate) struct Staging {
    stream: Arc<CudaStream>,
    slots: Vec<Slot>,
    next: usize,
}

/// A piece of pinned memory and the end of the last copy from it.
struct Slot {
    context: Arc<CudaContext>,
    start: *mut u8,
    copied: CudaEvent,
}

// SAFETY: the pinned memory belongs to the slot alone, and is reached through `&mut Staging`.
unsafe impl Send for Slot {}

impl Staging {
    /// Pins the slots; the stream's context is current on this thread.
    pub(crate) fn new(stream: &Arc<CudaStream>) -> Result<Self> {
        let slots = (0..SLOTS)
            .map(|_| Slot::new(stream.context()))
            .collect::<Result<_, _>>()
            .map_err(|error| driver("cannot pin host memory for copies", error))?;
        Ok(Staging {
            stream: stream.clone(),
            slots,
            next: 0,
        })
    }

    /// Copies `src` to the device, in the order of the stream; `src` may change when this returns.
    ///
    /// The caller makes sure that `dst` is a range of `src.len()` bytes.
    pub(crate) fn upload(&mut self, src: &[u8], dst: Address) -> Result<(), DriverError> {
        let mut at = dst.0;
        for piece in src.chunks(SLOT_BYTES) {
            let slot = &mut self.slots[self.next];
            self.next = (self.next + 1) % SLOTS;
            slot.copied.synchronize()?;
            // SAFETY: no copy reads the slot any more, as the event says, and `piece` fits it.
            let pinned = unsafe {
                slot.start
                    .copy_from_nonoverlapping(piece.as_ptr(), piece.len());
                std::slice::from_raw_parts(slot.start, piece.len())
            };
            // SAFETY: the slot is not written before the event below is over; the caller vouches for `dst`.
            unsafe { result::memcpy_htod_async(at, pinned, self.stream.cu_stream()) }?;
            slot.copied.record(&self.stream)?;
            at += piece.len() as u64;
        }
        Ok(())
    }

    /// Copies from the device when everything before is done, and waits for it.
    ///
    /// The caller makes sure that `src` is a range of `dst.len()` bytes.
    pub(crate) fn download(&mut self, src: Address, dst: &mut [u8]) -> Result<(), DriverError> {
        let slot = &mut self.slots[self.next];
        self.next = (self.next + 1) % SLOTS;
        slot.copied.synchronize()?;
        let mut at = src.0;
        for piece in dst.chunks_mut(SLOT_BYTES) {
            // SAFETY: no copy uses the slot any more, and `piece` is no longer than it; pinned bytes have
            // some value whatever was there before.
            let pinned = unsafe { std::slice::from_raw_parts_mut(slot.start, piece.len()) };
            // SAFETY: the caller vouches for `src`; the copy is waited for before the slot is read.
            unsafe { result::memcpy_dtoh_async(pinned, at, self.stream.cu_stream()) }?;
            self.stream.synchronize()?;
            piece.copy_from_slice(pinned);
            at += piece.len() as u64;
        }
        Ok(())
    }
}

impl Slot {
    fn new(context: &Arc<CudaContext>) -> Result<Self, DriverError> {
        // An event that was never recorded counts as over.
        let copied = context.new_event(None)?;
        // SAFETY: the context is current on this thread; the memory is zeroed before anything reads it.
        let start = unsafe {
            let start = result::malloc_host(SLOT_BYTES, 0)?.cast::<u8>();
            start.write_bytes(0, SLOT_BYTES);
            start
        };
        Ok(Slot {
            context: context.clone(),
            start,
            copied,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Errors of a context that is torn down have nobody to go to.
        let _ = self.context.bind_to_thread();
        let _ = self.copied.synchronize();
        // SAFETY: `start` came from `malloc_host`, and the last copy from it is over.
        let _ = unsafe { result::free_host(self.start.cast::<c_void>()) };
    }
}
