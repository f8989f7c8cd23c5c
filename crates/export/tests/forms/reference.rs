//! The fake-quantised network in plain loops, channels last, in the order in which evaluation rounds.

use radars_export::Network;
use radars_export::network::{Convolution, Shortcut};
use radars_export::nn::tensor::{FixedPoint, ImageBatch};
use radars_export::space::Activation;

fn quantised(x: &[f32], format: Option<FixedPoint>) -> Vec<f32> {
    let of = |&x: &f32| format.map_or(x, |format| format.quantise(x));
    x.iter().map(of).collect()
}

fn activated(x: Vec<f32>, activation: Option<Activation>) -> Vec<f32> {
    let of = |x: f32| match activation {
        None => x,
        Some(Activation::Relu6) => x.clamp(0.0, 6.0),
        Some(_) => x.max(0.0),
    };
    x.into_iter().map(of).collect()
}

fn convolution(conv: &Convolution, x: &[f32]) -> Vec<f32> {
    let g = conv.geometry;
    let x = quantised(x, conv.input_format);
    let w = conv.quantised_weight();
    let [o, k, _, depth] = conv.weight_shape();
    let inverses = conv.norm.inverse_deviations();
    let mut y = Vec::new();
    for row in 0..g.output.height {
        for column in 0..g.output.width {
            for out in 0..o {
                let mut sum = 0.0;
                for (ky, kx) in (0..k).flat_map(|ky| (0..k).map(move |kx| (ky, kx))) {
                    let from = |at: usize, tap: usize, size: usize| {
                        let at = (at * g.stride + tap).checked_sub(k / 2);
                        at.filter(|&at| at < size)
                    };
                    let (Some(r), Some(c)) = (
                        from(row, ky, g.input.height),
                        from(column, kx, g.input.width),
                    ) else {
                        continue;
                    };
                    for i in 0..depth {
                        let channel = out / (o / g.groups) * depth + i;
                        let x = x[(r * g.input.width + c) * g.input.channels + channel];
                        sum += x * w[((out * k + ky) * k + kx) * depth + i];
                    }
                }
                y.push(conv.norm.evaluate(out, inverses[out], sum));
            }
        }
    }
    activated(y, conv.activation)
}

/// The logits of an image.
pub fn logits(network: &Network, image: &[u8]) -> Vec<f32> {
    let mut x: Vec<f32> = image.iter().map(|&byte| ImageBatch::value(byte)).collect();
    for layer in &network.layers {
        let mut y = x.clone();
        for conv in &layer.path {
            y = convolution(conv, &y);
        }
        let around = match &layer.shortcut {
            Shortcut::None => None,
            Shortcut::Identity => Some(x),
            Shortcut::Projection(conv) => Some(convolution(conv, &x)),
        };
        if let Some(around) = around {
            y.iter_mut().zip(around).for_each(|(y, x)| *y += x);
        }
        x = activated(y, layer.activation);
    }
    let classifier = &network.classifier;
    let features = classifier.in_features;
    let pixels = (x.len() / features) as f32;
    let mean = |f: usize| x.iter().skip(f).step_by(features).sum::<f32>() / pixels;
    let pooled: Vec<f32> = (0..features).map(mean).collect();
    let pooled = quantised(&pooled, classifier.input_format);
    let rows = classifier.quantised_weight();
    let rows = rows.chunks_exact(features).zip(&classifier.bias);
    rows.map(|(row, bias)| row.iter().zip(&pooled).map(|(w, x)| w * x).sum::<f32>() + bias)
        .collect()
}
