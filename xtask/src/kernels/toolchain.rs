//! The compiler of the kernels: what pip installs into the target folder, and where it lies there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::pip;

/// What is installed: versions and hashes.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// What the compiler calls itself in the PTX that it makes.
pub const VERSION: &str = "V12.0.140";

const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// An installed compiler.
pub struct Toolchain {
    folder: PathBuf,
}

impl Toolchain {
    /// The compiler under `target`, installed first if it is not there or not the pinned one.
    ///
    /// # Errors
    /// The system is none that the packages are made for, pip is missing, or it fails.
    pub fn installed(target: &Path) -> Result<Self> {
        ensure!(
            cfg!(all(target_os = "linux", target_arch = "x86_64")),
            "the CUDA compiler is packaged for Linux on x86-64 alone; compile the kernels there \
             (using them needs no compiler: their PTX is checked in)"
        );
        let folder = target.join("cuda-toolchain");
        let toolchain = Self {
            folder: folder.clone(),
        };
        if pip::is_installed(&folder, REQUIREMENTS) {
            return Ok(toolchain);
        }
        pip::install(&folder, REQUIREMENTS, ("the CUDA compiler", 65), || {
            // Loaders ask for the plain name first, and would find another version elsewhere.
            let (versioned, plain) = (toolchain.nvrtc(), toolchain.libraries().join("libnvrtc.so"));
            std::fs::hard_link(&versioned, &plain)
                .with_context(|| format!("cannot link {}", versioned.display()))?;
            for tool in [toolchain.ptxas(), toolchain.nvdisasm()] {
                ensure!(tool.is_file(), "pip installed no {}", tool.display());
            }
            Ok(())
        })?;
        Ok(toolchain)
    }

    /// Whether this process finds the compiler's library before any other.
    pub fn is_on_library_path(&self) -> bool {
        std::env::var_os(LIBRARY_PATH)
            .and_then(|paths| std::env::split_paths(&paths).next())
            .is_some_and(|first| first == self.libraries())
            && self.nvrtc().is_file()
    }

    /// Lets `command` find the compiler's library before any other.
    ///
    /// # Errors
    /// The folder's path has a colon.
    pub fn put_on_library_path(&self, command: &mut Command) -> Result<()> {
        let others = std::env::var_os(LIBRARY_PATH).filter(|paths| !paths.is_empty());
        let others = others.as_ref().map(std::env::split_paths);
        let paths = std::iter::once(self.libraries()).chain(others.into_iter().flatten());
        let paths = std::env::join_paths(paths)
            .with_context(|| format!("{} cannot be searched", self.folder.display()))?;
        command.env(LIBRARY_PATH, paths);
        Ok(())
    }

    /// The folders of CUDA's own headers.
    pub fn headers(&self) -> [PathBuf; 2] {
        [
            self.folder.join("nvidia/cuda_runtime/include"),
            self.folder.join("nvidia/cuda_nvcc/include"),
        ]
    }

    /// The assembler.
    pub fn ptxas(&self) -> PathBuf {
        self.folder.join("nvidia/cuda_nvcc/bin/ptxas")
    }

    /// The disassembler.
    pub fn nvdisasm(&self) -> PathBuf {
        self.folder.join("nvidia/cu13/bin/nvdisasm")
    }

    fn libraries(&self) -> PathBuf {
        self.folder.join("nvidia/cuda_nvrtc/lib")
    }

    fn nvrtc(&self) -> PathBuf {
        self.libraries().join("libnvrtc.so.12")
    }
}
