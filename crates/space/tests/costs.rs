//! Costs against figures worked out by hand or published.

#![allow(clippy::unwrap_used)] // fixtures sit outside the test functions

use radars_space::{
    Aops, Architecture, BitChoices, Candidate, Choices, ConvGeometry, Error, ImageShape, Layer,
    Macs, MemoryEstimate, Metric, Params, Precision, Space, linear_macs,
};

const P36: Precision = Precision {
    integer: 3,
    fraction: 6,
};
const P11: Precision = Precision {
    integer: 1,
    fraction: 1,
};
const P13: Precision = Precision {
    integer: 1,
    fraction: 3,
};

fn table_i() -> Space {
    Space::preset("cifar10-quant").unwrap()
}

/// 9 taps: 3*64*32^2 + 64*64*16^2 + 64*128*16^2 + 128*128*8^2 + 128*256*8^2 + 256*256*4^2, by hand
/// 1,769,472 + 9,437,184 + 18,874,368 + 9,437,184 + 18,874,368 + 9,437,184 = 67,829,760; classifier
/// 256 * 10. Parameters: 9 * (192 + 4,096 + 8,192 + 16,384 + 32,768 + 65,536) = 1,144,512; batch
/// norm 2 * 896 = 1,792; classifier 2,560 + 10.
#[test]
fn table_i_with_3x3_everywhere() {
    let cost = table_i()
        .cost(&Architecture::uniform(Candidate::quantised(3, P36, P11), 6))
        .unwrap();
    let macs: Vec<u64> = cost.layers.iter().map(|layer| layer.macs).collect();
    assert_eq!(
        macs,
        [
            1_769_472, 9_437_184, 18_874_368, 9_437_184, 18_874_368, 9_437_184
        ]
    );
    assert_eq!(cost.macs, 67_829_760 + 2_560);
    assert_eq!(cost.aops, 67_829_760 * 9 * 2 + 2_560 * 81);
    assert_eq!(cost.params, 1_144_512 + 1_792 + 2_570);
    assert_eq!(cost.classifier.aops, 207_360);
}

/// One 5x5 layer (activations 1.3, weights 3.6) then a 1x1 one, on 6x5x3 images with 7 classes:
/// layer 1: 25*3*8*(3*3) = 5,400 MACs at 4*9 bits = 194,400; weights 600 + 16.
/// layer 2: 2 groups, 1*4*4*(3*3) = 144 MACs at 2*4 bits = 1,152; weights 16 + 8.
/// classifier: 4*7 = 28 MACs at 81 bits = 2,268; 28 + 7.
#[test]
fn two_layers_by_hand() {
    let bits = BitChoices {
        integer: vec![1, 3],
        fraction: vec![1, 3, 6],
    };
    let choices = Choices::quantised(&[1, 5], &bits, &bits).unwrap();
    let layers = vec![
        Layer::conv(8, 2, choices.clone()),
        Layer::conv(4, 1, choices).with_groups(2),
    ];
    let image = ImageShape {
        height: 6,
        width: 5,
        channels: 3,
    };
    let space = Space::new("two", layers)
        .unwrap()
        .resolve(image, 7)
        .unwrap();
    let architecture = Architecture(vec![
        Candidate::quantised(5, P13, P36),
        Candidate::quantised(1, P11, P13),
    ]);
    let cost = space.cost(&architecture).unwrap();
    assert_eq!(cost.macs, 5_400 + 144 + 28);
    assert_eq!(cost.aops, 194_400 + 1_152 + 2_268);
    assert_eq!(cost.params, 616 + 24 + 35);

    assert_eq!(
        space.candidate_aops(0, &architecture.layers()[0]).unwrap(),
        194_400
    );
    assert_eq!(
        space.candidate_aops(1, &architecture.layers()[1]).unwrap(),
        1_152
    );
    assert!(matches!(
        space.candidate_aops(2, &architecture.layers()[0]),
        Err(Error::Layer {
            layer: 2,
            layers: 2
        })
    ));

    let metrics: [&dyn Metric; 3] = [&Aops, &Macs, &Params];
    let measured = metrics.map(|metric| metric.measure(&space, &architecture).unwrap());
    assert_eq!(measured, [197_820.0, 5_572.0, 675.0]);
}

#[test]
fn a_float_space_counts_plain_macs() {
    let layers = vec![Layer::conv(8, 1, Choices::float(&[3]).unwrap())];
    let image = ImageShape {
        height: 4,
        width: 4,
        channels: 2,
    };
    let space = Space::new("float", layers)
        .unwrap()
        .resolve(image, 5)
        .unwrap();
    let cost = space
        .cost(&Architecture::uniform(Candidate::float(3), 1))
        .unwrap();
    assert_eq!(cost.macs, 9 * 2 * 8 * 16 + 40);
    assert_eq!(cost.aops, cost.macs);
}

/// 3x3 everywhere has 67,829,760 MACs in the layers, so 1x1 has a ninth and 7x7 49 ninths of them:
/// 7,536,640 * 2 * 2 + 207,360 = 30,353,920 and 369,295,360 * 9 * 9 = 29,912,924,160, + 207,360.
#[test]
fn the_aops_range_is_met_by_its_two_ends() {
    let space = table_i();
    assert_eq!(space.aops_range().unwrap(), (30_353_920, 29_913_131_520));
    let aops = |candidate| {
        space
            .cost(&Architecture::uniform(candidate, 6))
            .unwrap()
            .aops
    };
    assert_eq!(aops(Candidate::quantised(1, P11, P11)), 30_353_920);
    assert_eq!(aops(Candidate::quantised(7, P36, P36)), 29_913_131_520);
}

