//! Learning rates as pure functions of the step.

use serde::{Deserialize, Serialize};

/// A learning rate for every step, counted from 0.
///
/// During the first `warm_up` steps the rate of step `i` is `rate * (i + 1) / warm_up`. It depends on
/// nothing but the step, so a resumed run needs no state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    /// The same rate for every step.
    Constant {
        /// The rate.
        rate: f32,
        /// Steps of warm-up.
        #[serde(default)]
        warm_up: u64,
    },
    /// Half a cosine from `rate` after the warm-up down to `floor` at step `steps`, and `floor` from then on
    /// (Loshchilov and Hutter 2017, Eq. 5, without restarts).
    Cosine {
        /// The rate after the warm-up.
        rate: f32,
        /// The rate at the end.
        #[serde(default)]
        floor: f32,
        /// Steps in all, the warm-up included.
        steps: u64,
        /// Steps of warm-up.
        #[serde(default)]
        warm_up: u64,
    },
    /// `rate * factor^(step / every)`, rounded down.
    Step {
        /// The first rate.
        rate: f32,
        /// What the rate is multiplied by.
        factor: f32,
        /// After how many steps; never for 0.
        every: u64,
        /// Steps of warm-up.
        #[serde(default)]
        warm_up: u64,
    },
}

impl Schedule {
    /// The rate of step `step`.
    pub fn rate(&self, step: u64) -> f32 {
        let (rate, warm_up) = match *self {
            Schedule::Constant { rate, warm_up }
            | Schedule::Cosine { rate, warm_up, .. }
            | Schedule::Step { rate, warm_up, .. } => (f64::from(rate), warm_up),
        };
        if step < warm_up {
            return (rate * (step + 1) as f64 / warm_up as f64) as f32;
        }
        let rate = match *self {
            Schedule::Constant { .. } => rate,
            Schedule::Cosine { floor, steps, .. } => {
                let floor = f64::from(floor);
                if step >= steps {
                    floor
                } else {
                    let progress = (step - warm_up) as f64 / (steps - warm_up) as f64;
                    let cosine = libm::cos(std::f64::consts::PI * progress);
                    floor + (rate - floor) * 0.5 * (1.0 + cosine)
                }
            }
            Schedule::Step { factor, every, .. } => {
                let drops = step.checked_div(every).unwrap_or(0);
                rate * libm::pow(f64::from(factor), drops as f64)
            }
        };
        rate as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: Schedule, expected: &[(u64, f32)]) {
        for &(step, rate) in expected {
            let got = schedule.rate(step);
            assert!(
                (got - rate).abs() <= 1e-7,
                "{schedule:?} at {step}: {got}, not {rate}"
            );
        }
    }

    /// By hand: warm-up quarters of 0.2; then 0.1 + (0.2 - 0.1) / 2 * (1 + cos(pi * i / 6)), where
    /// cos(pi / 6) = 0.8660254, cos(pi / 3) = 0.5, cos(pi / 2) = 0.
    #[test]
    fn cosine() {
        let schedule = Schedule::Cosine {
            rate: 0.2,
            floor: 0.1,
            steps: 10,
            warm_up: 4,
        };
        check(
            schedule,
            &[
                (0, 0.05),
                (3, 0.2),
                (4, 0.2),
                (5, 0.193_301_27),
                (6, 0.175),
                (7, 0.15),
                (10, 0.1),
                (1000, 0.1),
            ],
        );
    }

    #[test]
    fn step_drops_at_multiples() {
        let (rate, factor) = (0.8, 0.5);
        let step = |every, warm_up| Schedule::Step {
            rate,
            factor,
            every,
            warm_up,
        };
        check(
            step(3, 2),
            &[(0, 0.4), (1, 0.8), (2, 0.8), (3, 0.4), (5, 0.4), (6, 0.2)],
        );
        check(step(0, 0), &[(0, 0.8), (99, 0.8)]);
    }

    #[test]
    fn constant_warms_up_and_stays() {
        let (rate, warm_up) = (0.3, 3);
        check(
            Schedule::Constant { rate, warm_up },
            &[(0, 0.1), (1, 0.2), (2, 0.3), (50, 0.3)],
        );
    }

    #[test]
    fn a_warm_up_longer_than_the_whole_ends_at_the_floor() {
        let schedule = Schedule::Cosine {
            rate: 1.0,
            floor: 0.0,
            steps: 2,
            warm_up: 4,
        };
        check(schedule, &[(1, 0.5), (3, 1.0), (4, 0.0)]);
    }

    #[test]
    fn it_reads_as_text_and_refuses_unknown_keys() {
        let read = |text| serde_json::from_str::<Schedule>(text);
        let schedule = read(r#"{"kind": "cosine", "rate": 0.1, "steps": 7}"#).unwrap();
        let expected = Schedule::Cosine {
            rate: 0.1,
            floor: 0.0,
            steps: 7,
            warm_up: 0,
        };
        assert_eq!(schedule, expected);
        assert!(read(r#"{"kind": "cosine", "rate": 0.1, "steps": 7, "stepps": 1}"#).is_err());
    }
}
