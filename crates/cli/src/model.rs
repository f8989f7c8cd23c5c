//! The trained network of a run as a file in its folder.

use crate::failure::{Failure, Result};
use anyhow::anyhow;
use radars_export::{Model, Provenance};
use radars_search::{Fidelity, RunResult, Task};
use radars_supernet::nn::SavedParameter;
use std::path::{Path, PathBuf};

/// Its name in a run folder.
pub const MODEL: &str = "model.safetensors";

/// Reads the model of a run folder, or a model file; gives the file, too.
pub fn read(path: &Path) -> Result<(Model, PathBuf)> {
    if !path.is_dir() {
        return Ok((Model::read(path)?, path.to_path_buf()));
    }
    let file = path.join(MODEL);
    if !file.is_file() {
        return Err(Failure::bad_input(anyhow!(
            "{}: no {MODEL} in it: the folder is not of a run, or the run has not come to its end; \
             `radars search --resume` or `radars train --resume` goes on with it",
            path.display()
        )));
    }
    Ok((Model::read(&file)?, file))
}

/// The network that a run trained in the end, with all that is known of it.
///
/// Nothing of it depends on where the run folder is, or on whether the run was left and resumed: the same run has
/// the same model.
pub fn of_run(task: &Task, result: &RunResult, parameters: Vec<SavedParameter>) -> Model {
    let (config, data) = (&task.problem.config, &task.data);
    let source = Path::new(&config.data.source);
    let name = source.file_name().unwrap_or(source.as_os_str());
    let command = match config.architecture {
        Some(_) => "train",
        None => "search",
    };
    Model {
        space: task.space(Fidelity::Final).clone(),
        architecture: result.best.architecture.clone(),
        parameters,
        class_names: data.train.class_names().to_vec(),
        provenance: Provenance {
            test_accuracy: result.best.test_accuracy,
            test_top5_accuracy: result.best.test_top5_accuracy,
            test_images: Some(data.test.len()),
            train_images: Some(data.train.len()),
            epochs: Some(config.training.final_epochs),
            data: Some(name.to_string_lossy().into_owned()),
            method: Some(config.method.to_string()),
            seed: Some(config.seed),
            fingerprint: Some(result.fingerprint.clone()),
            device: Some(result.device.clone()),
            // In the run folder, where the configuration states everything else.
            command: Some(format!("radars {command} --config config.toml")),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        },
    }
}
