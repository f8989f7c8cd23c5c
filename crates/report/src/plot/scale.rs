//! From values to positions along an axis, and the ticks between.

use libm::{ceil, exp2, floor, log2, log10, pow};

/// What values stand for: decides where ticks lie and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number as it is.
    Plain,
    /// Whole things.
    Whole,
    /// Many things: `400 M`.
    Count,
    /// Bytes: `64 MiB`.
    Bytes,
    /// A duration in seconds: `10 min`.
    Seconds,
    /// A fraction, written in per cent.
    Percent,
}

/// An axis's range and ticks.
#[derive(Clone, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    log: bool,
    /// Values and how they are written, ascending.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// A range from a tick below the smallest to a tick above the largest value, about `about` ticks. No value
    /// lies on an end, unless there is nothing beyond: 0, or a whole of something.
    pub fn around(values: impl IntoIterator<Item = f64>, unit: Unit, about: usize) -> Self {
        let (low, high) = extent(values);
        let margin = 0.04 * (high - low);
        let step = step(high - low + 2.0 * margin, unit, high, about);
        let below = floor((low - margin) / step) * step;
        let above = ceil((high + margin) / step) * step;
        let low = if low >= 0.0 { below.max(0.0) } else { below };
        let high = match unit {
            Unit::Percent if high <= 1.0 => above.min(1.0),
            _ => above,
        };
        Self::exactly(low, high, unit, about)
    }

    /// A range from `low` to `high`, about `about` ticks within.
    pub fn exactly(low: f64, high: f64, unit: Unit, about: usize) -> Self {
        let (low, high) = extent([low, high]);
        let step = step(high - low, unit, high, about);
        let first = ceil(low / step - 1e-9);
        let count = floor(high / step + 1e-9) - first;
        let ticks = (0..=count.max(0.0) as usize).map(|tick| {
            let value = (first + tick as f64) * step;
            // The sum of rounding errors is no tick at -0.0000.
            let value = if value.abs() < step * 1e-9 {
                0.0
            } else {
                value
            };
            (value, label(value, step, high.abs().max(low.abs()), unit))
        });
        Self {
            low,
            high,
            log: false,
            ticks: ticks.collect(),
        }
    }

    /// A logarithmic range around positive values, ticks at 1, 2 and 5 times the powers of ten, of bytes at
    /// the powers of four; none for values that are not positive.
    pub fn logarithmic(values: impl IntoIterator<Item = f64>, unit: Unit) -> Option<Self> {
        let (low, high) = finite_extent(values).filter(|&(low, _)| low > 0.0)?;
        let (low, high) = (low / 1.15, high * 1.15);
        if unit == Unit::Bytes {
            let powers = ceil(log2(low) / 2.0) as i32..=floor(log2(high) / 2.0) as i32;
            let values = powers.map(|power| exp2(2.0 * f64::from(power)));
            return Some(Self {
                low,
                high,
                log: true,
                ticks: values
                    .map(|value| (value, label(value, value, value, unit)))
                    .collect(),
            });
        }
        let decades = log10(high / low);
        let within: &[f64] = if decades > 2.5 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let mut ticks = Vec::new();
        for power in floor(log10(low)) as i32..=ceil(log10(high)) as i32 {
            for digit in within {
                let value = digit * pow(10.0, f64::from(power));
                if (low..=high).contains(&value) {
                    ticks.push((value, label(value, value, value, unit)));
                }
            }
        }
        Some(Self {
            low,
            high,
            log: true,
            ticks,
        })
    }

    /// Where a value lies: 0 at the low end, 1 at the high end; values beyond are moved to the ends.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.log {
            log2(value.max(f64::MIN_POSITIVE) / self.low) / log2(self.high / self.low)
        } else {
            (value - self.low) / (self.high - self.low)
        };
        share.clamp(0.0, 1.0)
    }

    /// The range.
    pub fn range(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}

fn finite_extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((f64::min(low, value), f64::max(high, value))),
    })
}

/// The range of the finite values, widened where it has no width.
fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (low, high) = finite_extent(values).unwrap_or((0.0, 1.0));
    if high - low > 1e-12 * high.abs().max(low.abs()) {
        return (low, high);
    }
    let by = if low == 0.0 { 0.5 } else { 0.05 * low.abs() };
    (low - by, high + by)
}

