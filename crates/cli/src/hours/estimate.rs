//! From the pace of steps to the time of a search.

use super::images::ImageCounts;
use super::pace::Pace;
use crate::workload::{Exploring, Work, Workload};
use serde::Serialize;

/// What takes how long; none for what only the budget or the space knows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub exploration_seconds: Option<f64>,
    pub retraining_seconds: f64,
    pub exploitation_seconds: Option<f64>,
    pub iteration_seconds: Option<f64>,
    pub search_seconds: Option<f64>,
    pub final_training_seconds: f64,
    pub total_seconds: Option<f64>,
}

impl Estimate {
    /// One phase after the other.
    pub fn sequential(
        work: &Workload,
        images: &ImageCounts,
        pace: &Pace,
        budget: Option<u64>,
    ) -> Estimate {
        let parts = Estimate::parts(work, images, pace);
        let exploited = parts.exploited();
        let explored = parts.exploration_seconds;
        let both = |a: Option<f64>, b: Option<f64>| Some(a? + b?);
        let times = |seconds: Option<f64>, times: usize| Some(seconds? * times as f64);
        let search = both(
            times(explored, work.explorations),
            times(exploited, work.exploitations),
        );
        let by_budget = budget.map(|macs| macs as f64 * pace.mac);
        let search = match (search, by_budget) {
            (Some(search), Some(budget)) => Some(search.min(budget)),
            (one, other) => one.or(other),
        };
        parts.with(both(explored, exploited), search)
    }

    /// Exploration `t + 1` beside exploitation `t`.
    pub fn overlapped(work: &Workload, images: &ImageCounts, pace: &Pace) -> Estimate {
        let parts = Estimate::parts(work, images, pace);
        let both = parts.exploration_seconds.zip(parts.exploited());
        let longer = both.map(|(explored, exploited)| explored.max(exploited));
        let search = both.zip(longer).map(|((explored, exploited), longer)| {
            explored + longer * work.explorations.saturating_sub(1) as f64 + exploited
        });
        parts.with(longer, search)
    }

    /// An exploration, the parts of an exploitation, and the final training.
    fn parts(work: &Workload, images: &ImageCounts, pace: &Pace) -> Estimate {
        let epoch = images.weights * pace.child_step;
        let measuring = images.rewards * pace.child_evaluation;
        let training = |epochs: usize| epochs as f64 * epoch + measuring;
        let exploration_seconds = match work.exploring {
            Exploring::Nothing => Some(0.0),
            Exploring::Episodes {
                count,
                work,
                epochs,
            } => {
                let each = match work {
                    Work::Proxy => {
                        epochs as f64 * images.proxy_weights * pace.child_step
                            + images.proxy_rewards * pace.child_evaluation
                    }
                    _ => training(epochs),
                };
                count.map(|count| count as f64 * each)
            }
            Exploring::Sharing { epochs } => {
                let each = epoch + images.lessons * pace.child_evaluation;
                epochs.map(|epochs| epochs as f64 * each + images.paths * measuring)
            }
        };
        let exact = training(work.exact_epochs);
        let dnas = work.dnas_epochs.map(|epochs| {
            let trained = epochs.saturating_sub(work.warmup_epochs) as f64;
            let pairs = epochs as f64 * pace.weight_step + trained * pace.alpha_step;
            images.weights * pairs
        });
        // Where no SuperNet fits, there is none.
        let supernets = if pace.spanned == 0 { 0 } else { work.supernets };
        Estimate {
            exploration_seconds,
            retraining_seconds: work.retrain as f64 * exact,
            exploitation_seconds: match supernets {
                0 => Some(0.0),
                count => dnas.map(|dnas| count as f64 * (dnas + exact)),
            },
            iteration_seconds: None,
            search_seconds: None,
            final_training_seconds: work.final_epochs as f64 * images.all * pace.child_step
                + images.test * pace.child_evaluation,
            total_seconds: None,
        }
    }

