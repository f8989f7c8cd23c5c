//! Showing a search while it runs: bars on a terminal, lines elsewhere, nothing when asked to be quiet.

mod bars;
mod forecast;
mod lines;
mod position;

pub use lines::reason;

use bars::Bars;
use forecast::Forecast;
use position::{Planned, Position};
use radars_search::{Config, Event, Phase};
use radars_tensor::Stats;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Redrawing more often than this costs time and shows nothing more.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows a search.
pub struct Progress {
    output: Output,
    position: Position,
    forecast: Forecast,
    snapshot: Snapshot,
    forecast_at: Instant,
    deadline: Option<Instant>,
    drawn_at: Option<Instant>,
}

enum Output {
    Nothing,
    Lines,
    Bars(Bars),
}

/// The figures beside the bars.
#[derive(Clone, Copy, Debug, Default)]
pub struct Snapshot {
    /// The latest reward.
    pub reward: Option<f64>,
    /// The best exact reward.
    pub best: Option<f64>,
    /// The arena.
    pub memory: Stats,
    /// Its bound.
    pub bound_bytes: usize,
    /// Time until the end.
    pub left: Option<Duration>,
}

impl Progress {
    /// Shows a search under `config`, which is to end by `deadline`, on stderr.
    pub fn new(config: &Config, deadline: Option<Instant>, quiet: bool) -> Self {
        let output = if quiet {
            Output::Nothing
        } else if stderr().is_terminal() {
            Output::Bars(Bars::new())
        } else {
            Output::Lines
        };
        Self {
            output,
            position: Position::new(Planned::new(config)),
            forecast: Forecast::new(config.search.retrain),
            snapshot: Snapshot::default(),
            forecast_at: Instant::now(),
            deadline,
            drawn_at: None,
        }
    }

    /// Shows an event.
    pub fn event(&mut self, _: Phase, event: &Event) {
        self.position.update(event);
        self.forecast.update(event);
        self.forecast_at = Instant::now();
        match event {
            Event::Started { bound_bytes, .. } => self.snapshot.bound_bytes = *bound_bytes,
            Event::Episode { reward, .. } | Event::Retrained { reward, .. } => {
                self.snapshot.reward = Some(*reward)
            }
            Event::Derived {
                reward: Some(reward),
                ..
            } => self.snapshot.reward = Some(*reward),
            Event::Best { reward, .. } => self.snapshot.best = Some(*reward),
            _ => {}
        }
        match &self.output {
            Output::Nothing => {}
            Output::Lines => {
                if let Some(line) = lines::describe(event) {
                    say(&line);
                }
            }
            Output::Bars(bars) => {
                if let Some(line) = lines::describe(event).filter(|_| lines::is_milestone(event)) {
                    bars.print(&line);
                }
                self.draw();
            }
        }
    }

    /// Shows that a batch is done.
    pub fn batch(&mut self, _: Phase, done: usize, of: usize, memory: Stats) {
        self.snapshot.memory = memory;
        let Output::Bars(bars) = &self.output else {
            return;
        };
        bars.batch(done, of);
        if self.drawn_at.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            self.draw();
        }
    }

    /// Takes the bars away.
    pub fn finish(&self) {
        if let Output::Bars(bars) = &self.output {
            bars.clear();
        }
    }

    fn draw(&mut self) {
        let Output::Bars(bars) = &self.output else {
            return;
        };
        let passed = self.forecast_at.elapsed();
        let until = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.snapshot.left = self.forecast.left(&self.position).map(|left| {
            // The final training comes after the deadline.
            let search = until.map_or(left.search, |until| {
                until.saturating_add(passed).min(left.search)
            });
            search.saturating_add(left.last).saturating_sub(passed)
        });
        bars.show(self.position.headline(), &self.snapshot);
        self.drawn_at = Some(Instant::now());
    }
}

/// A line on stderr, where whoever listens may have gone: that does not end a search of hours.
pub fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
