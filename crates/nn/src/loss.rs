//! Cross entropy, the expected error, and how many predictions are right.

use crate::{Pass, Result};
use radars_autograd::tensor::{Backend, Tensor};
use radars_autograd::{Var, ops};

/// Mean cross entropy of logits against labels.
///
/// With label smoothing `s` the target is `1 - s` on the label plus `s / classes` on every class
/// (Szegedy et al. 2016, section 7); 0 gives the plain cross entropy.
///
/// # Shapes
/// `logits [n, classes]`, `labels [n]` of i32; the result has one element.
///
/// # Errors
/// [`crate::tensor::Error::Shapes`], [`crate::tensor::Error::Elements`],
/// [`crate::tensor::Error::OverBound`].
pub fn cross_entropy<B: Backend>(
    pass: &mut Pass<'_, B>,
    logits: Var<B>,
    labels: &Tensor<B>,
    smoothing: f32,
) -> Result<Var<B>> {
    Ok(ops::cross_entropy(pass.tape(), logits, labels, smoothing)?)
}

/// The expected share of wrong answers: `1 - mean over rows r of softmax(logits)[r, label_r]`, where answers are drawn
/// from the softmax.
///
/// # Shapes
/// `logits [n, classes]`, `labels [n]` of i32; the result has one element.
///
/// # Errors
/// As [`cross_entropy`].
pub fn expected_error<B: Backend>(
    pass: &mut Pass<'_, B>,
    logits: Var<B>,
    labels: &Tensor<B>,
) -> Result<Var<B>> {
    let rows = logits.value().shape().rows() as f32;
    // The gradient of the cross entropy is (softmax - target) / rows, so this gives the target: 1 at the labels.
    let (_, gradient) = logits.value().cross_entropy(labels, 0.0)?;
    let tape = pass.tape();
    let softmax = ops::softmax(tape, logits)?;
    let less = ops::affine(tape, Var::constant(gradient), -rows, 0.0)?;
    let target = ops::add(tape, less, Var::constant(softmax.value().clone()))?;
    let right = ops::dot(tape, softmax, target)?;
    Ok(ops::affine(tape, right, -1.0 / rows, 1.0)?)
}

/// The mean cross entropy of `logits [n, classes]` against labels, computed on the host; not a number without labels,
/// or with a label that is no class.
pub fn mean_cross_entropy(logits: &[f32], classes: usize, labels: &[i32]) -> f64 {
    let rows = logits.chunks_exact(classes.max(1)).zip(labels);
    let surprise = |(row, &label): (&[f32], &i32)| {
        let own = usize::try_from(label).ok().and_then(|label| row.get(label));
        let Some(&own) = own else {
            return f64::NAN;
        };
        let largest = row.iter().fold(f64::MIN, |m, &l| m.max(f64::from(l)));
        let powers = row.iter().map(|&l| libm::exp(f64::from(l) - largest));
        libm::log(powers.sum::<f64>()) - (f64::from(own) - largest)
    };
    rows.map(surprise).sum::<f64>() / labels.len() as f64
}

/// How many rows of `logits [n, classes]` have their label among the `k` largest.
///
/// Of equal logits the class of the lower index comes first; a label that is no class, or whose logit is
/// not a number, is never right. Rows without a label are not counted.
pub fn top_k(logits: &[f32], classes: usize, labels: &[i32], k: usize) -> usize {
    let rows = logits.chunks_exact(classes.max(1)).zip(labels);
    rows.filter(|(row, label)| is_right(row, **label, k))
        .count()
}

fn is_right(row: &[f32], label: i32, k: usize) -> bool {
    let Some(label) = usize::try_from(label).ok().filter(|&l| l < row.len()) else {
        return false;
    };
    let own = row[label];
    let before = |&(class, &other): &(usize, &f32)| other > own || (other == own && class < label);
    !own.is_nan() && row.iter().enumerate().filter(before).count() < k
}

/// The fraction of rows of `logits [n, classes]` whose largest logit is at their label; 0 without labels.
pub fn accuracy(logits: &[f32], classes: usize, labels: &[i32]) -> f64 {
    top_k(logits, classes, labels, 1) as f64 / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of probabilities 1/8, 2/8, 5/8: python: (log(4) + log(8/5)) / 2 = 0.928148.
    #[test]
    fn cross_entropy_of_logits_on_the_host() {
        let row = [0.0, std::f32::consts::LN_2, 1.609_438];
        let logits = [row, row.map(|l| l + 300.0)].concat();
        let loss = mean_cross_entropy(&logits, 3, &[1, 2]);
        assert!((loss - 0.928_148_9).abs() < 1e-6, "{loss}");
        assert!(mean_cross_entropy(&logits, 3, &[1, 3]).is_nan());
        assert!(mean_cross_entropy(&[], 3, &[]).is_nan());
    }

    #[test]
    fn top_k_counts_ranks() {
        // Ranks of the labels: 0, 1, 2 (a tie is lost to the lower index), no class, not a number.
        let logits = [
            3.0,
            1.0,
            2.0,
            3.0,
            1.0,
            2.0,
            0.5,
            0.5,
            0.5,
            3.0,
            1.0,
            2.0,
            f32::NAN,
            1.0,
            2.0,
        ];
        let labels = [0, 2, 2, 3, 0];
        let right = |k| top_k(&logits, 3, &labels, k);
        assert_eq!((right(0), right(1), right(2), right(3)), (0, 1, 2, 3));
        assert_eq!(accuracy(&logits, 3, &labels), 0.2);
    }
}
