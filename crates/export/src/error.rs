//! What can be wrong with a network or a file of one.

use std::io;
use std::path::PathBuf;

/// The result of this crate's fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter does not belong to the architecture.
    #[error("the parameter `{name}` {what}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// The architecture does not belong to the space, or the space lacks what the data say.
    #[error(transparent)]
    Space(#[from] radars_space::Error),
    /// What was read is not a model.
    #[error("not a model of radars: {0}")]
    NotAModel(String),
    /// The network cannot be written in a form, or computed in integers.
    #[error("{what} {reason}")]
    Unsupported {
        /// The form.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// A batch of images has another size than the network's images.
    #[error("{found} bytes are not {images} images of {image} bytes")]
    Images {
        /// Bytes given.
        found: usize,
        /// Images to be computed.
        images: usize,
        /// Bytes of one.
        image: usize,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path}: {source}")]
    In {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
}

impl Error {
    /// For `map_err`: an I/O error of `path`.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::File { path, source }
    }

    /// For `map_err`: an error in what `path` holds.
    pub(crate) fn within(path: impl Into<PathBuf>) -> impl FnOnce(Error) -> Error {
        let path = path.into();
        move |source| Error::In {
            path,
            source: Box::new(source),
        }
    }

    /// Whether what was given is to blame, rather than the system.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        match self {
            Error::File { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::InvalidData
            ),
            Error::In { source, .. } => source.is_bad_input(),
            _ => true,
        }
    }
}
