//! How long the rest will take, from how long the work so far took.

use super::position::{Position, Work};
use radars_search::Event;
use std::time::Duration;

/// Seconds an epoch of every kind of work, measured; the kinds that were not met yet are guessed from
/// those that were.
#[derive(Clone, Debug)]
pub struct Forecast {
    measured: [Mean; Work::COUNT],
    /// Epochs of another kind, in epochs of a proxy training.
    guess: [f64; Work::COUNT],
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

impl Forecast {
    /// A forecast that knows nothing yet; a SuperNet spans at most `retrain` architectures.
    pub fn new(retrain: usize) -> Self {
        // A step of DNAS trains on two batches, and every candidate has its convolution.
        let dnas = 2.0 * retrain.max(1) as f64;
        Self {
            measured: [Mean::default(); Work::COUNT],
            guess: [1.0, 1.0, dnas, 1.0],
        }
    }

    /// Learns from an event.
    pub fn update(&mut self, event: &Event) {
        let (work, seconds) = match event {
            Event::Started {
                images: [weights, alpha, rewards, _],
                ..
            } => {
                let all = weights + alpha + rewards;
                self.guess[Work::Final as usize] = all as f64 / (*weights).max(1) as f64;
                return;
            }
            Event::Epoch {
                fidelity, seconds, ..
            } => (Work::of(*fidelity), *seconds),
            Event::DnasEpoch { seconds, .. } => (Work::Dnas, *seconds),
            _ => return,
        };
        let mean = &mut self.measured[work as usize];
        mean.sum += seconds;
        mean.count += 1.0;
    }

    /// What is left, from the last event on; none before the first epoch.
    pub fn left(&self, position: &Position) -> Option<Left> {
        // The unit of the guesses: an epoch of a proxy training, by the kinds that were measured.
        let measured = self.measured.iter().zip(self.guess);
        let units = measured.filter_map(|(mean, guess)| Some((mean.value()? / guess, mean.count)));
        let (sum, count) = units.fold((0.0, 0.0), |(s, c), (unit, n)| (s + unit * n, c + n));
        if count == 0.0 {
            return None;
        }
        let unit = sum / count;
        let seconds = |work: Work| {
            let epochs = position.epochs_left()[work as usize] as f64;
            let epoch = self.measured[work as usize].value();
            epochs * epoch.unwrap_or(unit * self.guess[work as usize])
        };
        let search = seconds(Work::Proxy) + seconds(Work::Exact) + seconds(Work::Dnas);
        Some(Left {
            search: Duration::try_from_secs_f64(search).ok()?,
            last: Duration::try_from_secs_f64(seconds(Work::Final)).ok()?,
        })
    }
}

/// The time that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Of the search, which a time limit can cut short.
    pub search: Duration,
    /// Of the final training.
    pub last: Duration,
}

#[cfg(test)]
mod tests {
    use super::super::position::tests::{PLAN, epoch};
    use super::*;
    use radars_search::Fidelity;

    /// By hand, after one proxy epoch of 3 s: 11 proxy epochs left, 48 exact ones at the same 3 s, 10 of
    /// DNAS at 2 * 2 * 3 s, 30 final ones at 3 s * 100 / 60.
    #[test]
    fn what_was_not_measured_is_guessed() {
        let (mut forecast, mut position) = (Forecast::new(PLAN.retrain), Position::new(PLAN));
        assert_eq!(forecast.left(&position), None);
        let started = Event::Started {
            version: String::new(),
            device: String::new(),
            method: radars_search::Method::Radars,
            bound_bytes: 0,
            data_bytes: 0,
            images: [60, 20, 20, 50],
            iterations: 2,
            episodes: 3,
        };
        for event in [started, epoch(Fidelity::Proxy, 0, 3.0)] {
            forecast.update(&event);
            position.update(&event);
        }
        let left = forecast.left(&position).unwrap();
        assert_eq!(
            left.search.as_secs_f64(),
            11.0 * 3.0 + 48.0 * 3.0 + 10.0 * 12.0
        );
        assert_eq!(left.last.as_secs_f64(), 30.0 * 5.0);
        // Exact epochs turn out to take 1 s: 47 of them left; the rest is guessed from both, (3 + 1) / 2.
        forecast.update(&epoch(Fidelity::Exact, 0, 1.0));
        let left = forecast.left(&position).unwrap();
        assert_eq!(
            left.search.as_secs_f64(),
            11.0 * 3.0 + 48.0 * 1.0 + 10.0 * 8.0
        );
        assert!((left.last.as_secs_f64() - 100.0).abs() < 1e-6); // 30 * 2 * 100 / 60
    }
}
