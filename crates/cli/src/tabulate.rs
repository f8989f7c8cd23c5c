//! `radars tabulate`: every architecture of a small space, trained into a table.

use crate::arguments::{DeviceArgs, TabulateArgs};
use crate::device::{Devices, OnDevice, Part, announce};
use crate::failure::{Failure, Result};
use crate::progress::say;
use crate::quantity::{count, rough};
use crate::{configuration, interrupt, loading};
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::tabular::fidelity::{
    MeasuredRow, Onlooker, Place, Tabulated, Tabulation, architectures, tabulate,
};
use radars_search::{Error, StopSignal, read_space};
use radars_tensor::Region;
use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

/// A bar's steps.
const STEPS: u64 = 10_000;

impl OnDevice for TabulateArgs {
    fn arguments(&self) -> &DeviceArgs {
        &self.device
    }

    fn run_on<D: Devices>(&self, devices: &D) -> Result<String> {
        let config = configuration::of_tabulate(&self.task, &self.epochs)?;
        // Before images are decoded.
        architectures(&read_space(&config)?).map_err(Error::from)?;
        devices.check_available(config.memory)?;
        let bound_bytes = usize::try_from(config.memory.as_u64()).unwrap_or(usize::MAX);
        let mut task = loading::task(config, self.quiet)?;
        if let Some(warning) = configuration::set_reward(&mut task, &self.reward)? {
            say(&format!("warning: {warning}"));
        }
        if !self.quiet {
            announce(devices);
        }
        let stop = StopSignal::default();
        interrupt::handle_saying(&stop, "ending with the rows that are done")
            .map_err(Failure::running)?;
        let mut progress = Progress::new(self.quiet);
        let seeds = self.seeds();
        let tabulation = Tabulation {
            seeds: &seeds,
            order: self.order,
            limit: self.limit,
        };
        let place = Place {
            file: &self.out,
            device: devices.name(),
            onlooker: &mut progress,
            stop: &stop,
        };
        let done = tabulate(&task, tabulation, place, || {
            Ok(Region::reserve(devices.open(Part::Whole)?, bound_bytes)?)
        });
        progress.bar.finish_and_clear();
        let done = done?;
        Ok(format!("{}\n", self.said(done)))
    }
}

impl TabulateArgs {
    /// What it came to, in a sentence.
    fn said(&self, done: Tabulated) -> String {
        let (file, there) = (self.out.display(), count(done.there as u64));
        let (rows, trained) = (count(done.rows as u64), count(done.trained as u64));
        match done.there == done.rows {
            true => format!("{file}: all {rows} rows are there, {trained} of them new"),
            false => format!(
                "{file}: {there} of {rows} rows are there, {trained} of them new; the same command goes on"
            ),
        }
    }
}

/// A bar on a terminal; a line a row elsewhere.
struct Progress {
    bar: ProgressBar,
    /// Whether rows are told by lines.
    lines: bool,
    began: Instant,
    /// What is to come, and how much of it is done, in multiply-accumulates.
    macs: u64,
    trained: u64,
    /// How many rows are there, in words, and the last of them.
    rows: String,
    last: String,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        let terminal = stderr().is_terminal();
        let bar = match !quiet && terminal {
            true => ProgressBar::new(STEPS),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template(TEMPLATE);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        Progress {
            bar,
            lines: !quiet && !terminal,
            began: Instant::now(),
            macs: 0,
            trained: 0,
            rows: String::new(),
            last: String::new(),
        }
    }

    /// The time that is left, if the rest goes on as all that was trained until now.
    fn left(&self) -> Option<Duration> {
        let rest = self.macs.saturating_sub(self.trained) as f64 / self.trained as f64;
        Duration::try_from_secs_f64(self.began.elapsed().as_secs_f64() * rest).ok()
    }

    /// Rows, time left, the last row.
    fn text(&self) -> String {
        let left = self.left().map_or("time left unknown".to_owned(), |left| {
            format!("about {} left", rough(left))
        });
        format!("{}, {left}{}", self.rows, self.last)
    }

    fn count(&mut self, there: usize, rows: usize) {
        let [there, rows] = [there, rows].map(|rows| count(rows as u64));
        self.rows = format!("{there} of {rows} rows");
        if self.lines {
            say(&self.text());
        }
    }
}

impl Onlooker for Progress {
    fn begins(&mut self, there: usize, rows: usize, macs: u64) {
        (self.began, self.macs) = (Instant::now(), macs);
        self.count(there, rows);
    }

    fn trained(&mut self, macs: u64) {
        self.trained = macs;
        let share = macs as f64 / self.macs.max(1) as f64;
        self.bar.set_position((share * STEPS as f64) as u64);
        self.bar.set_message(self.text());
    }

    fn written(&mut self, row: &MeasuredRow, there: usize, rows: usize) {
        let [proxy, exact, tested] = row.accuracies;
        self.last = format!(
            "; {} with seed {}: proxy {proxy:.4}, exact {exact:.4}, final {tested:.4}",
            row.code, row.seed
        );
        self.count(there, rows);
    }
}

const TEMPLATE: &str = "[{bar:24}] {percent}%, {wide_msg}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_understood() {
        assert!(ProgressStyle::with_template(TEMPLATE).is_ok());
    }

    /// A quarter is done: three times as long as it took is left. Nothing is known before anything was trained.
    #[test]
    fn the_time_left_is_that_of_the_rest_at_the_pace_until_now() {
        let mut progress = Progress::new(true);
        progress.begins(3, 10, 4000);
        assert_eq!(progress.left(), None);
        progress.began = Instant::now() - Duration::from_secs(100);
        progress.trained(1000);
        let left = progress.left().unwrap().as_secs_f64();
        assert!((300.0..303.0).contains(&left), "{left}");
    }
}
