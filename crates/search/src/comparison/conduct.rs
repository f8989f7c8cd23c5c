//! Doing the runs of a comparison, one after the other, each in its run folder.

use super::outcome::{Ended, Terms};
use super::{Comparison, History, Outcome, Spec};
use crate::run_folder::{EVENTS, RESULT};
use crate::{
    Continued, Error, Event, Kept, Left, Observer, Phase, Result, RunFolder, RunResult, Setup,
    StopSignal, Task, config_file,
};
use radars_data::Data;
use radars_tensor::{Backend, Region, Stats};
use std::path::Path;
use std::time::{Duration, Instant};

/// A run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which one.
    pub spec: Spec,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found; none where it found nothing.
    pub result: Option<RunResult>,
    /// What it found on its way.
    pub history: History,
    /// What it was allowed to spend, in training MACs; none for RADARS where that decides for the others.
    pub budget: Option<u64>,
}

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The runs that are over, in order.
    pub runs: Vec<Run>,
    /// Those that are not, because the user ended the comparison.
    pub left_out: Vec<Spec>,
}

/// Is told how a comparison goes on.
pub trait Onlooker: Send {
    /// Run `number` of `of`, counted from 1, begins or goes on; it is stopped at the deadline.
    fn begins(
        &mut self,
        spec: &Spec,
        number: usize,
        of: usize,
        task: &Task,
        deadline: Option<Instant>,
    );

    /// Something happened in the run.
    fn event(&mut self, phase: Phase, event: &Event) {
        let _ = (phase, event);
    }

    /// A batch of the run is done.
    fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        let _ = (phase, done, of, memory);
    }

    /// A run is over; `earlier` when it was before this process went on with the comparison.
    fn ends(&mut self, run: &Run, number: usize, of: usize, earlier: bool);
}

/// What a comparison works with.
pub struct Stage<'a> {
    /// The data set of all runs.
    pub data: &'a Data,
    /// The device and its code path, for the results to name.
    pub device: String,
    /// The folder that the run folders are in; what is there is gone on with.
    pub folder: &'a Path,
    /// Who is told.
    pub onlooker: &'a mut dyn Onlooker,
    /// Who may end it.
    pub stop: &'a StopSignal,
}

/// Runs every method on the same task, each with all memory in a region that `reserve` makes.
///
/// A run whose folder holds a result is not done again, one that was left is gone on with. When asked to end
/// early, the runs that are over are what it came to; the one under way can be gone on with.
///
/// # Errors
/// Those of settings and data, of reserving memory, and of files; what a method fails by is its outcome.
pub fn compare<B: Backend>(
    comparison: &Comparison,
    stage: Stage<'_>,
    mut reserve: impl FnMut() -> Result<Region<B>>,
) -> Result<Compared> {
    compare_with(comparison, stage, &mut |task, setup| {
        crate::search(reserve()?, task, setup)
    })
}

/// As [`compare`], with searches done by `search`.
///
/// # Errors
/// As [`compare`].
pub fn compare_with(
    comparison: &Comparison,
    stage: Stage<'_>,
    search: &mut dyn for<'a> FnMut(&'a Task, Setup<'a>) -> Result<RunResult>,
) -> Result<Compared> {
    comparison.check(stage.data)?;
    let specs = comparison.specs();
    let (mut stage, of) = (stage, specs.len());
    let mut runs: Vec<Run> = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let began = match stage.stop.reason() {
            Some(_) => None,
            None => one(comparison, &mut stage, spec, &runs, (index + 1, of), search)?,
        };
        let Some((run, earlier)) = began else {
            return Ok(Compared {
                runs,
                left_out: specs[index..].to_vec(),
            });
        };
        stage.onlooker.ends(&run, index + 1, of, earlier);
        runs.push(run);
    }
    Ok(Compared {
        runs,
        left_out: Vec::new(),
    })
}

/// One run, and whether it was over before; none when it was interrupted.
fn one(
    comparison: &Comparison,
    stage: &mut Stage<'_>,
    spec: &Spec,
    before: &[Run],
    (number, of): (usize, usize),
    search: &mut dyn for<'a> FnMut(&'a Task, Setup<'a>) -> Result<RunResult>,
) -> Result<Option<(Run, bool)>> {
    let budget = comparison.budget.or(granted(spec, before));
    let path = stage.folder.join(spec.folder());
    let run = |outcome, result: Option<Box<RunResult>>| {
        Ok::<_, Error>(Run {
            spec: spec.clone(),
            outcome,
            result: result.map(|result| *result),
            history: History::read(&path.join(EVENTS))?,
            budget,
        })
    };
    let terms = Terms {
        final_training: comparison.final_training,
        time_limit: time_limit(comparison.out_of_time, spec, before),
        budget,
    };
    let task = spec.task(comparison, stage.data, budget)?;
    let (folder, resumed) = match open(&path, &task, comparison.final_training)? {
        Opened::Over(result) => {
            same_device(&path, &result.device, &stage.device)?;
            let ended = Ended::of(Ok(*result), false, terms)?;
            if let Ended::Over(outcome, result) = ended {
                return Ok(Some((run(outcome, result)?, true)));
            }
            return Ok(None);
        }
        Opened::Begins(folder) => (*folder, None),
        Opened::Left(left) => {
            if left.resumed.is_some() {
                same_device(&path, &left.device, &stage.device)?;
            }
            (left.folder, left.resumed)
        }
    };
    let seconds_before = resumed.as_ref().map_or(0.0, |resumed| resumed.seconds);
    let deadline = terms.time_limit.and_then(|limit| {
        let left = (limit - seconds_before).max(0.0);
        Instant::now().checked_add(Duration::try_from_secs_f64(left).ok()?)
    });
    (stage.onlooker).begins(spec, number, of, &task, deadline);
    let stop = stage.stop.with_deadline(deadline);
    let mut recorded = Recorded {
        folder,
        onlooker: stage.onlooker,
    };
    let setup = Setup {
        resumed,
        final_training: comparison.final_training,
        ..Setup::new(stage.device.clone(), &mut recorded, &stop)
    };
    let found = search(&task, setup);
    let interrupted = stage.stop.reason().is_some();
    match Ended::of(found, interrupted, terms)? {
        Ended::Interrupted => Ok(None),
        Ended::Over(outcome, result) => {
            if let Some(result) = &result {
                recorded.folder.write_result(result)?;
            }
            Ok(Some((run(outcome, result)?, false)))
        }
    }
}

/// What RADARS spent on the same, for the other methods to spend.
fn granted(spec: &Spec, before: &[Run]) -> Option<u64> {
    let radars = |run: &&Run| {
        let method = crate::Method::Radars;
        run.spec.entrant.method == method && run.spec.is_paired_with(spec)
    };
    let radars = before.iter().find(radars)?;
    if spec.entrant == radars.spec.entrant {
        return None;
    }
    radars.result.as_ref().map(|result| result.search.spent)
}

/// After how many seconds a run is out of time: so many times what the fastest method took that finished on
/// the same. None before any did.
fn time_limit(times: f64, spec: &Spec, before: &[Run]) -> Option<f64> {
    let finished = before.iter().filter(|run| {
        let comparable = run.spec.is_paired_with(spec) && run.spec.entrant.searches();
        comparable && run.outcome == Outcome::Done
    });
    let seconds = finished.filter_map(|run| Some(run.result.as_ref()?.time.search_seconds));
    seconds
        .min_by(f64::total_cmp)
        .map(|fastest| fastest * times)
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
