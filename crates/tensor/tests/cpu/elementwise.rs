//! Elementwise operations, masks and copies.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, values, wide};
use radars_tensor::{
    Activation, Backend, BinaryOp, Coefficient, Error, FixedPoint, MaskOp, Operand, UnaryOp,
};

/// Sizes around vector, piece and thread limits.
const SIZES: [usize; 6] = [1, 7, 64, 1037, 16385, 70_001];

#[test]
fn unary_operations_follow_their_formulas() {
    type Reference = fn(f64) -> f64;
    let formats = [FixedPoint::signed(1, 2), FixedPoint::unsigned(1, 3)];
    let operations: [(UnaryOp, Reference); 7] = [
        (UnaryOp::Relu, |x| x.max(0.0)),
        (UnaryOp::Relu6, |x| x.clamp(0.0, 6.0)),
        (UnaryOp::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        (UnaryOp::Tanh, f64::tanh),
        (UnaryOp::Exp, f64::exp),
        (
            UnaryOp::Affine {
                scale: 3.0,
                shift: -0.5,
            },
            |x| 3.0 * x - 0.5,
        ),
        (UnaryOp::FakeQuantise(formats[0]), |x| {
            (x * 4.0).round_ties_even().clamp(-4.0, 3.0) / 4.0
        }),
    ];
    on_every_isa(|arena| {
        for n in SIZES {
            let x: Vec<f32> = values(n, 1).iter().map(|x| 4.0 * x).collect();
            for (op, reference) in operations {
                let expected: Vec<f64> = wide(&x).into_iter().map(reference).collect();
                let (x, mut y) = (buffer(arena, &x), result(arena, n));
                let backend = arena.backend();
                backend
                    .unary(op, Operand::Read(x.view()), y.view_mut())
                    .unwrap();
                assert_close(&read(&y), &expected, 1e-6);
                let mut in_place = buffer(arena, &read::<f32>(&x));
                backend
                    .unary(op, Operand::InPlace, in_place.view_mut())
                    .unwrap();
                assert_eq!(read::<u32>(&in_place), read::<u32>(&y), "{op:?} in place");
            }
            let op = UnaryOp::ReluQuantise(formats[1]);
            let expected: Vec<f32> = x.iter().map(|x| formats[1].quantise(x.max(0.0))).collect();
            let mut y = buffer(arena, &x);
            arena
                .backend()
                .unary(op, Operand::InPlace, y.view_mut())
                .unwrap();
            assert_eq!(read::<f32>(&y), expected);
        }
    });
}

/// python: math.log(2.5); min(1, 5 / (math.sqrt(100) + 1e-6)); min(1, 5 / (math.sqrt(4) + 1e-6))
#[test]
fn logarithm_and_clip_coefficient() {
    on_every_isa(|arena| {
        let mut y = buffer(arena, &[2.5f32]);
        let backend = arena.backend();
        backend
            .unary(UnaryOp::Log, Operand::InPlace, y.view_mut())
            .unwrap();
        assert_close(&read(&y), &[0.916_290_731_874_155], 1e-7);
        let mut y = buffer(arena, &[100.0f32, 4.0]);
        let clip = UnaryOp::ClipCoefficient { max_norm: 5.0 };
        backend.unary(clip, Operand::InPlace, y.view_mut()).unwrap();
        assert_close(&read(&y), &[0.499_999_95, 1.0], 1e-7);
    });
}

#[test]
fn activations_keep_nan_so_that_a_diverged_training_shows() {
    on_every_isa(|arena| {
        for op in [
            UnaryOp::Relu,
            UnaryOp::Relu6,
            UnaryOp::FakeQuantise(FixedPoint::signed(1, 2)),
        ] {
            let mut y = buffer(arena, &[f32::NAN; 33]);
            arena
                .backend()
                .unary(op, Operand::InPlace, y.view_mut())
                .unwrap();
            assert!(read::<f32>(&y).iter().all(|y| y.is_nan()), "{op:?}");
        }
    });
}

#[test]
fn binary_operations_repeat_a_shorter_second_operand() {
    let format = FixedPoint::signed(1, 2);
    let top = FixedPoint::unsigned(1, 2); // codes 0..=7, largest value 1.75
    let reference = |op, a: f64, b: f64| match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::SigmoidBackward => b * a * (1.0 - a),
        BinaryOp::TanhBackward => b * (1.0 - a * a),
        BinaryOp::FakeQuantiseBackward(format) => {
            if format.passes(a as f32) {
                b
            } else {
                0.0
            }
        }
        BinaryOp::ActivationBackward(Activation::Relu) => {
            if a > 0.0 {
                b
            } else {
                0.0
            }
        }
        BinaryOp::ActivationBackward(Activation::Relu6) => {
            if a > 0.0 && a < 6.0 {
                b
            } else {
                0.0
            }
        }
        BinaryOp::ActivationBackward(Activation::ReluQuantise(_)) => {
            // The codes 0..=7 of quarters: passes up to the half above 7, which rounds to 8.
            if a > 0.0 && a < 7.5 / 4.0 { b } else { 0.0 }
        }
    };
    on_every_isa(|arena| {
        for (n, repeats) in [
            (1, 1),
            (7, 1),
            (35, 7),
            (1037, 1037),
            (70_001, 1),
            (70_000, 7000),
            (65_538, 2),
        ] {
            let (a, b) = (values(n, 1), values(n / repeats, 2));
            for op in [
                BinaryOp::Add,
                BinaryOp::Sub,
                BinaryOp::Mul,
                BinaryOp::Div,
                BinaryOp::SigmoidBackward,
                BinaryOp::TanhBackward,
                BinaryOp::FakeQuantiseBackward(format),
                BinaryOp::ActivationBackward(Activation::Relu),
                BinaryOp::ActivationBackward(Activation::Relu6),
                BinaryOp::ActivationBackward(Activation::ReluQuantise(top)),
            ] {
                let a: Vec<f32> = a.iter().map(|a| 4.0 * a).collect();
                let expected: Vec<f64> = a
                    .iter()
                    .enumerate()
                    .map(|(i, &a)| reference(op, f64::from(a), f64::from(b[i % b.len()])))
                    .collect();
                let (a, b) = (buffer(arena, &a), buffer(arena, &b));
                let mut y = result(arena, n);
                let backend = arena.backend();
                backend
                    .binary(op, Operand::Read(a.view()), b.view(), y.view_mut())
                    .unwrap();
                assert_close(&read(&y), &expected, 1e-5);
                let mut in_place = buffer(arena, &read::<f32>(&a));
                backend
                    .binary(op, Operand::InPlace, b.view(), in_place.view_mut())
                    .unwrap();
                assert_eq!(read::<u32>(&in_place), read::<u32>(&y), "{op:?} in place");
            }
        }
    });
}

