//! Why the sources cannot be read.

use std::fmt;
use std::path::PathBuf;

/// Why the sources cannot be read, with the place.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file or the folder could not be read.
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is declared in a form that is not allowed.
    Form {
        /// Name of the file.
        file: String,
        /// Line in it, from 1.
        line: usize,
        /// What stands there.
        found: String,
        /// What may stand there.
        allowed: &'static str,
    },
    /// Two declarations of one name do not agree, or are in two families.
    Twice {
        /// `kernel` or `struct`.
        what: &'static str,
        /// The name.
        name: String,
        /// The families that declare it.
        families: [String; 2],
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Form {
                file,
                line,
                found,
                allowed,
            } => write!(f, "{file}:{line}: {found}; allowed: {allowed}"),
            Self::Twice {
                what,
                name,
                families: [a, b],
            } => write!(
                f,
                "the {what} `{name}` is declared by {a}.cu and by {b}.cu; give one another name"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Form { .. } | Self::Twice { .. } => None,
        }
    }
}
