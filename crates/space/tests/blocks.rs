//! Layers of several convolutions: what they are made of, what they cost, how files describe them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use radars_space::{
    Activation, Architecture, Candidate, Error, HyperParameter, ImageShape, LayerKind, Shortcut,
    Space,
};

/// Every cell of Table III with that kernel and expansion.
fn uniform(space: &Space, kernel: usize, expansion: usize) -> Architecture {
    let candidates = space.layers().iter().map(|layer| {
        let all = layer.choices.candidates();
        let wanted = Candidate::float(kernel).with_expansion(expansion);
        if all.contains(&wanted) {
            wanted
        } else {
            assert_eq!(all.len(), 1);
            all[0]
        }
    });
    Architecture(candidates.collect())
}

#[test]
fn table_iii_has_the_macs_that_pytorch_counts() {
    let space = Space::preset("imagenet-mobile").unwrap();
    // Counted by forward hooks on every convolution and linear layer of a PyTorch model.
    let counted = [
        (3, 3, 257_422_208),
        (3, 6, 472_620_800),
        (7, 6, 606_590_720),
    ];
    for (kernel, expansion, macs) in counted {
        let architecture = uniform(&space, kernel, expansion);
        assert_eq!(space.cost(&architecture).unwrap().macs, macs);
    }
    // 3 kernels x 2 expansions in each of 21 cells.
    assert_eq!(space.architecture_count(), 6_f64.powi(21));
    assert_eq!(space.decisions().len(), 42);
}

#[test]
fn any_data_override_what_the_space_states() {
    let space = Space::preset("imagenet-mobile").unwrap();
    let small = ImageShape {
        height: 32,
        width: 40,
        channels: 3,
    };
    let resolved = space.resolve(small, 4).unwrap();
    assert_eq!(resolved.input().unwrap(), small);
    assert_eq!(resolved.classes().unwrap(), 4);
    // And again, as exploration and exploitation do with other numbers of classes.
    assert_eq!(resolved.resolve(small, 10).unwrap().classes().unwrap(), 10);
    let last = *resolved.shapes().unwrap().last().unwrap();
    assert_eq!(last.output.to_string(), "1x2x1280");
}

#[test]
fn an_inverted_residual_expands_filters_and_projects() {
    let space = Space::preset("imagenet-mobile").unwrap();
    let candidate = Candidate::float(5).with_expansion(6);
    let strided = space.block(2, &candidate).unwrap();
    let stages: Vec<String> = strided
        .path
        .iter()
        .map(|stage| {
            let g = stage.geometry;
            format!(
                "{} k{} {} -> {}",
                stage.name, stage.kernel, g.input, g.output
            )
        })
        .collect();
    assert_eq!(
        stages,
        [
            "expand k1 112x112x16 -> 112x112x96",
            "depthwise k5 112x112x96 -> 56x56x96",
            "project k1 56x56x96 -> 56x56x24"
        ]
    );
    assert_eq!(strided.path[1].geometry.groups, 96);
    let activations: Vec<_> = strided.path.iter().map(|stage| stage.activation).collect();
    let relu6 = Some(Activation::Relu6);
    assert_eq!(activations, [relu6, relu6, None]);
    assert_eq!(strided.shortcut, Shortcut::None);
    // The next cell keeps the shape.
    assert_eq!(
        space.block(3, &candidate).unwrap().shortcut,
        Shortcut::Identity
    );
    // An expansion of 1 has no convolution for it.
    let first = space
        .block(1, &Candidate::float(3).with_expansion(1))
        .unwrap();
    assert_eq!(first.path.len(), 2);
}

const RESIDUAL: &str = r#"
name = "residual"
[choices]
kernel = [3]
inner_channels = [8, 16]
activation_integer = [1]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [3]
[[layer]]
channels = 16
[[layer]]
kind = "residual"
channels = 16
repeat = 2
[[layer]]
kind = "residual"
channels = 24
stride = 2
choices = { inner_channels = [12] }
"#;

