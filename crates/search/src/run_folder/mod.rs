//! The folder of a run: its configuration, its events as they happen, its checkpoints, and its result.

mod recording;
mod resume;
mod snapshot;
#[cfg(test)]
mod tests;

pub use resume::{Continued, Left, config_file};

use crate::{Checkpoint, Checkpoints, Config, Error, Phase, Result, RunResult, SpaceSource};
use radars_space::{Narrowing, Space};
use snapshot::Snapshot;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

const CONFIG: &str = "config.toml";
const SPACE: &str = "space.toml";
pub(crate) const EVENTS: &str = "events.jsonl";
pub(crate) const RESULT: &str = "result.json";

/// The folder of one run.
///
/// `config.toml` and `space.toml` are what the run can be repeated from, `events.jsonl` grows by one
/// JSON object an event, `checkpoint/` holds where it can be gone on with, `result.json` appears whole at the
/// end or not at all. As an [`crate::Observer`] it writes all of that but the first two and the last.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    events: File,
    /// Bytes of whole lines in it.
    length: u64,
    /// Lines of `events.jsonl` so far.
    written: BTreeMap<Phase, u64>,
    checkpoints: Checkpoints,
    checkpoint: Checkpoint<Snapshot>,
    started: Instant,
    /// Seconds before this process went on with the run.
    seconds_before: f64,
}

impl RunFolder {
    /// Makes the folder, or takes one that is there and empty; makes its parents.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] when it holds anything, [`Error::File`] when the system refuses.
    pub fn create(path: &Path) -> Result<Self> {
        Self::check_unused(path)?;
        std::fs::create_dir_all(path).map_err(at(path))?;
        Self::begin(path.to_path_buf())
    }

    /// Makes the first free one of `parent/stem`, `parent/stem-2`, `parent/stem-3` ...
    ///
    /// # Errors
    /// [`Error::File`] when the system refuses.
    pub fn create_numbered(parent: &Path, stem: &str) -> Result<Self> {
        std::fs::create_dir_all(parent).map_err(at(parent))?;
        let mut number = 1_u64;
        loop {
            let name = match number {
                1 => stem.to_owned(),
                _ => format!("{stem}-{number}"),
            };
            let path = parent.join(name);
            // The system says who was first, so two searches that start at once do not share a folder.
            match std::fs::create_dir(&path) {
                Ok(()) => return Self::begin(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(at(&path)(error)),
            }
        }
    }

    /// Refuses a path that a run cannot have to itself, without writing anything.
    ///
    /// # Errors
    /// [`Error::FolderInUse`] when it is a folder that holds anything, [`Error::File`] when it is not a
    /// folder or cannot be read.
    pub fn check_unused(path: &Path) -> Result<()> {
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at(path)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(at(path))?.file_name());
        }
        names.sort_unstable();
        let Some(first) = names.first() else {
            return Ok(());
        };
        let is_there = |name: &str| names.iter().any(|found| found == name);
        let of_a_run = [RESULT, EVENTS, CONFIG];
        let found = match of_a_run.into_iter().find(|name| is_there(name)) {
            Some(file) => format!("a run ({file})"),
            None => format!("other files ({})", first.to_string_lossy()),
        };
        Err(Error::FolderInUse {
            path: path.to_path_buf(),
            found,
        })
    }

    fn begin(path: PathBuf) -> Result<Self> {
        let events = path.join(EVENTS);
        let mut options = File::options();
        let events = (options.append(true).create_new(true).open(&events)).map_err(at(&events))?;
        Ok(Self {
            length: 0,
            checkpoints: Checkpoints::open(&path)?,
            path,
            events,
            written: BTreeMap::new(),
            checkpoint: Checkpoint::default(),
            started: Instant::now(),
            seconds_before: 0.0,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes `config.toml` and `space.toml`. A space that came from a file is named as the copy beside the
    /// configuration, so that the folder suffices to repeat the run.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::ConfigWrite`].
    pub fn write_config(&mut self, config: &Config, space: &Space) -> Result<()> {
        let mut config = config.clone();
        if let SpaceSource::File(file) = &mut config.space {
            *file = SPACE.into();
            // The copy is narrow already.
            config.narrow = Narrowing::default();
        }
        let files = [(SPACE, space.to_toml()), (CONFIG, config.to_toml()?)];
        // The configuration last: a folder that has it has all that it takes to begin.
        for (name, text) in &files {
            self.place(name, text.as_bytes())?;
        }
        self.checkpoint.state.config = resume::config_hash(&self.path)?;
        Ok(())
    }

    /// Writes `result.json`: whole, on the disk, and only then under its name.
    ///
    /// # Errors
    /// [`Error::File`] or [`Error::Json`].
    pub fn write_result(&self, result: &RunResult) -> Result<()> {
        let path = self.path.join(RESULT);
        let mut text = serde_json::to_vec_pretty(result).map_err(|source| Error::Json {
            path: path.clone(),
            source,
        })?;
        text.push(b'\n');
        self.place(RESULT, &text)
    }

    /// Writes a file: whole, on the disk, and only then under its name.
    fn place(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!("{name}.tmp"));
        let mut file = File::create(&temporary).map_err(at(&temporary))?;
        file.write_all(content).map_err(at(&temporary))?;
        file.sync_all().map_err(at(&temporary))?;
        std::fs::rename(&temporary, &path).map_err(at(&path))?;
        self.sync()
    }

    /// Makes the names in the folder durable, where the system has a call for it.
    fn sync(&self) -> Result<()> {
        #[cfg(unix)]
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(at(&self.path))?;
        Ok(())
    }
}

/// For `map_err`: an I/O error of `path`.
fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
