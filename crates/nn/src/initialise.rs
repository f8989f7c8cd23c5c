//! Initial weights: functions of the layer's size and of a stream of random numbers.

use radars_autograd::tensor::FixedPoint;
use rand::{Rng, RngExt};

/// How many values flow into and out of a unit of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fans {
    /// Products summed for one output, `k * k * ci / groups` of a convolution.
    pub fan_in: usize,
    /// Outputs that one input takes part in, `k * k * co / groups` of a convolution.
    pub fan_out: usize,
}

impl Fans {
    /// Those of a convolution of `channels` in and out with a square kernel.
    pub fn conv2d([channels_in, channels_out]: [usize; 2], kernel: usize, groups: usize) -> Self {
        let (window, groups) = (kernel * kernel, groups.max(1));
        Fans {
            fan_in: window * channels_in / groups,
            fan_out: window * channels_out / groups,
        }
    }
}

/// A distribution of initial weights; its mean is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialiser {
    /// Normal, standard deviation `sqrt(2 / fan_in)` (He et al. 2015, Eq. 10).
    KaimingNormal,
    /// Uniform with the same standard deviation: bound `sqrt(6 / fan_in)`.
    KaimingUniform,
    /// Normal, standard deviation `sqrt(2 / (fan_in + fan_out))` (Glorot and Bengio 2010, Eq. 12).
    XavierNormal,
    /// Uniform with the same standard deviation: bound `sqrt(6 / (fan_in + fan_out))` (Eq. 16).
    XavierUniform,
    /// Normal, standard deviation `max(sqrt(2 / fan_in), 2^-F / 2)`, for weights that are quantised with
    /// `F` fraction bits.
    ///
    /// Kaiming's deviation alone is far below half a step where `F` is small: all weights round to zero
    /// and the network never learns. The scale is free because batch normalisation follows. Where
    /// weights are shared between formats, name the coarsest.
    QuantisedKaiming(FixedPoint),
    /// Uniform in `-bound .. bound`.
    Uniform {
        /// The bound.
        bound: f32,
    },
}

impl Initialiser {
    /// Kaiming's normal for float weights, the quantiser-aware one for quantised weights.
    pub fn kaiming_for(format: Option<FixedPoint>) -> Self {
        match format {
            Some(format) => Initialiser::QuantisedKaiming(format),
            None => Initialiser::KaimingNormal,
        }
    }

    /// The standard deviation of the values.
    pub fn standard_deviation(self, fans: Fans) -> f32 {
        self.distribution(fans).0 as f32
    }

    /// Draws `elements` values.
    pub fn values(self, fans: Fans, elements: usize, rng: &mut impl Rng) -> Vec<f32> {
        let (deviation, uniform) = self.distribution(fans);
        if uniform {
            let bound = deviation * f64::sqrt(3.0);
            let draw = |_| (bound * (2.0 * rng.random::<f64>() - 1.0)) as f32;
            return (0..elements).map(draw).collect();
        }
        let mut values = Vec::with_capacity(elements + 1);
        while values.len() < elements {
            let (a, b) = normal_pair(rng);
            values.extend([(deviation * a) as f32, (deviation * b) as f32]);
        }
        values.truncate(elements);
        values
    }

    /// Standard deviation, and whether the distribution is uniform.
    fn distribution(self, fans: Fans) -> (f64, bool) {
        let (fan_in, fan_out) = (fans.fan_in.max(1) as f64, fans.fan_out.max(1) as f64);
        let kaiming = (2.0 / fan_in).sqrt();
        let xavier = (2.0 / (fan_in + fan_out)).sqrt();
        match self {
            Initialiser::KaimingNormal => (kaiming, false),
            Initialiser::KaimingUniform => (kaiming, true),
            Initialiser::XavierNormal => (xavier, false),
            Initialiser::XavierUniform => (xavier, true),
            Initialiser::QuantisedKaiming(format) => {
                (kaiming.max(f64::from(format.step()) / 2.0), false)
            }
            Initialiser::Uniform { bound } => (f64::from(bound) / f64::sqrt(3.0), true),
        }
    }
}

