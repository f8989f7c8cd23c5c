//! `radars search`: a run from its configuration to its result.

use crate::arguments::{DeviceArgs, Retrain, Schedule, SearchArgs};
use crate::continued::{conclude, reopen};
use crate::device::{Devices, OnDevice, Part, announce};
use crate::failure::{Failure, Result};
use crate::progress::{Progress, Show, say};
use crate::quantity::macs;
use crate::recorder::Recorder;
use crate::{configuration, interrupt, loading, winner};
use anyhow::anyhow;
use bytesize::ByteSize;
use radars_search::{
    Config, Continued, Left, Resumed, RunFolder, Setup, StopSignal, Task, Trainer,
    balanced_retrain, exploration_share,
};
use radars_tensor::{Backend, Meta, Region};
use std::path::Path;
use std::time::Instant;

/// Searches, and gives what was found.
impl OnDevice for SearchArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn takes_two(&self) -> bool {
        true
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        match &self.run.resume {
            Some(folder) => resume(devices, folder, self),
            None => begin(devices, self),
        }
    }
}

fn begin(devices: &impl Devices, arguments: &SearchArgs) -> Result<String> {
    let config = configuration::of_search(arguments)?;
    if let Some(out) = &arguments.run.out {
        // Before anything that takes long; the search itself asks again.
        RunFolder::check_unused(out).map_err(Failure::bad_input)?;
    }
    if devices.one_a_phase() && config.search.exploration_memory.is_some() {
        return Err(Failure::bad_input(anyhow!(
            "on two devices each phase has all of --memory, on its own; leave out --exploration-memory (or \
             `exploration_memory` in the configuration)"
        )));
    }
    devices.check_available(config.memory)?;
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
    decide(devices, &mut task, arguments)?;
    let progress = progress(devices, &task, None, arguments);
    let recorder = Recorder::new(&task, arguments.run.out.clone(), progress);
    search(devices, &task, recorder, None, arguments)
}

/// Settles what is left to be decided, so that `config.toml` states it.
fn decide<D: Devices>(devices: &D, task: &mut Task, arguments: &SearchArgs) -> Result<()> {
    if side_by_side(devices, arguments)
        && !devices.one_a_phase()
        && task.problem.config.search.exploration_memory.is_none()
    {
        let (spec, problem) = (devices.spec(), &task.problem);
        let share = exploration_share::<D::Backend>(&spec, problem, task.search_batches())?;
        task.problem.config.search.exploration_memory = Some(ByteSize(share as u64));
    }
    if arguments.algorithm.retrain == Some(Retrain::Auto) {
        // The cost model asks for sizes alone.
        let meta = Meta::<D::Backend>::new(devices.spec());
        let trainer = Trainer::new(Region::reserve(meta, 0).map_err(Failure::running)?, task)?;
        let (retrain, costs) = balanced_retrain(&trainer, &task.problem)?;
        task.problem.config.search.retrain = retrain;
        say(&format!(
            "re-training {retrain} architectures an iteration, so that exploration costs about {} MACs with it, \
             and exploitation {}",
            macs(costs.exploration),
            macs(costs.exploitation)
        ));
    }
    Ok(task.problem.config.check()?)
}

/// Goes on with a run that was left.
fn resume(devices: &impl Devices, path: &Path, arguments: &SearchArgs) -> Result<String> {
    let (config, continued) = reopen(devices, path, false)?;
    let Left {
        folder, resumed, ..
    } = match continued {
        Continued::Left(left) => *left,
        Continued::Finished(result) => {
            let task = loading::task(config, arguments.run.quiet)?;
            return winner::table(&task.problem.space, &result, Some(path));
        }
    };
    let has_shares = config.search.exploration_memory.is_some();
    if devices.one_a_phase() && has_shares {
        return Err(Failure::bad_input(anyhow!(
            "{}: the phases of this run share the memory of one device; name one with --device",
            path.display()
        )));
    }
    if side_by_side(devices, arguments) && !devices.one_a_phase() && !has_shares {
        return Err(Failure::bad_input(anyhow!(
            "{}: each phase of this run has all of the memory, so they cannot run side by side; leave out \
             --schedule overlapped",
            path.display()
        )));
    }
    devices.check_available(config.memory)?;
    let task = loading::task(config, arguments.run.quiet)?;
    let progress = progress(devices, &task, resumed.as_ref(), arguments);
    let recorder = Recorder::resume(&task, folder, progress);
    search(devices, &task, recorder, resumed, arguments)
}

