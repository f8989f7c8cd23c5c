//! Progress of a comparison: a line for each run that is over, and a bar on a terminal.

use crate::progress::say;
use crate::quantity::{bytes, count, fraction, macs, rough, seconds};
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::comparison::{Onlooker, Outcome, Run, Spec};
use radars_search::{Event, Phase, Task};
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

const TEMPLATE: &str = "{spinner} [{bar:24}] {pos}/{len} runs, {wide_msg}";

/// Shows how a comparison goes on.
pub struct Watch {
    quiet: bool,
    bar: ProgressBar,
    under_way: String,
    best: Option<f64>,
    /// When the run under way began or was gone on with; none between runs.
    began: Option<Instant>,
    times: Vec<Duration>,
    left: Option<Duration>,
}

impl Watch {
    /// On stderr; nothing when asked to be quiet.
    pub fn new(quiet: bool) -> Self {
        let bar = match !quiet && stderr().is_terminal() {
            true => ProgressBar::new(0),
            false => ProgressBar::hidden(),
        };
        let style =
            ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        Self {
            quiet,
            bar,
            under_way: String::new(),
            best: None,
            began: None,
            times: Vec::new(),
            left: None,
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, line: &str) {
        match (self.quiet, self.bar.is_hidden()) {
            (true, _) => {}
            (false, true) => say(line),
            (false, false) => self.bar.println(line),
        }
    }

    fn draw(&self) {
        let best = self.best.map(|reward| format!(", best reward {reward:.4}"));
        let left = self.left.map(|left| {
            let gone = self.began.map(|began| began.elapsed()).unwrap_or_default();
            let left = left.saturating_sub(gone);
            format!("; about {} left", rough(left))
        });
        let words = [Some(self.under_way.clone()), best, left];
        self.bar
            .set_message(words.into_iter().flatten().collect::<String>());
    }
}

impl Onlooker for Watch {
    fn begins(&mut self, spec: &Spec, number: usize, of: usize, _: &Task, _: Option<Instant>) {
        self.began = Some(Instant::now());
        self.best = None;
        self.under_way = spec.to_string();
        self.bar.set_length(of as u64);
        self.bar.set_position(number as u64 - 1);
        self.bar.enable_steady_tick(Duration::from_millis(200));
        self.draw();
    }

    fn judges(&mut self, spec: &Spec, number: usize, of: usize) {
        // The search may have been over before.
        self.began.get_or_insert_with(Instant::now);
        self.under_way = format!("{spec}: judging its winner, training {number} of {of}");
        self.draw();
    }

    fn event(&mut self, _: Phase, event: &Event) {
        if let Event::Best { reward, .. } = event {
            self.best = Some(self.best.unwrap_or(f64::NEG_INFINITY).max(*reward));
        }
        self.draw();
    }

    fn ends(&mut self, run: &Run, number: usize, of: usize, earlier: bool) {
        let began = self.began.take();
        if let Some(began) = began.filter(|_| !earlier) {
            self.times.push(began.elapsed());
        }
        self.best = None;
        let left = time_left(&self.times, of - number);
        let line = format!("{number} of {of}: {}", line(run, earlier));
        self.say(&match left {
            Some(left) if number < of => format!("{line}; about {} left", rough(left)),
            _ => line,
        });
        self.left = left;
        self.bar.set_position(number as u64);
    }
}

/// What the runs to come will take, at what those that are over took.
fn time_left(times: &[Duration], runs: usize) -> Option<Duration> {
    let count = u32::try_from(times.len()).ok().filter(|&count| count > 0)?;
    let mean = times.iter().sum::<Duration>() / count;
    Some(mean * u32::try_from(runs).ok()?)
}

/// What came of a run.
fn line(run: &Run, earlier: bool) -> String {
    let spec = &run.spec;
    let before = if earlier { " (done before)" } else { "" };
    let what = match &run.outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::OutOfTime { seconds: after } => format!("OOT after {}", seconds(*after)),
        Outcome::OutOfMemory {
            needed_bytes,
            bound_bytes,
        } => format!(
            "OOM: would need {} of {}",
            bytes(*needed_bytes),
            bytes(*bound_bytes)
        ),
        Outcome::Failed { message } => format!("failed: {message}"),
    };
    let figures = run.result.as_ref().map(|result| {
        let best = &result.best;
        let selected_by = fraction(best.reward);
        let (reward, accuracy) = match (&run.judged, best.test_accuracy) {
            (Some(judged), _) => (
                format!(
                    "true reward {:.4}, selected by {selected_by}",
                    judged.reward
                ),
                format!("accuracy {:.4} on the test set", judged.accuracy),
            ),
            (None, Some(accuracy)) => (
                format!("reward {selected_by}"),
                format!("accuracy {accuracy:.4} on the test set"),
            ),
            (None, None) => (
                format!("reward {selected_by}"),
                format!("accuracy {} in the search", fraction(best.val_accuracy)),
            ),
        };
        format!(
            ", {reward}, {accuracy}, {} AOPS, {} MACs in {}",
            count(result.best.aops),
            macs(result.search.spent as f64),
            seconds(result.time.search_seconds)
        )
    });
    format!("{spec}: {what}{before}{}", figures.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    /// By hand: runs of 10 and 20 seconds, 15 on average; three to come take 45.
    #[test]
    fn what_is_left_is_as_many_mean_runs() {
        let times = [Duration::from_secs(10), Duration::from_secs(20)];
        assert_eq!(time_left(&times, 3), Some(Duration::from_secs(45)));
        assert_eq!(time_left(&[], 3), None);
    }
}
