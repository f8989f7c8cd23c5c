//! A network as a graph, channels first.

use super::builder::{Builder, QONNX, int, ints, value};
use super::proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::{BatchNormForm, Dialect, OnnxOptions};
use crate::network::{Classifier, Convolution, Layer, Network, Shortcut};
use crate::{Model, Result};
use prost::Message;
use radars_nn::tensor::FixedPoint;
use radars_space::{Activation, ConvGeometry, ImageShape};

/// What goes into a graph.
pub(super) const IMAGES: &str = "images";
/// What comes out of it.
pub(super) const LOGITS: &str = "logits";

impl Model {
    /// The model as an ONNX file: `images [n, channels, height, width]`, bytes scaled to `byte / 127.5 - 1`, gives
    /// `logits [n, classes]`.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn to_onnx(&self, options: OnnxOptions) -> Result<Vec<u8>> {
        let network = self.network()?;
        let mut writer = Writer::new(options, Pooling::Global);
        writer.write(&network);
        Ok(self.finish(writer).encode_to_vec())
    }

    /// The graph with what is known of the model.
    pub(crate) fn finish(&self, writer: Writer) -> ModelProto {
        let (ir_version, opset) = match writer.options.dialect {
            Dialect::Qdq => (10, 21),
            Dialect::Qonnx | Dialect::Plain => (7, 13),
        };
        let mut opset_import = vec![OperatorSetIdProto {
            domain: String::new(),
            version: opset,
        }];
        if writer.options.dialect == Dialect::Qonnx {
            opset_import.push(OperatorSetIdProto {
                domain: QONNX.into(),
                version: 1,
            });
        }
        let entry = |key: &str, value: String| StringStringEntryProto {
            key: key.into(),
            value,
        };
        let mut metadata_props = vec![
            entry("classes", self.class_names.join("\n")),
            entry("architecture", self.architecture.to_string()),
        ];
        if let Some(fingerprint) = &self.provenance.fingerprint {
            metadata_props.push(entry("fingerprint", fingerprint.clone()));
        }
        let mut graph = writer.to.graph;
        graph.name = self.space.name().to_owned();
        ModelProto {
            ir_version,
            producer_name: "radars".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            doc_string: "images: bytes scaled to byte / 127.5 - 1, channels first".into(),
            graph: Some(graph),
            opset_import,
            metadata_props,
        }
    }
}

/// How the last layer's output is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// `GlobalAveragePool`.
    Global,
    /// A depthwise convolution of the whole image, for compilers whose average pooling is not exact.
    Convolution,
}

/// A graph in the making, and how it is made.
pub(crate) struct Writer {
    pub(super) to: Builder,
    pub options: OnnxOptions,
    pub pooling: Pooling,
}

impl Writer {
    /// An empty graph.
    pub(crate) fn new(options: OnnxOptions, pooling: Pooling) -> Self {
        Writer {
            to: Builder::default(),
            options,
            pooling,
        }
    }

    /// Writes the network, inputs and outputs included.
    pub(crate) fn write(&mut self, network: &Network) {
        let ImageShape {
            height,
            width,
            channels,
        } = network.input;
        let batch = self.options.batch;
        let images = value(
            IMAGES,
            batch,
            &[channels, height, width],
            "bytes scaled to byte / 127.5 - 1".into(),
        );
        self.to.graph.input.push(images);
        let mut x = IMAGES.to_owned();
        for layer in &network.layers {
            x = self.layer(layer, x);
        }
        let pooled = self.pool(network.features(), &x);
        self.classify(&network.classifier, &pooled);
        let classes = network.classifier.out_features;
        let logits = value(LOGITS, batch, &[classes], String::new());
        self.to.graph.output.push(logits);
    }

    fn layer(&mut self, layer: &Layer, x: String) -> String {
        // Path and projection quantise the input alike: once.
        let quantised = match layer.path.first().and_then(|conv| conv.input_format) {
            Some(format) => self.quantise(format!("{}_input", layer.name), &x, format),
            None => x.clone(),
        };
        let mut y = quantised.clone();
        for (place, conv) in layer.path.iter().enumerate() {
            let name = conv.name.replace('.', "_");
            if place > 0
                && let Some(format) = conv.input_format
            {
                y = self.quantise(format!("{name}_input"), &y, format);
            }
            y = self.convolution(conv, &name, &y);
        }
        let around = match &layer.shortcut {
            Shortcut::None => None,
            Shortcut::Identity => Some(x),
            Shortcut::Projection(conv) => {
                let name = conv.name.replace('.', "_");
                Some(self.convolution(conv, &name, &quantised))
            }
        };
        if let Some(around) = around {
            let name = format!("{}_sum", layer.name);
            y = self.to.node("Add", name, &[&y, &around], vec![]);
        }
        self.activate(&layer.name, y, layer.activation)
    }