/// The distance of ticks: a round number of the unit that people use for that size.
fn step(span: f64, unit: Unit, largest: f64, about: usize) -> f64 {
    // A third more ticks than asked for are better than two.
    let rough = 0.75 * span / about.max(1) as f64;
    match unit {
        Unit::Bytes => exp2(ceil(log2(rough))).max(1.0),
        Unit::Whole => decimal(rough).max(1.0),
        Unit::Seconds => {
            let (seconds, _) = time_unit(largest);
            decimal(rough / seconds) * seconds
        }
        Unit::Plain | Unit::Count | Unit::Percent => decimal(rough),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `rough`.
fn decimal(rough: f64) -> f64 {
    let power = pow(10.0, floor(log10(rough)));
    let digits = [1.0, 2.0, 5.0, 10.0];
    let fits = digits
        .into_iter()
        .find(|digit| digit * power >= rough * (1.0 - 1e-9));
    fits.unwrap_or(10.0) * power
}

fn time_unit(largest: f64) -> (f64, &'static str) {
    match largest {
        t if t > 4.0 * 86_400.0 => (86_400.0, "d"),
        t if t > 3.0 * 3600.0 => (3600.0, "h"),
        t if t > 120.0 => (60.0, "min"),
        _ => (1.0, "s"),
    }
}

fn label(value: f64, step: f64, largest: f64, unit: Unit) -> String {
    let scaled = |divisor: f64, name: &str| {
        let decimals = (-floor(log10(step / divisor) + 1e-9)).max(0.0) as usize;
        format!("{:.decimals$}{name}", value / divisor)
    };
    match unit {
        _ if value == 0.0 && unit != Unit::Plain => "0".to_owned(),
        Unit::Plain | Unit::Whole => scaled(1.0, ""),
        Unit::Percent => scaled(0.01, " %"),
        Unit::Seconds => {
            let (seconds, name) = time_unit(largest);
            scaled(seconds, &format!(" {name}"))
        }
        Unit::Bytes => {
            let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
            let of = |power: i32| exp2(f64::from(power));
            let fit = units.into_iter().find(|&(power, _)| largest >= of(power));
            let (power, name) = fit.unwrap_or((0, "B"));
            // A step below one of the unit is a fraction of 2, and has as many digits as it takes.
            let number = value / of(power);
            format!("{} {name}", (number * 1000.0).round() / 1000.0)
        }
        Unit::Count => {
            let units = [
                (1e15, " P"),
                (1e12, " T"),
                (1e9, " G"),
                (1e6, " M"),
                (1e3, " k"),
            ];
            let fit = units.into_iter().find(|&(divisor, _)| largest >= divisor);
            let (divisor, name) = fit.unwrap_or((1.0, ""));
            scaled(divisor, name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale
            .ticks
            .iter()
            .map(|(_, label)| label.as_str())
            .collect()
    }

    #[test]
    fn ticks_are_round_and_the_range_ends_on_them() {
        let scale = Scale::around([0.613, 0.787], Unit::Plain, 4);
        assert_eq!(labels(&scale), ["0.60", "0.65", "0.70", "0.75", "0.80"]);
        assert_eq!(scale.at(0.6), 0.0);
        assert!((scale.at(0.7) - 0.5).abs() < 1e-12);
        assert_eq!(scale.at(7.0), 1.0);
    }

    #[test]
    fn every_unit_has_its_own_ticks() {
        let of = |low, high, unit| {
            let scale = Scale::exactly(low, high, unit, 4);
            labels(&scale).join("|")
        };
        assert_eq!(
            of(0.0, 138e6, Unit::Bytes),
            "0|32 MiB|64 MiB|96 MiB|128 MiB"
        );
        assert_eq!(of(0.0, 1.5e9, Unit::Count), "0|0.5 G|1.0 G|1.5 G");
        assert_eq!(
            of(0.0, 1500.0, Unit::Seconds),
            "0|5 min|10 min|15 min|20 min|25 min"
        );
        assert_eq!(of(0.1, 0.25, Unit::Percent), "10 %|15 %|20 %|25 %");
        assert_eq!(of(0.5, 3.5, Unit::Whole), "1|2|3");
        assert_eq!(of(-0.2, 0.2, Unit::Plain), "-0.2|-0.1|0.0|0.1|0.2");
    }

    #[test]
    fn a_single_value_has_room_around_it() {
        let scale = Scale::around([3.0, f64::NAN], Unit::Plain, 4);
        assert!((0.2..0.8).contains(&scale.at(3.0)), "{scale:?}");
        assert!(Scale::around([], Unit::Whole, 4).ticks.len() >= 2);
    }

    #[test]
    fn a_logarithmic_range_has_equal_decades() {
        let scale = Scale::logarithmic([1e6, 1e9], Unit::Count).unwrap();
        assert_eq!(labels(&scale), ["1 M", "10 M", "100 M", "1 G"]);
        let steps = [scale.at(1e7) - scale.at(1e6), scale.at(1e9) - scale.at(1e8)];
        assert!((steps[0] - steps[1]).abs() < 1e-12);
        assert!(Scale::logarithmic([0.0, 1.0], Unit::Count).is_none());
    }
}
