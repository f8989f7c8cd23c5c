//! Doing the runs of a comparison, one after the other, each in its run folder.

use super::folder::{Search, Work};
use super::judge::{Judging, judge};
use super::outcome::{Ended, Terms};
use super::{Comparison, Entrant, History, Judged, Outcome, Spec};
use crate::run_folder::EVENTS;
use crate::{Event, Phase, Result, RunResult, StopSignal, Task};
use radars_data::Data;
use radars_tensor::{Backend, Region, Stats};
use std::path::Path;
use std::time::Instant;

/// A run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which one.
    pub spec: Spec,
    /// How it ended.
    pub outcome: Outcome,
    /// What it found; none where it found nothing.
    pub result: Option<RunResult>,
    /// What its winner is worth; none where winners are not judged, and where it did not come to its end.
    pub judged: Option<Judged>,
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

    /// Training `number` of `of`, counted from 1, that judges the winner of a run begins or goes on.
    fn judges(&mut self, spec: &Spec, number: usize, of: usize) {
        let _ = (spec, number, of);
    }

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
    /// The folder that the run folders are in, those of trainings that judge in `judge`; what is there is gone on
    /// with.
    pub folder: &'a Path,
    /// Who is told.
    pub onlooker: &'a mut dyn Onlooker,
    /// Who may end it.
    pub stop: &'a StopSignal,
}

/// Runs every method on the same task, each with all memory in a region that `reserve` makes.
///
/// A run whose folder holds a result is not done again, one that was left is gone on with. Each is judged as soon
/// as it is over, where that is asked for. When asked to end early, the runs that are over and judged are what it
/// came to; the one under way can be gone on with.
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
    search: &mut Search<'_>,
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

/// One run, judged if that is asked for, and whether all of it was over before; none when it was interrupted.
fn one(
    comparison: &Comparison,
    stage: &mut Stage<'_>,
    spec: &Spec,
    before: &[Run],
    (number, of): (usize, usize),
    search: &mut Search<'_>,
) -> Result<Option<(Run, bool)>> {
    let budget = match budget(comparison, spec, before) {
        Budget::Of(budget) => budget,
        Budget::Unknown => return Ok(Some((without_budget(spec), true))),
    };
    let path = stage.folder.join(spec.folder());
    let task = spec.task(comparison, stage.data, budget)?;
    let work = Work {
        path: &path,
        task: &task,
        terms: Terms {
            final_training: comparison.final_training,
            time_limit: time_limit(comparison.out_of_time, spec, before),
            budget,
        },
    };
    let begins = |onlooker: &mut dyn Onlooker, deadline| {
        onlooker.begins(spec, number, of, &task, deadline);
    };
    let (ended, mut earlier) = work.done(stage, &begins, search)?;
    let Ended::Over(outcome, result) = ended else {
        return Ok(None);
    };
    let mut run = Run {
        spec: spec.clone(),
        outcome,
        result: result.map(|result| *result),
        judged: None,
        history: History::read(&path.join(EVENTS))?,
        budget,
    };
    if let Some(found) = run.result.as_ref().filter(|_| run.outcome == Outcome::Done)
        && comparison.judge > 0
    {
        match judge(
            comparison,
            stage,
            (spec, task.problem.reward),
            found,
            search,
        )? {
            Judging::Judged(judged, all_earlier) => {
                run.judged = Some(judged);
                earlier &= all_earlier;
            }
            Judging::Unfit(outcome) => run.outcome = outcome,
            Judging::Interrupted => return Ok(None),
        }
    }
    Ok(Some((run, earlier)))
}

/// What a run may spend.
enum Budget {
    /// So many training MACs; none for no limit.
    Of(Option<u64>),
    /// A multiple of what RADARS spent, which spent nothing.
    Unknown,
}

fn budget(comparison: &Comparison, spec: &Spec, before: &[Run]) -> Budget {
    let common = comparison.budget.or(granted(spec, before));
    match (spec.entrant.factor, common) {
        (None, common) => Budget::Of(common),
        (Some(factor), Some(common)) => Budget::Of(Some((factor * common as f64) as u64)),
        (Some(_), None) => Budget::Unknown,
    }
}

fn without_budget(spec: &Spec) -> Run {
    let message = "RADARS came to nothing with this seed, so there is no budget to multiply".into();
    Run {
        spec: spec.clone(),
        outcome: Outcome::Failed { message },
        result: None,
        judged: None,
        history: History::default(),
        budget: None,
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
/// the same with the common budget, and as many times more as it may spend more. None before any did.
fn time_limit(times: f64, spec: &Spec, before: &[Run]) -> Option<f64> {
    let finished = before.iter().filter(|run| {
        let Entrant { factor, .. } = run.spec.entrant;
        let comparable = run.spec.is_paired_with(spec) && run.spec.entrant.searches();
        comparable && factor.is_none() && run.outcome == Outcome::Done
    });
    let seconds = finished.filter_map(|run| Some(run.result.as_ref()?.time.search_seconds));
    let fastest = seconds.min_by(f64::total_cmp)?;
    Some(fastest * times * spec.entrant.factor.unwrap_or(1.0))
}
