//! A run in its folder: begun, gone on with, or read because it is over.

use super::outcome::{Ended, Terms};
use super::{Onlooker, Stage};
use crate::run_folder::RESULT;
use crate::{
    Continued, Error, Event, Kept, Left, Observer, Phase, Result, RunFolder, RunResult, Setup,
    Task, config_file,
};
use radars_tensor::Stats;
use std::path::Path;
use std::time::{Duration, Instant};

/// What does a search, or the training of an architecture that is given.
pub(super) type Search<'s> = dyn for<'a> FnMut(&'a Task, Setup<'a>) -> Result<RunResult> + 's;

/// A run, and where it is kept.
pub(super) struct Work<'a> {
    /// Its run folder.
    pub path: &'a Path,
    /// What it does.
    pub task: &'a Task,
    /// The terms that it is under.
    pub terms: Terms,
}

impl Work<'_> {
    /// Does the run, goes on with it, or reads what it came to; and whether it was over before.
    ///
    /// `begins` is told when there is something to do, and by when.
    ///
    /// # Errors
    /// What is no matter of the method: a disk that is full, a folder that was changed, another device.
    pub fn done(
        &self,
        stage: &mut Stage<'_>,
        begins: &dyn Fn(&mut dyn Onlooker, Option<Instant>),
        search: &mut Search<'_>,
    ) -> Result<(Ended, bool)> {
        let (path, task, terms) = (self.path, self.task, self.terms);
        let (folder, resumed) = match open(path, task, terms.final_training)? {
            Opened::Over(result) => {
                same_device(path, &result.device, &stage.device)?;
                return Ok((Ended::of(Ok(*result), false, terms)?, true));
            }
            Opened::Begins(folder) => (*folder, None),
            Opened::Left(left) => {
                if left.resumed.is_some() {
                    same_device(path, &left.device, &stage.device)?;
                }
                (left.folder, left.resumed)
            }
        };
        let seconds_before = resumed.as_ref().map_or(0.0, |resumed| resumed.seconds);
        let deadline = terms.time_limit.and_then(|limit| {
            let left = (limit - seconds_before).max(0.0);
            Instant::now().checked_add(Duration::try_from_secs_f64(left).ok()?)
        });
        begins(stage.onlooker, deadline);
        let stop = stage.stop.with_deadline(deadline);
        let mut recorded = Recorded {
            folder,
            onlooker: stage.onlooker,
        };
        let setup = Setup {
            resumed,
            final_training: terms.final_training,
            ..Setup::new(stage.device.clone(), &mut recorded, &stop)
        };
        let found = search(task, setup);
        let interrupted = stage.stop.reason().is_some();
        let ended = Ended::of(found, interrupted, terms)?;
        if let Ended::Over(_, Some(result)) = &ended {
            recorded.folder.write_result(result)?;
        }
        Ok((ended, false))
    }
}

/// The folder of a run, as it was found.
enum Opened {
    Begins(Box<RunFolder>),
    Left(Box<Left>),
    Over(Box<RunResult>),
}

fn open(path: &Path, task: &Task, final_training: bool) -> Result<Opened> {
    if !config_file(path).is_file() {
        // Left before it had begun.
        if path.is_dir() {
            std::fs::remove_dir_all(path).map_err(|source| Error::File {
                path: path.to_path_buf(),
                source,
            })?;
        }
        let mut folder = RunFolder::create(path)?;
        folder.write_config(&task.problem.config, &task.problem.space)?;
        return Ok(Opened::Begins(Box::new(folder)));
    }
    if !final_training && let Some(result) = untested(path)? {
        return Ok(Opened::Over(Box::new(result)));
    }
    Ok(match RunFolder::resume(path)? {
        Continued::Finished(result) => Opened::Over(result),
        Continued::Left(left) => Opened::Left(left),
    })
}

/// The result of a run that ends without a final training.
fn untested(run: &Path) -> Result<Option<RunResult>> {
    let path = run.join(RESULT);
    match std::fs::read(&path) {
        Err(_) => Ok(None),
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(result) => Ok(Some(result)),
            Err(source) => Err(Error::Json { path, source }),
        },
    }
}

/// Results of different code paths are not compared.
fn same_device(path: &Path, recorded: &str, device: &str) -> Result<()> {
    match recorded == device {
        true => Ok(()),
        false => Err(Error::OtherDevice {
            path: path.to_path_buf(),
            recorded: recorded.to_owned(),
            device: device.to_owned(),
        }),
    }
}

/// Writes the run folder, and tells the onlooker.
struct Recorded<'a> {
    folder: RunFolder,
    onlooker: &'a mut dyn Onlooker,
}

impl Observer for Recorded<'_> {
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        self.folder.event(phase, event)?;
        self.onlooker.event(phase, event);
        Ok(())
    }

    fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        self.onlooker.batch(phase, done, of, memory);
    }

    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        self.folder.keep(phase, kept)
    }
}
