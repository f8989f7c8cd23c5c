//! What a pass gives gradients to, what batch normalisation does in each mode, and the parameter store.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{self, Activation, Arena, Cpu, FixedPoint, Tensor};
use radars_nn::{
    BatchNorm2d, Conv2d, Conv2dSettings, Error, Fans, Initialiser, Linear, LinearSettings, Mode,
    Parameters, Pass, Quantiser, Role, SavedParameter, Trains,
};

fn arena() -> Arena<Cpu> {
    Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap()
}

fn tensor<const N: usize>(arena: &Arena<Cpu>, shape: [usize; N], values: &[f32]) -> Tensor<Cpu> {
    Tensor::from_slice(arena, shape, values).unwrap()
}

fn read(tensor: &Tensor<Cpu>) -> Vec<f32> {
    tensor.read().unwrap()
}

fn assert_close(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    for (g, e) in got.iter().zip(expected) {
        assert!((g - e).abs() < 1e-5, "{got:?}, not {expected:?}");
    }
}

/// Two channels, four rows: 1, 2, 3, 6 (mean 3, biased variance 3.5, unbiased 14/3) and 0, 0, 2, 2
/// (mean 1, biased 1, unbiased 4/3).
const IMAGES: [f32; 8] = [1.0, 0.0, 2.0, 0.0, 3.0, 2.0, 6.0, 2.0];

/// By hand: mean 0.1 * (3, 1), variance 0.9 + 0.1 * (14/3, 4/3); after a second, equal batch
/// 0.9 * that + 0.1 * batch.
#[test]
fn running_statistics_are_moving_averages_with_the_unbiased_variance() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let norm = BatchNorm2d::new(&mut parameters, "bn", 2, None).unwrap();
    for (mean, variance) in [
        ([0.3, 0.1], [1.366_666_7, 1.033_333_3]),
        ([0.57, 0.19], [1.696_666_7, 1.063_333_3]),
    ] {
        let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
        let x = Var::constant(tensor(&arena, [1, 2, 2, 2], &IMAGES));
        let y = norm.forward(&mut pass, x).unwrap();
        // (x - 3) / sqrt(3.5) and x - 1; epsilon shifts the second channel by 5e-6.
        let expected = [
            -1.069_045,
            -1.0,
            -0.534_522_5,
            -1.0,
            0.0,
            1.0,
            1.603_567_5,
            1.0,
        ];
        assert_close(&read(y.value()), &expected);
        drop((pass, y));
        assert_close(&read(parameters.value(norm.mean)), &mean);
        assert_close(&read(parameters.value(norm.variance)), &variance);
    }
}

#[test]
fn an_architecture_step_uses_the_batch_but_leaves_the_running_statistics_alone() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let norm = BatchNorm2d::new(&mut parameters, "bn", 2, None).unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::ARCHITECTURE);
    let x = Var::constant(tensor(&arena, [1, 2, 2, 2], &IMAGES));
    let y = norm.forward(&mut pass, x).unwrap();
    assert_close(&read(y.value())[4..6], &[0.0, 1.0]);
    drop((pass, y));
    assert_eq!(read(parameters.value(norm.mean)), [0.0, 0.0]);
    assert_eq!(read(parameters.value(norm.variance)), [1.0, 1.0]);
}

/// Mean (1, -1), variance (4, 0.25) - epsilon, gamma (2, 1), beta (0.5, 0): channel one gives x - 0.5,
/// channel two 2 (x + 1); then ReLU in steps of 1/2 up to 7.5.
#[test]
fn evaluation_uses_the_running_statistics_and_the_activation() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let activation = Activation::ReluQuantise(FixedPoint::unsigned(3, 1));
    let mut norm = BatchNorm2d::new(&mut parameters, "bn", 2, Some(activation)).unwrap();
    norm.epsilon = 0.0;
    for (id, values) in [
        (norm.gamma, [2.0, 1.0]),
        (norm.beta, [0.5, 0.0]),
        (norm.mean, [1.0, -1.0]),
        (norm.variance, [4.0, 0.25]),
    ] {
        parameters.value_mut(id).write(&values).unwrap();
    }
    let kept = tensor(&arena, [2, 2], &[1.0, -3.0, 2.9, 9.0]);
    let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
    let y = norm
        .forward(&mut pass, Var::constant(kept.clone()))
        .unwrap();
    assert_eq!(read(y.value()), [0.5, 0.0, 2.5, 7.5]);
    assert_eq!(
        read(&kept),
        [1.0, -3.0, 2.9, 9.0],
        "somebody else's input is not overwritten"
    );
    assert_eq!(read(parameters.value(norm.mean)), [1.0, -1.0]);
}

