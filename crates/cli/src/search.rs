//! `radars search`: a run from its configuration to its result.

use crate::arguments::SearchArgs;
use crate::failure::{Failure, Result};
use crate::progress::{Progress, say};
use crate::recorder::Recorder;
use crate::{configuration, device, interrupt, loading, winner};
use anyhow::anyhow;
use radars_search::{RunFolder, StopSignal, Task};
use radars_tensor::{Backend, Region};
use std::time::Instant;

/// Searches, and prints what was found.
pub fn run(arguments: &SearchArgs) -> Result<String> {
    let config = configuration::of_search(arguments)?;
    if let Some(out) = &arguments.run.out {
        // Before anything that takes long; the search itself asks again.
        RunFolder::check_unused(out).map_err(Failure::bad_input)?;
    }
    let backend = device::cpu(&arguments.device)?;
    device::check_available(config.memory)?;
    let mut task = loading::task(config, arguments.run.quiet)?;
    if task.space.decisions().is_empty() {
        return Err(Failure::bad_input(anyhow!(
            "the space {} holds a single architecture, so there is nothing to search; give one of its lists \
             of choices a second entry",
            task.space.name()
        )));
    }
    if let Some(warning) = configuration::set_reward(&mut task, &arguments.reward)? {
        say(&format!("warning: {warning}"));
    }
    run_on(backend, &task, arguments)
}

/// Searches on one backend: the only choice of it.
fn run_on<B: Backend>(backend: B, task: &Task, arguments: &SearchArgs) -> Result<String>
where
    B::Spec: std::fmt::Display,
{
    let device = backend.spec().to_string();
    let bound_bytes = usize::try_from(task.config.memory.as_u64()).unwrap_or(usize::MAX);
    let region = Region::reserve(backend, bound_bytes).map_err(Failure::bad_input)?;
    let deadline = arguments
        .run
        .time_limit
        .and_then(|limit| Instant::now().checked_add(limit));
    let stop = StopSignal::new(deadline);
    interrupt::handle(&stop).map_err(Failure::running)?;
    let progress = Progress::new(&task.config, deadline, arguments.run.quiet);
    let mut recorder = Recorder::new(task, arguments.run.out.clone(), progress);
    let found = radars_search::search(region, device, task, &mut recorder, &stop);
    let written = recorder.finish(found.as_ref().ok());
    let result = found.map_err(|error| match recorder.folder() {
        Some(_) => Failure::from(error),
        // Refused before it began: the bound or the folder to write to will not do.
        None => Failure::from(error).into_bad_input(),
    })?;
    written?;
    winner::table(task, &result, recorder.folder())
}
