//! `radars export`: a trained network in the forms that other programs read.

use crate::arguments::{DeviceArgs, ExportArgs};
use crate::device::{self, Devices, OnDevice};
use crate::failure::{Failure, Result};
use crate::model::{self, MODEL};
use crate::{configuration, train};
use anyhow::{Context, anyhow};
use radars_export::onnx::BatchNormForm;
use radars_export::{Format, Model};
use radars_search::{Config, RunResult, config_file};
use radars_space::Architecture;
use std::path::{Path, PathBuf};

/// Writes what was asked for, and gives the paths to print.
///
/// # Errors
/// What was given is no trained network; a file cannot be written; those of a training.
pub fn run(arguments: &ExportArgs) -> Result<String> {
    match arguments.architecture {
        None | Some(1) => write(arguments, &arguments.from),
        // It may have to be trained.
        Some(_) => device::run(arguments),
    }
}

/// Trains an architecture of a run where that was not done before, and writes it.
impl OnDevice for ExportArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let place = usize::from(self.architecture.unwrap_or(1));
        let architecture = of_front(&self.from, place)?;
        let folder = self.from.join(format!("architecture-{place}"));
        if !folder.join(MODEL).is_file() {
            let done = match folder.exists() {
                true => train::resume(devices, &folder, self.quiet)?,
                false => {
                    let config = training_of(&self.from, architecture)?;
                    train::begin(devices, config, Some(folder.clone()), self.quiet)?
                }
            };
            if done.result.best.test_accuracy.is_none() {
                return Err(Failure::running(anyhow!(
                    "the training was interrupted; the same command goes on with it"
                )));
            }
        }
        write(self, &folder)
    }
}

/// The run's own settings for a training of that architecture.
fn training_of(run: &Path, architecture: Architecture) -> Result<Config> {
    let config = configuration::from_file(&config_file(run))?;
    Ok(config.given(architecture))
}

/// An architecture that the search kept, the winner being the first.
fn of_front(run: &Path, place: usize) -> Result<Architecture> {
    let file = run.join("result.json");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("{}: no result of a run", file.display()))
        .map_err(Failure::bad_input)?;
    let result: RunResult = serde_json::from_str(&text)
        .with_context(|| file.display().to_string())
        .map_err(Failure::bad_input)?;
    let kept = result.front.len();
    let found = result.front.into_iter().nth(place - 1);
    found.map(|kept| kept.architecture).ok_or_else(|| {
        Failure::bad_input(anyhow!(
            "{}: the run kept {kept} architectures, so --architecture is at most {kept}",
            file.display()
        ))
    })
}

/// Writes the model in `from`.
fn write(arguments: &ExportArgs, from: &Path) -> Result<String> {
    let (model, file) = model::read(from)?;
    let folder = match &arguments.out {
        Some(folder) => folder.clone(),
        None => file.parent().unwrap_or(Path::new("")).to_path_buf(),
    };
    let formats = match &arguments.format[..] {
        [] => suitable(&model)?,
        asked => asked.to_vec(),
    };
    let written = model.export(&folder, &formats, arguments.batch_norm.into())?;
    Ok(written
        .iter()
        .map(|path| format!("{}\n", path.display()))
        .collect())
}

/// Writes the network of a run that has just ended in all forms, beside the model file.
///
/// # Errors
/// What keeps it from being written.
pub fn beside(folder: &Path) -> Result<Vec<PathBuf>> {
    let (model, _) = model::read(folder)?;
    let mut formats = suitable(&model)?;
    formats.retain(|&format| format != Format::Safetensors);
    Ok(model.export(folder, &formats, BatchNormForm::Exact)?)
}

/// All forms that such a network has.
fn suitable(model: &Model) -> Result<Vec<Format>> {
    let quantised = model.network()?.is_quantised();
    let suits = |format: &Format| quantised || !format.wants_quantised();
    Ok(Format::ALL.into_iter().filter(suits).collect())
}
