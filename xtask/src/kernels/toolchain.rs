//! The compiler of the kernels: what pip installs into the target folder, and where it lies there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

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
        let stamp = folder.join("requirements.txt");
        if std::fs::read_to_string(&stamp).is_ok_and(|text| text == REQUIREMENTS) {
            return Ok(Self { folder });
        }
        // The stamp is written last, so what was interrupted is begun again.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let requirements = folder.join("wanted.txt");
        std::fs::write(&requirements, REQUIREMENTS)
            .with_context(|| format!("cannot write {}", requirements.display()))?;
        eprintln!("installing the CUDA compiler into {}", folder.display());
        install(&folder, &requirements)?;

        let toolchain = Self { folder };
        // Loaders ask for the plain name first, and would find another version elsewhere.
        let (versioned, plain) = (toolchain.nvrtc(), toolchain.libraries().join("libnvrtc.so"));
        std::fs::hard_link(&versioned, &plain)
            .with_context(|| format!("cannot link {}", versioned.display()))?;
        for tool in [toolchain.ptxas(), toolchain.nvdisasm()] {
            ensure!(tool.is_file(), "pip installed no {}", tool.display());
        }
        std::fs::rename(&requirements, &stamp)
            .with_context(|| format!("cannot write {}", stamp.display()))?;
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

/// Has pip install the requirements into `folder`; its mirrors and proxies are pip's own settings.
fn install(folder: &Path, requirements: &Path) -> Result<()> {
    let python = std::env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"));
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check"]);
        command.args(arguments).stdin(Stdio::null());
        command
    };
    let has_pip = pip(&["--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    ensure!(
        has_pip,
        "`{} -m pip` does not run: install Python 3 with pip (Debian and Ubuntu: \
         apt-get install python3-pip), or name another in the variable PYTHON",
        python.display()
    );
    let mut command = pip(&["install", "--no-deps", "--require-hashes", "--no-compile"]);
    command.args(["--only-binary=:all:", "--no-input", "--quiet", "--target"]);
    command.arg(folder).arg("--requirement").arg(requirements);
    // Older versions have no such option, but none minds the variable.
    command.env("PIP_ROOT_USER_ACTION", "ignore");
    // stdout is for the table.
    command.stdout(std::io::stderr());
    let status = command.status().context("cannot start pip")?;
    if !status.success() {
        bail!(
            "pip could not install the CUDA compiler ({status}), for the reason above; it fetches 65 MB from PyPI, \
             or from the mirror that PIP_INDEX_URL names"
        );
    }
    Ok(())
}
