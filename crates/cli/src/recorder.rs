//! Takes down a search: into its run folder, and onto the screen.

use crate::progress::{Progress, say};
use crate::{export, failure, model};
use radars_search::{
    Event, Kept, Observer, Phase, Result, RunFolder, RunResult, SpaceSource, Task, Trained,
};
use radars_supernet::nn::SavedParameter;
use radars_tensor::Stats;
use std::path::{Path, PathBuf};

/// Where run folders go that nobody named.
pub const RUNS: &str = "runs";

/// Writes the run folder, which appears with the first event: a search that is refused leaves nothing.
pub struct Recorder<'a> {
    task: &'a Task,
    out: Option<PathBuf>,
    folder: Option<RunFolder>,
    progress: Progress,
    /// The final network, once it is trained.
    trained: Option<Vec<SavedParameter>>,
}

impl<'a> Recorder<'a> {
    /// Records into `out`, or into the first free folder for the task.
    pub fn new(task: &'a Task, out: Option<PathBuf>, progress: Progress) -> Self {
        Self {
            task,
            out,
            folder: None,
            progress,
            trained: None,
        }
    }

    /// Goes on recording in the folder of a run that was left.
    pub fn resume(task: &'a Task, folder: RunFolder, progress: Progress) -> Self {
        Self {
            task,
            out: None,
            folder: Some(folder),
            progress,
            trained: None,
        }
    }

    /// Where the run folder is; none before the search has begun.
    pub fn path(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// The run folder, which is made when there is something to write.
    fn folder(&mut self) -> Result<&mut RunFolder> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => {
                let mut folder = match &self.out {
                    Some(path) => RunFolder::create(path)?,
                    None => RunFolder::create_numbered(Path::new(RUNS), &stem(self.task))?,
                };
                let problem = &self.task.problem;
                folder.write_config(&problem.config, &problem.space)?;
                folder
            }
        };
        Ok(self.folder.insert(folder))
    }

    /// Takes the progress off the screen, writes the final network, in every form, and then the result: a run that has
    /// its result has all else, too.
    pub fn finish(&mut self, result: Option<&RunResult>) -> failure::Result<()> {
        self.progress.finish();
        let (Some(folder), Some(result)) = (&self.folder, result) else {
            return Ok(());
        };
        if let Some(parameters) = self.trained.take() {
            let model = model::of_run(self.task, result, parameters);
            match model.write(&folder.path().join(model::MODEL)) {
                // A training that came to infinities has a result, and no network that is of use.
                Err(error @ radars_export::Error::Parameter { .. }) => {
                    say(&format!("warning: no {}: {error}", model::MODEL));
                }
                written => {
                    written?;
                    export_all(folder.path());
                }
            }
        }
        Ok(folder.write_result(result)?)
    }
}

impl Observer for Recorder<'_> {
    fn event(&mut self, phase: Phase, event: &Event) -> Result<()> {
        self.folder()?.event(phase, event)?;
        self.progress.event(phase, event);
        Ok(())
    }

    fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        self.progress.batch(phase, done, of, memory);
    }

    fn keep(&mut self, phase: Phase, kept: Kept<'_>) -> Result<()> {
        self.folder()?.keep(phase, kept)
    }

    fn trained(&mut self, _: Phase, trained: &Trained<'_>) -> Result<()> {
        self.trained = Some(trained.parameters.to_vec());
        Ok(())
    }
}

/// `fashion-small-0`: the space and the seed; `fashion-small-0-trained` where nothing is searched for.
fn stem(task: &Task) -> String {
    let trained = match task.problem.config.architecture {
        Some(_) => "-trained",
        None => "",
    };
    format!("{}-{}{trained}", space_name(task), task.problem.config.seed)
}

/// What the space is called in the names of folders.
pub fn space_name(task: &Task) -> String {
    file_name(match &task.problem.config.space {
        SpaceSource::Preset(name) => name,
        SpaceSource::File(_) => task.problem.space.name(),
    })
}

/// The name of a space may hold anything; the name of a folder may not.
fn file_name(name: &str) -> String {
    let keep = |c: char| {
        if c.is_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '-'
        }
    };
    name.chars().map(keep).collect()
}

/// Writes the network of a run in all its other forms, as far as that can be done.
fn export_all(folder: &Path) {
    if let Err(error) = export::beside(folder) {
        let folder = folder.display();
        say(&format!(
            "warning: not exported: {error}; `radars export {folder}` tries again"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_space_leads_out_of_the_folder() {
        assert_eq!(file_name("../my space/2.0"), "---my-space-2-0");
        assert_eq!(file_name("cifar10-quant"), "cifar10-quant");
    }
}
