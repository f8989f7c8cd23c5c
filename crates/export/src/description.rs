//! The network in words: `model.json`, for programs that read JSON.

use crate::network::{Classifier, Convolution, Layer, Shortcut};
use crate::{Error, Model, Provenance, Result};
use radars_nn::tensor::FixedPoint;
use radars_space::{Activation, Architecture, ImageShape};
use serde::Serialize;

/// Version of the form.
const SCHEMA: u32 = 1;

/// Everything but the values of tensors, which stand under the same names in `model.safetensors`.
#[derive(Serialize)]
struct Description<'a> {
    schema: u32,
    space: &'a str,
    architecture: &'a Architecture,
    input: ImageShape,
    /// What becomes of a byte of an image.
    input_scaling: &'static str,
    class_names: &'a [String],
    /// Multiply-accumulates for one image.
    macs: u64,
    /// Those times activation bits times weight bits.
    aops: u64,
    /// Trained values.
    params: u64,
    layers: Vec<LayerTable<'a>>,
    classifier: ClassifierTable,
    provenance: &'a Provenance,
}

/// `activation(path(x) + shortcut(x))`.
#[derive(Serialize)]
struct LayerTable<'a> {
    name: &'a str,
    path: Vec<ConvolutionTable<'a>>,
    shortcut: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    projection: Option<ConvolutionTable<'a>>,
    activation: Option<Activation>,
}

/// `activation(norm(conv(Qa(x), Qw(W))))`.
#[derive(Serialize)]
struct ConvolutionTable<'a> {
    name: &'a str,
    kernel: usize,
    stride: usize,
    padding: usize,
    groups: usize,
    input: ImageShape,
    output: ImageShape,
    macs: u64,
    input_format: Option<FormatTable>,
    weight_format: Option<FormatTable>,
    /// `[out channels, kernel, kernel, in channels / groups]`, as trained.
    weight: String,
    norm: NormTable,
    activation: Option<Activation>,
}

/// The names of a batch norm's tensors.
#[derive(Serialize)]
struct NormTable {
    gamma: String,
    beta: String,
    mean: String,
    variance: String,
    epsilon: f32,
}

#[derive(Serialize)]
struct ClassifierTable {
    in_features: usize,
    out_features: usize,
    input_format: Option<FormatTable>,
    weight_format: Option<FormatTable>,
    /// `[out features, in features]`.
    weight: &'static str,
    bias: &'static str,
}

/// `clamp(round_half_even(x * 2^fraction), lowest code, highest code) / 2^fraction`.
#[derive(Serialize)]
struct FormatTable {
    signed: bool,
    integer: u8,
    fraction: u8,
}

impl Model {
    /// The network as JSON: its layers, formats, names of tensors, costs, classes, and where it comes from.
    ///
    /// # Errors
    /// As [`crate::Network::new`].
    pub fn to_json(&self) -> Result<String> {
        let network = self.network()?;
        let cost = self.cost()?;
        let Classifier {
            in_features,
            out_features,
            input_format,
            weight_format,
            ..
        } = network.classifier;
        let description = Description {
            schema: SCHEMA,
            space: self.space.name(),
            architecture: &self.architecture,
            input: network.input,
            input_scaling: "byte / 127.5 - 1",
            class_names: &self.class_names,
            macs: cost.macs,
            aops: cost.aops,
            params: cost.params,
            layers: network.layers.iter().map(layer).collect(),
            classifier: ClassifierTable {
                in_features,
                out_features,
                input_format: input_format.map(format),
                weight_format: weight_format.map(format),
                weight: "classifier.weight",
                bias: "classifier.bias",
            },
            provenance: &self.provenance,
        };
        let text = serde_json::to_string_pretty(&description);
        Ok(text.map_err(|error| Error::NotAModel(error.to_string()))? + "\n")
    }
}

fn layer(layer: &Layer) -> LayerTable<'_> {
    let (shortcut, projection) = match &layer.shortcut {
        Shortcut::None => ("none", None),
        Shortcut::Identity => ("identity", None),
        Shortcut::Projection(conv) => ("projection", Some(convolution(conv))),
    };
    LayerTable {
        name: &layer.name,
        path: layer.path.iter().map(convolution).collect(),
        shortcut,
        projection,
        activation: layer.activation,
    }
}

fn convolution(conv: &Convolution) -> ConvolutionTable<'_> {
    let geometry = conv.geometry;
    let name = &conv.name;
    let of_norm = |part: &str| format!("{name}.norm.{part}");
    ConvolutionTable {
        name,
        kernel: conv.kernel,
        stride: geometry.stride,
        padding: conv.padding(),
        groups: geometry.groups,
        input: geometry.input,
        output: geometry.output,
        macs: geometry.macs(conv.kernel),
        input_format: conv.input_format.map(format),
        weight_format: conv.weight_format.map(format),
        weight: format!("{name}.conv.weight"),
        norm: NormTable {
            gamma: of_norm("gamma"),
            beta: of_norm("beta"),
            mean: of_norm("mean"),
            variance: of_norm("variance"),
            epsilon: conv.norm.epsilon,
        },
        activation: conv.activation,
    }
}

fn format(of: FixedPoint) -> FormatTable {
    FormatTable {
        signed: of.signed,
        integer: of.integer,
        fraction: of.fraction,
    }
}
