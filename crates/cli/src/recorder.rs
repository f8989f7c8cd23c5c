//! Takes down a search: into its run folder, and onto the screen.

use crate::failure;
use crate::progress::Progress;
use radars_search::{Event, Observer, Result, RunFolder, RunResult, SpaceSource, Task};
use radars_tensor::Stats;
use std::path::{Path, PathBuf};

/// Where run folders go that nobody named.
const RUNS: &str = "runs";

/// Writes the run folder, which appears with the first event: a search that is refused leaves nothing.
pub struct Recorder<'a> {
    task: &'a Task,
    out: Option<PathBuf>,
    folder: Option<RunFolder>,
    progress: Progress,
}

impl<'a> Recorder<'a> {
    /// Records into `out`, or into the first free folder for the task.
    pub fn new(task: &'a Task, out: Option<PathBuf>, progress: Progress) -> Self {
        Self {
            task,
            out,
            folder: None,
            progress,
        }
    }

    /// The run folder; none before the search has begun.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_ref().map(RunFolder::path)
    }

    /// Takes the progress off the screen and writes the result.
    pub fn finish(&self, result: Option<&RunResult>) -> failure::Result<()> {
        self.progress.finish();
        if let (Some(folder), Some(result)) = (&self.folder, result) {
            folder.write_result(result)?;
        }
        Ok(())
    }
}

impl Observer for Recorder<'_> {
    fn event(&mut self, event: &Event) -> Result<()> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => {
                let folder = match &self.out {
                    Some(path) => RunFolder::create(path)?,
                    None => RunFolder::create_numbered(Path::new(RUNS), &stem(self.task))?,
                };
                folder.write_config(&self.task.config, &self.task.space)?;
                folder
            }
        };
        self.folder.insert(folder).record(event)?;
        self.progress.event(event);
        Ok(())
    }

    fn batch(&mut self, done: usize, of: usize, memory: Stats) {
        self.progress.batch(done, of, memory);
    }
}

/// `fashion-small-0`: the space and the seed.
fn stem(task: &Task) -> String {
    let name = match &task.config.space {
        SpaceSource::Preset(name) => name,
        SpaceSource::File(_) => task.space.name(),
    };
    format!("{}-{}", file_name(name), task.config.seed)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_space_leads_out_of_the_folder() {
        assert_eq!(file_name("../my space/2.0"), "---my-space-2-0");
        assert_eq!(file_name("cifar10-quant"), "cifar10-quant");
    }
}