/// The values of the test before, and those that a signed format up to 3.5 clips, as multiples of the step 1/2.
#[test]
fn codes_are_those_of_the_values_in_training_and_in_evaluation() {
    let arena = arena();
    for (format, evaluated) in [
        (FixedPoint::unsigned(3, 1), [1u8, 0, 5, 15]),
        (FixedPoint::signed(3, 1), [1, 0, 5, 7]),
    ] {
        let mut parameters = Parameters::new(&arena);
        let activation = Activation::ReluQuantise(format);
        let mut norm = BatchNorm2d::new(&mut parameters, "bn", 2, Some(activation)).unwrap();
        norm.epsilon = 0.0;
        for (id, values) in [
            (norm.gamma, [2.0, 1.0]),
            (norm.beta, [0.5, 0.0]),
            (norm.mean, [1.0, -1.0]),
            (norm.variance, [4.0, 0.25]),
        ] {
            parameters.value_mut(id).write(&values).unwrap();
        }
        let mut run = |norm: BatchNorm2d, mode| {
            let x = tensor(&arena, [2, 2], &[1.0, -3.0, 2.9, 9.0]);
            let mut pass = Pass::new(&mut parameters, mode);
            let y = norm.forward(&mut pass, Var::constant(x)).unwrap();
            y.into_value()
        };
        let frozen = Mode::Train {
            trains: Trains::Weights,
            update_statistics: false,
        };
        for mode in [Mode::Evaluate, frozen] {
            let values = run(norm, mode);
            let encode = true;
            let codes = run(BatchNorm2d { encode, ..norm }, mode);
            assert_eq!(Some(codes.dtype()), format.code_dtype());
            assert_eq!(read(&codes.decode(format).unwrap()), read(&values));
        }
        let codes = run(
            BatchNorm2d {
                encode: true,
                ..norm
            },
            Mode::Evaluate,
        );
        let codes: Vec<f32> = read(&codes.decode(format).unwrap());
        let expected = evaluated.map(|code| f32::from(code) / 2.0);
        assert_eq!(codes, expected);
    }
}

#[test]
fn evaluation_keeps_nothing_for_the_way_back() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let settings = Conv2dSettings {
        weight_format: Some(Quantiser::weights(1, 3).format()),
        ..Conv2dSettings::same(2, 4, 3)
    };
    let conv = Conv2d::new(&mut parameters, "conv", settings, Seed(1)).unwrap();
    let activation = Some(Activation::Relu);
    let norm = BatchNorm2d::new(&mut parameters, "bn", 4, activation).unwrap();
    let x = tensor(&arena, [2, 4, 4, 2], &[0.5; 64]);
    let idle = arena.stats().live_bytes;

    let mut forward = |mode| {
        let mut pass = Pass::new(&mut parameters, mode);
        let y = conv.forward(&mut pass, Var::constant(x.clone())).unwrap();
        let y = norm.forward(&mut pass, y).unwrap();
        assert_eq!(y.requires_gradient(), mode != Mode::Evaluate);
        (pass.saved_bytes(), arena.stats().live_bytes - idle)
    };
    let (saved, live) = forward(Mode::WEIGHTS);
    assert!(
        saved > 0 && live > 512,
        "training keeps {saved} bytes, {live} live"
    );
    // The output alone: 2 * 4 * 4 * 4 values of 4 bytes.
    assert_eq!(forward(Mode::Evaluate), (0, 512));
    assert_eq!(arena.stats().live_bytes, idle);
}

