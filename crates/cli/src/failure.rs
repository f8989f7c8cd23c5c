//! How a command fails: what is printed, and the exit code.

use radars_search::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    bad_input: bool,
    error: anyhow::Error,
    way_out: Option<&'static str>,
}

/// The result of everything a command does.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    /// What the user gave cannot be used: exit code 2, as for a flag that does not exist.
    pub fn bad_input(error: impl Into<anyhow::Error>) -> Self {
        Self {
            bad_input: true,
            error: error.into(),
            way_out: None,
        }
    }

    /// Something went wrong on the way: exit code 1.
    pub fn running(error: impl Into<anyhow::Error>) -> Self {
        Self {
            bad_input: false,
            error: error.into(),
            way_out: None,
        }
    }

    /// The same, known to be the input's fault.
    pub fn into_bad_input(self) -> Self {
        Self {
            bad_input: true,
            ..self
        }
    }

    /// The exit code.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.bad_input { 2 } else { 1 })
    }
}

/// Errors of the search say by their kind whose fault they are.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let way_out = way_out(&error);
        let bad_input = matches!(
            error,
            Error::UnknownPreset { .. }
                | Error::Config { .. }
                | Error::Setting { .. }
                | Error::SplitBelowBatch { .. }
                | Error::BoundTooSmall { .. }
                | Error::ArchitectureOverBound { .. }
                | Error::SupernetOverBound { .. }
                | Error::PathOverBound { .. }
                | Error::BudgetTooSmall { .. }
                | Error::NotSideBySide { .. }
                | Error::NotARun { .. }
                | Error::ConfigChanged { .. }
                | Error::OtherDevice { .. }
                | Error::CheckpointsInUse { .. }
                | Error::NoWholeCheckpoint { .. }
                | Error::FolderInUse { .. }
                | Error::Space(_)
                | Error::Training(radars_supernet::Error::Space(_))
                | Error::Data(_)
                | Error::Table(_)
                | Error::Unsupported { .. }
        );
        Self {
            bad_input,
            error: error.into(),
            way_out,
        }
    }
}

impl From<radars_space::Error> for Failure {
    fn from(error: radars_space::Error) -> Self {
        Error::Space(error).into()
    }
}

impl From<radars_export::Error> for Failure {
    fn from(error: radars_export::Error) -> Self {
        match error.is_bad_input() {
            true => Failure::bad_input(error),
            false => Failure::running(error),
        }
    }
}

impl From<radars_supernet::Error> for Failure {
    fn from(error: radars_supernet::Error) -> Self {
        Error::Training(error).into()
    }
}

impl From<radars_data::Error> for Failure {
    fn from(error: radars_data::Error) -> Self {
        Error::Data(error).into()
    }
}

/// What to do about an error whose own words do not say: the libraries do not know of flags.
fn way_out(error: &Error) -> Option<&'static str> {
    use radars_data::Error as Data;
    use radars_space::Error as Space;
    Some(match error {
        Error::File { source, .. } if is_full(source) => {
            "make room on the disk, then go on with --resume; a run without a config.toml starts anew"
        }
        Error::NothingMeasured => "give it more time, or go on with --resume",
        Error::Data(Data::UnknownName { .. } | Data::Unrecognised { .. }) => {
            "name the data set with --data: a built-in one or a folder of images"
        }
        Error::Data(Data::ImageSize { .. }) => {
            "bring the images of a folder to one size with --resize, or to crops of one size with --image-size"
        }
        Error::Data(Data::TooManyBad { .. }) => "--bad-images says how many",
        Error::Data(Data::Missing { .. }) => "add it, or name another data set with --data",
        Error::Data(Data::EmptySplit { .. } | Data::NoBatch { .. }) => {
            "raise --limit-train, lower --batch or give a larger data set with --data"
        }
        Error::Space(Space::Classes { .. } | Space::Images { .. }) => {
            "give a data set that suits the space with --data, or a space that suits the data with --space"
        }
        Error::Space(Space::Unresolved { .. }) => "state `classes` and `input` in the space file",
        Error::Space(Space::Read { .. }) => "name a readable TOML file with --space",
        _ => return None,
    })
}

/// Whether a write found no room.
fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// The error and its causes, each said once, and the way out.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = String::new();
        for cause in self.error.chain() {
            let text = cause.to_string();
            // Libraries that already put the cause into their own words name it as their source, too.
            if said.contains(text.trim_end()) {
                continue;
            }
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(text.trim_end());
        }
        f.write_str(&said)?;
        if let Some(way_out) = self.way_out {
            write!(f, "; {way_out}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    fn not_found() -> std::io::Error {
        std::io::Error::other("no such thing")
    }

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let path = "run".into();
        let error = Error::File {
            path,
            source: not_found(),
        };
        assert_eq!(Failure::from(error).to_string(), "run: no such thing");
        let error = Err::<(), _>(not_found()).context("reading it").unwrap_err();
        assert_eq!(
            Failure::running(error).to_string(),
            "reading it: no such thing"
        );
    }

    #[test]
    fn the_kind_of_error_decides_the_exit_code() {
        let setting = Error::Setting {
            setting: "batch",
            value: "0".into(),
            expected: "at least 1",
        };
        assert_eq!(Failure::from(setting).exit_code(), ExitCode::from(2));
        let nothing = Error::NothingTrained { episodes: 3 };
        assert_eq!(Failure::from(nothing).exit_code(), ExitCode::from(1));
    }

    #[test]
    fn the_way_out_names_a_flag() {
        let error = radars_space::Error::Classes {
            expected: 10,
            found: 7,
        };
        let message = Failure::from(error).to_string();
        assert!(
            message.starts_with("10 classes expected and 7 found; "),
            "{message}"
        );
        assert!(message.contains("--data"), "{message}");
    }
}
