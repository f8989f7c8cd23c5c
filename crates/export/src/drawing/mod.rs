//! A picture of a network: what each layer does, with which bits, and the ways around.

mod dot;
mod svg;

use crate::network::{Convolution, Layer, Network, Shortcut};
use crate::{Model, Result};
use radars_nn::tensor::FixedPoint;
use radars_space::Activation;

/// A box of the picture.
struct Part {
    /// Its identifier.
    name: String,
    /// What is written in it, line by line.
    lines: Vec<String>,
}

/// A layer as boxes, one after the other, and what goes around them.
struct Group {
    path: Vec<Part>,
    around: Option<Around>,
}

/// A way around the boxes of a group.
enum Around {
    Identity,
    Projection(Part),
}

impl Model {
    /// The network as a graph for Graphviz.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn to_dot(&self) -> Result<String> {
        Ok(dot::draw(&groups(&self.network()?), self.space.name()))
    }

    /// The network as a picture.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn to_svg(&self) -> Result<String> {
        Ok(svg::draw(&groups(&self.network()?), self.space.name()))
    }
}

/// The network from top to bottom.
fn groups(network: &Network) -> Vec<Group> {
    let alone = |name: &str, lines: Vec<String>| Group {
        path: vec![Part {
            name: name.into(),
            lines,
        }],
        around: None,
    };
    let mut groups = vec![alone("images", vec![format!("images {}", network.input)])];
    groups.extend(network.layers.iter().map(group));
    let classifier = &network.classifier;
    let mut lines = vec![format!(
        "average of {}, classifier {} to {}",
        network.features(),
        classifier.in_features,
        classifier.out_features
    )];
    lines.extend(bits(classifier.input_format, classifier.weight_format));
    groups.push(alone("classifier", lines));
    groups
}

fn group(layer: &Layer) -> Group {
    let mut path: Vec<Part> = layer.path.iter().map(convolution).collect();
    let around = match &layer.shortcut {
        Shortcut::None => None,
        Shortcut::Identity => Some(Around::Identity),
        Shortcut::Projection(conv) => Some(Around::Projection(convolution(conv))),
    };
    if around.is_some() {
        let mut lines = vec!["sum".to_owned()];
        lines.extend(layer.activation.map(activation));
        path.push(Part {
            name: format!("{}.sum", layer.name),
            lines: vec![lines.join(", ")],
        });
    }
    Group { path, around }
}

fn convolution(conv: &Convolution) -> Part {
    let g = conv.geometry;
    let kind = match g.groups {
        1 => String::new(),
        groups if groups == g.input.channels => "depthwise ".to_owned(),
        groups => format!("{groups} groups, "),
    };
    let stride = match g.stride {
        1 => String::new(),
        stride => format!(", stride {stride}"),
    };
    let k = conv.kernel;
    let act = conv.activation.map(|of| format!(", {}", activation(of)));
    let mut lines = vec![format!(
        "{}: {kind}{k}x{k}, {}{stride}{}",
        conv.name,
        g.output,
        act.unwrap_or_default()
    )];
    lines.extend(bits(conv.input_format, conv.weight_format));
    Part {
        name: conv.name.clone(),
        lines,
    }
}

fn activation(of: Activation) -> String {
    match of {
        Activation::Relu6 => "ReLU6".into(),
        _ => "ReLU".into(),
    }
}

/// `input ufixed<9, 3>, weights fixed<4, 1>`: as HLS writes widths and integer bits.
fn bits(input: Option<FixedPoint>, weights: Option<FixedPoint>) -> Option<String> {
    let (input, weights) = (hls_type(input?), hls_type(weights?));
    Some(format!("input {input}, weights {weights}"))
}

/// `ufixed<width, integer>`, or `fixed` with a sign.
pub(crate) fn hls_type(format: FixedPoint) -> String {
    let kind = if format.signed { "fixed" } else { "ufixed" };
    format!("{kind}<{}, {}>", format.width(), format.integer)
}
