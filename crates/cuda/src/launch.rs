//! Launching kernels: the only way to one, checked against its signature before the driver sees a pointer.

use crate::error::{DEVICE, text};
use crate::parameter::Parameters;
use crate::{Cuda, KERNELS};
use cudarc::driver::{CudaContext, DriverError, result, sys};
use radars_kernels::{Arch, Family, Kind, signature};
use radars_tensor::{Error, Result};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

/// A kernel by name, with the types of its parameters.
pub(crate) struct Kernel<P> {
    name: &'static str,
    parameters: PhantomData<fn(P)>,
}

impl<P> Kernel<P> {
    /// The kernel `name`.
    pub(crate) const fn new(name: &'static str) -> Self {
        Kernel {
            name,
            parameters: PhantomData,
        }
    }
}

/// A launcher's side of a signature, whatever the types.
pub(crate) trait Signed: Sync {
    /// The kernel's name.
    fn name(&self) -> &'static str;
    /// What the launcher gives it.
    fn kinds(&self) -> &'static [Kind];
}

impl<P: Parameters> Signed for Kernel<P> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kinds(&self) -> &'static [Kind] {
        P::KINDS
    }
}

/// Compares a launcher with the kernel's own signature.
pub(crate) fn check(launcher: &dyn Signed) -> Result<(), String> {
    let (name, given) = (launcher.name(), launcher.kinds());
    let Some(signature) = signature(name) else {
        return Err(format!("there is no kernel `{name}`"));
    };
    if !given
        .iter()
        .eq(signature.parameters.iter().map(|p| &p.kind))
    {
        return Err(format!(
            "the launcher of `{name}` gives {given:?}, the kernel takes {:?}",
            signature.parameters
        ));
    }
    Ok(())
}

/// Compares every launcher with its kernel's signature.
pub(crate) fn check_all() -> Result<(), String> {
    (KERNELS.iter().copied().flatten()).try_for_each(|launcher| check(*launcher))
}

/// Blocks, and threads of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    /// Blocks along x, y and z; y and z at most 65,535.
    pub blocks: [u32; 3],
    /// Threads of a block, all along x.
    pub threads: u32,
}

impl Grid {
    /// `blocks` blocks of `threads` threads.
    pub(crate) const fn new(blocks: [u32; 3], threads: u32) -> Self {
        Grid { blocks, threads }
    }

    /// A thread for each of `items`, for kernels that stride over what more blocks than this would take: as
    /// many as keep the largest card busy several times over.
    pub(crate) fn over(items: usize, threads: u32) -> Self {
        const MOST: usize = 1 << 14;
        let blocks = items.div_ceil(threads as usize).clamp(1, MOST);
        Grid::new([blocks as u32, 1, 1], threads)
    }
}

/// A function that the driver has loaded.
struct Function(sys::CUfunction);

// SAFETY: a handle of the driver, whose calls take it from any thread.
unsafe impl Send for Function {}

/// The kernels of one device, loaded family by family at their first use.
pub(crate) struct Functions {
    context: Arc<CudaContext>,
    arch: Arch,
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    modules: HashMap<&'static str, Module>,
    functions: HashMap<&'static str, Function>,
}

struct Module(sys::CUmodule);

// SAFETY: as for `Function`.
unsafe impl Send for Module {}

impl Functions {
    pub(crate) fn new(context: &Arc<CudaContext>, arch: Arch) -> Self {
        Functions {
            context: context.clone(),
            arch,
            loaded: Mutex::default(),
        }
    }

