//! Space files: the presets, round trips, and where and how bad files are refused.

use radars_space::{BitChoices, Choices, Error, HyperParameter, ImageShape, Layer, Reward, Space};

const GOOD: &str = r#"name = "small"
classes = 10
input = { height = 8, width = 8, channels = 2 }

[choices]
kernel = [1, 3]
activation_integer = [1, 3]
activation_fraction = [1, 6]
weight_integer = [1]
weight_fraction = [3, 6]

[[layer]]
channels = 16

[[layer]]
channels = 32
stride = 2
groups = 4
choices = { kernel = [5] }

[reward]
alpha = 0.8
beta = 0
gamma = 1e6
"#;

#[test]
fn a_layer_takes_the_shared_lists_it_does_not_replace() {
    let space = Space::from_toml(GOOD, "good.toml").unwrap();
    let [first, second] = space.layers() else {
        panic!("two layers expected")
    };
    assert_eq!((first.channels, first.stride, first.groups), (16, 1, 1));
    assert_eq!((second.channels, second.stride, second.groups), (32, 2, 4));
    assert_eq!(first.choices.kernels(), [1, 3]);
    assert_eq!(second.choices.kernels(), [5]);
    assert_eq!(
        second.choices.list(HyperParameter::ActivationFraction),
        [1, 6]
    );
    assert_eq!(
        space.input().unwrap(),
        ImageShape {
            height: 8,
            width: 8,
            channels: 2
        }
    );
    assert_eq!(space.reward().unwrap(), Reward::new(0.8, 0.0, 1e6).unwrap());
}

#[test]
fn written_files_read_back_equal() {
    let mut spaces: Vec<Space> = Space::PRESETS
        .map(|name| Space::preset(name).unwrap())
        .to_vec();
    spaces.push(Space::from_toml(GOOD, "good.toml").unwrap());
    // Unresolved, float, a name that needs escaping.
    let float = Layer::conv(8, 1, Choices::float(&[3, 5]).unwrap());
    spaces.push(Space::new("a \"quoted\" name\n", vec![float]).unwrap());
    spaces.push(
        Space::from_toml(
            "name = 'one'\n[[layer]]\nchannels = 4\nchoices.kernel = [3]",
            "one.toml",
        )
        .unwrap(),
    );
    for space in spaces {
        let text = space.to_toml();
        let again =
            Space::from_toml(&text, "again.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again, space, "{text}");
    }
}

#[test]
fn a_resolved_space_writes_what_the_data_said() {
    let bits = BitChoices {
        integer: vec![1],
        fraction: vec![3],
    };
    let layers = vec![Layer::conv(
        8,
        1,
        Choices::quantised(&[3], &bits, &bits).unwrap(),
    )];
    let image = ImageShape {
        height: 5,
        width: 6,
        channels: 7,
    };
    let resolved = Space::new("open", layers)
        .unwrap()
        .resolve(image, 3)
        .unwrap();
    let text = resolved.to_toml();
    assert!(
        text.starts_with(
            "name = \"open\"\nclasses = 3\ninput = { height = 5, width = 6, channels = 7 }\n"
        ),
        "{text}"
    );
    assert_eq!(Space::from_toml(&text, "open.toml").unwrap(), resolved);
}

#[test]
fn presets_are_resolved_and_their_rewards_as_documented() {
    let fashion = Space::preset("fashion-small").unwrap();
    let (_, dearest) = fashion.aops_range().unwrap();
    assert_eq!(dearest, 1_504_842_624); // 18,577,664 MACs x 81 + 640 x 81, by an independent script
    assert_eq!(
        fashion.stated_reward().unwrap(),
        Reward::new(0.9, 0.0, 3e9).unwrap()
    );
    assert_eq!(fashion.input().unwrap().to_string(), "28x28x1");

    let cifar = Space::preset("cifar10-quant").unwrap();
    assert_eq!(
        cifar.stated_reward().unwrap(),
        Reward::new(0.5, 0.0, 1e10).unwrap()
    );
    let plan: Vec<(usize, usize)> = cifar
        .layers()
        .iter()
        .map(|layer| (layer.channels, layer.stride))
        .collect();
    assert_eq!(
        plan,
        [(64, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2)]
    );

    let error = Space::preset("cifar").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no preset `cifar`; the presets are fashion-small, cifar10-quant, imagenet-mobile"
    );
}

