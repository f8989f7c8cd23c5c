//! Single convolutions of any shape and format, against plain loops.

use crate::reference::{convolve, decode, encode};
use proptest::prelude::*;
use radars_export::network::{BatchNorm, Classifier, Convolution, Layer, Shortcut};
use radars_export::nn::tensor::FixedPoint;
use radars_export::nn::tensor::random::Seed;
use radars_export::space::{Activation, ConvGeometry, ImageShape, Precision, Space};
use radars_export::{IntegerNetwork, Network};
use rand::RngExt;

/// Two convolutions, the second of which is there to show the codes that it is handed.
#[derive(Clone, Debug)]
struct Shape {
    height: usize,
    width: usize,
    /// Channels of a group, before and after.
    depth: usize,
    lanes: usize,
    groups: usize,
    kernel: usize,
    stride: usize,
    formats: [FixedPoint; 3],
    relu: bool,
    seed: u64,
}

fn format(signed: bool) -> impl Strategy<Value = FixedPoint> {
    let width = 1..=Precision::MAX_WIDTH as u8;
    let parts = width.prop_flat_map(|width| (Just(width), 0..=width));
    parts.prop_map(move |(width, fraction)| FixedPoint {
        signed,
        integer: width - fraction,
        fraction,
    })
}

fn shape() -> impl Strategy<Value = Shape> {
    let sizes = (1..10_usize, 1..10_usize, 1..6_usize, 1..20_usize);
    let windows = (1..6_usize, 1..8_usize, 1..4_usize);
    let codes = (format(true), format(true), any::<bool>(), any::<bool>());
    (sizes, windows, codes, any::<bool>(), any::<u64>()).prop_flat_map(
        |(
            (height, width, depth, lanes),
            (groups, kernel, stride),
            (x, w, signed, relu),
            one,
            seed,
        )| {
            format(signed).prop_map(move |next| Shape {
                height,
                width,
                // Often depthwise.
                depth: if one { 1 } else { depth },
                lanes: if one { 1 } else { lanes },
                groups: if one { groups * 5 } else { groups },
                kernel,
                stride,
                formats: [x, w, next],
                relu,
                seed,
            })
        },
    )
}

impl Shape {
    fn network(&self) -> Network {
        let [input, weight, next] = self.formats;
        let image = ImageShape {
            height: self.height,
            width: self.width,
            channels: self.depth * self.groups,
        };
        let after = self.lanes * self.groups;
        let geometry = ConvGeometry::new(image, after, self.stride, self.groups).unwrap();
        let mut rng = Seed(self.seed).stream("parameters", 0);
        let mut conv = |name: &str, geometry: ConvGeometry, kernel, input, weight: FixedPoint| {
            let (_, most) = weight.code_range();
            let most = (most + 1.0) * weight.step();
            let channels = geometry.output.channels;
            let mut draw = |n: usize, low: f32, high: f32| -> Vec<f32> {
                (0..n).map(|_| rng.random_range(low..high)).collect()
            };
            let mut conv = Convolution {
                name: name.into(),
                geometry,
                kernel,
                input_format: Some(input),
                weight_format: Some(weight),
                weight: Vec::new(),
                norm: BatchNorm {
                    gamma: draw(channels, -1.0, 1.5),
                    beta: draw(channels, -1.0, 1.0),
                    mean: draw(channels, -1.0, 1.0),
                    variance: draw(channels, 0.0, 3.0),
                    epsilon: 1e-5,
                },
                activation: self.relu.then_some(Activation::Relu),
            };
            conv.weight = draw(
                conv.weight_shape().iter().product(),
                -1.2 * most,
                1.2 * most,
            );
            conv
        };
        let first = conv("first", geometry, self.kernel, input, weight);
        let second = ConvGeometry::new(geometry.output, 2, 1, 1).unwrap();
        let second = conv("second", second, 1, next, FixedPoint::signed(1, 1));
        let layer = |conv: Convolution| Layer {
            name: conv.name.clone(),
            path: vec![conv],
            shortcut: Shortcut::None,
            activation: None,
        };
        let Precision { integer, fraction } = Space::CLASSIFIER;
        Network {
            input: image,
            layers: vec![layer(first), layer(second)],
            classifier: Classifier {
                in_features: 2,
                out_features: 3,
                weight: vec![0.5; 6],
                bias: vec![0.1; 3],
                input_format: Some(FixedPoint::signed(integer, fraction)),
                weight_format: Some(FixedPoint::signed(integer, fraction)),
            },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Bit for bit where the network says so, and one code beside where it does not. Rounding in f32, which decides
    /// there, is that of values; a code of theirs is never finer than 2^-9.
    #[test]
    fn a_convolution_gives_the_codes_of_plain_loops(shape in shape()) {
        let network = shape.network();
        let mut integer = IntegerNetwork::new(&network, 1).unwrap();
        let mut rng = Seed(shape.seed).stream("image", 0);
        let image: Vec<u8> = (0..integer.image_bytes()).map(|_| rng.random()).collect();
        let mut traced = Vec::new();
        integer.trace(&image, |_, codes| traced.push(codes.to_vec())).unwrap();
        let conv = &network.layers[0].path[0];
        let x = decode(&traced[0], shape.formats[0]);
        let expected = encode(&convolve(conv, &x), shape.formats[2]);
        let rescaling = &integer.rescalings()[0];
        if rescaling.exact {
            prop_assert_eq!(&traced[1], &expected);
        }
        let off = traced[1].iter().zip(&expected).map(|(a, b)| (a - b).abs()).max();
        prop_assert!(off <= Some(1), "{off:?} {rescaling:?}");
    }
}
