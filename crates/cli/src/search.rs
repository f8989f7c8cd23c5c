//! `radars search`: a run from its configuration to its result.

use crate::arguments::{Retrain, Schedule, SearchArgs};
use crate::failure::{Failure, Result};
use crate::progress::{Progress, Show, say};
use crate::recorder::Recorder;
use crate::{configuration, device, interrupt, loading, winner};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_search::{
    Continued, Left, Resumed, RunFolder, Setup, StopSignal, Task, Trainer, balanced_retrain,
    config_file, exploration_share,
};
use radars_tensor::{Backend, Cpu, Region};
use std::path::Path;
use std::time::Instant;

/// Searches, and prints what was found.
pub fn run(arguments: &SearchArgs) -> Result<String> {
    match &arguments.run.resume {
        Some(folder) => resume(folder, arguments),
        None => begin(arguments),
    }
}

fn begin(arguments: &SearchArgs) -> Result<String> {
    let config = configuration::of_search(arguments)?;
    if let Some(out) = &arguments.run.out {
        // Before anything that takes long; the search itself asks again.
        RunFolder::check_unused(out).map_err(Failure::bad_input)?;
    }
    device::check_available(config.memory)?;
    let mut task = loading::task(config, arguments.run.quiet)?;
    let space = &task.problem.space;
    if space.decisions().is_empty() {
        return Err(Failure::bad_input(anyhow!(
            "the space {} holds a single architecture, so there is nothing to search; give one of its lists \
             of choices a second entry",
            space.name()
        )));
    }
    if let Some(warning) = configuration::set_reward(&mut task, &arguments.reward)? {
        say(&format!("warning: {warning}"));
    }
    decide(&mut task, arguments)?;
    let progress = progress(&task, None, arguments);
    let recorder = Recorder::new(&task, arguments.run.out.clone(), progress);
    run_on(
        device::cpus(&arguments.device),
        &task,
        recorder,
        None,
        arguments,
    )
}

/// Settles what is left to be decided, so that `config.toml` states it.
fn decide(task: &mut Task, arguments: &SearchArgs) -> Result<()> {
    if arguments.run.schedule == Schedule::Overlapped
        && task.problem.config.search.exploration_memory.is_none()
    {
        let spec = device::spec(&arguments.device);
        let share = exploration_share::<Cpu>(&spec, &task.problem, task.search_batches())?;
        task.problem.config.search.exploration_memory = Some(ByteSize(share as u64));
    }
    if arguments.algorithm.retrain == Some(Retrain::Auto) {
        // The cost model asks for sizes alone.
        let region = Region::reserve(Cpu::new(1).map_err(Failure::running)?, 0);
        let trainer = Trainer::new(region.map_err(Failure::running)?, task)?;
        let retrain = balanced_retrain(&trainer, &task.problem)?;
        task.problem.config.search.retrain = retrain;
        say(&format!("re-training {retrain} architectures an iteration"));
    }
    Ok(task.problem.config.check()?)
}

/// Goes on with a run that was left.
fn resume(path: &Path, arguments: &SearchArgs) -> Result<String> {
    let (folder, resumed, computed_on) = match RunFolder::resume(path)? {
        Continued::Finished(result) => {
            say("this run is over: here is its result again");
            let config = configuration::from_file(&config_file(path))?;
            let task = loading::task(config, arguments.run.quiet)?;
            return winner::table(&task.problem.space, &result, Some(path));
        }
        Continued::Left(left) => {
            let Left {
                folder,
                resumed,
                device,
                refused,
            } = *left;
            for refused in refused {
                say(&format!(
                    "warning: {refused}; going on from the checkpoint before it"
                ));
            }
            (folder, resumed, device)
        }
    };
    let config = configuration::from_file(&config_file(path))?;
    let here = device::spec(&arguments.device).to_string();
    if resumed.is_some() && computed_on != here {
        return Err(Failure::bad_input(anyhow!(
            "{}: this run was computed on `{computed_on}`, and this would be `{here}`, whose results differ; choose \
             the same with --device and --isa",
            path.display()
        )));
    }
    if arguments.run.schedule == Schedule::Overlapped && config.search.exploration_memory.is_none()
    {
        return Err(Failure::bad_input(anyhow!(
            "{}: each phase of this run has all of the memory, so they cannot run side by side; leave out \
             --schedule overlapped",
            path.display()
        )));
    }
    device::check_available(config.memory)?;
    let task = loading::task(config, arguments.run.quiet)?;
    let progress = progress(&task, resumed.as_ref(), arguments);
    let recorder = Recorder::resume(&task, folder, progress);
    run_on(
        device::cpus(&arguments.device),
        &task,
        recorder,
        resumed,
        arguments,
    )
}

fn progress(task: &Task, resumed: Option<&Resumed>, arguments: &SearchArgs) -> Progress {
    let show = Show {
        overlapped: arguments.run.schedule == Schedule::Overlapped,
        deadline: deadline(arguments),
        quiet: arguments.run.quiet,
    };
    Progress::new(task, resumed, show)
}

fn deadline(arguments: &SearchArgs) -> Option<Instant> {
    let limit = arguments.run.time_limit?;
    Instant::now().checked_add(limit)
}

/// Searches on one kind of backend: the only choice of it. `open` opens the device with a share of its threads.
fn run_on<B: Backend>(
    open: impl Fn(usize) -> Result<B>,
    task: &Task,
    mut recorder: Recorder<'_>,
    resumed: Option<Resumed>,
    arguments: &SearchArgs,
) -> Result<String>
where
    B::Spec: std::fmt::Display,
{
    let config = &task.problem.config;
    let bound_bytes = bytes(config.memory);
    let reserve = |threads, bytes| -> Result<(Region<B>, String)> {
        let backend = open(threads)?;
        let spec = backend.spec().to_string();
        let region = Region::reserve(backend, bytes).map_err(Failure::bad_input)?;
        Ok((region, spec))
    };
    let stop = StopSignal::new(deadline(arguments));
    interrupt::handle(&stop).map_err(Failure::running)?;
    let threads = arguments.device.threads();
    let setup = |device, recorder| Setup {
        resumed,
        ..Setup::new(device, recorder, &stop)
    };
    let found = match arguments.run.schedule {
        Schedule::Sequential => {
            let (region, device) = reserve(threads, bound_bytes)?;
            radars_search::search(region, task, setup(device, &mut recorder))
        }
        Schedule::Overlapped => {
            let share = config
                .search
                .exploration_memory
                .map_or(bound_bytes / 2, bytes);
            let of_exploration = (threads / 2).max(1);
            let of_exploitation = threads.saturating_sub(of_exploration).max(1);
            let (exploration, device) = reserve(of_exploration, share)?;
            let (exploitation, _) = reserve(of_exploitation, bound_bytes.saturating_sub(share))?;
            let setup = setup(device, &mut recorder);
            radars_search::search_side_by_side(exploration, exploitation, task, setup)
        }
    };
    let written = recorder.finish(found.as_ref().ok());
    let result = found.map_err(|error| match recorder.path() {
        Some(_) => Failure::from(error),
        // Refused before it began: the bound or the folder to write to will not do.
        None => Failure::from(error).into_bad_input(),
    })?;
    written?;
    if let Some(folder) = recorder.path()
        && let Err(error) = radars_report::write(folder)
    {
        // The result is what the search was for; a page of it can be made again.
        say(&format!("warning: no report: {error}"));
    }
    winner::table(&task.problem.space, &result, recorder.path())
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