/// Two independent standard normal values.
///
/// Not from crate `rand_distr`: its normal takes `exp` and `ln` from `num-traits`, which any crate of
/// the build can switch to the C library's, and then a seed gives other weights on another system.
///
/// # Source
/// Box and Muller 1958.
fn normal_pair(rng: &mut impl Rng) -> (f64, f64) {
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * libm::log(1.0 - rng.random::<f64>())).sqrt();
    let (sin, cos) = libm::sincos(2.0 * std::f64::consts::PI * rng.random::<f64>());
    (radius * cos, radius * sin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_autograd::tensor::random::Seed;

    const FANS: Fans = Fans {
        fan_in: 72,
        fan_out: 28,
    };
    const DRAWS: usize = 100_000;

    fn draw(initialiser: Initialiser) -> Vec<f32> {
        let mut rng = Seed(3).stream("initialiser test", 0);
        initialiser.values(FANS, DRAWS, &mut rng)
    }

    fn moment(values: &[f32], power: i32) -> f64 {
        values
            .iter()
            .map(|&v| f64::from(v).powi(power))
            .sum::<f64>()
            / values.len() as f64
    }

    /// Deviations by hand: sqrt(2/72) = 1/6, sqrt(2/100) = 0.141421, half a step of F = 1 is 0.25; fourth
    /// standardised moment: 3 for a normal, 9/5 for a uniform distribution. Tolerances: five standard
    /// errors at 100,000 draws (0.0016 for the mean, 0.011 of the deviation, 0.08 of the fourth moment).
    #[test]
    fn moments_are_those_of_the_named_distribution() {
        for (initialiser, deviation, fourth) in [
            (Initialiser::KaimingNormal, 1.0 / 6.0, 3.0),
            (Initialiser::KaimingUniform, 1.0 / 6.0, 1.8),
            (Initialiser::XavierNormal, 0.141_421, 3.0),
            (Initialiser::XavierUniform, 0.141_421, 1.8),
            (
                Initialiser::QuantisedKaiming(FixedPoint::signed(1, 1)),
                0.25,
                3.0,
            ),
            (
                Initialiser::QuantisedKaiming(FixedPoint::signed(1, 6)),
                1.0 / 6.0,
                3.0,
            ),
            (Initialiser::Uniform { bound: 0.3 }, 0.173_205, 1.8),
        ] {
            let values = draw(initialiser);
            let (mean, std) = (moment(&values, 1), moment(&values, 2).sqrt());
            assert!(
                mean.abs() < 0.016 * deviation,
                "{initialiser:?}: mean {mean}"
            );
            assert!(
                (std / deviation - 1.0).abs() < 0.011,
                "{initialiser:?}: deviation {std}"
            );
            let kurtosis = moment(&values, 4) / std.powi(4);
            assert!(
                (kurtosis - fourth).abs() < 0.08,
                "{initialiser:?}: fourth moment {kurtosis}"
            );
        }
    }

    #[test]
    fn uniform_values_stay_within_their_bound() {
        let bound = (6.0f32 / 72.0).sqrt();
        let largest = draw(Initialiser::KaimingUniform)
            .into_iter()
            .fold(0.0, |m: f32, v| m.max(v.abs()));
        assert!(largest <= bound && largest > 0.999 * bound, "{largest}");
    }

    /// With Kaiming's deviation 1/6 and a step of 1/2, |w| < 1/4 rounds to zero: 87 % of the weights; with
    /// the quantiser-aware 1/4 it is 68 % (normal distribution within 1.5 and 1 deviations).
    #[test]
    fn the_quantiser_aware_deviation_keeps_weights_alive() {
        let format = FixedPoint::signed(1, 1);
        let dead = |initialiser| {
            let zeros = draw(initialiser)
                .into_iter()
                .filter(|&w| format.quantise(w) == 0.0);
            zeros.count() as f64 / DRAWS as f64
        };
        assert!((dead(Initialiser::KaimingNormal) - 0.8664).abs() < 0.006);
        assert!((dead(Initialiser::QuantisedKaiming(format)) - 0.6827).abs() < 0.008);
    }

    #[test]
    fn an_odd_number_of_values_is_the_beginning_of_a_longer_draw() {
        let values = |n| Initialiser::KaimingNormal.values(FANS, n, &mut Seed(1).stream("t", 0));
        assert_eq!(values(7), values(8)[..7]);
    }
}
