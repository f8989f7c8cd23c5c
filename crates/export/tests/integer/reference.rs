//! The fake-quantised network in plain loops: f32, but for the sums of a convolution, which are exact.

use radars_export::Network;
use radars_export::network::{Convolution, Layer, Shortcut};
use radars_export::nn::tensor::{FixedPoint, ImageBatch};
use radars_export::space::Activation;

/// What a network makes of an image.
pub struct Evaluated {
    /// The codes that each convolution takes, and the classifier, by name.
    pub codes: Vec<(String, Vec<i16>)>,
    pub logits: Vec<f32>,
}

/// Evaluates a network on an image of bytes.
pub fn evaluate(network: &Network, image: &[u8]) -> Evaluated {
    let mut codes = Vec::new();
    let mut x: Vec<f32> = image.iter().map(|&byte| ImageBatch::value(byte)).collect();
    for layer in &network.layers {
        x = of_layer(layer, x, &mut codes);
    }
    let channels = network.classifier.in_features;
    let pixels = x.len() / channels;
    let share = 1.0 / pixels as f32;
    let mean = |channel: usize| {
        let values = x[channel..].iter().step_by(channels);
        values.fold(0.0, |sum, value| sum + value) * share
    };
    let pooled: Vec<f32> = (0..channels).map(mean).collect();
    let format = network.classifier.input_format.unwrap();
    let quantised: Vec<f32> = pooled.iter().map(|&x| format.quantise(x)).collect();
    codes.push(("classifier".into(), encode(&pooled, format)));
    let weights = network.classifier.quantised_weight();
    let rows = weights.chunks_exact(channels).zip(&network.classifier.bias);
    let logits = rows.map(|(weights, bias)| {
        let products = weights.iter().zip(&quantised);
        products.fold(0.0, |sum, (w, x)| sum + w * x) + bias
    });
    Evaluated {
        logits: logits.collect(),
        codes,
    }
}

fn of_layer(layer: &Layer, x: Vec<f32>, codes: &mut Vec<(String, Vec<i16>)>) -> Vec<f32> {
    let mut see = |conv: &Convolution, x: &[f32]| {
        codes.push((conv.name.clone(), encode(x, conv.input_format.unwrap())));
    };
    let around = match &layer.shortcut {
        Shortcut::None => None,
        Shortcut::Identity => Some(x.clone()),
        Shortcut::Projection(conv) => {
            see(conv, &x);
            Some(convolve(conv, &quantise(&x, conv.input_format.unwrap())))
        }
    };
    let mut y = x;
    for conv in &layer.path {
        see(conv, &y);
        y = convolve(conv, &quantise(&y, conv.input_format.unwrap()));
    }
    if let Some(around) = around {
        y.iter_mut()
            .zip(around)
            .for_each(|(y, around)| *y += around);
    }
    if layer.activation == Some(Activation::Relu) {
        y.iter_mut().for_each(|y| *y = y.max(0.0));
    }
    y
}

pub fn quantise(x: &[f32], format: FixedPoint) -> Vec<f32> {
    x.iter().map(|&x| format.quantise(x)).collect()
}

/// The values of codes.
pub fn decode(codes: &[i16], format: FixedPoint) -> Vec<f32> {
    let values = codes.iter().map(|&code| f32::from(code) * format.step());
    values.collect()
}

pub fn encode(x: &[f32], format: FixedPoint) -> Vec<i16> {
    let codes = quantise(x, format).into_iter().map(|x| x * format.scale());
    codes.map(|code| code as i16).collect()
}

/// `activation(norm(conv(x, Qw(W))))` of a quantised image.
pub fn convolve(conv: &Convolution, x: &[f32]) -> Vec<f32> {
    let weights = conv.quantised_weight();
    let inverses = conv.norm.inverse_deviations();
    let (g, k) = (&conv.geometry, conv.kernel);
    let (depth, lanes) = (g.input.channels / g.groups, g.output.channels / g.groups);
    let mut y = Vec::new();
    for row in 0..g.output.height {
        for column in 0..g.output.width {
            for channel in 0..g.output.channels {
                // Multiples of one step: exact in f64.
                let mut sum = 0.0;
                for (ky, kx) in (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))) {
                    let at = (row * g.stride + ky).checked_sub(conv.padding());
                    let along = (column * g.stride + kx).checked_sub(conv.padding());
                    let (Some(at), Some(along)) = (at, along) else {
                        continue;
                    };
                    if at >= g.input.height || along >= g.input.width {
                        continue;
                    }
                    for of_group in 0..depth {
                        let from = channel / lanes * depth + of_group;
                        let x = x[(at * g.input.width + along) * g.input.channels + from];
                        let w = weights[((channel * k + ky) * k + kx) * depth + of_group];
                        sum += f64::from(x) * f64::from(w);
                    }
                }
                let normed = conv.norm.evaluate(channel, inverses[channel], sum as f32);
                y.push(match conv.activation {
                    Some(Activation::Relu) => normed.max(0.0),
                    _ => normed,
                });
            }
        }
    }
    y
}
