//! Means, their errors, and differences paired by seed.

use serde::Serialize;

/// What several runs of the same kind came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// How many.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (with `count - 1`); none for a single one.
    pub deviation: Option<f64>,
    /// The standard error of the mean; none for a single one.
    pub error: Option<f64>,
}

impl Sample {
    /// Of these values; none without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Sample {
            count,
            mean,
            deviation,
            error: deviation.map(|deviation| deviation / (count as f64).sqrt()),
        })
    }
}

/// What a difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The first is larger by more than twice the standard error.
    Ahead,
    /// The first is smaller by more than twice the standard error.
    Behind,
    /// Neither; also where a single pair leaves the error unknown.
    NotShown,
}

/// Differences of pairs, each of the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// How many pairs.
    pub pairs: usize,
    /// The mean of first minus second.
    pub difference: f64,
    /// Its standard error; none for a single pair.
    pub error: Option<f64>,
    /// What that shows.
    pub verdict: Verdict,
}

impl Paired {
    /// Of these pairs; none without any.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let differences: Vec<f64> = pairs.iter().map(|(first, second)| first - second).collect();
        let Sample {
            count, mean, error, ..
        } = Sample::of(&differences)?;
        let verdict = match error {
            Some(error) if mean > 2.0 * error => Verdict::Ahead,
            Some(error) if mean < -2.0 * error => Verdict::Behind,
            _ => Verdict::NotShown,
        };
        Some(Paired {
            pairs: count,
            difference: mean,
            error,
            verdict,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 2, 4, 9 have mean 5 and squares 9 + 1 + 16 = 26; sqrt(26 / 2) = sqrt(13), over sqrt(3).
    #[test]
    fn a_sample_has_the_deviation_of_n_minus_one() {
        let sample = Sample::of(&[2.0, 4.0, 9.0]).unwrap();
        assert_eq!((sample.count, sample.mean), (3, 5.0));
        assert!((sample.deviation.unwrap() - 3.605_551_275_463_989).abs() < 1e-15);
        assert!((sample.error.unwrap() - 2.081_665_999_466_133).abs() < 1e-15);
    }

    #[test]
    fn a_single_value_has_no_error_and_none_has_no_mean() {
        let sample = Sample::of(&[0.5]).unwrap();
        assert_eq!(
            (sample.mean, sample.deviation, sample.error),
            (0.5, None, None)
        );
        assert_eq!(Sample::of(&[]), None);
    }

    /// By hand: differences 1, 2, 3 have mean 2, deviation 1, error 1 / sqrt(3) = 0.577; twice that is 1.155.
    #[test]
    fn a_difference_is_shown_from_twice_its_error() {
        let ahead = Paired::of(&[(11.0, 10.0), (22.0, 20.0), (33.0, 30.0)]).unwrap();
        assert_eq!((ahead.pairs, ahead.difference), (3, 2.0));
        assert!((ahead.error.unwrap() - 0.577_350_269_189_626).abs() < 1e-15);
        assert_eq!(ahead.verdict, Verdict::Ahead);
        let behind = Paired::of(&[(10.0, 11.0), (20.0, 22.0), (30.0, 33.0)]).unwrap();
        assert_eq!(behind.verdict, Verdict::Behind);
        // Differences 0 and 2: mean 1, deviation sqrt(2), error 1: exactly once the error.
        let unclear = Paired::of(&[(5.0, 5.0), (7.0, 5.0)]).unwrap();
        assert_eq!(
            (unclear.difference, unclear.verdict),
            (1.0, Verdict::NotShown)
        );
        assert!((unclear.error.unwrap() - 1.0).abs() < 1e-15);
    }

    /// Large differences between seeds do not matter where both are moved alike.
    #[test]
    fn a_single_pair_shows_nothing() {
        let one = Paired::of(&[(9.0, 1.0)]).unwrap();
        assert_eq!((one.error, one.verdict), (None, Verdict::NotShown));
        assert_eq!(Paired::of(&[]), None);
    }
}