    /// An exploitation with the re-training before it.
    fn exploited(&self) -> Option<f64> {
        Some(self.retraining_seconds + self.exploitation_seconds?)
    }

    fn with(self, iteration: Option<f64>, search: Option<f64>) -> Estimate {
        Estimate {
            iteration_seconds: iteration,
            search_seconds: search,
            total_seconds: search.map(|search| search + self.final_training_seconds),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::tests::{RADARS, of};
    use radars_search::Method;

    /// 10 images of weights, 5 of rewards, 20 in all, 4 of test; brief trainings see all classes.
    const IMAGES: ImageCounts = ImageCounts {
        weights: 10.0,
        rewards: 5.0,
        proxy_weights: 10.0,
        proxy_rewards: 5.0,
        all: 20.0,
        test: 4.0,
        paths: 7.0,
        lessons: 10.0,
    };

    const PACE: Pace = Pace {
        child_step: 3.0,
        child_evaluation: 1.0,
        weight_step: 6.0,
        alpha_step: 4.0,
        timed: 3,
        spanned: 2,
        half_threads: Some(2.0),
        mac: 0.5,
        stated: false,
    };

    /// By hand. A proxy training 2 * 10 * 3 + 5 = 65, an exact one 8 * 10 * 3 + 5 = 245; DNAS of 5 epochs, 1
    /// of them warm-up, 10 * (5 * 6 + 4 * 4) = 460.
    #[test]
    fn radars_is_the_sum_of_its_parts() {
        let estimate = Estimate::sequential(&RADARS, &IMAGES, &PACE, None);
        let expected = Estimate {
            exploration_seconds: Some(3.0 * 65.0),
            retraining_seconds: 2.0 * 245.0,
            exploitation_seconds: Some(460.0 + 245.0),
            iteration_seconds: Some(1390.0),
            search_seconds: Some(2.0 * 1390.0),
            final_training_seconds: 30.0 * 20.0 * 3.0 + 4.0,
            total_seconds: Some(2780.0 + 1804.0),
        };
        assert_eq!(estimate, expected);
        // Two of five classes: a proxy training is 2 * 4 * 3 + 2 = 26, all else stays.
        let fewer = ImageCounts {
            proxy_weights: 4.0,
            proxy_rewards: 2.0,
            ..IMAGES
        };
        let estimate = Estimate::sequential(&RADARS, &fewer, &PACE, None);
        assert_eq!(estimate.exploration_seconds, Some(3.0 * 26.0));
        assert_eq!(estimate.retraining_seconds, 2.0 * 245.0);
        // An exploration of 195, then the longer of both, then the last exploitation of 1195.
        let estimate = Estimate::overlapped(&RADARS, &IMAGES, &PACE);
        assert_eq!(estimate.iteration_seconds, Some(1195.0));
        assert_eq!(estimate.search_seconds, Some(195.0 + 1195.0 + 1195.0));
    }

    /// 2 * 3 * 2 shared epochs of 10 * 3 with lessons of 10, 7 paths of 5; 2 exact trainings of 245.
    #[test]
    fn other_methods_have_other_parts() {
        let one_shot = Estimate::sequential(&of(Method::OneShot, None), &IMAGES, &PACE, None);
        assert_eq!(one_shot.search_seconds, Some(480.0 + 35.0 + 490.0));
        // A budget of 100 at half a second each; without one, uniform architectures are not counted.
        let quantnas = of(Method::Quantnas, Some(100));
        let quantnas = Estimate::sequential(&quantnas, &IMAGES, &PACE, Some(100));
        assert_eq!(quantnas.exploration_seconds, None);
        assert_eq!(quantnas.search_seconds, Some(50.0));
        let uniform = Estimate::sequential(&of(Method::Uniform, None), &IMAGES, &PACE, None);
        assert_eq!(uniform.total_seconds, None);
    }
}
