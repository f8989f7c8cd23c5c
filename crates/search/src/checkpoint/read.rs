//! Reading the newest checkpoint that is whole.

use super::form::{Files, MANIFEST, Manifest, decode};
use super::write::{at, numbered};
use super::{Checkpoint, Checkpoints, RefusedCheckpoint, Restored, folder_of};
use crate::{Error, Result};
use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::Path;

impl Checkpoints {
    /// Reads the newest checkpoint of a run that is whole; changes nothing on the disk.
    ///
    /// # Errors
    /// [`Error::NoCheckpoint`] when none was written, [`Error::NoWholeCheckpoint`] when none can be used,
    /// [`Error::File`] when the folder cannot be listed.
    pub fn read<S: DeserializeOwned>(run: &Path) -> Result<Restored<S>> {
        let folder = folder_of(run);
        let found = match numbers(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            found => found.map_err(at(&folder))?,
        };
        if found.is_empty() {
            return Err(Error::NoCheckpoint { path: folder });
        }
        let mut refused = Vec::new();
        for number in found.into_iter().rev() {
            let path = numbered(&folder, number);
            match restored(&path) {
                Ok((checkpoint, program)) => {
                    return Ok(Restored {
                        checkpoint,
                        path,
                        program,
                        refused,
                    });
                }
                Err(reason) => refused.push(RefusedCheckpoint { path, reason }),
            }
        }
        Err(Error::NoWholeCheckpoint {
            path: folder,
            refused,
        })
    }
}

fn restored<S: DeserializeOwned>(path: &Path) -> Result<(Checkpoint<S>, String), String> {
    let (files, program) = verified(path)?;
    Ok((decode(&files)?, program))
}

/// The files of a checkpoint as they were written, and by which version, or what is wrong with them.
pub(super) fn verified(path: &Path) -> Result<(Files, String), String> {
    let manifest = fs::read(path.join(MANIFEST)).map_err(unreadable(MANIFEST))?;
    Manifest::parse(&manifest)?.check(|name| fs::read(path.join(name)).map_err(unreadable(name)))
}

fn unreadable(name: &str) -> impl FnOnce(io::Error) -> String {
    let name = name.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::NotFound => format!("{name} is missing"),
        _ => format!("{name} cannot be read: {error}"),
    }
}

/// The numbers of all checkpoints in a folder, ascending.
pub(super) fn numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.parse().ok());
        // Other spellings of a number are not ours.
        numbers.extend(number.filter(|&number| *name == *numbered(Path::new(""), number)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