/// The message that refuses the good file with `from` replaced by `to`.
fn refusal(from: &str, to: &str) -> String {
    assert_eq!(
        GOOD.matches(from).count(),
        1,
        "{from} is not in the good file once"
    );
    match Space::from_toml(&GOOD.replace(from, to), "bad.toml") {
        Ok(_) => panic!("{to} was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn bad_files_are_refused_with_position_and_what_would_be_valid() {
    let cases = [
        (
            "kernel = [1, 3]",
            "kernels = [1, 3]",
            "bad.toml:6:1: unknown field `kernels`, expected one of `kernel`, `expansion`, `inner_channels`, \
             `activation_integer`, `activation_fraction`, `weight_integer`, `weight_fraction`",
        ),
        (
            "stride = 2",
            "strides = 2",
            "bad.toml:17:1: unknown field `strides`, expected one of `kind`, `channels`, `stride`, `groups`, `repeat`, \
             `activation`, `choices`",
        ),
        (
            "stride = 2",
            "kind = \"dense\"",
            "bad.toml:17:8: unknown variant `dense`, expected one of `conv`, `inverted-residual`, `residual`",
        ),
        (
            "kernel = [5]",
            "kernel = [5], expansion = [2]",
            "bad.toml:19:39: `expansion` is not chosen in layers of kind `conv`",
        ),
        (
            "stride = 2",
            "kind = \"inverted-residual\"",
            "bad.toml:18:10: `groups` is for layers of kind `conv`: one of kind `inverted-residual` has groups of its own",
        ),
        (
            "groups = 4",
            "kind = \"inverted-residual\"",
            "bad.toml:15:1: no `expansion` choices: list them in [choices] or in the layer's own `choices`",
        ),
        (
            "stride = 2\ngroups = 4\nchoices = { kernel = [5] }",
            "kind = \"residual\"\nchoices = { inner_channels = [8, 0] }",
            "bad.toml:18:34: `inner_channels` 0 is not valid: 1 to 65536 are",
        ),
        (
            "stride = 2",
            "activation = \"relu6\"",
            "bad.toml:15:1: `activation` relu6 is for float spaces: in a quantised one the quantisers clip; use relu",
        ),
        (
            "stride = 2",
            "repeat = 5000",
            "bad.toml:15:1: more than 4096 layers",
        ),
        // 65536 layers of 4 kernels x 4 x 2 precisions.
        (
            "stride = 2\ngroups = 4\nchoices = { kernel = [5] }",
            "repeat = 65536\nchoices = { kernel = [1, 3, 5, 7] }",
            "bad.toml:15:1: more than 1048576 candidates in all layers together",
        ),
        (
            "kernel = [1, 3]",
            "kernel = []",
            "bad.toml:6:10: `kernel` lists no choices: give at least one",
        ),
        (
            "kernel = [1, 3]",
            "",
            "bad.toml:12:1: no `kernel` choices: list them in [choices] or in the layer's own `choices`",
        ),
        (
            "kernel = [1, 3]",
            "kernel = [1, 4]",
            "bad.toml:6:14: kernel size 4 is not valid: odd sizes from 1 to 31 are",
        ),
        (
            "kernel = [5]",
            "kernel = [0]",
            "bad.toml:19:23: kernel size 0 is not valid: odd sizes from 1 to 31 are",
        ),
        (
            "kernel = [5]",
            "kernel = [-3]",
            "bad.toml:19:23: `kernel` -3 is not valid: it cannot be negative",
        ),
        (
            "[3, 6]",
            "[3, 3]",
            "bad.toml:10:23: `weight_fraction` lists 3 twice",
        ),
        (
            "[3, 6]",
            "[3, 60]",
            "bad.toml:10:23: `weight_fraction` 60 is not valid: 0 to 9 bits are",
        ),
        (
            "[3, 6]",
            "[3, 9]",
            "bad.toml:10:19: `weight_integer` 1 and `weight_fraction` 9 make 10 bits: 1 to 9 are valid",
        ),
        (
            "weight_integer = [1]\n",
            "",
            "bad.toml:7:22: `activation_integer` is listed and `weight_integer` is not: a quantised layer lists all \
             four, a float layer none",
        ),
        (
            "channels = 16",
            "channels = 0",
            "bad.toml:13:12: `channels` 0 is not valid: 1 to 65536 are",
        ),
        (
            "stride = 2",
            "stride = 0",
            "bad.toml:17:10: `stride` 0 is not valid: 1 to 65536 are",
        ),
        (
            "groups = 4",
            "groups = 3",
            "bad.toml:18:10: `groups` 3 must divide the 16 input and the 32 output channels",
        ),
        (
            "classes = 10",
            "classes = 0",
            "bad.toml:2:11: `classes` 0 is not valid: 1 to 65536 are",
        ),
        (
            "width = 8",
            "width = 0",
            "bad.toml:3:31: `width` 0 is not valid: 1 to 65536 are",
        ),
        (
            "alpha = 0.8",
            "alpha = 8",
            "bad.toml:22:9: reward `alpha` 8 is not valid: 0 to 1 is",
        ),
        (
            "gamma = 1e6",
            "gamma = 0",
            "bad.toml:24:9: reward `gamma` 0 is not valid: a finite number of AOPS above 0 is",
        ),
        ("gamma = 1e6", "gamma = -", "bad.toml:24:9: "),
        (
            "channels = 16",
            "channels = \"16\"",
            "bad.toml:13:12: invalid type: string \"16\", expected i64",
        ),
        (
            "channels = 16",
            "",
            "bad.toml:12:1: missing field `channels`",
        ),
    ];
    for (from, to, expected) in cases {
        let message = refusal(from, to);
        assert!(
            message.starts_with(expected),
            "for `{to}`:\n  {message}\nexpected:\n  {expected}"
        );
    }
}

#[test]
fn a_file_without_layers_or_with_a_mixture_is_refused() {
    let message = |text: &str| Space::from_toml(text, "bad.toml").unwrap_err().to_string();
    assert_eq!(
        message("name = 'empty'"),
        "bad.toml:1:1: a space needs at least one layer: add a [[layer]] with `channels`"
    );
    let mixed = "name = 'mixed'\n[choices]\nkernel = [3]\n[[layer]]\nchannels = 4\n[[layer]]\nchannels = 4\n\
                 [layer.choices]\nactivation_integer = [1]\nactivation_fraction = [3]\nweight_integer = [1]\n\
                 weight_fraction = [3]";
    assert_eq!(
        message(mixed),
        "bad.toml:6:1: this layer is quantised, the first one is not: a space is quantised in all layers or in none"
    );
}

/// The file that the documentation of `Space::from_toml` shows.
#[test]
fn the_documented_file_is_valid() {
    let space = Space::from_toml(include_str!("../examples/space.toml"), "space.toml").unwrap();
    assert_eq!(space.candidates(0).unwrap().len(), 2 * 4 * 6); // its own kernel sizes
}

/// Shared lists are checked even where every layer has its own.
#[test]
fn an_unused_shared_list_is_checked_too() {
    let text = "name = 'x'\n[choices]\nkernel = [2]\n[[layer]]\nchannels = 4\nchoices.kernel = [3]";
    let error = Space::from_toml(text, "bad.toml").unwrap_err();
    assert!(
        matches!(
            error,
            Error::File {
                line: 3,
                column: 11,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Space::load(std::path::Path::new("no/such/space.toml"))
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("no/such/space.toml: "), "{error}");
}
