//! The spaces that tables of trained networks are made of.

use radars_space::{HyperParameter, Space};
use std::path::Path;

/// Kernels 3 and 5 in six layers, two widths of weights in the last two: 2^8 architectures.
#[test]
fn each_space_is_small_enough_to_train_all_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/tables");
    for (name, preset) in [
        ("fashion-kernels-bits", "fashion-small"),
        ("cifar-kernels-bits", "cifar10-quant"),
    ] {
        let space = Space::load(&folder.join(format!("{name}.toml"))).expect("a space");
        assert_eq!(space.name(), name);
        assert_eq!(space.architecture_count(), 256.0);
        let decided = space.decisions().iter().map(|d| (d.layer, d.kind));
        let kernel = |layer| (layer, HyperParameter::Kernel);
        let weights = |layer| (layer, HyperParameter::WeightFraction);
        let expected = [
            kernel(0),
            kernel(1),
            kernel(2),
            kernel(3),
            kernel(4),
            weights(4),
            kernel(5),
            weights(5),
        ];
        assert!(decided.eq(expected), "{name}");

        // A part of the preset: its layers, its images, its reward.
        let whole = Space::preset(preset).expect("a preset");
        assert_eq!(space.stated_reward(), whole.stated_reward());
        assert_eq!(space.input().ok(), whole.input().ok());
        for (part, layer) in space.layers().iter().zip(whole.layers()) {
            assert_eq!((part.channels, part.stride), (layer.channels, layer.stride));
            for kind in HyperParameter::ALL {
                let all = layer.choices.list(kind);
                assert!(part.choices.list(kind).iter().all(|v| all.contains(v)));
            }
        }
        assert_eq!(space.layers().len(), whole.layers().len());
    }
}
