//! Why the simulator could not be built.

use std::path::PathBuf;

/// Why the simulator could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or a folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no C++ compiler.
    #[error(
        "the CUDA simulator needs a C++17 compiler, and `{command}` does not run ({source}): \
         install g++, or name a compiler in CXX"
    )]
    NoCompiler {
        /// What was tried.
        command: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The compiler cannot check addresses.
    #[error(
        "the CUDA simulator checks kernels with AddressSanitizer, and `{compiler}` has no `{library}`: \
         install it (Debian and Ubuntu: libasan and libubsan come with g++; Fedora: libasan, libubsan)"
    )]
    NoAddressSanitizer {
        /// The compiler.
        compiler: String,
        /// The library that it lacks.
        library: String,
    },
    /// The compiler refused a source.
    #[error("{} does not compile for the simulator:\n{output}", path.display())]
    Compile {
        /// The source.
        path: PathBuf,
        /// What the compiler said.
        output: String,
    },
    /// A `.cu` file has something that the simulator cannot run.
    #[error("{}:{line}: {what}", path.display())]
    Source {
        /// The `.cu` or `.cuh` file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What it is.
        what: String,
    },
}

impl Error {
    pub(super) fn at(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
