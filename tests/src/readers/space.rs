//! Space files.

use super::Reader;
use radars_space::{ImageShape, Narrowing, Space};

pub(super) const READER: Reader = Reader {
    name: "space",
    read,
    seeds,
};

/// As many candidates as are listed, and as many decisions as are gone through.
const FEW: usize = 4096;

fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let space = match Space::from_toml(text, "space.toml") {
        Ok(space) => space,
        Err(error) => return assert!(error.to_string().starts_with("space.toml:"), "{error}"),
    };
    use_space(&space);
    let narrowings = [(Some(0.5), None), (Some(1.75), Some(1)), (None, Some(2))];
    for (width, cells) in narrowings {
        if let Ok(narrow) = space.narrowed(Narrowing { width, cells }) {
            use_space(&narrow);
        }
    }
    let images = ImageShape {
        height: 28,
        width: 28,
        channels: 1,
    };
    if let Ok(resolved) = space.resolve(images, 10) {
        use_space(&resolved);
    }
}

/// Writes the space and reads it again, counts it, and looks at its corners.
pub(super) fn use_space(space: &Space) {
    let written = space.to_toml();
    let again = Space::from_toml(&written, "written");
    assert_eq!(again.as_ref().ok(), Some(space), "{again:?}\n{written}");

    let (count, decisions) = (space.architecture_count(), space.decisions());
    assert!(count >= 1.0, "{count}");
    let _ = (space.reward(), space.shapes());
    if decisions.len() > FEW {
        return;
    }
    let last = decisions.iter().map(|decision| decision.choices - 1);
    for indices in [vec![0; decisions.len()], last.collect()] {
        let architecture = space.architecture(&indices).expect("indices within range");
        assert_eq!(space.indices(&architecture).ok(), Some(indices));
        let _ = (space.cost(&architecture), space.blocks(&architecture));
    }
    let mut candidates = vec![1_usize; space.layers().len()];
    for decision in decisions {
        let of_layer = &mut candidates[decision.layer];
        *of_layer = of_layer.saturating_mul(decision.choices);
    }
    if candidates.iter().fold(0_usize, |n, &c| n.saturating_add(c)) <= FEW {
        let listed = space.all_candidates();
        assert!(listed.iter().map(Vec::len).eq(candidates));
        let _ = (space.aops_range(), space.memory_estimate(64));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let presets = ["fashion-small", "cifar10-quant", "imagenet-mobile"];
    let presets = presets.iter().filter_map(|name| Space::preset(name).ok());
    let written: Vec<String> = presets.map(|space| space.to_toml()).collect();
    [
        &written,
        &[
            include_str!("../../../crates/space/examples/space.toml").to_owned(),
            include_str!("../../../crates/space/presets/imagenet-mobile.toml").to_owned(),
            FLOAT.to_owned(),
        ][..],
    ]
    .concat()
    .into_iter()
    .map(String::into_bytes)
    .collect()
}

/// A space of every kind of layer, without bits.
const FLOAT: &str = r#"
name = "float"
activation = "relu6"

[choices]
kernel = [3, 1]

[[layer]]
channels = 8

[[layer]]
kind = "inverted-residual"
channels = 8
choices = { expansion = [1, 6] }
repeat = 2

[[layer]]
kind = "residual"
channels = 16
stride = 2
choices = { inner_channels = [8, 24] }
"#;
