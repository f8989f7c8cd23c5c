//! Which cards there are, without ever panicking where there is no driver.

use crate::error::{device, driver};
use cudarc::driver::{CudaContext, DriverError, result, sys};
use radars_kernels::Arch;
use radars_tensor::Result;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A card that the driver shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its number, as [`crate::Cuda::open`] takes it.
    pub index: usize,
    /// Its name, as the driver gives it.
    pub name: String,
    /// Its memory.
    pub memory_bytes: u64,
    /// What of it nobody uses.
    pub free_bytes: u64,
    /// Its compute capability, major and minor.
    pub capability: (u32, u32),
    /// Streaming multiprocessors.
    pub multiprocessors: u32,
}

/// What plans and results of the CUDA backend depend on.
///
/// Two runs of one binary under the same spec give the same results, bit for bit. Cards of different
/// capability sum inside their tensor cores in different ways, so each is a spec of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CudaSpec {
    /// Compute capability, major and minor.
    pub capability: (u32, u32),
}

impl CudaSpec {
    /// The spec that plans are made for where no card is asked: compute capability 8.0. Scratch sizes are
    /// the same for every card, so a plan holds for all of them.
    pub const fn unspecified() -> Self {
        CudaSpec { capability: (8, 0) }
    }
}

impl fmt::Display for CudaSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.capability;
        write!(f, "cuda {major}.{minor}")
    }
}

/// The cards that the driver shows, those that the kernels do not run on included.
///
/// # Errors
/// [`radars_tensor::Error::Device`] when there is no driver or no card, with what to do about it.
pub fn devices() -> Result<Vec<DeviceInfo>> {
    (0..count()?)
        .map(|index| {
            let context = context(index)?;
            describe(&context)
        })
        .collect()
}

/// How many cards there are; at least one.
fn count() -> Result<usize> {
    static DRIVER: OnceLock<bool> = OnceLock::new();
    // cudarc panics at its first call where there is no library, so ask for the library first.
    // SAFETY: loading the driver's library runs its initialisers, which is what it is made for.
    if !*DRIVER.get_or_init(|| unsafe { sys::is_culib_present() }) {
        return Err(device(
            "no NVIDIA driver was found (libcuda.so, nvcuda.dll); install one of R525 or later, or compute on \
             the CPU"
                .to_owned(),
        ));
    }
    let none = "no usable NVIDIA card was found; `nvidia-smi` shows what the driver sees, and \
                CUDA_VISIBLE_DEVICES hides cards";
    match CudaContext::device_count() {
        Ok(count) if count > 0 => Ok(count as usize),
        Ok(_) | Err(DriverError(sys::CUresult::CUDA_ERROR_NO_DEVICE)) => {
            Err(device(none.to_owned()))
        }
        Err(error) => Err(driver("cannot start the NVIDIA driver", error)),
    }
}

/// The context of card `index`.
pub(crate) fn context(index: usize) -> Result<Arc<CudaContext>> {
    let count = count()?;
    if index >= count {
        let there = match count {
            1 => "the only card is cuda:0".to_owned(),
            _ => format!("the cards are cuda:0 to cuda:{}", count - 1),
        };
        return Err(device(format!("there is no card cuda:{index}; {there}")));
    }
    CudaContext::new(index).map_err(|error| driver(&format!("cannot open cuda:{index}"), error))
}

/// What the driver says of a card.
pub(crate) fn describe(context: &CudaContext) -> Result<DeviceInfo> {
    let index = context.ordinal();
    let failed = |error| driver(&format!("cannot ask cuda:{index} what it is"), error);
    context.bind_to_thread().map_err(failed)?;
    let (free, total) = result::mem_get_info().map_err(failed)?;
    let (major, minor) = context.compute_capability().map_err(failed)?;
    let multiprocessors = context
        .attribute(sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
        .map_err(failed)?;
    Ok(DeviceInfo {
        index,
        name: context.name().map_err(failed)?,
        memory_bytes: total as u64,
        free_bytes: free as u64,
        capability: (major as u32, minor as u32),
        multiprocessors: multiprocessors as u32,
    })
}

/// The kernels' target that a card runs.
pub(crate) fn arch(info: &DeviceInfo) -> Result<Arch> {
    Arch::for_capability(info.capability).ok_or_else(|| {
        let (major, minor) = info.capability;
        device(format!(
            "cuda:{} ({}) has compute capability {major}.{minor}; the kernels need 7.5 (Turing) or later",
            info.index, info.name
        ))
    })
}
