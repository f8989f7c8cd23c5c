//! Loading a task, with a bar where decoding the images takes long.

use crate::failure::Result;
use indicatif::{ProgressBar, ProgressStyle};
use radars_data::{Data, LoadOptions};
use radars_search::{Config, Task};

const TEMPLATE: &str = "decoding images  [{bar:24}] {pos}/{len}  {eta} left";

/// Loads the space and the data of a configuration.
pub fn task(config: Config, quiet: bool) -> Result<Task> {
    with_bar(quiet, |progress| Ok(Task::load(config, Some(progress))?))
}

/// Loads a data set.
pub fn data(source: &str, options: &LoadOptions<'_>, quiet: bool) -> Result<Data> {
    with_bar(quiet, |progress| {
        let options = LoadOptions {
            progress: Some(progress),
            ..*options
        };
        Ok(Data::load(source, &options)?)
    })
}

/// Does something that decodes images.
fn with_bar<T>(
    quiet: bool,
    load: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> Result<T>,
) -> Result<T> {
    // Hidden by itself where stderr is not a terminal.
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    let style =
        ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    let decoded = |_: usize, of: usize| {
        // Threads report in no order: counting calls keeps the bar from jumping back.
        bar.set_length(of as u64);
        bar.inc(1);
    };
    let loaded = load(&decoded);
    bar.finish_and_clear();
    loaded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
