//! How long the rest will take, from how long the work so far took.

use super::position::Position;
use crate::workload::{Epochs, Work};
use radars_search::{Event, Phase};

/// Seconds an epoch of every kind of work, measured; the kinds that were not met yet are guessed from
/// those that were. Times are seconds since the program began with the search.
#[derive(Clone, Debug)]
pub struct Forecast {
    setting: Setting,
    measured: [Mean; Work::COUNT],
    spending: Spending,
    /// When exploration, and all else, was heard of last.
    heard: [f64; 2],
}

/// What does not change.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Whether the phases run side by side.
    pub overlapped: bool,
    /// Epochs of every kind, in epochs of a proxy training, until one is measured.
    pub guess: [f64; Work::COUNT],
    /// Multiply-accumulates that the search may spend.
    pub budget: Option<u64>,
    /// What of them was spent before.
    pub spent_before: u64,
}

/// What was spent, and when.
#[derive(Clone, Copy, Debug)]
struct Spending {
    spent: u64,
    at: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn value(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// Seconds that are left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Left {
    /// Of the search, which a time limit can cut short.
    pub search: f64,
    /// Of the final training.
    pub last: f64,
}

impl Forecast {
    /// A forecast that knows nothing yet.
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            measured: [Mean::default(); Work::COUNT],
            spending: Spending {
                spent: setting.spent_before,
                at: 0.0,
            },
            heard: [0.0; 2],
        }
    }

    /// Learns from an event of now.
    pub fn update(&mut self, phase: Phase, event: &Event, now: f64) {
        self.heard[usize::from(phase != Phase::Exploration)] = now;
        let (work, seconds) = match event {
            Event::Epoch {
                fidelity, seconds, ..
            } => (Work::of(*fidelity), *seconds),
            Event::DnasEpoch { seconds, .. } => (Work::Dnas, *seconds),
            Event::SharedEpoch { seconds, .. } => (Work::Shared, *seconds),
            Event::Episode { spent, .. }
            | Event::Retrained { spent, .. }
            | Event::Derived { spent, .. }
            | Event::Screened { spent, .. } => {
                if *spent > self.spending.spent {
                    self.spending = Spending {
                        spent: *spent,
                        at: now,
                    };
                }
                return;
            }
            _ => return,
        };
        let mean = &mut self.measured[work as usize];
        mean.sum += seconds;
        mean.count += 1.0;
    }

    /// How much of the budget is spent, between 0 and 1; none without a budget.
    pub fn share_spent(&self) -> Option<f64> {
        let budget = self.setting.budget?;
        Some(self.spending.spent as f64 / budget.max(1) as f64)
    }

    /// What is left; none when nobody knows.
    pub fn left(&self, position: &Position, now: f64) -> Option<Left> {
        let mut last = [0; Work::COUNT];
        last[Work::Final as usize] = position.left().last;
        let last = self.seconds(last)?;
        if position.searched() {
            let [_, heard] = self.heard;
            return Some(Left {
                search: 0.0,
                last: (last - (now - heard)).max(0.0),
            });
        }
        // A budget is never exceeded; RADARS may leave some of it.
        let (by_epochs, by_budget) = (self.by_epochs(position, now), self.by_budget(now));
        let search = match (by_epochs, by_budget) {
            (Some(epochs), Some(budget)) => epochs.min(budget),
            (one, other) => one.or(other)?,
        };
        Some(Left { search, last })
    }

    /// Seconds that the search takes by the epochs that are left of it.
    fn by_epochs(&self, position: &Position, now: f64) -> Option<f64> {
        let left = position.left();
        let exploration = self.seconds(left.exploration?)?;
        let exploitation = self.seconds(left.exploitation?)?;
        let [of_exploration, of_exploitation] = self.heard.map(|heard| now - heard);
        if !self.setting.overlapped {
            let passed = of_exploration.min(of_exploitation);
            return Some((exploration + exploitation - passed).max(0.0));
        }
        // What exploitation waits for passes while exploration works.
        let exploitation = match self.seconds(left.waiting?)? {
            0.0 => exploitation - of_exploitation,
            wait => (wait - of_exploration).max(0.0) + exploitation,
        };
        Some((exploration - of_exploration).max(exploitation).max(0.0))
    }

    /// Seconds until the budget is spent, at the rate so far.
    fn by_budget(&self, now: f64) -> Option<f64> {
        let Spending { spent, at } = self.spending;
        let spent_here = spent - self.setting.spent_before;
        if spent_here == 0 {
            return None;
        }
        let left = self.setting.budget?.saturating_sub(spent);
        let seconds = at / spent_here as f64 * left as f64;
        Some((seconds - (now - at)).max(0.0))
    }

    /// How long epochs take; none before the first of any kind.
    fn seconds(&self, epochs: Epochs) -> Option<f64> {
        if epochs.iter().all(|&epochs| epochs == 0) {
            return Some(0.0);
        }
        // The unit of the guesses: an epoch of a proxy training, by the kinds that were measured.
        let kinds = self.measured.iter().zip(self.setting.guess);
        let units = kinds
            .clone()
            .filter_map(|(mean, guess)| Some((mean.value()? / guess, mean.count)));
        let (sum, count) = units.fold((0.0, 0.0), |(s, c), (unit, n)| (s + unit * n, c + n));
        if count == 0.0 {
            return None;
        }
        let unit = sum / count;
        let seconds = kinds
            .zip(epochs)
            .map(|((mean, guess), epochs)| epochs as f64 * mean.value().unwrap_or(unit * guess));
        Some(seconds.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::super::position::tests::{episode, epoch};
    use super::*;
    use crate::workload::tests::{RADARS, of};
    use radars_search::{Fidelity, Method};

    /// A SuperNet epoch as long as 4 of a child, a final one as long as 100 / 60.
    const SETTING: Setting = Setting {
        overlapped: false,
        guess: [1.0, 1.0, 4.0, 1.0, 100.0 / 60.0],
        budget: None,
        spent_before: 0,
    };

    /// By hand, after one proxy epoch of 3 s: 11 proxy epochs left, 48 exact ones at the same 3 s, 10 of
    /// DNAS at 4 * 3 s, 30 final ones at 3 s * 100 / 60.
    #[test]
    fn what_was_not_measured_is_guessed() {
        let (mut forecast, mut position) = (Forecast::new(SETTING), Position::new(RADARS, None));
        assert_eq!(forecast.left(&position, 0.0), None);
        let event = epoch(Fidelity::Proxy, 0, 3.0);
        forecast.update(Phase::Exploration, &event, 3.0);
        position.update(Phase::Exploration, &event);
        let left = forecast.left(&position, 3.0).unwrap();
        assert_eq!(left.search, 11.0 * 3.0 + 48.0 * 3.0 + 10.0 * 12.0);
        assert_eq!(left.last, 30.0 * 5.0);
        // A second later there is a second less.
        assert_eq!(
            forecast.left(&position, 4.0).unwrap().search,
            left.search - 1.0
        );
        // Exact epochs turn out to take 1 s; the rest is guessed from both, (3 + 1) / 2.
        forecast.update(Phase::Exploitation, &epoch(Fidelity::Exact, 0, 1.0), 4.0);
        let left = forecast.left(&position, 4.0).unwrap();
        assert_eq!(left.search, 11.0 * 3.0 + 48.0 * 1.0 + 10.0 * 8.0);
        assert!((left.last - 100.0).abs() < 1e-6); // 30 * 2 * 100 / 60
    }

    /// By hand, all epochs at 1 s but those of DNAS at 4 s: exploration has 11 s left; exploitation waits
    /// for the first 5 of them, then has 48 + 10 * 4.
    #[test]
    fn side_by_side_the_longer_phase_counts() {
        let setting = Setting {
            overlapped: true,
            ..SETTING
        };
        let (mut forecast, mut position) = (Forecast::new(setting), Position::new(RADARS, None));
        let event = epoch(Fidelity::Proxy, 0, 1.0);
        forecast.update(Phase::Exploration, &event, 1.0);
        position.update(Phase::Exploration, &event);
        let search = |now| forecast.left(&position, now).unwrap().search;
        assert_eq!(search(1.0), 5.0 + 88.0);
        assert_eq!(search(2.0), 4.0 + 88.0);
        // The first exploration is over: there is nothing to wait for.
        position.update(Phase::Exploration, &episode(0, 2, 0));
        let mut forecast = forecast.clone();
        forecast.update(Phase::Exploitation, &ended_training(), 6.0);
        assert_eq!(forecast.left(&position, 7.0).unwrap().search, 87.0);
    }

    fn ended_training() -> Event {
        super::super::position::tests::started(Fidelity::Exact)
    }

    /// 200 of 1,000 were spent before this process, 200 more in its first 10 s: 600 will take 30.
    #[test]
    fn a_budget_is_forecast_by_what_is_spent_of_it() {
        let setting = Setting {
            budget: Some(1000),
            spent_before: 200,
            ..SETTING
        };
        let mut forecast = Forecast::new(setting);
        let position = Position::new(of(Method::Quantnas, Some(1000)), None);
        forecast.update(Phase::Exploration, &epoch(Fidelity::Exact, 0, 1.0), 9.0);
        assert_eq!(forecast.left(&position, 9.0), None);
        forecast.update(Phase::Exploration, &episode(0, 0, 400), 10.0);
        assert_eq!(forecast.share_spent(), Some(0.4));
        assert_eq!(forecast.left(&position, 10.0).unwrap().search, 30.0);
        assert_eq!(forecast.left(&position, 12.0).unwrap().search, 28.0);
        // RADARS ends by its iterations where those come first.
        let position = Position::new(RADARS, None);
        let search = forecast.left(&position, 10.0).unwrap().search;
        assert_eq!(search, 30.0_f64.min(12.0 + 48.0 + 40.0));
    }
}
