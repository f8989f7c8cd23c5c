//! A run folder, read: what was configured, what happened, and what came out so far.

mod config;
mod event;
mod history;
mod outcome;
mod trainings;

pub(crate) use config::{Config, Reward as RewardSetting};
pub(crate) use event::{
    Derived, DnasEpoch, DnasSkipped, Episode, Event, Fidelity, Line, Memory, Pruned, Retrained,
    Screened, Traffic,
};
pub(crate) use history::{Best, Exploitation};
pub(crate) use outcome::Outcome;
pub(crate) use trainings::{Training, TrainingKind};

use crate::error::at;
use crate::{Error, Result};
use radars_space::Space;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const CONFIG: &str = "config.toml";
const SPACE: &str = "space.toml";
const EVENTS: &str = "events.jsonl";
const RESULT: &str = "result.json";

/// A run, as far as it has gone.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    pub(crate) config: Config,
    pub(crate) config_text: String,
    /// None where `space.toml` is missing or not to be understood.
    pub(crate) space: Option<Space>,
    pub(crate) lines: Vec<Line>,
    /// Whether the last line has no end: the run is writing it, or was killed in it.
    pub(crate) torn: bool,
    /// Whole lines that are no event.
    pub(crate) unreadable: usize,
    pub(crate) outcome: Option<Outcome>,
    started: SystemTime,
}

impl Run {
    /// Reads a run folder. Events and fields that are not known are passed over, and so is a last line that
    /// is not whole.
    ///
    /// # Errors
    /// [`Error::NoFolder`] and [`Error::NotARun`] say what was looked for; [`Error::Config`] and
    /// [`Error::Outcome`] when those files are damaged; [`Error::File`] when the system refuses to read.
    pub fn open(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            let path = folder.to_path_buf();
            return Err(Error::NoFolder { path });
        }
        let needed = |missing: &'static str| -> Result<String> {
            optional(&folder.join(missing))?.ok_or_else(|| Error::NotARun {
                path: folder.to_path_buf(),
                missing,
            })
        };
        let config_text = needed(CONFIG)?;
        let config = Config::from_toml(&config_text).map_err(|source| Error::Config {
            path: folder.join(CONFIG),
            source: Box::new(source),
        })?;
        let (lines, torn, unreadable) = event::lines(&needed(EVENTS)?);
        let space = optional(&folder.join(SPACE))?;
        let result = folder.join(RESULT);
        let outcome = match optional(&result)? {
            Some(text) => Some(
                serde_json::from_str(&text).map_err(|source| Error::Outcome {
                    path: result,
                    source,
                })?,
            ),
            None => None,
        };
        let started = std::fs::metadata(folder.join(CONFIG)).and_then(|data| data.modified());
        Ok(Self {
            folder: folder.to_path_buf(),
            config,
            config_text,
            space: space.and_then(|text| Space::from_toml(&text, SPACE).ok()),
            lines,
            torn,
            unreadable,
            outcome,
            started: started.unwrap_or(SystemTime::UNIX_EPOCH),
        })
    }

    /// The folder, as it was named.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the run has come to its end: it has a `result.json`.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// When the run began, in seconds since 1970: when its configuration was written.
    pub(crate) fn started_at(&self) -> f64 {
        let since = self.started.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or(Duration::ZERO).as_secs_f64()
    }

    /// Seconds from the start to the last event.
    pub(crate) fn elapsed_seconds(&self) -> f64 {
        self.lines.last().map_or(0.0, |line| line.elapsed_seconds)
    }
}

/// The text of a file, none where there is no such file. What is not UTF-8 is replaced: a torn line may
/// end within a character.
fn optional(path: &Path) -> Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}
