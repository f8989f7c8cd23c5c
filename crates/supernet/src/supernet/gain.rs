//! The constant gain that makes candidates comparable.
//!
//! Outputs of candidates of different widths differ in variance by factors of hundreds, and a mixture
//! would be won by variance alone. Each candidate's output is multiplied by
//! `sqrt(2 / fan_in) / rms(Qw(W0))`, a constant, which keeps the mixture linear.

use crate::Result;
use radars_nn::tensor::{Backend, FixedPoint, Tensor};

/// The gain of a candidate with initial weights `weights` under a quantiser; 1 when all of them quantise
/// to zero, and on a planning backend, which has no weights.
pub(super) fn gain<B: Backend>(
    weights: &Tensor<B>,
    fan_in: usize,
    format: Option<FixedPoint>,
) -> Result<f32> {
    if !B::HOLDS_VALUES {
        return Ok(1.0);
    }
    let values: Vec<f32> = weights.read()?;
    let quantised = values.iter().map(|&w| format.map_or(w, |f| f.quantise(w)));
    let squares: f64 = quantised.map(|w| f64::from(w) * f64::from(w)).sum();
    let rms = (squares / values.len().max(1) as f64).sqrt();
    if rms == 0.0 {
        return Ok(1.0);
    }
    Ok(((2.0 / fan_in.max(1) as f64).sqrt() / rms) as f32)
}

#[cfg(test)]
mod tests {
    use crate::mixed::{materialised, merged};
    use crate::supernet::candidates::Candidates;
    use crate::supernet::factorised::Factorised;
    use crate::supernet::layer::{MixedLayer, Site};
    use radars_nn::autograd::Var;
    use radars_nn::tensor::random::Seed;
    use radars_nn::tensor::{Arena, Cpu, Tensor};
    use radars_nn::{Mode, Parameters, Pass};
    use radars_space::{BitChoices, Candidate, Choices, ImageShape, Layer, Precision, Space};
    use rand::RngExt;

    /// All weight formats of Table I beside a fine activation format.
    fn candidates() -> Vec<Candidate> {
        let activation = Precision {
            integer: 3,
            fraction: 6,
        };
        let candidates = choices().candidates().into_iter();
        candidates
            .filter(|c| c.activation() == Some(activation))
            .collect()
    }

    fn choices() -> Choices {
        let bits = BitChoices {
            integer: vec![1, 3],
            fraction: vec![1, 3, 6],
        };
        Choices::quantised(&[1, 3, 5, 7], &bits, &bits).unwrap()
    }

    /// The rms of a layer's output for every one-hot choice of its vectors.
    fn rms_of_choices(build: impl Fn(&mut Site<'_, Cpu>) -> Box<dyn MixedLayer<Cpu>>) -> Vec<f64> {
        let images = ImageShape {
            height: 14,
            width: 14,
            channels: 3,
        };
        let layers = (0..2).map(|_| Layer::conv(16, 1, choices())).collect();
        let space = Space::new("gains", layers).unwrap();
        let space = space.resolve(images, 10).unwrap();
        let arena = Arena::with_bound(Cpu::new(1).unwrap(), 64 << 20).unwrap();
        let mut parameters = Parameters::new(&arena);
        let layer = build(&mut Site {
            parameters: &mut parameters,
            // Not the first, whose input is signed.
            index: 1,
            geometry: space.block(1, &candidates()[0]).unwrap().path[0].geometry,
            signed_input: false,
            cost_slope: 0.0,
            seed: Seed(3),
        });
        let lengths: Vec<usize> = (layer.alphas().iter())
            .map(|&id| parameters.value(id).elements())
            .collect();
        let shape = [4, 14, 14, 16];
        let mut rng = Seed(4).stream("x", 0);
        // What follows a ReLU: half of it zero.
        let x: Vec<f32> = (0..shape.iter().product())
            .map(|_| rng.random_range(-1.7..1.7_f32).max(0.0))
            .collect();
        let count: usize = lengths.iter().product();
        let rms = (0..count).map(|mut number| {
            let one_hot = |&n: &usize| {
                let mut p = vec![0.0; n];
                p[number % n] = 1.0;
                number /= n;
                Var::constant(Tensor::from_slice(&arena, [n], &p).unwrap())
            };
            let p = lengths.iter().map(one_hot).collect();
            let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
            let x = Var::constant(Tensor::from_slice(&arena, shape, &x).unwrap());
            let operands = layer.operands(&mut pass, p).unwrap();
            let y = layer.mix(pass.tape(), x, operands).unwrap();
            let y: Vec<f32> = y.value().read().unwrap();
            let squares: f64 = y.iter().map(|&y| f64::from(y).powi(2)).sum();
            (squares / y.len() as f64).sqrt()
        });
        rms.collect()
    }

    fn assert_comparable(rms: &[f64], expected: usize) {
        assert_eq!(rms.len(), expected);
        let least = rms.iter().copied().fold(f64::INFINITY, f64::min);
        let most = rms.iter().copied().fold(0.0, f64::max);
        assert!(least > 0.0 && most < 2.0 * least, "from {least} to {most}");
    }

    #[test]
    fn candidates_with_own_weights_start_with_comparable_outputs() {
        for mix in [materialised, merged] {
            let build = |site: &mut Site<'_, Cpu>| Candidates::new(site, &candidates(), mix);
            let rms = rms_of_choices(|site| Box::new(build(site).unwrap()));
            assert_comparable(&rms, 4 * 6);
        }
    }

    #[test]
    fn factorised_products_start_with_comparable_outputs() {
        let rms = rms_of_choices(|site| Box::new(Factorised::new(site, &candidates()).unwrap()));
        assert_comparable(&rms, 4 * 6);
    }
}
