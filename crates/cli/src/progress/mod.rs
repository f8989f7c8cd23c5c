//! Showing a search while it runs: bars on a terminal, lines elsewhere, nothing when asked to be quiet.

mod bars;
mod exploitation;
mod exploration;
mod forecast;
mod lines;
mod position;
mod words;

pub use lines::reason;

use crate::workload::Workload;
use bars::Bars;
use bytesize::ByteSize;
use forecast::{Forecast, Setting};
use position::Position;
use radars_search::{Event, Fidelity, Method, MixingChoice, Phase, Resumed, Task};
use radars_space::Candidate;
use radars_supernet::Mixing;
use radars_tensor::Stats;
use std::collections::HashSet;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// Redrawing more often than this costs time and shows nothing more.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows a search.
pub struct Progress {
    output: Output,
    overlapped: bool,
    position: Position,
    forecast: Forecast,
    /// Exploration, and all else.
    works: [Work; 2],
    /// The one heard of last.
    current: Phase,
    best: Option<f64>,
    bound_bytes: usize,
    started: Instant,
    deadline: Option<Instant>,
    drawn_at: Option<Instant>,
}

enum Output {
    Nothing,
    Lines,
    Bars(Bars),
}

/// What is shown of a phase.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    /// Its latest reward.
    reward: Option<f64>,
    /// Its arena.
    memory: Stats,
}

/// The figures below the bars.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// The best exact reward.
    pub best: Option<f64>,
    /// Memory in use.
    pub live_bytes: usize,
    /// Most memory in use at once.
    pub peak_bytes: usize,
    /// The bound.
    pub bound_bytes: usize,
    /// Time until the end.
    pub left: Option<Duration>,
}

/// How a search is shown.
pub struct Show {
    /// Whether its phases run side by side.
    pub overlapped: bool,
    /// The bound, of all devices.
    pub bound: ByteSize,
    /// When it is to end.
    pub deadline: Option<Instant>,
    /// Whether it is not to be shown.
    pub quiet: bool,
}

impl Progress {
    /// Shows the search of a task on stderr, from its beginning or from where it was left.
    pub fn new(task: &Task, resumed: Option<&Resumed>, show: Show) -> Self {
        let config = &task.problem.config;
        let output = if show.quiet {
            Output::Nothing
        } else if stderr().is_terminal() {
            Output::Bars(Bars::new(1 + usize::from(show.overlapped)))
        } else {
            Output::Lines
        };
        let found = resumed.into_iter().flat_map(|resumed| {
            let exploration = resumed.exploration.iter().map(|state| &state.findings);
            let exploitation = resumed.exploitation.iter().map(|state| &state.findings);
            exploration.chain(exploitation)
        });
        let best = found.clone().filter_map(|findings| findings.best());
        let best = best.map(|(_, score)| score.reward).max_by(f64::total_cmp);
        let setting = Setting {
            overlapped: show.overlapped,
            guess: guess(task),
            budget: config.search.budget,
            spent_before: found.map(|findings| findings.spent).sum(),
        };
        Self {
            output,
            overlapped: show.overlapped,
            position: Position::new(Workload::new(config), resumed),
            forecast: Forecast::new(setting),
            works: [Work::default(); 2],
            current: Phase::Run,
            best,
            bound_bytes: usize::try_from(show.bound.as_u64()).unwrap_or(usize::MAX),
            started: Instant::now(),
            deadline: show.deadline,
            drawn_at: None,
        }
    }

    /// Shows an event.
    pub fn event(&mut self, phase: Phase, event: &Event) {
        self.position.update(phase, event);
        let now = self.started.elapsed().as_secs_f64();
        self.forecast.update(phase, event, now);
        self.current = phase;
        match event {
            Event::Episode { reward, .. }
            | Event::Retrained { reward, .. }
            | Event::Screened { reward, .. }
            | Event::Derived {
                reward: Some(reward),
                ..
            } => self.works[index(phase)].reward = Some(*reward),
            // Each phase knows of its own best alone.
            Event::Best { reward, .. } => {
                self.best = Some(self.best.map_or(*reward, |best| best.max(*reward)));
            }
            Event::SearchEnded { .. } => self.end_exploration(),
            _ => {}
        }
        match &self.output {
            Output::Nothing => {}
            Output::Lines => say(&lines::describe(event)),
            Output::Bars(bars) => {
                if lines::is_milestone(event) {
                    bars.print(&lines::describe(event));
                }
                self.draw();
            }
        }
    }

