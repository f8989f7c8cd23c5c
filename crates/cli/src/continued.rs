//! What a search and a training do alike with their run folders: go on with one that was left, and bring one to its
//! end.

use crate::configuration;
use crate::device::Devices;
use crate::failure::{Failure, Result};
use crate::progress::say;
use crate::recorder::Recorder;
use anyhow::anyhow;
use radars_data::Data;
use radars_search::{Config, Continued, Error, Method, RunFolder, RunResult, Task, config_file};
use std::path::Path;

/// Opens the folder of a run, of a training of what is `given` or of a search, to go on with it on these devices.
pub fn reopen(devices: &impl Devices, path: &Path, given: bool) -> Result<(Config, Continued)> {
    let file = config_file(path);
    if !file.is_file() {
        let path = path.to_path_buf();
        return Err(Error::NotARun { path }.into());
    }
    let config = configuration::from_file(&file)?;
    if (config.method == Method::Given) != given {
        let [is, command] = match given {
            true => ["a search", "search"],
            false => ["the training of an architecture", "train"],
        };
        return Err(Failure::bad_input(anyhow!(
            "{0}: this run is {is}; go on with it by `radars {command} --resume {0}`",
            path.display()
        )));
    }
    let left = match RunFolder::resume(path)? {
        Continued::Left(left) => left,
        over => {
            say("this run is over: here is its result again");
            if !path.join(radars_report::REPORT).is_file() {
                // Whatever ended the program may have done so between the result and its page.
                report(path);
            }
            return Ok((config, over));
        }
    };
    for refused in &left.refused {
        say(&format!(
            "warning: {refused}; going on from the checkpoint before it"
        ));
    }
    let (here, computed_on) = (devices.name(), &left.device);
    if left.resumed.is_some() && *computed_on != here {
        let why = devices.reason();
        let why = why.map_or_else(String::new, |reason| format!(" ({reason})"));
        return Err(Failure::bad_input(anyhow!(
            "{}: this run was computed on `{computed_on}`, and this would be `{here}`{why}, whose results differ; \
             choose the same with --device and --isa",
            path.display()
        )));
    }
    Ok((config, Continued::Left(left)))
}

/// Brings a run to its end: writes what it came to, a page of it, and its network in every form.
pub fn conclude(
    task: &Task,
    recorder: &mut Recorder<'_>,
    found: radars_search::Result<RunResult>,
) -> Result<RunResult> {
    let written = recorder.finish(found.as_ref().ok());
    warn_of_bad_images(&task.data);
    let result = found.map_err(|error| match recorder.path() {
        Some(_) => Failure::from(error),
        // Refused before it began: the bound or the folder to write to will not do.
        None => Failure::from(error).into_bad_input(),
    })?;
    written?;
    if let Some(folder) = recorder.path() {
        report(folder);
    }
    Ok(result)
}

/// Writes the page of a run.
fn report(folder: &Path) {
    if let Err(error) = radars_report::write(folder) {
        // The result is what the run was for; a page of it can be made again.
        say(&format!("warning: no report: {error}"));
    }
}

/// Bad images that a warning names.
const NAMED: usize = 5;

/// Names the files of a streamed folder that others stood in for.
pub fn warn_of_bad_images(data: &Data) {
    let bad = data.bad_images();
    for image in bad.iter().take(NAMED) {
        say(&format!("warning: not used: {image}"));
    }
    if !bad.is_empty() {
        say(&format!(
            "warning: {} of {} image files could not be used; others stood in for them",
            bad.len(),
            data.train.len() + data.test.len()
        ));
    }
}
