//! What can go wrong with a report.

use std::io;
use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such folder.
    #[error("{}: there is no such run folder", path.display())]
    NoFolder {
        /// What was asked for.
        path: PathBuf,
    },
    /// A folder does not hold a run.
    #[error(
        "{}: not a run folder: there is no {missing} (a run has config.toml and events.jsonl)",
        path.display()
    )]
    NotARun {
        /// What was asked for.
        path: PathBuf,
        /// The first file that it lacks.
        missing: &'static str,
    },
    /// The system refuses to read or write.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `config.toml` is no TOML, or not that of a run.
    #[error("{}: {source}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        source: Box<toml::de::Error>,
    },
    /// `result.json` is no JSON, or not that of a run.
    #[error("{}: {source}", path.display())]
    Outcome {
        /// The file.
        path: PathBuf,
        /// Line, column and what is wrong.
        source: serde_json::Error,
    },
}

impl Error {
    /// Whether what was asked for cannot be reported at all, as against a failure while writing.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        !matches!(self, Self::File { .. })
    }
}

/// For `map_err`: an I/O error of `path`.
pub(crate) fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
