//! A convolution and the batch norm behind it.

use super::quantised;
use radars_nn::tensor::FixedPoint;
use radars_space::{Activation, ConvGeometry};

/// `y = activation(norm(conv(Qa(x), Qw(W))))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// What it is called: `layer3`, or `layer3.depthwise` where the layer has more than one.
    pub name: String,
    /// Its sizes.
    pub geometry: ConvGeometry,
    /// Side of the kernel; padding is half of it on every side.
    pub kernel: usize,
    /// What the input is quantised to; none in a float network.
    pub input_format: Option<FixedPoint>,
    /// What the weights are quantised to; none in a float network.
    pub weight_format: Option<FixedPoint>,
    /// `[out channels, kernel, kernel, in channels / groups]`, as trained.
    pub weight: Vec<f32>,
    /// What follows the convolution.
    pub norm: BatchNorm,
    /// What follows the batch norm.
    pub activation: Option<Activation>,
}

/// Batch normalisation in evaluation: `gamma * ((x - mean) / sqrt(variance + epsilon)) + beta`, one value a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm {
    /// Scales.
    pub gamma: Vec<f32>,
    /// Shifts.
    pub beta: Vec<f32>,
    /// Running means.
    pub mean: Vec<f32>,
    /// Running variances.
    pub variance: Vec<f32>,
    /// What is added to the variances.
    pub epsilon: f32,
}

impl Convolution {
    /// The weights that it computes with: the nearest values of their format.
    #[must_use]
    pub fn quantised_weight(&self) -> Vec<f32> {
        quantised(&self.weight, self.weight_format)
    }

    /// `[out channels, kernel, kernel, in channels / groups]`.
    #[must_use]
    pub fn weight_shape(&self) -> [usize; 4] {
        let ConvGeometry {
            input,
            output,
            groups,
            ..
        } = self.geometry;
        let depth = input.channels / groups;
        [output.channels, self.kernel, self.kernel, depth]
    }

    /// Pixels of padding on every side.
    #[must_use]
    pub fn padding(&self) -> usize {
        self.kernel / 2
    }
}

impl BatchNorm {
    /// `1 / sqrt(variance + epsilon)`, rounded once: what evaluation multiplies by.
    #[must_use]
    pub fn inverse_deviations(&self) -> Vec<f32> {
        let inverse = |variance: &f32| {
            let variance = f64::from(*variance) + f64::from(self.epsilon);
            (1.0 / variance.sqrt()) as f32
        };
        self.variance.iter().map(inverse).collect()
    }

    /// The batch norm as one multiplication and one addition a channel: `scale * x + shift`. Rounds elsewhere than
    /// evaluation does.
    #[must_use]
    pub fn affine(&self) -> (Vec<f64>, Vec<f64>) {
        let inverses = self.inverse_deviations();
        let scales = self.gamma.iter().zip(&inverses);
        let scales: Vec<f64> = scales.map(|(&g, &i)| f64::from(g) * f64::from(i)).collect();
        let shifts = self.beta.iter().zip(&self.mean).zip(&scales);
        let shifts = shifts.map(|((&b, &m), s)| f64::from(b) - f64::from(m) * s);
        let shifts = shifts.collect();
        (scales, shifts)
    }

    /// What evaluation makes of `x` in a channel, to the bit.
    #[must_use]
    pub fn evaluate(&self, channel: usize, inverse_deviation: f32, x: f32) -> f32 {
        let normal = (x - self.mean[channel]) * inverse_deviation;
        self.gamma[channel] * normal + self.beta[channel]
    }
}
