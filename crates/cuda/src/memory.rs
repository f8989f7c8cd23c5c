//! The one device allocation of an arena, and addresses inside it.

use crate::Cuda;
use crate::error::{DEVICE, text};
use cudarc::driver::{CudaContext, result, sys::CUdeviceptr};
use radars_tensor::{Error, Mut, Ref, Result};
use std::sync::Arc;

/// One allocation of exactly the bytes that were asked for; the arena hands out its ranges.
pub struct CudaMemory {
    context: Arc<CudaContext>,
    start: CUdeviceptr,
    bytes: usize,
}

impl CudaMemory {
    /// Allocates `bytes` bytes; nothing is allocated for none.
    pub(crate) fn reserve(context: &Arc<CudaContext>, bytes: usize) -> Result<Self> {
        let refused = |reason| Error::Reserve {
            bytes,
            device: DEVICE,
            reason,
        };
        context.bind_to_thread().map_err(|e| refused(text(e)))?;
        let start = match bytes {
            0 => 0,
            // SAFETY: the context is current on this thread, and the memory is written by whoever is given
            // a range of it before it is read, as everywhere in the arena.
            _ => unsafe { result::malloc_sync(bytes) }.map_err(|error| {
                let free = result::mem_get_info().map_or_else(
                    |_| String::new(),
                    |(free, total)| format!("; {free} of its {total} bytes are free"),
                );
                refused(text(error) + &free)
            })?,
        };
        Ok(CudaMemory {
            context: context.clone(),
            start,
            bytes,
        })
    }
}

impl Drop for CudaMemory {
    fn drop(&mut self) {
        // Errors of a context that is torn down have nobody to go to.
        if self.bytes > 0 && self.context.bind_to_thread().is_ok() {
            // SAFETY: `start` came from `malloc_sync` and is freed once; freeing waits for the device, so no
            // kernel in flight still uses it.
            let _ = unsafe { result::free_sync(self.start) };
        }
    }
}

/// An address in device memory, as kernels get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Address(pub(crate) CUdeviceptr);

impl Address {
    /// No memory: an operand that is not asked for.
    pub(crate) const NULL: Address = Address(0);

    /// Where a shared view starts.
    pub(crate) fn of(view: Ref<'_, Cuda>) -> Self {
        Address(view.memory().start + view.offset() as u64)
    }

    /// Where an exclusive view starts, for kernels that read what they overwrite.
    pub(crate) fn of_mut(view: &Mut<'_, Cuda>) -> Self {
        Address(view.memory().start + view.offset() as u64)
    }

    /// Whether 16-byte accesses may start here.
    pub(crate) fn is_aligned(self) -> bool {
        self.0.is_multiple_of(16)
    }
}