#[test]
fn costs_want_a_resolved_space_and_the_right_depth() {
    let open = Space::new(
        "open",
        vec![Layer::conv(8, 1, Choices::float(&[3]).unwrap())],
    )
    .unwrap();
    let one = Architecture::uniform(Candidate::float(3), 1);
    assert!(matches!(open.cost(&one), Err(Error::Unresolved { .. })));
    assert!(matches!(
        table_i().cost(&one),
        Err(Error::Depth {
            expected: 6,
            found: 1
        })
    ));
}

/// Nothing overflows, even where the counts do.
#[test]
fn absurd_spaces_saturate() {
    let huge = 1 << 16;
    let layers = vec![Layer::conv(huge, 1, Choices::float(&[31]).unwrap()); 3];
    let image = ImageShape {
        height: huge,
        width: huge,
        channels: huge,
    };
    let space = Space::new("huge", layers)
        .unwrap()
        .resolve(image, huge)
        .unwrap();
    let cost = space
        .cost(&Architecture::uniform(Candidate::float(31), 3))
        .unwrap();
    assert_eq!(cost.macs, u64::MAX);
    assert_eq!(space.memory_estimate(usize::MAX).unwrap().bytes, u64::MAX);
}

/// NW = 84 * 36 * sum of Ci*Co (127,168) = 384,556,032 and NA = 128 * 144 * sum of Co*Ho*Wo
/// (143,360) = 2,642,411,520: the 384.6 M and 2.642 G that a PyTorch reference counts for Table I at
/// batch 128. Bytes: 4 * (3 * NW + 2 * NA) = 25,753,964,544.
#[test]
fn eq3_to_eq5_for_table_i() {
    let estimate = table_i().memory_estimate(128).unwrap();
    let expected = MemoryEstimate {
        weight_elements: 384_556_032,
        activation_elements: 2_642_411_520,
        eta: 3,
        theta: 2,
        bytes: 25_753_964_544,
    };
    assert_eq!(estimate, expected);
}

/// One 3x3 and one 5x5 candidate a layer: NW = 34 * 127,168, NA = 2 * 143,360.
#[test]
fn eq3_to_eq5_for_a_subset() {
    let two = vec![
        Candidate::quantised(3, P36, P36),
        Candidate::quantised(5, P11, P36),
    ];
    let estimate = table_i().memory_estimate_of(&vec![two; 6], 1).unwrap();
    assert_eq!(
        (estimate.weight_elements, estimate.activation_elements),
        (4_323_712, 286_720)
    );
    assert_eq!(estimate.bytes, 4 * (3 * 4_323_712 + 2 * 286_720));
    assert!(matches!(
        table_i().memory_estimate_of(&[], 1),
        Err(Error::Depth {
            expected: 6,
            found: 0
        })
    ));
}

/// Adds up the MACs of convolutions one after the other.
struct Counter {
    at: ImageShape,
    macs: u64,
}

impl Counter {
    fn new(side: usize) -> Self {
        Self {
            at: ImageShape {
                height: side,
                width: side,
                channels: 3,
            },
            macs: 0,
        }
    }

    fn conv(&mut self, channels: usize, kernel: usize, stride: usize, groups: usize) {
        let geometry = ConvGeometry::new(self.at, channels, stride, groups).unwrap();
        self.macs += geometry.macs(kernel);
        self.at = geometry.output;
    }
}

/// 300,774,272: torchvision's mobilenet_v2 at 224, convolutions and classifier.
#[test]
fn mobilenet_v2() {
    let mut net = Counter::new(224);
    net.conv(32, 3, 2, 1);
    let blocks = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];
    for (expansion, channels, repeats, first_stride) in blocks {
        for repeat in 0..repeats {
            let wide = net.at.channels * expansion;
            if expansion > 1 {
                net.conv(wide, 1, 1, 1);
            }
            net.conv(wide, 3, if repeat == 0 { first_stride } else { 1 }, wide);
            net.conv(channels, 1, 1, 1);
        }
    }
    net.conv(1280, 1, 1, 1);
    assert_eq!(net.macs + linear_macs(1280, 1000), 300_774_272);
}

/// 3,663,761,408: torchvision's resnet34 at 224, convolutions (shortcuts included) and classifier.
#[test]
fn resnet_34() {
    let mut net = Counter::new(224);
    net.conv(64, 7, 2, 1);
    net.at = ImageShape {
        height: 56,
        width: 56,
        ..net.at
    }; // 3x3 max pooling, stride 2
    for (channels, repeats, first_stride) in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)] {
        for repeat in 0..repeats {
            let (shortcut, stride) = (net.at, if repeat == 0 { first_stride } else { 1 });
            net.conv(channels, 3, stride, 1);
            net.conv(channels, 3, 1, 1);
            if stride != 1 {
                net.macs += ConvGeometry::new(shortcut, channels, stride, 1)
                    .unwrap()
                    .macs(1);
            }
        }
    }
    assert_eq!(net.macs + linear_macs(512, 1000), 3_663_761_408);
}
