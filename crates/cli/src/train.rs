//! `radars train`: an architecture that is given, from scratch to its test.

use crate::arguments::{DeviceArgs, TrainArgs};
use crate::continued::{conclude, reopen};
use crate::device::{Devices, OnDevice, Part, announce};
use crate::failure::{Failure, Result};
use crate::progress::{Progress, Show};
use crate::recorder::Recorder;
use crate::{configuration, interrupt, loading, winner};
use radars_search::{
    Config, Continued, Left, Resumed, RunFolder, RunResult, Setup, StopSignal, Task,
};
use radars_space::Space;
use radars_tensor::Region;
use std::path::{Path, PathBuf};

/// A training that has come to its end, or was interrupted: then it has no test accuracy.
pub struct Done {
    pub space: Space,
    pub result: RunResult,
    pub folder: PathBuf,
}

/// Trains, and gives what it came to.
impl OnDevice for TrainArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let done = match &self.resume {
            Some(folder) => resume(devices, folder, self.quiet)?,
            None => {
                let config = configuration::of_train(self)?;
                begin(devices, config, self.out.clone(), self.quiet)?
            }
        };
        winner::table(&done.space, &done.result, Some(&done.folder))
    }
}

/// Trains what a configuration gives, in a run folder of its own: `out`, or the first free one for the task.
pub fn begin(
    devices: &impl Devices,
    config: Config,
    out: Option<PathBuf>,
    quiet: bool,
) -> Result<Done> {
    if let Some(out) = &out {
        // Before anything that takes long; the run itself asks again.
        RunFolder::check_unused(out).map_err(Failure::bad_input)?;
    }
    devices.check_available(config.memory)?;
    let task = loading::task(config, quiet)?;
    let recorder = Recorder::new(&task, out, progress(devices, &task, None, quiet));
    train(devices, &task, recorder, None)
}

/// Goes on with a training that was left; gives the result of one that is over.
pub fn resume(devices: &impl Devices, path: &Path, quiet: bool) -> Result<Done> {
    let (config, continued) = reopen(devices, path, true)?;
    let Left {
        folder, resumed, ..
    } = match continued {
        Continued::Left(left) => *left,
        Continued::Finished(result) => {
            return Ok(Done {
                space: loading::task(config, quiet)?.problem.space,
                result: *result,
                folder: path.to_path_buf(),
            });
        }
    };
    devices.check_available(config.memory)?;
    let task = loading::task(config, quiet)?;
    let progress = progress(devices, &task, resumed.as_ref(), quiet);
    let recorder = Recorder::resume(&task, folder, progress);
    train(devices, &task, recorder, resumed)
}

fn progress(
    devices: &impl Devices,
    task: &Task,
    resumed: Option<&Resumed>,
    quiet: bool,
) -> Progress {
    if !quiet {
        announce(devices);
    }
    let show = Show {
        overlapped: false,
        bound: task.problem.config.memory,
        deadline: None,
        quiet,
    };
    Progress::new(task, resumed, show)
}

fn train(
    devices: &impl Devices,
    task: &Task,
    mut recorder: Recorder<'_>,
    resumed: Option<Resumed>,
) -> Result<Done> {
    let bound = task.problem.config.memory.as_u64();
    let bound_bytes = usize::try_from(bound).unwrap_or(usize::MAX);
    let backend = devices.open(Part::Whole).map_err(Failure::bad_input)?;
    let region = Region::reserve(backend, bound_bytes).map_err(Failure::bad_input)?;
    let stop = StopSignal::new(None);
    interrupt::handle_saying(&stop, "go on with this training by --resume")
        .map_err(Failure::running)?;
    let setup = Setup {
        resumed,
        ..Setup::new(devices.name(), &mut recorder, &stop)
    };
    let found = radars_search::search(region, task, setup);
    let result = conclude(task, &mut recorder, found)?;
    Ok(Done {
        space: task.problem.space.clone(),
        result,
        folder: recorder.path().unwrap_or(Path::new("")).to_path_buf(),
    })
}
