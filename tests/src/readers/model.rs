//! Model files.

use super::{Reader, space};
use radars_export::Model;

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
    let _ = model.cost();
    for (_, convolution) in network.convolutions() {
        let weights = convolution.quantised_weight();
        let shape = convolution.weight_shape();
        assert_eq!(weights.len(), shape.iter().product::<usize>());
        let norm = &convolution.norm;
        let inverse = norm.inverse_deviations();
        assert_eq!(inverse.len(), norm.affine().0.len());
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let narrow = radars_space::Space::from_toml(NARROW, "narrow").expect("a space");
    let models = [fixture::model(&narrow, 0), fixture::model(&narrow, 1)];
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
