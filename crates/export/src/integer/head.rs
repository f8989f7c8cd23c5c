//! Global average pooling and the classifier.

use super::convert::{codes, magnitude, refuse, supported};
use crate::Result;
use crate::network::Classifier;

/// Fraction bits of the reciprocal of the number of pixels.
const RECIPROCAL: u32 = 62;

/// `logits = codes(mean(values)) * weights + bias`.
#[derive(Debug)]
pub(super) struct Head {
    pixels: usize,
    features: usize,
    /// `code = clamp((sum * reciprocal + half) >> shift, least, most)`.
    reciprocal: i128,
    half: i128,
    shift: u32,
    least: i128,
    most: i128,
    /// `[classes, features]`.
    weights: Vec<i16>,
    /// The value of a sum of one.
    step: f32,
    bias: Vec<f32>,
}

impl Head {
    /// The head behind values of `pixels` pixels with `fraction` fraction bits.
    ///
    /// The sum of so many values of 32 bits times their reciprocal of 62 is one of 95 bits.
    pub(super) fn new(classifier: &Classifier, pixels: usize, fraction: u32) -> Result<Self> {
        let input = supported("classifier", classifier.input_format)?;
        let weight = supported("classifier", classifier.weight_format)?;
        let Classifier {
            in_features,
            out_features,
            ..
        } = *classifier;
        let weights = codes("classifier", &classifier.weight, weight)?;
        let fits = (1..1 << 31).contains(&pixels)
            && weights.len() == in_features * out_features
            && classifier.bias.len() == out_features
            && in_features > 0
            && out_features > 0;
        if !fits {
            return Err(refuse(format!(
                "the classifier has {} weights and {} biases for {in_features} features of {pixels} pixels and \
                 {out_features} classes",
                weights.len(),
                classifier.bias.len()
            )));
        }
        let largest = in_features as u128 * u128::from(magnitude(input) * magnitude(weight));
        if largest >= 1 << 31 {
            return Err(refuse(format!(
                "a logit could reach {largest}, and sums have 32 bits"
            )));
        }
        let (least, most) = input.code_range();
        let shift = RECIPROCAL + fraction - u32::from(input.fraction);
        Ok(Head {
            pixels,
            features: in_features,
            reciprocal: ((1 << RECIPROCAL) + pixels as i128 / 2) / pixels as i128,
            half: 1 << (shift - 1),
            shift,
            least: least as i128,
            most: most as i128,
            weights,
            step: input.step() * weight.step(),
            bias: classifier.bias.clone(),
        })
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// How many values are pooled.
    pub(super) fn values(&self) -> usize {
        self.pixels * self.features
    }

    pub(super) fn classes(&self) -> usize {
        self.bias.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.weights) + size_of_val(&*self.bias)
    }

    /// The logits of values `[pixels, features]`; `sums` and `codes` have a place for every feature.
    pub(super) fn run(
        &self,
        values: &[i32],
        sums: &mut [i64],
        codes: &mut [i16],
        logits: &mut [f32],
    ) {
        sums.fill(0);
        for pixel in values.chunks_exact(self.features) {
            for (sum, &value) in sums.iter_mut().zip(pixel) {
                *sum += i64::from(value);
            }
        }
        for (code, sum) in codes.iter_mut().zip(&*sums) {
            let total = (i128::from(*sum) * self.reciprocal + self.half) >> self.shift;
            *code = total.clamp(self.least, self.most) as i16;
        }
        let rows = self.weights.chunks_exact(self.features);
        for ((logit, weights), bias) in logits.iter_mut().zip(rows).zip(&self.bias) {
            let products = weights.iter().zip(&*codes);
            let sum: i32 = products.map(|(&w, &x)| i32::from(w) * i32::from(x)).sum();
            *logit = sum as f32 * self.step + bias;
        }
    }
}