    /// A convolution of what is quantised, its batch norm and activation.
    fn convolution(&mut self, conv: &Convolution, name: &str, x: &str) -> String {
        let ConvGeometry { stride, groups, .. } = conv.geometry;
        let [o, k, _, i] = conv.weight_shape();
        let folded =
            conv.weight_format.is_none() && self.options.batch_norm == BatchNormForm::Folded;
        let scales = conv.norm.affine();
        let mut weight = channels_first(&conv.weight, [o, k * k, i]);
        if folded {
            for (weight, scale) in weight.chunks_exact_mut(k * k * i).zip(&scales.0) {
                weight
                    .iter_mut()
                    .for_each(|w| *w = (f64::from(*w) * scale) as f32);
            }
        }
        let dialect = self.options.dialect;
        let weight = dialect.weights(
            &mut self.to,
            format!("{name}_weight"),
            &[o, i, k, k],
            &weight,
            conv.weight_format,
        );
        let padding = conv.padding();
        let attributes = vec![
            ints("kernel_shape", &[k, k]),
            ints("pads", &[padding; 4]),
            ints("dilations", &[1, 1]),
            ints("strides", &[stride, stride]),
            int("group", groups),
        ];
        let y = if folded {
            let bias: Vec<f32> = scales.1.iter().map(|&shift| shift as f32).collect();
            let bias = self.to.floats(format!("{name}_bias"), &[o], &bias);
            let inputs = [x, &weight, &bias];
            self.to
                .node("Conv", format!("{name}_conv"), &inputs, attributes)
        } else {
            let inputs = [x, &weight];
            let y = self
                .to
                .node("Conv", format!("{name}_conv"), &inputs, attributes);
            let norm = format!("{name}_norm");
            self.options
                .batch_norm
                .write(&mut self.to, &norm, &y, &conv.norm)
        };
        self.activate(name, y, conv.activation)
    }

    fn quantise(&mut self, name: String, x: &str, format: FixedPoint) -> String {
        self.options.dialect.quantise(&mut self.to, name, x, format)
    }

    fn activate(&mut self, name: &str, x: String, activation: Option<Activation>) -> String {
        match activation {
            None => x,
            Some(Activation::Relu6) => {
                let lo = self.to.float(format!("{name}_relu6_lo"), 0.0);
                let hi = self.to.float(format!("{name}_relu6_hi"), 6.0);
                self.to
                    .node("Clip", format!("{name}_relu6"), &[&x, &lo, &hi], vec![])
            }
            Some(_) => self.to.node("Relu", format!("{name}_relu"), &[&x], vec![]),
        }
    }

    /// `[n, c, h, w]` to `[n, c]`.
    fn pool(&mut self, features: ImageShape, x: &str) -> String {
        let ImageShape {
            height,
            width,
            channels,
        } = features;
        let pooled = match self.pooling {
            Pooling::Global => self
                .to
                .node("GlobalAveragePool", "pool".into(), &[x], vec![]),
            Pooling::Convolution => {
                let weight = vec![1.0 / (height * width) as f32; channels * height * width];
                let dims = [channels, 1, height, width];
                let weight = self.to.floats("pool_weight".into(), &dims, &weight);
                let attributes = vec![
                    ints("kernel_shape", &[height, width]),
                    ints("pads", &[0; 4]),
                    ints("dilations", &[1, 1]),
                    ints("strides", &[1, 1]),
                    int("group", channels),
                ];
                self.to
                    .node("Conv", "pool".into(), &[x, &weight], attributes)
            }
        };
        let attributes = vec![int("axis", 1)];
        self.to
            .node("Flatten", "features".into(), &[&pooled], attributes)
    }

    fn classify(&mut self, classifier: &Classifier, x: &str) {
        let Classifier {
            in_features,
            out_features,
            ..
        } = *classifier;
        let x = match classifier.input_format {
            Some(format) => self.quantise("classifier_input".into(), x, format),
            None => x.to_owned(),
        };
        let weight = channels_first(&classifier.weight, [1, out_features, in_features]);
        let weight = self.options.dialect.weights(
            &mut self.to,
            "classifier_weight".into(),
            &[in_features, out_features],
            &weight,
            classifier.weight_format,
        );
        let bias = self
            .to
            .floats("classifier_bias".into(), &[out_features], &classifier.bias);
        let y = self
            .to
            .node("MatMul", "classifier".into(), &[&x, &weight], vec![]);
        self.to.node("Add", LOGITS.into(), &[&y, &bias], vec![]);
    }
}

/// `[o, p, i]` as `[o, i, p]`.
fn channels_first(values: &[f32], [o, p, i]: [usize; 3]) -> Vec<f32> {
    let mut transposed = Vec::with_capacity(values.len());
    for outer in 0..o {
        for inner in 0..i {
            transposed.extend((0..p).map(|place| values[(outer * p + place) * i + inner]));
        }
    }
    transposed
}
