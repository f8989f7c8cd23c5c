//! Whole networks, convolution by convolution.

use crate::fixture::{blocks, fashion, model};
use crate::reference::{convolve, decode, encode, evaluate};
use radars_export::nn::tensor::random::Seed;
use radars_export::space::Space;
use radars_export::{IntegerNetwork, Network};
use rand::RngExt;

fn images(network: &Network, count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut rng = Seed(seed).stream("images", 0);
    let pixels = network.input.elements() as usize;
    let mut image = || (0..pixels).map(|_| rng.random()).collect();
    (0..count).map(|_| image()).collect()
}

fn trace(integer: &mut IntegerNetwork, image: &[u8]) -> Vec<(String, Vec<i16>)> {
    let mut traced = Vec::new();
    let see = |name: &str, codes: &[i16]| traced.push((name.to_owned(), codes.to_vec()));
    integer.trace(image, see).unwrap();
    traced
}

/// The codes that a convolution hands on are those of its f32 twin for the same input: all of them where the network
/// says so, and next to them elsewhere.
#[test]
fn every_convolution_gives_the_codes_of_the_fake_quantised_one() {
    let (mut exact, mut inexact, mut differing) = (0, 0, 0);
    for seed in 0..24 {
        let network = model(&fashion(), seed).network().unwrap();
        let mut integer = IntegerNetwork::new(&network, 1).unwrap();
        let rescalings = integer.rescalings().to_vec();
        for image in images(&network, 2, seed) {
            let traced = trace(&mut integer, &image);
            let convolutions = network.convolutions().map(|(_, conv)| conv);
            let pairs: Vec<_> = convolutions.collect();
            for (index, pair) in pairs.windows(2).enumerate() {
                let [conv, next] = pair else { panic!() };
                assert_eq!(traced[index].0, conv.name);
                let x = decode(&traced[index].1, conv.input_format.unwrap());
                let expected = encode(&convolve(conv, &x), next.input_format.unwrap());
                let got = &traced[index + 1].1;
                let rescaling = &rescalings[index];
                assert_eq!(rescaling.name, conv.name);
                if rescaling.exact {
                    assert_eq!(got, &expected, "seed {seed}, {}", conv.name);
                    exact += 1;
                    continue;
                }
                inexact += 1;
                for (got, expected) in got.iter().zip(&expected) {
                    assert!((got - expected).abs() <= 1, "seed {seed}, {}", conv.name);
                    differing += usize::from(got != expected);
                }
            }
        }
    }
    println!("{exact} convolutions are exact, {inexact} are not: {differing} codes differ");
    assert!(exact > 3 * inexact, "{exact} {inexact}");
}

/// A network with no threshold that differs has the logits of the fake-quantised one, unless a mean is so near the
/// middle of two codes that f32 rounds it to the other one.
#[test]
fn networks_without_a_difference_have_the_same_logits() {
    let (mut logits, mut same) = (0, 0);
    for seed in 0..24 {
        let network = model(&fashion(), seed).network().unwrap();
        let mut integer = IntegerNetwork::new(&network, 1).unwrap();
        let (last, before) = integer.rescalings().split_last().unwrap();
        assert_eq!(last.thresholds, 0, "what is pooled is not quantised");
        if before.iter().any(|of| !of.exact) {
            continue;
        }
        for image in images(&network, 3, seed) {
            let expected = evaluate(&network, &image);
            let mut got = vec![0.0; integer.classes()];
            integer.logits(&image, &mut got).unwrap();
            let traced = trace(&mut integer, &image);
            let (features, convolutions) = traced.split_last().unwrap();
            let (expected_features, expected_convolutions) = expected.codes.split_last().unwrap();
            assert_eq!(convolutions, expected_convolutions);
            logits += 1;
            if features == expected_features {
                assert_eq!(got, expected.logits);
                same += 1;
            }
        }
    }
    println!("{logits} images, {same} with the same logits");
    assert!(logits >= 20 && same + 1 >= logits, "{logits} {same}");
}

/// Blocks whose values get fewer from layer to layer, and that end with an inverted residual, without an activation.
const SHRINKING: &str = r#"
name = "shrinking"
classes = 4
input = { height = 11, width = 10, channels = 3 }
[choices]
kernel = [5]
activation_integer = [3]
activation_fraction = [6]
weight_integer = [1]
weight_fraction = [6]
[[layer]]
kind = "residual"
channels = 3
choices = { kernel = [3], inner_channels = [7], activation_integer = [1, 3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
kind = "residual"
channels = 20
choices = { kernel = [3], inner_channels = [7], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
channels = 9
stride = 3
[[layer]]
kind = "inverted-residual"
channels = 9
choices = { kernel = [3, 7], expansion = [2, 3], activation_integer = [3], activation_fraction = [5, 6], weight_integer = [1], weight_fraction = [6] }
[[layer]]
kind = "inverted-residual"
channels = 5
stride = 2
choices = { kernel = [3], expansion = [2], activation_integer = [3], activation_fraction = [6], weight_integer = [1], weight_fraction = [6] }
"#;

/// Blocks of all kinds, whose sums are rounded elsewhere than f32 rounds them: nearly all codes are the same.
#[test]
fn blocks_come_as_near_as_their_roundings() {
    let (mut codes, mut differing) = (0, 0);
    let (mut logits, mut same) = (0, 0);
    let shrinking = Space::from_toml(SHRINKING, "shrinking").unwrap();
    let seeds = (0..12).map(|seed| (blocks(), seed));
    for (space, seed) in seeds.chain((0..12).map(|seed| (shrinking.clone(), seed))) {
        let network = model(&space, seed).network().unwrap();
        let mut integer = IntegerNetwork::new(&network, 1).unwrap();
        for image in images(&network, 3, seed) {
            let expected = evaluate(&network, &image);
            let traced = trace(&mut integer, &image);
            assert_eq!(traced.len(), expected.codes.len());
            for ((name, got), (expected_name, expected)) in traced.iter().zip(&expected.codes) {
                assert_eq!((name, got.len()), (expected_name, expected.len()));
                codes += got.len();
                for (got, expected) in got.iter().zip(expected) {
                    differing += usize::from(got != expected);
                }
            }
            let mut got = vec![0.0; integer.classes()];
            integer.logits(&image, &mut got).unwrap();
            for (got, expected) in got.iter().zip(&expected.logits) {
                same += usize::from(got == expected);
                logits += 1;
            }
        }
    }
    println!("{differing} of {codes} codes differ; {same} of {logits} logits are the same");
    assert!(differing * 10_000 < codes, "{differing} of {codes}");
    assert!(same * 20 > logits * 19, "{same} of {logits}");
}
