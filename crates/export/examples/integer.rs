//! Classifies images in integers: `cargo run --release -p radars-export --example integer -- [model.safetensors]`.
//!
//! The images are noise, since this crate reads no image files; without a model file, a model with weights drawn at
//! random is made. `radars predict` classifies files.

use radars_export::nn::SavedParameter;
use radars_export::nn::tensor::random::Seed;
use radars_export::space::{Architecture, Candidate, Precision, Space};
use radars_export::{IntegerNetwork, Model, Provenance, Result};
use rand::RngExt;
use std::path::Path;

const IMAGES: usize = 4;

fn main() -> Result<()> {
    let model = match std::env::args().nth(1) {
        Some(path) => Model::read(Path::new(&path))?,
        None => random_model()?,
    };
    let network = model.network()?;
    let mut integer = IntegerNetwork::new(&network, 1)?;
    println!("images          {}", network.input);
    println!("parameters      {:>9} bytes", integer.parameter_bytes());
    println!("buffers         {:>9} bytes", integer.workspace_bytes());
    for of in integer.rescalings() {
        let exact = if of.exact { ", exact" } else { "" };
        let (name, thresholds, differing) = (&of.name, of.thresholds, of.differing);
        println!("{name:<15} {thresholds:>9} thresholds, {differing} differ{exact}");
    }

    let classes = integer.classes();
    let mut rng = Seed(1).stream("images", 0);
    let bytes = IMAGES * integer.image_bytes();
    let images: Vec<u8> = (0..bytes).map(|_| rng.random()).collect();
    let mut logits = vec![0.0; IMAGES * classes];
    integer.logits(&images, &mut logits)?;
    for (index, logits) in logits.chunks_exact(classes).enumerate() {
        let best = (0..classes).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        let best = best.unwrap_or_default();
        let (name, logit) = (&model.class_names[best], logits[best]);
        println!("image {index}         {name} ({logit:.3})");
    }
    Ok(())
}

/// The default space with 3x3 kernels and 9 bits everywhere.
fn random_model() -> Result<Model> {
    let space = Space::preset("fashion-small")?;
    let bits = Precision {
        integer: 3,
        fraction: 6,
    };
    let candidate = Candidate::quantised(3, bits, bits);
    let architecture = Architecture::uniform(candidate, space.layers().len());
    let mut rng = Seed(0).stream("parameters", 0);
    let mut parameters = Vec::new();
    let mut add = |name: String, shape: &[usize], [low, high]: [f32; 2]| {
        let values = (0..shape.iter().product()).map(|_| rng.random_range(low..high));
        parameters.push(SavedParameter {
            name,
            shape: shape.to_vec(),
            values: values.collect(),
        });
    };
    let mut features = space.input()?.channels;
    for layer in 0..space.layers().len() {
        let channels = space.layers()[layer].channels;
        let weight = [channels, 3, 3, features];
        add(format!("layer{layer}.conv.weight"), &weight, [-0.5, 0.5]);
        for (part, range) in [
            ("gamma", [0.5, 1.5]),
            ("beta", [-0.5, 0.5]),
            ("mean", [-0.5, 0.5]),
            ("variance", [0.5, 2.0]),
        ] {
            add(format!("layer{layer}.norm.{part}"), &[channels], range);
        }
        features = channels;
    }
    let classes = space.classes()?;
    add(
        "classifier.weight".into(),
        &[classes, features],
        [-0.5, 0.5],
    );
    add("classifier.bias".into(), &[classes], [-0.5, 0.5]);
    Ok(Model {
        space,
        architecture,
        parameters,
        class_names: (0..classes).map(|class| format!("class {class}")).collect(),
        provenance: Provenance::default(),
    })
}
