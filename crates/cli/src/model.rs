//! The trained network of a run as a file in its folder.

use radars_export::{Model, Provenance};
use radars_search::{Fidelity, RunResult, Task};
use radars_supernet::nn::SavedParameter;
use std::path::Path;

/// Its name in a run folder.
pub const MODEL: &str = "model.safetensors";

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
