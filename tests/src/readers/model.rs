//! Model files.

use super::{Reader, space};
use radars_export::onnx::{BatchNormForm, Dialect, OnnxNetwork, OnnxOptions};
use radars_export::{Error, IntegerNetwork, Model, Network};

pub(super) const READER: Reader = Reader {
    name: "model",
    read,
    seeds,
};

fn read(bytes: &[u8]) {
    let model = match Model::from_bytes(bytes) {
        Ok(model) => model,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = model.to_bytes().expect("a model that was read");
    let again = Model::from_bytes(&written).expect("a model that was written");
    assert_eq!(again, model);
    space::use_space(&model.space);
    let network = model.network().expect("a model that was read");
    assert_eq!(network.layers.len(), model.architecture.layers().len());
    for (_, convolution) in network.convolutions() {
        let weights = convolution.quantised_weight();
        let shape = convolution.weight_shape();
        assert_eq!(weights.len(), shape.iter().product::<usize>());
        let norm = &convolution.norm;
        assert_eq!(norm.inverse_deviations().len(), norm.affine().0.len());
    }
    if model.cost().is_ok_and(|cost| cost.macs <= FEW) {
        write(&model);
        compute(&network);
    }
}

/// Multiply-accumulates of a network that is worth the time of writing.
const FEW: u64 = 1 << 20;

pub(super) const DIALECTS: [Dialect; 3] = [Dialect::Qonnx, Dialect::Qdq, Dialect::Plain];
pub(super) const NORMS: [BatchNormForm; 3] = [
    BatchNormForm::Exact,
    BatchNormForm::Node,
    BatchNormForm::Folded,
];

/// Writes the model in every form; what can be read back is read, and computes something.
fn write(model: &Model) {
    let pixels = model.space.input().expect("a resolved space").elements();
    let image = vec![200; pixels as usize];
    for dialect in DIALECTS {
        for batch_norm in NORMS {
            let options = OnnxOptions {
                batch_norm,
                ..OnnxOptions::new(dialect)
            };
            match model.to_onnx(options) {
                Ok(file) => {
                    let graph = OnnxNetwork::from_bytes(&file).expect("a graph that was written");
                    let logits = graph.logits(&image).expect("a graph that can be computed");
                    assert_eq!(logits.len(), model.class_names.len());
                }
                Err(error) => assert!(matches!(error, Error::Unsupported { .. }), "{error}"),
            }
        }
    }
    for written in [
        model.to_json(),
        model.to_dot(),
        model.to_svg(),
        model.to_card(),
    ] {
        assert!(!written.expect("a model that was read").is_empty());
    }
    if let Err(error) = model.to_hls4ml() {
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
}

/// Computes two images in integers, where the network has such a form.
fn compute(network: &Network) {
    let mut integer = match IntegerNetwork::new(network, 1) {
        Ok(integer) => integer,
        Err(error) => return assert!(matches!(error, Error::Unsupported { .. }), "{error}"),
    };
    let image = integer.image_bytes();
    let images: Vec<u8> = (0..2 * image).map(|pixel| (pixel * 89) as u8).collect();
    let mut logits = vec![f32::NAN; 2 * integer.classes()];
    let computed = integer.logits(&images, &mut logits);
    computed.expect("two images");
    let mut again = vec![f32::NAN; integer.classes()];
    let computed = integer.logits(&images[image..], &mut again);
    computed.expect("one image");
    // An image does not depend on its neighbour.
    assert_eq!(logits[again.len()..], again);
    let mut seen = 0;
    let traced = integer.trace(&images[..image], |_, _| seen += 1);
    traced.expect("one image");
    assert!(seen > 0);
}

pub(super) fn models() -> [Model; 2] {
    let narrow = radars_space::Space::from_toml(NARROW, "narrow").expect("a space");
    [0, 1].map(|seed| fixture::model(&narrow, seed))
}

fn seeds() -> Vec<Vec<u8>> {
    let models = models();
    models.iter().filter_map(|m| m.to_bytes().ok()).collect()
}

/// A file of few bytes.
const NARROW: &str = r#"
name = "narrow"
classes = 2
input = { height = 4, width = 4, channels = 1 }
[choices]
kernel = [1, 3]
activation_integer = [3]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [2, 5]
[[layer]]
channels = 2
[[layer]]
kind = "residual"
channels = 3
stride = 2
choices = { kernel = [3], inner_channels = [2], activation_integer = [3], activation_fraction = [3], weight_integer = [2], weight_fraction = [2] }
"#;

#[path = "../../../crates/export/tests/forms/fixture.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "the models that another crate's tests are about"
)]
mod fixture;
