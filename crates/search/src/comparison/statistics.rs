//! Means and differences paired by seed, with what Student's t says of them.

use super::student;
use serde::{Deserialize, Serialize};

/// The probability that a difference is called shown where there is none.
const SIGNIFICANCE: f64 = 0.05;

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

    /// The 95 % confidence interval of the mean, by Student's t; none for a single value.
    pub fn interval(&self) -> Option<[f64; 2]> {
        let error = self.error?;
        let reach = student::exceeded_with(SIGNIFICANCE, self.count - 1) * error;
        Some([self.mean - reach, self.mean + reach])
    }
}

/// What a difference shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The first is larger: `p < 0.05`, two-sided.
    Ahead,
    /// The first is smaller: `p < 0.05`, two-sided.
    Behind,
    /// Neither; also where a single pair leaves the error unknown.
    NotShown,
}

/// Differences of pairs, each of the same seed, under the paired t-test.
///
/// All but the first three are functions of those, and are computed anew when it is read: files of schema 1,
/// which called twice the standard error a difference, get the right verdict.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Recorded")]
pub struct Paired {
    /// How many pairs.
    pub pairs: usize,
    /// The mean of first minus second.
    pub difference: f64,
    /// Its standard error; none for a single pair.
    pub error: Option<f64>,
    /// Degrees of freedom: one less than there are pairs.
    pub degrees: usize,
    /// The difference in standard errors; none without a standard error, or where that is 0.
    pub t: Option<f64>,
    /// The probability of a `t` as far from 0 where there is no difference; none without a standard error.
    pub p: Option<f64>,
    /// The 95 % confidence interval of the difference.
    pub interval: Option<[f64; 2]>,
    /// The one-sided 95 % lower bound of the difference.
    pub lower: Option<f64>,
    /// What that shows.
    pub verdict: Verdict,
}

/// What a [`Paired`] is a function of.
#[derive(Deserialize)]
struct Recorded {
    pairs: usize,
    difference: f64,
    error: Option<f64>,
}

impl From<Recorded> for Paired {
    fn from(recorded: Recorded) -> Self {
        let Recorded {
            pairs,
            difference,
            error,
        } = recorded;
        let degrees = pairs.saturating_sub(1);
        let error = error.filter(|_| degrees > 0);
        let t = error.filter(|&error| error > 0.0).map(|e| difference / e);
        let p = match (error, t) {
            (None, _) => None,
            (_, Some(t)) => Some(student::two_sided(t, degrees)),
            // All pairs differ alike.
            (Some(_), None) => Some(if difference == 0.0 { 1.0 } else { 0.0 }),
        };
        let reach = |tails| error.map(|error| student::exceeded_with(tails, degrees) * error);
        let verdict = match p {
            Some(p) if p < SIGNIFICANCE && difference > 0.0 => Verdict::Ahead,
            Some(p) if p < SIGNIFICANCE => Verdict::Behind,
            _ => Verdict::NotShown,
        };
        Paired {
            pairs,
            difference,
            error,
            degrees,
            t,
            p,
            interval: reach(SIGNIFICANCE).map(|reach| [difference - reach, difference + reach]),
            lower: reach(2.0 * SIGNIFICANCE).map(|reach| difference - reach),
            verdict,
        }
    }
}