#[test]
fn gradients_cannot_be_lost_in_evaluation() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let norm = BatchNorm2d::new(&mut parameters, "bn", 2, None).unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
    let x = tensor(&arena, [1, 2, 2, 2], &IMAGES);
    let leaf = pass.tape().leaf(x);
    let error = norm.forward(&mut pass, leaf).err();
    let op = "batch normalisation";
    assert_eq!(error, Some(Error::NoGradient { op }));
}

/// y = w * a; dy/dw = a, dy/da = w.
#[test]
fn a_pass_gives_the_gradients_of_the_roles_it_trains() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let value = |v: f32| tensor(&arena, [1], &[v]);
    let alpha = parameters.add("a", Role::Architecture, value(3.0)).unwrap();
    let weight = parameters.add("w", Role::Weight, value(2.0)).unwrap();
    let unused = parameters.add("u", Role::Bias, value(1.0)).unwrap();
    let statistic = parameters.add("s", Role::Statistic, value(5.0)).unwrap();
    let mut run = |trains| {
        let update_statistics = false;
        let mode = Mode::Train {
            trains,
            update_statistics,
        };
        let mut pass = Pass::new(&mut parameters, mode);
        let _ = pass.parameter(unused);
        assert!(!pass.parameter(statistic).requires_gradient());
        let (w, a) = (pass.parameter(weight), pass.parameter(alpha));
        let y = ops::mul(pass.tape(), w, a).unwrap();
        let gradients = pass.backward(y).unwrap();
        gradients
            .iter()
            .map(|(id, g)| (*id, g.item().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(run(Trains::Weights), [(weight, 3.0)]);
    assert_eq!(run(Trains::Architecture), [(alpha, 2.0)]);
    let both = run(Trains::WeightsAndArchitecture);
    assert_eq!(
        both,
        [(alpha, 2.0), (weight, 3.0)],
        "in the order of the parameters"
    );
    assert_eq!(run(Trains::Nothing), []);
}

/// y = w * w at 3: dy/dw = 6, and afterwards nobody but the store owns w.
#[test]
fn a_parameter_used_twice_gets_one_gradient_and_is_free_afterwards() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let weight = parameters
        .add("w", Role::Weight, tensor(&arena, [1], &[3.0]))
        .unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
    let (one, two) = (pass.parameter(weight), pass.parameter(weight));
    let y = ops::mul(pass.tape(), one, two).unwrap();
    let gradients = pass.backward(y).unwrap();
    assert_eq!(gradients.len(), 1);
    assert_eq!(gradients[0].1.item().unwrap(), 6.0);
    parameters.value_mut(weight).write(&[1.0f32]).unwrap();
}

/// In steps of 1/2 between -4 and 3.5: w = (0.3, -1.1, -9) becomes (0.5, -1, -4), and x = 2. The
/// straight-through gradient is x, but 0 for the weight whose rounded code -18 is below the lowest, -8.
#[test]
fn a_convolution_uses_quantised_weights_and_trains_the_float_ones() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let settings = Conv2dSettings {
        weight_format: Some(Quantiser::weights(3, 1).format()),
        ..Conv2dSettings::same(1, 3, 1)
    };
    let conv = Conv2d::new(&mut parameters, "conv", settings, Seed(1)).unwrap();
    let weights = parameters.value_mut(conv.weight);
    weights.write(&[0.3f32, -1.1, -9.0]).unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::WEIGHTS);
    let x = Var::constant(tensor(&arena, [1, 1, 1, 1], &[2.0]));
    let y = conv.forward(&mut pass, x).unwrap();
    assert_eq!(read(y.value()), [1.0, -2.0, -8.0]);
    let ones = tensor(&arena, [1, 1, 1, 3], &[1.0; 3]);
    let gradients = pass.backward_from(y, ones).unwrap();
    assert_eq!(read(&gradients[0].1), [2.0, 2.0, 0.0]);
}