    /// Shows that a batch is done.
    pub fn batch(&mut self, phase: Phase, done: usize, of: usize, memory: Stats) {
        self.current = phase;
        self.works[index(phase)].memory = memory;
        let line = self.line(phase);
        let Output::Bars(bars) = &self.output else {
            return;
        };
        bars.batch(line, done, of);
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

    /// Which lines of the screen are a phase's.
    fn line(&self, phase: Phase) -> usize {
        match self.overlapped {
            true => index(phase),
            false => 0,
        }
    }

    /// The final training has the screen to itself.
    fn end_exploration(&mut self) {
        self.works[index(Phase::Exploration)].memory = Stats::default();
        if let Output::Bars(bars) = &self.output
            && self.overlapped
        {
            bars.end_work(index(Phase::Exploration));
        }
    }

    fn draw(&mut self) {
        let Output::Bars(bars) = &self.output else {
            return;
        };
        let spent = self.forecast.share_spent();
        let spent = spent.filter(|_| !self.position.searched());
        let show = |phase| {
            let mut headline = self.position.headline(phase);
            if let Some(spent) = spent {
                headline += &format!(", {:.0} % of the budget spent", spent * 100.0);
            }
            bars.show_work(self.line(phase), headline, self.works[index(phase)].reward);
        };
        match self.overlapped {
            true if !self.position.searched() => {
                show(Phase::Exploration);
                show(Phase::Exploitation);
            }
            _ => show(self.current),
        }
        bars.show_figures(&self.figures());
        self.drawn_at = Some(Instant::now());
    }

    fn figures(&self) -> Figures {
        let [exploration, exploitation] = &self.works.map(|work| work.memory);
        let (live_bytes, peak_bytes) = match self.overlapped {
            // What may have been in use at once.
            true => (
                exploration.live_bytes + exploitation.live_bytes,
                exploration.peak_bytes + exploitation.peak_bytes,
            ),
            false => {
                let memory = &self.works[index(self.current)].memory;
                (memory.live_bytes, memory.peak_bytes)
            }
        };
        Figures {
            best: self.best,
            live_bytes,
            peak_bytes,
            bound_bytes: self.bound_bytes,
            left: self.left(),
        }
    }

    fn left(&self) -> Option<Duration> {
        let now = self.started.elapsed().as_secs_f64();
        let left = self.forecast.left(&self.position, now)?;
        let until = self.deadline.map(|deadline| {
            let until = deadline.saturating_duration_since(Instant::now());
            until.as_secs_f64()
        });
        // The final training comes after the deadline.
        let search = until.map_or(left.search, |until| until.min(left.search));
        Duration::try_from_secs_f64(search + left.last).ok()
    }
}

/// Exploration, or all else.
fn index(phase: Phase) -> usize {
    usize::from(phase != Phase::Exploration)
}

/// Epochs of every kind of work, in epochs of a proxy training.
fn guess(task: &Task) -> [f64; crate::workload::Work::COUNT] {
    let (config, space) = (&task.problem.config, &task.problem.space);
    let layers = space.layers().len();
    // Where every candidate, or activation format, has its convolution, a step takes as many times as long.
    let convolutions = match (config.mixing, config.method) {
        (MixingChoice::Fixed(Mixing::Factorised), _) => 1.0,
        (mixing, Method::Dnas) => {
            let count = |layer| {
                let candidates = space.candidates(layer).ok()?;
                let formats: HashSet<_> = candidates.iter().map(Candidate::activation).collect();
                Some(match mixing {
                    MixingChoice::Fixed(Mixing::Materialised) => candidates.len(),
                    _ => formats.len(),
                })
            };
            let counts = (0..layers).filter_map(count);
            counts.sum::<usize>() as f64 / layers.max(1) as f64
        }
        (_, _) => config.search.retrain as f64,
    };
    let images = |part: usize| part.max(1) as f64;
    let briefly = images(task.splits(Fidelity::Proxy).weights.len());
    let whole = images(task.splits.weights.len()) / briefly;
    let last = images(task.data.train.len()) / briefly;
    // A step of DNAS trains on two batches.
    [1.0, whole, 2.0 * convolutions * whole, whole, last]
}

/// A line on stderr, where whoever listens may have gone: that does not end a search of hours.
pub fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
