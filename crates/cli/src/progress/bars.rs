//! Progress on a terminal: what is under way, and how much of it is done.

use super::Snapshot;
use crate::quantity::{bytes, rough};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

/// Three lines at the bottom of the terminal, short enough for one of 80 columns; milestones scroll above.
pub struct Bars {
    lines: MultiProgress,
    headline: ProgressBar,
    epoch: ProgressBar,
    figures: ProgressBar,
}

impl Bars {
    /// Draws on stderr.
    pub fn new() -> Self {
        let lines = MultiProgress::new();
        let line = |template| {
            // The templates are constants, which the test below reads.
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            lines.add(ProgressBar::new(0).with_style(style.progress_chars("=> ")))
        };
        let (headline, epoch, figures) = (line(HEADLINE), line(EPOCH), line(FIGURES));
        headline.enable_steady_tick(Duration::from_millis(200));
        Self {
            lines,
            headline,
            epoch,
            figures,
        }
    }

    /// Lets a line scroll by above.
    pub fn print(&self, line: &str) {
        // Without a terminal there is nobody to tell, and a broken one must not end the search.
        let _ = self.lines.println(line);
    }

    /// Shows where the search is.
    pub fn show(&self, headline: String, snapshot: &Snapshot) {
        let reward = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
        };
        let (last, best) = (reward(snapshot.reward), reward(snapshot.best));
        let memory = snapshot.memory;
        let (live, peak) = (bytes(memory.live_bytes), bytes(memory.peak_bytes));
        let bound = bytes(snapshot.bound_bytes);
        let left = match snapshot.left {
            Some(left) => format!("about {} left", rough(left)),
            None => "time left unknown".to_owned(),
        };
        self.headline.set_message(headline);
        self.epoch
            .set_message(format!("reward {last}, best {best}"));
        self.figures
            .set_message(format!("memory {live}, peak {peak} of {bound}; {left}"));
    }

    /// Moves the bar of the epoch under way.
    pub fn batch(&self, done: usize, of: usize) {
        self.epoch.set_length(of as u64);
        self.epoch.set_position(done as u64);
    }

    /// Leaves the terminal as it was, but for the milestones.
    pub fn clear(&self) {
        for line in [&self.headline, &self.epoch, &self.figures] {
            line.finish_and_clear();
        }
    }
}

const HEADLINE: &str = "{spinner} {wide_msg}";
const EPOCH: &str = "  [{bar:24}] {pos}/{len} batches, {wide_msg}";
const FIGURES: &str = "  {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_understood() {
        for template in [HEADLINE, EPOCH, FIGURES] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