/// In steps of 1/2: x = (0.4, -9) becomes (0.5, -4); w = (0.3, 0.6 | -0.2, 1.1) becomes (0.5, 0.5 | 0, 1).
/// y = (0.25 - 2, 0 - 4) + (1, 10).
#[test]
fn linear_quantises_input_and_weights_and_adds_the_bias() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    let format = Some(Quantiser::weights(3, 1).format());
    let settings = LinearSettings {
        input_format: format,
        weight_format: format,
        ..LinearSettings::new(2, 2)
    };
    let linear = Linear::new(&mut parameters, "fc", settings, Seed(1)).unwrap();
    let weights = parameters.value_mut(linear.weight);
    weights.write(&[0.3f32, 0.6, -0.2, 1.1]).unwrap();
    let bias = parameters.value_mut(linear.bias.unwrap());
    bias.write(&[1.0f32, 10.0]).unwrap();
    let mut pass = Pass::new(&mut parameters, Mode::Evaluate);
    let x = Var::constant(tensor(&arena, [1, 2], &[0.4, -9.0]));
    let y = linear.forward(&mut pass, x).unwrap();
    assert_eq!(read(y.value()), [-0.75, 6.0]);
}

#[test]
fn saved_parameters_come_back_and_foreign_ones_are_refused() {
    let arena = arena();
    let make = |seed| {
        let mut parameters = Parameters::new(&arena);
        let (role, fans) = (
            Role::Weight,
            Fans {
                fan_in: 3,
                fan_out: 2,
            },
        );
        let kaiming = Initialiser::KaimingNormal;
        for name in ["a", "b"] {
            parameters
                .add_random(name, role, [2, 3], kaiming, fans, Seed(seed))
                .unwrap();
        }
        parameters
    };
    let (mut one, other) = (make(1), make(2));
    assert_eq!((one.len(), one.bytes()), (2, 48));
    let saved = other.save().unwrap();
    assert_ne!(one.save().unwrap(), saved, "another seed, other values");
    assert_eq!(make(2).save().unwrap(), saved, "same seed, same values");
    assert_ne!(
        saved[0].values, saved[1].values,
        "another name, other values"
    );
    one.restore(&saved).unwrap();
    assert_eq!(one.save().unwrap(), saved);

    let foreign = |change: fn(&mut Vec<SavedParameter>)| {
        let mut foreign = saved.clone();
        foreign[0].values = vec![0.0; 6];
        change(&mut foreign);
        foreign
    };
    for (index, foreign) in [
        (1, foreign(|s| s[1].name = "c".into())),
        (1, foreign(|s| s[1].shape = vec![3, 2])),
        (1, foreign(|s| s[1].values.truncate(5))),
        (1, foreign(|s| s.truncate(1))),
        (2, foreign(|s| s.push(s[0].clone()))),
    ] {
        match one.restore(&foreign) {
            Err(Error::Saved { index: found, .. }) => assert_eq!(found, index),
            other => panic!("{other:?}"),
        }
        assert_eq!(one.save().unwrap(), saved, "nothing was written");
    }
}

#[test]
fn bad_parameters_are_refused() {
    let arena = arena();
    let mut parameters = Parameters::new(&arena);
    parameters.add_full("w", Role::Weight, [1], 0.0).unwrap();
    let twice = parameters.add_full("w", Role::Bias, [2], 0.0);
    assert_eq!(twice, Err(Error::DuplicateName { name: "w".into() }));
    let labels = Tensor::from_slice(&arena, [1], &[1i32]).unwrap();
    let integers = parameters.add("labels", Role::Weight, labels);
    assert!(matches!(
        integers,
        Err(Error::Tensor(tensor::Error::Elements { .. }))
    ));
    let mut settings = Conv2dSettings::same(4, 6, 3);
    settings.options.groups = 4;
    let conv = Conv2d::new(&mut parameters, "conv", settings, Seed(0));
    assert!(matches!(
        conv,
        Err(Error::Tensor(tensor::Error::Geometry { value: 4, .. }))
    ));
    assert_eq!(parameters.len(), 1, "nothing was added");
}
