//! What is refused, what is allocated, and what does not depend on threads.

use crate::fixture::{blocks, fashion, model};
use radars_export::network::Shortcut;
use radars_export::nn::tensor::FixedPoint;
use radars_export::nn::tensor::random::Seed;
use radars_export::space::{Activation, ConvGeometry};
use radars_export::{Error, IntegerNetwork, Network};
use rand::RngExt;

fn images(network: &Network, count: usize) -> Vec<u8> {
    let mut rng = Seed(1).stream("images", 0);
    let bytes = count * network.input.elements() as usize;
    (0..bytes).map(|_| rng.random()).collect()
}

#[test]
fn images_are_computed_without_allocating() {
    for space in [fashion(), blocks()] {
        let network = model(&space, 4).network().unwrap();
        let mut integer = IntegerNetwork::new(&network, 1).unwrap();
        let images = images(&network, 3);
        let mut logits = vec![0.0; 3 * integer.classes()];
        let requests = allocation_counter::measure(|| {
            integer.logits(&images, &mut logits).unwrap();
        });
        assert_eq!(requests.count_total, 0);
        let one = allocation_counter::measure(|| drop(std::hint::black_box(Box::new(logits[0]))));
        assert_eq!(one.count_total, 1, "the allocator counts");
    }
}

/// Each image by itself, in any number of shares, gives what all of them give together.
#[test]
fn logits_do_not_depend_on_threads() {
    let network = model(&blocks(), 5).network().unwrap();
    let images = images(&network, 7);
    let mut one = IntegerNetwork::new(&network, 1).unwrap();
    let mut expected = vec![0.0; 7 * one.classes()];
    one.logits(&images, &mut expected).unwrap();
    assert!(
        expected
            .chunks_exact(one.classes())
            .any(|logits| logits != &expected[..4])
    );
    for threads in [1, 2, 3, 8] {
        let mut integer = IntegerNetwork::new(&network, threads).unwrap();
        assert_eq!(integer.workspace_bytes(), threads * one.workspace_bytes());
        let mut logits = vec![0.0; expected.len()];
        integer.logits(&images, &mut logits).unwrap();
        assert_eq!(logits, expected, "{threads} threads");
        integer.logits(&[], &mut []).unwrap();
        for (image, expected) in images
            .chunks_exact(integer.image_bytes())
            .zip(expected.chunks(4))
        {
            integer.logits(image, &mut logits[..4]).unwrap();
            assert_eq!(&logits[..4], expected);
        }
    }
}

fn refusal(network: &Network) -> String {
    match IntegerNetwork::new(network, 1) {
        Err(error @ Error::Unsupported { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_computed_in_integers_is_refused() {
    let plain = model(&fashion(), 1).network().unwrap();
    let changed = |change: &dyn Fn(&mut Network)| {
        let mut network = plain.clone();
        change(&mut network);
        refusal(&network)
    };
    let float = changed(&|network| network.layers[2].path[0].input_format = None);
    assert!(float.contains("layer2 is not quantised"), "{float}");
    let wide = changed(&|network| {
        network.layers[1].path[0].input_format = Some(FixedPoint::unsigned(8, 4));
    });
    assert!(wide.contains("layer1 has codes of 12 bits"), "{wide}");
    let relu6 = changed(&|network| {
        network.layers[0].path[0].activation = Some(Activation::Relu6);
    });
    assert!(relu6.contains("layer0 has a ReLU6"), "{relu6}");
    let huge = changed(&|network| network.layers[3].path[0].norm.gamma[2] = 1e30);
    assert!(huge.contains("layer3 could have values of"), "{huge}");
    let nan = changed(&|network| network.layers[3].path[0].norm.beta[2] = f32::NAN);
    assert!(
        nan.contains("layer3 has a batch norm that makes NaN"),
        "{nan}"
    );
    let weight = changed(&|network| network.classifier.weight[0] = f32::INFINITY);
    assert!(
        weight.contains("classifier has a weight of inf"),
        "{weight}"
    );
    let fewer = changed(&|network| {
        network.layers[1].path[0].weight.pop();
    });
    assert!(fewer.contains("layer1 has"), "{fewer}");
    let chain = changed(&|network| {
        network.layers.remove(0);
    });
    assert!(chain.contains("layer1 takes"), "{chain}");
    let mut network = model(&blocks(), 1).network().unwrap();
    let Shortcut::Projection(projection) = &mut network.layers[4].shortcut else {
        panic!("{:?}", network.layers[4].shortcut);
    };
    projection.input_format = Some(FixedPoint::signed(1, 1));
    let formats = refusal(&network);
    assert!(
        formats.contains("layer4 quantises its input in two formats"),
        "{formats}"
    );
}

/// 7 x 7 taps of 512 channels, all weights -256 and all codes up to 511: 25,088 * 256 * 511 = 3,281,911,808, above the
/// 2,147,483,647 of 32 bits. With half of the channels a sum fits.
#[test]
fn sums_that_could_overflow_are_refused_with_their_size() {
    let mut network = model(&fashion(), 1).network().unwrap();
    network.layers.truncate(2);
    let with_channels = |channels: usize| {
        let mut network = network.clone();
        for (at, of) in [(0, channels), (1, 3)] {
            let conv = &mut network.layers[at].path[0];
            let input = match at {
                0 => conv.geometry.input,
                _ => network.input,
            };
            let mut input = input;
            input.channels = if at == 0 {
                network.input.channels
            } else {
                channels
            };
            conv.geometry = ConvGeometry::new(input, of, 1, 1).unwrap();
            conv.kernel = if at == 0 { 1 } else { 7 };
            conv.weight = vec![-4.0; conv.weight_shape().iter().product()];
            conv.weight_format = Some(FixedPoint::signed(3, 6));
            conv.norm.gamma = vec![0.5; of];
            conv.norm.beta = vec![0.5; of];
            conv.norm.mean = vec![0.5; of];
            conv.norm.variance = vec![0.5; of];
        }
        network.layers[1].path[0].input_format = Some(FixedPoint::unsigned(3, 6));
        network.classifier.in_features = 3;
        network.classifier.weight.truncate(30);
        network
    };
    let refused = refusal(&with_channels(512));
    assert!(
        refused.contains("layer1 could have sums of 3281911808"),
        "{refused}"
    );
    let mut integer = IntegerNetwork::new(&with_channels(256), 1).unwrap();
    let mut logits = [0.0; 10];
    integer.logits(&images(&network, 1), &mut logits).unwrap();
}

#[test]
fn images_have_to_be_as_many_as_logits() {
    let network = model(&fashion(), 1).network().unwrap();
    let mut integer = IntegerNetwork::new(&network, 1).unwrap();
    let mut logits = [0.0; 20];
    for (bytes, count) in [(144, 20), (287, 20), (289, 20), (288, 19), (432, 20)] {
        let error = integer
            .logits(&vec![0; bytes], &mut logits[..count])
            .unwrap_err();
        assert!(matches!(error, Error::Images { image: 144, .. }), "{error}");
    }
    assert!(integer.trace(&[0; 143], |_, _| ()).is_err());
}