    /// The function of `kernel`.
    fn get(&self, kernel: &dyn Signed) -> Result<sys::CUfunction, String> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let Loaded { modules, functions } = &mut *loaded;
        let name = kernel.name();
        if let Some(function) = functions.get(name) {
            return Ok(function.0);
        }
        let family = signature(name).ok_or("there is no such kernel")?.family;
        let module = match modules.entry(family.name()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(self.load(family)?),
        };
        // SAFETY: the module was loaded in the context that is current on this thread.
        let function = unsafe { result::module::get_function(module.0, c_string(name)?) }
            .map_err(|error| format!("not in its module: {}", text(error)))?;
        functions.insert(name, Function(function));
        Ok(function)
    }

    /// Has the driver translate the family's PTX for the card; it keeps what it made for the next process.
    fn load(&self, family: Family) -> Result<Module, String> {
        let ptx = c_string(family.ptx(self.arch))?;
        // SAFETY: PTX text that ends with a NUL byte; the context is current on this thread.
        let module = unsafe { result::module::load_data(ptx.as_ptr().cast::<c_void>()) };
        module.map(Module).map_err(|error| {
            format!(
                "the driver does not load the kernels of {} for {}: {}; they need a driver of R525 or later",
                family.name(),
                self.arch,
                text(error)
            )
        })
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        let loaded = self
            .loaded
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        // Errors of a context that is torn down have nobody to go to.
        let _ = self.context.bind_to_thread();
        for module in loaded.modules.values() {
            // SAFETY: loaded once and unloaded once; its functions go with this map.
            let _ = unsafe { result::module::unload(module.0) };
        }
    }
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|error| error.to_string())
}

impl Cuda {
    /// Launches `kernel` with `values` on the backend's stream, behind everything before.
    ///
    /// The result is there when the stream comes to it: kernels, copies and downloads see it, in order.
    /// `shapes` is asked for the text of an error alone.
    pub(crate) fn launch<P: Parameters>(
        &self,
        kernel: &Kernel<P>,
        grid: Grid,
        values: P::Values<'_>,
        shapes: impl FnOnce() -> String,
    ) -> Result<()> {
        self.try_launch(kernel, grid, values)
            .map_err(|reason| Error::Kernel {
                device: DEVICE,
                kernel: kernel.name,
                shapes: shapes(),
                reason,
            })
    }

    fn try_launch<P: Parameters>(
        &self,
        kernel: &Kernel<P>,
        grid: Grid,
        values: P::Values<'_>,
    ) -> Result<(), String> {
        self.context().bind_to_thread().map_err(text)?;
        let function = self.functions().get(kernel)?;
        let [x, y, z] = grid.blocks;
        let launched: Result<(), DriverError> = P::pack(values, |arguments| {
            // SAFETY: the function's signature takes exactly these parameters, as `check_all` found when the device was
            // opened; every address is a view of this device's memory, and which ranges a kernel reaches from
            // it follows from the lengths that its launcher checked.
            unsafe {
                result::launch_kernel(
                    function,
                    (x, y, z),
                    (grid.threads, 1, 1),
                    0,
                    self.stream().cu_stream(),
                    arguments,
                )
            }
        });
        launched.map_err(|error| {
            format!(
                "{} blocks of {} threads: {}",
                [x, y, z].map(|n| n.to_string()).join(" x "),
                grid.threads,
                text(error)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Arguments of a launch are positional and unchecked by the driver: a wrong order or count is undefined
    /// behaviour. So every launcher is compared with what the kernel's source declares, without a device.
    #[test]
    fn every_launcher_gives_what_its_kernel_takes() {
        check_all().unwrap();
    }

    #[test]
    fn every_kernel_has_exactly_one_launcher() {
        let launchers: Vec<_> = (KERNELS.iter().copied().flatten())
            .map(|launcher| launcher.name())
            .collect();
        let names: BTreeSet<_> = launchers.iter().copied().collect();
        assert_eq!(names.len(), launchers.len(), "{launchers:?}");
        let kernels: BTreeSet<_> = (radars_kernels::signatures().iter())
            .map(|signature| signature.kernel)
            .collect();
        assert_eq!(names, kernels);
    }

    #[test]
    fn a_wrong_order_of_parameters_is_refused() {
        use crate::parameter::Out;
        let swapped: Kernel<(Out<f32>, u64, f32)> = Kernel::new("fill");
        let message = check(&swapped).unwrap_err();
        assert!(
            message.contains("the launcher of `fill` gives"),
            "{message}"
        );
        let missing: Kernel<(Out<f32>, f32)> = Kernel::new("fill");
        assert!(check(&missing).is_err());
        let unknown: Kernel<(Out<f32>, f32)> = Kernel::new("filll");
        assert_eq!(check(&unknown).unwrap_err(), "there is no kernel `filll`");
    }
}
