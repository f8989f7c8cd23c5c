//! A categorical distribution on the host, in f64.

/// Probabilities of a decision's choices; their exponentials come from crate `libm`, so that the same
/// logits give the same draws on every system.
pub(crate) struct Distribution {
    probabilities: Vec<f64>,
    log_probabilities: Vec<f64>,
}

impl Distribution {
    /// Softmax of logits; none when one of them is not finite, or there is none.
    pub(crate) fn from_logits(logits: &[f32]) -> Option<Self> {
        if logits.is_empty() || logits.iter().any(|l| !l.is_finite()) {
            return None;
        }
        let largest = logits.iter().fold(f64::MIN, |m, &l| m.max(f64::from(l)));
        let shifted: Vec<f64> = logits.iter().map(|&l| f64::from(l) - largest).collect();
        let exponentials: Vec<f64> = shifted.iter().map(|&l| libm::exp(l)).collect();
        let sum: f64 = exponentials.iter().sum();
        let log_sum = libm::log(sum);
        Some(Distribution {
            probabilities: exponentials.iter().map(|e| e / sum).collect(),
            log_probabilities: shifted.iter().map(|l| l - log_sum).collect(),
        })
    }

    /// The probability of every choice.
    pub(crate) fn into_probabilities(self) -> Vec<f64> {
        self.probabilities
    }

    /// The natural logarithm of a choice's probability.
    pub(crate) fn log_probability(&self, choice: usize) -> f64 {
        self.log_probabilities[choice]
    }

    /// `-sum p ln p`, in nats.
    pub(crate) fn entropy(&self) -> f64 {
        let terms = self.probabilities.iter().zip(&self.log_probabilities);
        // A sum that starts at 0, not at -0: the entropy of one choice is 0.
        0.0 - terms
            .map(|(p, log)| p * log)
            .fold(0.0, |sum, term| sum + term)
    }

    /// The choice where the cumulative distribution, summed in order, first exceeds `u` in [0, 1).
    pub(crate) fn choice_at(&self, u: f64) -> usize {
        let mut cumulative = 0.0;
        let mut last = 0;
        for (choice, &p) in self.probabilities.iter().enumerate() {
            cumulative += p;
            if u < cumulative {
                return choice;
            }
            if p > 0.0 {
                last = choice;
            }
        }
        // Rounding left the sum below 1, and `u` above it.
        last
    }

    /// The likeliest choice, the first of equals.
    pub(crate) fn most_likely(&self) -> usize {
        let mut best = 0;
        for (choice, &p) in self.probabilities.iter().enumerate() {
            if p > self.probabilities[best] {
                best = choice;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits ln 1, ln 2, ln 5 (as f32) give 1/8, 2/8, 5/8.
    fn eighths() -> Distribution {
        Distribution::from_logits(&[0.0, std::f32::consts::LN_2, 1.609_438]).unwrap()
    }

    #[test]
    fn softmax_and_entropy() {
        let d = eighths();
        for (p, expected) in d.probabilities.iter().zip([0.125, 0.25, 0.625]) {
            assert!((p - expected).abs() < 1e-7, "{p} is not {expected}");
        }
        // python: -sum(p * log(p) for p in (.125, .25, .625))
        assert!((d.entropy() - 0.900_256_0).abs() < 1e-6, "{}", d.entropy());
        assert!((d.log_probability(0) + 2.079_441_5).abs() < 1e-6);
        assert_eq!(d.most_likely(), 2);
    }

    #[test]
    fn draws_invert_the_cumulative_distribution() {
        let d = eighths();
        let draws = [0.0, 0.124, 0.126, 0.374, 0.376, 0.999_999];
        assert_eq!(draws.map(|u| d.choice_at(u)), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn logits_far_apart_stay_finite_and_are_never_drawn() {
        let d = Distribution::from_logits(&[0.0, 1e4, -1e4]).unwrap();
        assert_eq!(d.entropy(), 0.0);
        assert_eq!(d.log_probability(2), -2e4);
        assert_eq!([0.0, 0.5, 1.0].map(|u| d.choice_at(u)), [1, 1, 1]);
    }

    #[test]
    fn the_first_of_equals_is_the_likeliest() {
        assert_eq!(
            Distribution::from_logits(&[1.0, 2.0, 2.0])
                .unwrap()
                .most_likely(),
            1
        );
    }

    #[test]
    fn logits_that_are_not_numbers_make_no_distribution() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(Distribution::from_logits(&[0.0, bad]).is_none());
        }
        assert!(Distribution::from_logits(&[]).is_none());
    }
}
