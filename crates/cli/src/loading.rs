//! Loading a task, with a bar where decoding the images takes long.

use crate::failure::Result;
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::{Config, Task};

const TEMPLATE: &str = "decoding images  [{bar:24}] {pos}/{len}  {eta} left";

/// Loads the space and the data of a configuration.
pub fn task(config: Config, quiet: bool) -> Result<Task> {
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
    let task = Task::load(config, Some(&decoded));
    bar.finish_and_clear();
    Ok(task?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }
}
