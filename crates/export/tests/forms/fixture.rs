//! Models with weights drawn at random, as a training could have left them.

use radars_export::nn::SavedParameter;
use radars_export::nn::tensor::random::Seed;
use radars_export::space::{Architecture, ImageShape, Space};
use radars_export::{Model, Provenance};
use rand::RngExt;

/// A space with blocks of every kind, narrow enough for plain loops.
pub const BLOCKS: &str = r#"
name = "blocks"
classes = 4
input = { height = 9, width = 9, channels = 3 }
[choices]
kernel = [3, 5]
expansion = [1, 2]
inner_channels = [4]
activation_integer = [3]
activation_fraction = [3, 6]
weight_integer = [2]
weight_fraction = [2, 5]
[[layer]]
channels = 6
[[layer]]
kind = "inverted-residual"
channels = 6
[[layer]]
kind = "inverted-residual"
channels = 8
stride = 2
[[layer]]
kind = "residual"
channels = 8
[[layer]]
kind = "residual"
channels = 12
stride = 2
"#;

/// The space of [`BLOCKS`].
pub fn blocks() -> Space {
    Space::from_toml(BLOCKS, "blocks").unwrap()
}

/// The same without quantisers, with ReLU6.
pub fn float_blocks() -> Space {
    let float = |line: &&str| !line.starts_with("activation_") && !line.starts_with("weight_");
    let lines = BLOCKS.lines().filter(float);
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let text = format!("activation = \"relu6\"\n{text}");
    Space::from_toml(&text, "float blocks").unwrap()
}

/// Random images, `[n, h, w, c]`.
pub fn images(space: &Space, n: usize, seed: u64) -> Vec<u8> {
    let mut rng = Seed(seed).stream("images", 0);
    let bytes = space.input().unwrap().elements() as usize * n;
    (0..bytes).map(|_| rng.random_range(0..=255)).collect()
}

/// The default space, on images of 12 x 12 x 1.
pub fn fashion() -> Space {
    let images = ImageShape {
        height: 12,
        width: 12,
        channels: 1,
    };
    let layers = Space::preset("fashion-small").unwrap().layers().to_vec();
    let space = Space::new("fashion", layers).unwrap();
    space.resolve(images, 10).unwrap()
}

/// An architecture of the space and a model of it, both functions of `seed`.
pub fn model(space: &Space, seed: u64) -> Model {
    let architecture = space.random(&mut Seed(seed).stream("architecture", 0));
    let classes = space.classes().unwrap();
    Model {
        parameters: parameters(space, &architecture, seed),
        space: space.clone(),
        architecture,
        class_names: (0..classes).map(|class| format!("class {class}")).collect(),
        provenance: Provenance {
            seed: Some(seed),
            ..Provenance::default()
        },
    }
}

fn parameters(space: &Space, architecture: &Architecture, seed: u64) -> Vec<SavedParameter> {
    let mut rng = Seed(seed).stream("parameters", 0);
    let mut parameters = Vec::new();
    let mut add = |name: String, shape: Vec<usize>, low: f32, high: f32| {
        let values = (0..shape.iter().product()).map(|_| rng.random_range(low..high));
        parameters.push(SavedParameter {
            name,
            values: values.collect(),
            shape,
        });
    };
    for (index, block) in space.blocks(architecture).unwrap().iter().enumerate() {
        for stage in block.convolutions() {
            let name = match stage.name {
                "conv" => format!("layer{index}"),
                name => format!("layer{index}.{name}"),
            };
            let g = stage.geometry;
            let (k, depth) = (stage.kernel, g.input.channels / g.groups);
            let channels = g.output.channels;
            add(
                format!("{name}.conv.weight"),
                vec![channels, k, k, depth],
                -0.6,
                0.6,
            );
            for (part, low, high) in [
                ("gamma", -0.5, 1.5),
                ("beta", -0.3, 0.9),
                ("mean", -0.5, 0.5),
                ("variance", 0.05, 2.0),
            ] {
                add(format!("{name}.norm.{part}"), vec![channels], low, high);
            }
        }
    }
    let classes = space.classes().unwrap();
    let features = space.shapes().unwrap().last().unwrap().output.channels;
    add(
        "classifier.weight".into(),
        vec![classes, features],
        -0.7,
        0.7,
    );
    add("classifier.bias".into(), vec![classes], -0.2, 0.2);
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    parameters
}
