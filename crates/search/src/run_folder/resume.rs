//! Going on with a run that was left.

use super::snapshot::Snapshot;
use super::{CONFIG, EVENTS, RESULT, RunFolder, SPACE, at};
use crate::{
    Checkpoint, Checkpoints, Error, Event, Observer, Phase, Result, Resumed, RunResult, Stop,
    keep_lines,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A run that was left.
pub enum Continued {
    /// It was over: this is its result.
    Finished(Box<RunResult>),
    /// It can be gone on with.
    Left(Box<Left>),
}

/// A run that can be gone on with.
pub struct Left {
    /// Its folder, with only those events that will not happen again.
    pub folder: RunFolder,
    /// Where it goes on; none when it was left before its first checkpoint.
    pub resumed: Option<Resumed>,
    /// The device and its code path; empty before the first checkpoint.
    pub device: String,
    /// Newer checkpoints that could not be used, with the reasons.
    pub refused: Vec<String>,
}

/// The configuration of the run in a folder.
pub fn config_file(run: &Path) -> PathBuf {
    run.join(CONFIG)
}

/// What the configuration and the space are, in one word.
pub(super) fn config_hash(run: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for name in [CONFIG, SPACE] {
        let path = run.join(name);
        let text = std::fs::read(&path).map_err(at(&path))?;
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(&text);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

impl RunFolder {
    /// Goes on with the run in a folder, from its newest checkpoint that is whole.
    ///
    /// # Errors
    /// [`Error::NotARun`] for a folder without a configuration; [`Error::ConfigChanged`] when it is not the one
    /// that the checkpoint was written under; [`Error::NoWholeCheckpoint`] when all are damaged;
    /// [`Error::CheckpointsInUse`] while another process goes on with it; [`Error::File`].
    pub fn resume(path: &Path) -> Result<Continued> {
        if !config_file(path).is_file() {
            return Err(Error::NotARun {
                path: path.to_path_buf(),
            });
        }
        if let Some(result) = finished(path)? {
            return Ok(Continued::Finished(Box::new(result)));
        }
        let checkpoints = Checkpoints::open(path)?;
        let (checkpoint, from, refused) = match Checkpoints::read::<Snapshot>(path) {
            Ok(restored) => (restored.checkpoint, Some(restored.path), restored.refused),
            Err(Error::NoCheckpoint { .. }) => (Checkpoint::default(), None, Vec::new()),
            Err(error) => return Err(error),
        };
        if from.is_some() && checkpoint.state.config != config_hash(path)? {
            return Err(Error::ConfigChanged {
                path: path.to_path_buf(),
            });
        }
        let events = kept_events(path, &checkpoint.state.events)?;
        let mut folder = RunFolder {
            length: events.metadata().map_err(at(&path.join(EVENTS)))?.len(),
            events,
            written: checkpoint.state.events.clone(),
            path: path.to_path_buf(),
            checkpoints,
            started: Instant::now(),
            seconds_before: checkpoint.state.seconds,
            checkpoint,
        };
        folder.checkpoint.state.config = config_hash(path)?;
        let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
        if let Some(from) = &from {
            let name = from.file_name().unwrap_or_default();
            let event = Event::Resumed {
                checkpoint: name.to_string_lossy().into_owned(),
                refused: refused.clone(),
            };
            folder.event(Phase::Run, &event)?;
        }
        Ok(Continued::Left(Box::new(Left {
            resumed: from.map(|_| folder.checkpoint.resumed()),
            device: folder.checkpoint.state.device.clone(),
            folder,
            refused,
        })))
    }
}

/// The result of a run that is over; one that was interrupted is not.
fn finished(run: &Path) -> Result<Option<RunResult>> {
    let path = run.join(RESULT);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read(&path).map_err(at(&path))?;
    let result: RunResult =
        serde_json::from_slice(&text).map_err(|source| Error::Json { path, source })?;
    let over = result.search.stop != Stop::Interrupted && result.best.test_accuracy.is_some();
    Ok(over.then_some(result))
}

/// Takes the events that will happen again out of `events.jsonl`, and opens it to go on.
fn kept_events(run: &Path, counts: &BTreeMap<Phase, u64>) -> Result<File> {
    #[derive(Deserialize)]
    struct Line {
        phase: Phase,
    }
    let path = run.join(EVENTS);
    if path.exists() {
        let mut left = counts.clone();
        keep_lines(&path, |line| {
            let Ok(Line { phase }) = serde_json::from_str(line) else {
                return false;
            };
            let left = left.entry(phase).or_default();
            let kept = *left > 0;
            *left = left.saturating_sub(1);
            kept
        })?;
    }
    let mut options = OpenOptions::new();
    (options.append(true).create(true))
        .open(&path)
        .map_err(at(&path))
}