impl Paired {
    /// Of these pairs; none without any.
    pub fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let differences: Vec<f64> = pairs.iter().map(|(first, second)| first - second).collect();
        let sample = Sample::of(&differences)?;
        Some(Paired::from(Recorded {
            pairs: sample.count,
            difference: sample.mean,
            error: sample.error,
        }))
    }

    /// Whether the first is shown not to be worse than the second by `margin` or more: the one-sided 95 %
    /// lower bound is above `-margin`. A single pair shows nothing.
    pub fn is_not_worse(&self, margin: f64) -> bool {
        self.lower.is_some_and(|lower| lower > -margin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!((value - expected).abs() < 1e-4, "{value}, not {expected}");
    }

    /// By hand: 2, 4, 9 have mean 5 and squares 9 + 1 + 16 = 26; sqrt(26 / 2) = sqrt(13), over sqrt(3).
    #[test]
    fn a_sample_has_the_deviation_of_n_minus_one() {
        let sample = Sample::of(&[2.0, 4.0, 9.0]).unwrap();
        assert_eq!((sample.count, sample.mean), (3, 5.0));
        assert!((sample.deviation.unwrap() - 3.605_551_275_463_989).abs() < 1e-15);
        assert!((sample.error.unwrap() - 2.081_665_999_466_133).abs() < 1e-15);
        // t(0.975, 2) = 4.302653 (NIST tables: 4.303): 5 -+ 4.302653 * 2.081666.
        let [low, high] = sample.interval().unwrap();
        close(Some(low), -3.956_69);
        close(Some(high), 13.956_69);
    }

    #[test]
    fn a_single_value_has_no_error_and_none_has_no_mean() {
        let sample = Sample::of(&[0.5]).unwrap();
        assert_eq!(
            (sample.mean, sample.deviation, sample.error),
            (0.5, None, None)
        );
        assert_eq!(sample.interval(), None);
        assert_eq!(Sample::of(&[]), None);
    }

    /// Student's own example (The probable error of a mean, Biometrika 6, 1908, table of section IX): additional
    /// hours of sleep of ten patients by two drugs. R's `t.test(extra ~ group, paired = TRUE)` on its data set
    /// `sleep` prints t = -4.0621, df = 9, p-value = 0.002833, and -2.4598858 to -0.7001142.
    #[test]
    fn the_t_test_of_student_s_sleep_data_is_that_of_r() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = first.into_iter().zip(second).collect();
        let paired = Paired::of(&pairs).unwrap();
        assert_eq!((paired.pairs, paired.degrees), (10, 9));
        close(Some(paired.difference), -1.58);
        close(paired.t, -4.0621);
        assert!((paired.p.unwrap() - 0.002_833).abs() < 5e-7);
        let [low, high] = paired.interval.unwrap();
        assert!((low + 2.459_885_8).abs() < 1e-7 && (high + 0.700_114_2).abs() < 1e-7);
        assert_eq!(paired.verdict, Verdict::Behind);
    }

    /// Differences 1, 2, 3: mean 2, error 1 / sqrt(3), t = 3.4641 with 2 degrees of freedom, where 4.3027 is
    /// needed: three times its error, and yet not shown. p by the closed form: 1 - 3.4641 / sqrt(14) = 0.0742.
    #[test]
    fn three_pairs_show_little() {
        let paired = Paired::of(&[(11.0, 10.0), (22.0, 20.0), (33.0, 30.0)]).unwrap();
        close(paired.t, 3.4641);
        close(paired.p, 0.0742);
        assert_eq!(paired.verdict, Verdict::NotShown);
        // Seven such pairs: t(0.975, 6) = 2.4469.
        let seven = [1.0, 2.0, 3.0, 2.0, 1.0, 3.0, 2.0].map(|d| (d, 0.0));
        assert_eq!(Paired::of(&seven).unwrap().verdict, Verdict::Ahead);
        let turned = seven.map(|(first, second)| (second, first));
        assert_eq!(Paired::of(&turned).unwrap().verdict, Verdict::Behind);
    }

    /// Differences 0 and 2: mean 1, error 1; t(0.95, 1) = 6.3138, so the lower bound is -5.3138.
    #[test]
    fn not_worse_is_shown_by_the_lower_bound() {
        let paired = Paired::of(&[(5.0, 5.0), (7.0, 5.0)]).unwrap();
        close(paired.lower, -5.3138);
        assert!(paired.is_not_worse(5.314) && !paired.is_not_worse(5.313));
    }

    #[test]
    fn a_single_pair_shows_nothing() {
        let one = Paired::of(&[(9.0, 1.0)]).unwrap();
        assert_eq!((one.error, one.t, one.p), (None, None, None));
        assert_eq!(one.verdict, Verdict::NotShown);
        assert!(!one.is_not_worse(100.0));
        assert_eq!(Paired::of(&[]), None);
    }

    #[test]
    fn pairs_that_differ_alike_have_no_t() {
        let alike = Paired::of(&[(1.5, 1.0), (2.5, 2.0)]).unwrap();
        assert_eq!(
            (alike.t, alike.p, alike.verdict),
            (None, Some(0.0), Verdict::Ahead)
        );
        let same = Paired::of(&[(1.0, 1.0), (2.0, 2.0)]).unwrap();
        assert_eq!((same.p, same.verdict), (Some(1.0), Verdict::NotShown));
        assert!(same.is_not_worse(0.002));
    }

    /// 3 pairs, difference 2.5 errors: "ahead" where 2 errors were enough, as files of schema 1 have it.
    #[test]
    fn an_old_verdict_is_judged_anew() {
        let text = r#"{"pairs":3,"difference":0.025,"error":0.01,"verdict":"ahead"}"#;
        let paired: Paired = serde_json::from_str(text).unwrap();
        close(paired.t, 2.5);
        assert_eq!((paired.degrees, paired.verdict), (2, Verdict::NotShown));
    }
}
