//! `Cuda`: a card as a backend.

use crate::device::{DeviceInfo, arch, context, describe};
use crate::error::{device, driver};
use crate::launch::{Functions, check_all};
use crate::memory::Address;
use crate::staging::Staging;
use cudarc::driver::{CudaContext, CudaStream, DriverError};
use radars_tensor::Result;
use std::sync::{Arc, Mutex, PoisonError};

/// An NVIDIA card as a [`radars_tensor::Backend`].
///
/// Everything runs on one stream, in program order, while the host goes on; it waits where values are read.
/// An error of a kernel that is already under way shows at the next such place, without the kernel's name:
/// with `CUDA_LAUNCH_BLOCKING=1` in the environment the driver waits for each kernel, and it is named.
pub struct Cuda {
    staging: Mutex<Staging>,
    functions: Functions,
    stream: Arc<CudaStream>,
    info: DeviceInfo,
}

impl Cuda {
    /// Opens card `index`, counted as the driver counts (`CUDA_VISIBLE_DEVICES` chooses and orders cards).
    ///
    /// # Errors
    /// [`radars_tensor::Error::Device`] when there is no driver, no such card, or one that the kernels do
    /// not run on; it says what to do.
    pub fn open(index: usize) -> Result<Self> {
        check_all().map_err(device)?;
        let context = context(index)?;
        let info = describe(&context)?;
        let arch = arch(&info)?;
        let failed = |error| driver(&format!("cannot use cuda:{index}"), error);
        let stream = context.new_stream().map_err(failed)?;
        Ok(Cuda {
            staging: Mutex::new(Staging::new(&stream)?),
            functions: Functions::new(&context, arch),
            stream,
            info,
        })
    }

    /// What the driver said of the card when it was opened.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Waits until the card has done everything it was given.
    ///
    /// # Errors
    /// [`radars_tensor::Error::Device`] with the error of a kernel that failed on the way.
    pub fn synchronise(&self) -> Result<()> {
        self.stream.synchronize().map_err(late)
    }

    pub(crate) fn context(&self) -> &Arc<CudaContext> {
        self.stream.context()
    }

    pub(crate) fn stream(&self) -> &CudaStream {
        &self.stream
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Copies to the device; the caller makes sure that `dst` is a range of as many bytes.
    pub(crate) fn copy_in(&self, src: &[u8], dst: Address) -> Result<()> {
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        self.context()
            .bind_to_thread()
            .and_then(|()| staging.upload(src, dst))
            .map_err(late)
    }

    /// Copies to the host; the caller makes sure that `src` is a range of as many bytes.
    pub(crate) fn copy_out(&self, src: Address, dst: &mut [u8]) -> Result<()> {
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        self.context()
            .bind_to_thread()
            .and_then(|()| staging.download(src, dst))
            .map_err(late)
    }
}

impl Drop for Cuda {
    fn drop(&mut self) {
        // Kernels in flight use modules and memory that go next. An error has nobody to go to.
        let _ = self.stream.synchronize();
    }
}

/// The error of a copy, or of a kernel before it.
fn late(error: DriverError) -> radars_tensor::Error {
    driver(
        "a copy, or a kernel before it, failed (CUDA_LAUNCH_BLOCKING=1 in the environment has the kernel named)",
        error,
    )
}