#[test]
fn a_second_operand_that_does_not_divide_the_result_is_refused() {
    on_every_isa(|arena| {
        let b = buffer(arena, &values(3, 1));
        let mut y = buffer(arena, &values(10, 2));
        let error = arena
            .backend()
            .binary(BinaryOp::Add, Operand::InPlace, b.view(), y.view_mut())
            .unwrap_err();
        let expected = Error::Length {
            op: "binary",
            operand: "b",
            expected: 40,
            got: 12,
        };
        assert_eq!(error, expected);
    });
}

#[test]
fn accumulation_takes_its_coefficient_from_the_host_or_the_device() {
    on_every_isa(|arena| {
        for n in SIZES {
            let (x, y) = (values(n, 1), values(n, 2));
            let expected: Vec<f64> = x
                .iter()
                .zip(&y)
                .map(|(&x, &y)| f64::from(y) - 1.5 * f64::from(x))
                .collect();
            let (x, c) = (buffer(arena, &x), buffer(arena, &[-1.5f32]));
            for c in [Coefficient::Constant(-1.5), Coefficient::Element(c.view())] {
                let mut y = buffer(arena, &y);
                arena
                    .backend()
                    .accumulate(c, x.view(), y.view_mut())
                    .unwrap();
                assert_close(&read(&y), &expected, 1e-6);
            }
        }
    });
}

#[test]
fn masks_hold_one_bit_an_element_and_zero_what_is_not_set() {
    let format = FixedPoint::signed(1, 2);
    on_every_isa(|arena| {
        for n in SIZES {
            let x = values(n, 1);
            for op in [
                MaskOp::Positive,
                MaskOp::Between(-0.5, 1.25),
                MaskOp::InRange(format),
            ] {
                let holds = |&x: &f32| match op {
                    MaskOp::Positive => x > 0.0,
                    MaskOp::Between(lo, hi) => lo < x && x < hi,
                    MaskOp::InRange(format) => format.passes(x),
                };
                let bits: Vec<u8> = x
                    .chunks(8)
                    .map(|x| {
                        x.iter()
                            .enumerate()
                            .map(|(i, x)| u8::from(holds(x)) << i)
                            .sum()
                    })
                    .collect();
                let view = buffer(arena, &x);
                let mut mask = buffer(arena, &vec![0xffu8; n.div_ceil(8)]);
                arena
                    .backend()
                    .mask(op, view.view(), mask.view_mut())
                    .unwrap();
                assert_eq!(read::<u8>(&mask), bits, "{op:?}");

                let mut y = buffer(arena, &values(n, 2));
                arena
                    .backend()
                    .apply_mask(mask.view(), y.view_mut())
                    .unwrap();
                let expected: Vec<f32> = values(n, 2)
                    .iter()
                    .zip(&x)
                    .map(|(&y, x)| if holds(x) { y } else { 0.0 })
                    .collect();
                assert_eq!(read::<f32>(&y), expected, "{op:?}");
            }
        }
    });
}

#[test]
fn fills_and_copies_write_everything() {
    on_every_isa(|arena| {
        for n in SIZES {
            let mut y = result(arena, n);
            arena.backend().fill(-3.5, y.view_mut()).unwrap();
            assert_eq!(read::<f32>(&y), vec![-3.5; n]);
            let bytes: Vec<u8> = (0..4 * n + 3).map(|i| (i % 251) as u8).collect();
            let (x, mut y) = (
                buffer(arena, &bytes),
                buffer(arena, &vec![0u8; bytes.len()]),
            );
            arena.backend().copy(x.view(), y.view_mut()).unwrap();
            assert_eq!(read::<u8>(&y), bytes);
        }
    });
}
