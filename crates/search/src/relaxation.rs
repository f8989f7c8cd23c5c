//! Gumbel noise for the mixing weights of a step.

use radars_supernet::Relaxation;
use radars_tensor::random::Seed;
use rand::RngExt;

/// The relaxation of draw number `draw`: a function of `(seed, draw)` alone.
///
/// # Source
/// Jang et al. 2017: `g = -ln(-ln u)` for uniform `u`.
pub(crate) fn draw(
    vectors: &[usize],
    temperature: f64,
    gumbel: bool,
    seed: Seed,
    draw: u64,
) -> Relaxation {
    let mut rng = seed.stream("gumbel noise", draw);
    let mut sample = || {
        // Half a step off both ends, where the logarithms are infinite.
        let u = (f64::from(rng.random::<u32>()) + 0.5) / 4_294_967_296.0;
        -libm::log(-libm::log(u)) as f32
    };
    let noise = vectors.iter().map(|&n| match gumbel {
        true => (0..n).map(|_| sample()).collect(),
        false => vec![0.0; n],
    });
    Relaxation {
        temperature: temperature as f32,
        noise: noise.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean and variance of the Gumbel distribution: 0.5772 (Euler's constant) and pi^2 / 6 = 1.6449.
    #[test]
    fn noise_has_the_moments_of_the_gumbel_distribution() {
        let noise = &draw(&[40_000], 1.0, true, Seed(1), 0).noise[0];
        let mean = noise.iter().map(|&g| f64::from(g)).sum::<f64>() / 40_000.0;
        let variance = noise
            .iter()
            .map(|&g| (f64::from(g) - mean).powi(2))
            .sum::<f64>()
            / 40_000.0;
        assert!((mean - 0.5772).abs() < 0.02, "mean {mean}");
        assert!((variance - 1.6449).abs() < 0.06, "variance {variance}");
    }

    #[test]
    fn draws_differ_and_repeat() {
        let noise = |seed, number| draw(&[3, 2], 1.0, true, Seed(seed), number).noise;
        assert_eq!(noise(1, 5), noise(1, 5));
        assert_ne!(noise(1, 5), noise(1, 6));
        assert_ne!(noise(1, 5), noise(2, 5));
        assert_eq!(draw(&[2], 1.0, false, Seed(1), 0).noise, [[0.0, 0.0]]);
    }
}
