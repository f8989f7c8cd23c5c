//! Student's t distribution: how far the mean of a few values may be from what it estimates.

use special::Beta;

/// The probability that `|T|` exceeds `|t|` with so many degrees of freedom (at least 1).
///
/// # Source
/// Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.1 with 26.5.27: `I_x(v / 2, 1 / 2)` at
/// `x = v / (v + t^2)`.
pub(super) fn two_sided(t: f64, degrees: usize) -> f64 {
    let v = degrees as f64;
    let x = v / (v + t * t);
    x.inc_beta(0.5 * v, 0.5, (0.5 * v).ln_beta(0.5))
}

/// The value that `|T|` exceeds with probability `tails`, between 0 and 1: the inverse of [`two_sided`].
pub(super) fn exceeded_with(tails: f64, degrees: usize) -> f64 {
    let v = degrees as f64;
    let x = tails.inv_inc_beta(0.5 * v, 0.5, (0.5 * v).ln_beta(0.5));
    (v * (1.0 - x) / x).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2 ("Critical Values of the Student's t
    /// Distribution"), columns 0.95 and 0.975.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (degrees, one_sided, two_sided) in [
            (1, 6.314, 12.706),
            (2, 2.920, 4.303),
            (5, 2.015, 2.571),
            (9, 1.833, 2.262),
            (30, 1.697, 2.042),
            (100, 1.660, 1.984),
        ] {
            assert!(
                (exceeded_with(0.1, degrees) - one_sided).abs() < 5e-4,
                "{degrees}"
            );
            assert!(
                (exceeded_with(0.05, degrees) - two_sided).abs() < 5e-4,
                "{degrees}"
            );
        }
    }

    /// One and two degrees of freedom have closed forms: `1 - 2 atan(t) / pi`, and `1 - t / sqrt(2 + t^2)`.
    #[test]
    fn tails_of_one_and_two_degrees_are_the_closed_forms() {
        for t in [0.01_f64, 0.5, 1.0, 2.5, 12.0, 300.0] {
            let one = 1.0 - 2.0 * libm::atan(t) / std::f64::consts::PI;
            let two = 1.0 - t / (2.0 + t * t).sqrt();
            assert!((two_sided(t, 1) - one).abs() < 1e-12, "{t}");
            assert!((two_sided(-t, 2) - two).abs() < 1e-12, "{t}");
        }
        assert_eq!(two_sided(0.0, 7), 1.0);
    }

    #[test]
    fn the_inverse_comes_back() {
        for degrees in (1..50).chain([299, 2999]) {
            for tails in [0.9, 0.5, 0.1, 0.05, 0.01, 0.001] {
                let back = two_sided(exceeded_with(tails, degrees), degrees);
                assert!((back - tails).abs() < 1e-7, "{degrees}, {tails}: {back}");
            }
        }
    }
}
