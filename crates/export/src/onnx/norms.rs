//! Batch norms as nodes.

use super::BatchNormForm;
use super::builder::{Builder, float};
use crate::network::BatchNorm;

impl BatchNormForm {
    /// What follows a convolution.
    pub(super) fn write(self, to: &mut Builder, name: &str, x: &str, norm: &BatchNorm) -> String {
        let channels = norm.gamma.len();
        let constant = |to: &mut Builder, part: &str, values: &[f32]| {
            to.floats(format!("{name}_{part}"), &[1, channels, 1, 1], values)
        };
        match self {
            BatchNormForm::Exact => {
                let mean = constant(to, "mean", &norm.mean);
                let inverse = constant(to, "inverse_deviation", &norm.inverse_deviations());
                let gamma = constant(to, "gamma", &norm.gamma);
                let beta = constant(to, "beta", &norm.beta);
                let y = to.node("Sub", format!("{name}_centred"), &[x, &mean], vec![]);
                let y = to.node("Mul", format!("{name}_normal"), &[&y, &inverse], vec![]);
                let y = to.node("Mul", format!("{name}_scaled"), &[&y, &gamma], vec![]);
                to.node("Add", name.to_owned(), &[&y, &beta], vec![])
            }
            BatchNormForm::Node => {
                let mut part =
                    |part, values: &[f32]| to.floats(format!("{name}_{part}"), &[channels], values);
                let gamma = part("gamma", &norm.gamma);
                let beta = part("beta", &norm.beta);
                let mean = part("mean", &norm.mean);
                let variance = part("variance", &norm.variance);
                let inputs = [x, &gamma, &beta, &mean, &variance];
                let epsilon = vec![float("epsilon", norm.epsilon)];
                to.node("BatchNormalization", name.to_owned(), &inputs, epsilon)
            }
            BatchNormForm::Folded => {
                let (scale, shift) = norm.affine();
                let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32);
                let scale: Vec<f32> = narrow(scale).collect();
                let shift: Vec<f32> = narrow(shift).collect();
                let scale = constant(to, "scale", &scale);
                let shift = constant(to, "shift", &shift);
                let y = to.node("Mul", format!("{name}_scaled"), &[x, &scale], vec![]);
                to.node("Add", name.to_owned(), &[&y, &shift], vec![])
            }
        }
    }
}