/// Whether exploration runs beside exploitation.
fn side_by_side(devices: &impl Devices, arguments: &SearchArgs) -> bool {
    match arguments.run.schedule {
        Some(schedule) => schedule == Schedule::Overlapped,
        None => devices.one_a_phase(),
    }
}

fn progress(
    devices: &impl Devices,
    task: &Task,
    resumed: Option<&Resumed>,
    arguments: &SearchArgs,
) -> Progress {
    if !arguments.run.quiet {
        announce(devices);
    }
    let config = &task.problem.config;
    let bounds = 1 + u64::from(devices.one_a_phase());
    let show = Show {
        overlapped: side_by_side(devices, arguments),
        bound: ByteSize(bounds.saturating_mul(config.memory.as_u64())),
        deadline: deadline(arguments),
        quiet: arguments.run.quiet,
    };
    Progress::new(task, resumed, show)
}

fn deadline(arguments: &SearchArgs) -> Option<Instant> {
    let limit = arguments.run.time_limit?;
    Instant::now().checked_add(limit)
}

/// The memory of a search: one region for one phase after the other, or one for each phase.
enum Regions<B: Backend> {
    Whole(Region<B>),
    OneAPhase {
        exploration: Region<B>,
        exploitation: Region<B>,
    },
}

/// Reserves the bound: on one device, once; on two, on each.
fn reserve<D: Devices>(
    devices: &D,
    config: &Config,
    side_by_side: bool,
) -> Result<Regions<D::Backend>> {
    let bound_bytes = bytes(config.memory);
    let region = |part, bytes| -> Result<Region<D::Backend>> {
        let backend = devices.open(part).map_err(Failure::bad_input)?;
        Region::reserve(backend, bytes).map_err(Failure::bad_input)
    };
    let (share, rest) = match (devices.one_a_phase(), side_by_side) {
        (true, _) => (bound_bytes, bound_bytes),
        (false, false) => return Ok(Regions::Whole(region(Part::Whole, bound_bytes)?)),
        (false, true) => {
            let share = config.search.exploration_memory;
            let share = share.map_or(bound_bytes / 2, bytes);
            (share, bound_bytes.saturating_sub(share))
        }
    };
    Ok(Regions::OneAPhase {
        exploration: region(Part::Exploration, share)?,
        exploitation: region(Part::Exploitation, rest)?,
    })
}

/// Searches, writes the run folder, and gives what was found.
fn search(
    devices: &impl Devices,
    task: &Task,
    mut recorder: Recorder<'_>,
    resumed: Option<Resumed>,
    arguments: &SearchArgs,
) -> Result<String> {
    let side_by_side = side_by_side(devices, arguments);
    let regions = reserve(devices, &task.problem.config, side_by_side)?;
    let stop = StopSignal::new(deadline(arguments));
    interrupt::handle(&stop).map_err(Failure::running)?;
    let setup = Setup {
        resumed,
        ..Setup::new(devices.name(), &mut recorder, &stop)
    };
    let found = match regions {
        Regions::Whole(region) => radars_search::search(region, task, setup),
        Regions::OneAPhase {
            exploration,
            exploitation,
        } if side_by_side => {
            radars_search::search_side_by_side(exploration, exploitation, task, setup)
        }
        Regions::OneAPhase {
            exploration,
            exploitation,
        } => radars_search::search_in_turns(exploration, exploitation, task, setup),
    };
    let result = conclude(task, &mut recorder, found)?;
    winner::table(&task.problem.space, &result, recorder.path())
}

fn bytes(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}
