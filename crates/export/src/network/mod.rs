//! A trained network as plain values: what every form is made of.

mod convolution;
mod lower;

pub use convolution::{BatchNorm, Convolution};

use radars_nn::tensor::FixedPoint;
use radars_space::{Activation, ImageShape};

/// A trained network.
///
/// Images are channels last, bytes scaled to `byte / 127.5 - 1`. Each layer is a chain of convolutions, of which each
/// quantises its own input, with a way around them; then follow global average pooling and the classifier. What goes
/// around a layer is not quantised.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Shape of the images.
    pub input: ImageShape,
    /// The layers, first one first.
    pub layers: Vec<Layer>,
    /// What makes logits of the last layer's channels.
    pub classifier: Classifier,
}

/// A layer: `activation(path(x) + shortcut(x))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// What it is called: `layer0` is the first.
    pub name: String,
    /// The convolutions, one after the other; never empty.
    pub path: Vec<Convolution>,
    /// What is added to the last one's output.
    pub shortcut: Shortcut,
    /// What follows the sum.
    pub activation: Option<Activation>,
}

/// The way around a layer's convolutions.
#[derive(Clone, Debug, PartialEq)]
pub enum Shortcut {
    /// There is none.
    None,
    /// The layer's input as it is.
    Identity,
    /// A convolution of the layer's input, quantised as it is for the path.
    Projection(Box<Convolution>),
}

/// `logits = Qa(x) Qw(W)^T + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// Channels of the last layer.
    pub in_features: usize,
    /// Classes.
    pub out_features: usize,
    /// `[out_features, in_features]`, as trained.
    pub weight: Vec<f32>,
    /// `[out_features]`.
    pub bias: Vec<f32>,
    /// What the pooled channels are quantised to; none in a float network.
    pub input_format: Option<FixedPoint>,
    /// What the weights are quantised to; none in a float network.
    pub weight_format: Option<FixedPoint>,
}

impl Network {
    /// All convolutions with the number of their layer: the path of a layer first, then its projection.
    pub fn convolutions(&self) -> impl Iterator<Item = (usize, &Convolution)> {
        let of_layer = |(index, layer)| Layer::convolutions(layer).map(move |conv| (index, conv));
        self.layers.iter().enumerate().flat_map(of_layer)
    }

    /// Whether its layers quantise what they compute with.
    #[must_use]
    pub fn is_quantised(&self) -> bool {
        self.classifier.weight_format.is_some()
    }

    /// Shape of the last layer's output, which is pooled.
    #[must_use]
    pub fn features(&self) -> ImageShape {
        let last = self.layers.last().and_then(|layer| layer.path.last());
        last.map_or(self.input, |conv| conv.geometry.output)
    }
}

impl Layer {
    /// The convolutions of the path, then the projection.
    pub fn convolutions(&self) -> impl Iterator<Item = &Convolution> {
        let projection = match &self.shortcut {
            Shortcut::Projection(conv) => Some(&**conv),
            Shortcut::None | Shortcut::Identity => None,
        };
        self.path.iter().chain(projection)
    }
}

impl Classifier {
    /// The weights that it computes with: the nearest values of their format.
    #[must_use]
    pub fn quantised_weight(&self) -> Vec<f32> {
        quantised(&self.weight, self.weight_format)
    }
}

/// The nearest values of a format; the values themselves without one.
fn quantised(values: &[f32], format: Option<FixedPoint>) -> Vec<f32> {
    match format {
        Some(format) => values.iter().map(|&value| format.quantise(value)).collect(),
        None => values.to_vec(),
    }
}
