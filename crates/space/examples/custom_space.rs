//! A space of one's own, from a file's text and from code, and what its architectures cost.
//!
//! Run with `cargo run -p radars-space --example custom_space`.

use radars_space::{Architecture, BitChoices, Choices, ImageShape, Layer, Result, Space};

const FILE: &str = r#"
name = "tiny"

[choices]
kernel = [1, 3]
activation_integer = [1, 2]
activation_fraction = [2, 4]
weight_integer = [1]
weight_fraction = [2, 4]

[[layer]]
channels = 8
choices = { kernel = [3, 5] }   # the first layer looks wider

[[layer]]
channels = 16
stride = 2
"#;

fn main() -> Result<()> {
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    let from_file = Space::from_toml(FILE, "tiny.toml")?.resolve(images, 10)?;

    let activation = BitChoices {
        integer: vec![1, 2],
        fraction: vec![2, 4],
    };
    let weight = BitChoices {
        integer: vec![1],
        fraction: vec![2, 4],
    };
    let layers = vec![
        Layer::conv(8, 1, Choices::quantised(&[3, 5], &activation, &weight)?),
        Layer::conv(16, 2, Choices::quantised(&[1, 3], &activation, &weight)?),
    ];
    let from_code = Space::new("tiny", layers)?.resolve(images, 10)?;
    assert_eq!(from_file, from_code);

    let space = from_code;
    let (cheapest, dearest) = space.aops_range()?;
    println!(
        "{} architectures of {cheapest} to {dearest} AOPS",
        space.architecture_count()
    );

    // The architecture that takes the last choice of every decision.
    let last: Vec<usize> = space
        .decisions()
        .iter()
        .map(|decision| decision.choices - 1)
        .collect();
    let architecture: Architecture = space.architecture(&last)?;
    let cost = space.cost(&architecture)?;
    println!("{architecture}");
    for (layer, cost) in cost.layers.iter().enumerate() {
        println!(
            "  layer {}: {} MACs, {} AOPS, {} parameters",
            layer + 1,
            cost.macs,
            cost.aops,
            cost.params
        );
    }
    println!(
        "reward at accuracy 0.9: {:.3}",
        space.reward()?.reward(0.9, cost.aops as f64)
    );

    // A mistake is answered with its place and with what would do.
    if let Err(error) = Space::from_toml(&FILE.replace("stride = 2", "strides = 2"), "tiny.toml") {
        println!("{error}");
    }
    Ok(())
}