#[test]
fn residual_blocks_choose_channels_and_bits() {
    let space = Space::from_toml(RESIDUAL, "residual.toml").unwrap();
    let kinds: Vec<LayerKind> = space.layers().iter().map(|layer| layer.kind).collect();
    use LayerKind::{Conv, Residual};
    assert_eq!(kinds, [Conv, Residual, Residual, Residual]);
    // Bits in every layer; channels where two are listed and the kind chooses them.
    let decisions: Vec<(usize, HyperParameter)> = space
        .decisions()
        .iter()
        .map(|d| (d.layer, d.kind))
        .collect();
    use HyperParameter::{ActivationFraction, InnerChannels};
    assert_eq!(
        decisions,
        [
            (0, ActivationFraction),
            (1, InnerChannels),
            (1, ActivationFraction),
            (2, InnerChannels),
            (2, ActivationFraction),
            (3, ActivationFraction),
        ]
    );
    let images = ImageShape {
        height: 6,
        width: 6,
        channels: 3,
    };
    let space = space.resolve(images, 10).unwrap();
    let architecture = space.architecture(&[0, 1, 0, 0, 1, 1]).unwrap();
    assert_eq!(
        architecture.to_string(),
        "k3 a1.3 w1.3 | k3 c16 a1.3 w1.3 | k3 c8 a1.6 w1.3 | k3 c12 a1.6 w1.3"
    );
    assert_eq!(space.indices(&architecture).unwrap(), [0, 1, 0, 0, 1, 1]);
    let cost = space.cost(&architecture).unwrap();
    // By hand: 36 pixels, then 9; taps x in x out; the last layer projects its shortcut.
    let macs: Vec<u64> = cost.layers.iter().map(|layer| layer.macs).collect();
    assert_eq!(
        macs,
        [
            36 * 9 * 3 * 16,
            36 * 9 * (16 * 16 + 16 * 16),
            36 * 9 * (16 * 8 + 8 * 16),
            9 * (9 * 16 * 12 + 9 * 12 * 24 + 16 * 24),
        ]
    );
    assert_eq!(cost.layers[2].aops, macs[2] * 7 * 4);
    // Weights and two values a channel of every batch norm.
    assert_eq!(cost.layers[2].params, 9 * 2 * 16 * 8 + 2 * (8 + 16));
    // Eq. 3 over both candidates' channels in layer 1, each with two precisions.
    let of_layer = |candidates: Vec<Candidate>| {
        let first = space.all_candidates()[0][..1].to_vec();
        let rest = [2, 3].map(|layer| space.all_candidates()[layer][..1].to_vec());
        let candidates = [vec![first, candidates], rest.to_vec()].concat();
        space.memory_estimate_of(&candidates, 1).unwrap()
    };
    let all = space.candidates(1).unwrap();
    let (one, four) = (of_layer(all[..1].to_vec()), of_layer(all));
    let weights = |inner: u64| 9 * 2 * 16 * inner;
    assert_eq!(
        four.weight_elements - one.weight_elements,
        weights(8) + 2 * weights(16)
    );
    let outputs = |inner: u64| 36 * (inner + 16);
    assert_eq!(
        four.activation_elements - one.activation_elements,
        outputs(8) + 2 * outputs(16)
    );
}

#[test]
fn a_candidate_says_what_its_layer_chooses() {
    let space = Space::preset("imagenet-mobile").unwrap();
    let mut architecture = uniform(&space, 3, 3);
    architecture.0[4] = Candidate::float(3);
    assert_eq!(
        space.indices(&architecture).unwrap_err().to_string(),
        "layer 5: the candidate states no `expansion`; the choices are [3, 6]"
    );
    architecture.0[4] = Candidate::float(3).with_expansion(4);
    assert!(matches!(
        space.indices(&architecture),
        Err(Error::NotAChoice {
            layer: 4,
            value: 4,
            ..
        })
    ));
    architecture.0[4] = Candidate::float(3).with_expansion(3).with_inner_channels(8);
    assert!(matches!(
        space.indices(&architecture),
        Err(Error::NotAChoice {
            kind: HyperParameter::InnerChannels,
            ..
        })
    ));
}
