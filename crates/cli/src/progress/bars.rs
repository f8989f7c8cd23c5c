//! Progress on a terminal: what is under way, and how much of it is done.

use super::Figures;
use crate::quantity::{bytes, rough};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

/// A few lines at the bottom of the terminal, short enough for one of 80 columns; milestones scroll above.
pub struct Bars {
    lines: MultiProgress,
    works: Vec<Work>,
    figures: ProgressBar,
}

/// One of the works that are done side by side.
struct Work {
    headline: ProgressBar,
    epoch: ProgressBar,
}

impl Bars {
    /// Draws on stderr, with lines for so many works side by side.
    pub fn new(works: usize) -> Self {
        let lines = MultiProgress::new();
        let line = |template| {
            // The templates are constants, which the test below reads.
            let style = ProgressStyle::with_template(template)
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            lines.add(ProgressBar::new(0).with_style(style.progress_chars("=> ")))
        };
        let work = |_| {
            let (headline, epoch) = (line(HEADLINE), line(EPOCH));
            headline.enable_steady_tick(Duration::from_millis(200));
            Work { headline, epoch }
        };
        Self {
            works: (0..works).map(work).collect(),
            figures: line(FIGURES),
            lines,
        }
    }

    /// Lets a line scroll by above.
    pub fn print(&self, line: &str) {
        // Without a terminal there is nobody to tell, and a broken one must not end the search.
        let _ = self.lines.println(line);
    }

    /// Shows where a work is.
    pub fn show_work(&self, work: usize, headline: String, reward: Option<f64>) {
        if let Some(work) = self.works.get(work) {
            work.headline.set_message(headline);
            work.epoch.set_message(format!("reward {}", number(reward)));
        }
    }

    /// Shows what belongs to all of them.
    pub fn show_figures(&self, figures: &Figures) {
        let (live, peak) = (bytes(figures.live_bytes), bytes(figures.peak_bytes));
        let (bound, best) = (bytes(figures.bound_bytes), number(figures.best));
        let left = match figures.left {
            Some(left) => format!("about {} left", rough(left)),
            None => "time left unknown".to_owned(),
        };
        self.figures.set_message(format!(
            "best {best}; memory {live}, peak {peak} of {bound}; {left}"
        ));
    }

    /// Moves the bar of the epoch under way.
    pub fn batch(&self, work: usize, done: usize, of: usize) {
        if let Some(work) = self.works.get(work) {
            work.epoch.set_length(of as u64);
            work.epoch.set_position(done as u64);
        }
    }

    /// Takes the lines of a work away.
    pub fn end_work(&self, work: usize) {
        if let Some(Work { headline, epoch }) = self.works.get(work) {
            headline.finish_and_clear();
            epoch.finish_and_clear();
        }
    }

    /// Leaves the terminal as it was, but for the milestones.
    pub fn clear(&self) {
        (0..self.works.len()).for_each(|work| self.end_work(work));
        self.figures.finish_and_clear();
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
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
