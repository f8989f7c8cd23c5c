//! What the tape keeps, when it gives it back, and that a plan foresees every allocation.
#![allow(clippy::unwrap_used, reason = "a test may panic, its functions too")]

use radars_autograd::tensor::{
    Activation, Arena, Backend, Conv2dOptions, ConvValues, Cpu, CpuSpec, Error, FixedPoint, Isa,
    Meta, PoolKind, Result, Shape, Tensor, Values,
};
use radars_autograd::{Tape, Var, ops};

const SAME: Conv2dOptions = Conv2dOptions {
    stride: 1,
    padding: 1,
    groups: 1,
};

/// An arena for plans: it has a bound but no memory.
fn plan(bound_bytes: usize) -> Arena<Meta<Cpu>> {
    let spec = CpuSpec::new(Isa::Portable);
    Arena::with_bound(Meta::new(spec), bound_bytes).unwrap()
}

fn zeros<B: Backend>(arena: &Arena<B>, shape: impl Into<Shape>) -> Tensor<B> {
    Tensor::zeros(arena, shape).unwrap()
}

/// Bytes kept by an operation of inputs of these shapes, of which those that are `wanted` are leaves.
fn saved<F>(shapes: &[Shape], wanted: &[bool], f: F) -> usize
where
    F: FnOnce(&mut Tape<Meta<Cpu>>, Vec<Var<Meta<Cpu>>>) -> Result<Var<Meta<Cpu>>>,
{
    let arena = plan(1 << 30);
    let mut tape = Tape::new(&arena);
    let vars = shapes.iter().zip(wanted).map(|(&shape, &wanted)| {
        let value = zeros(&arena, shape);
        match wanted {
            true => tape.leaf(value),
            false => Var::constant(value),
        }
    });
    let vars = vars.collect();
    let y = f(&mut tape, vars).unwrap();
    assert_eq!(y.requires_gradient(), wanted.contains(&true));
    tape.saved_bytes()
}

/// [2, 3, 3, 4] has 72 elements: 288 bytes, or 9 bytes of bits.
#[test]
fn operations_of_one_operand_keep_what_they_say() {
    type Op = fn(&mut Tape<Meta<Cpu>>, Var<Meta<Cpu>>) -> Result<Var<Meta<Cpu>>>;
    let cases: [(&str, usize, Op); 15] = [
        ("affine", 0, |t, x| ops::affine(t, x, 2.0, 1.0)),
        ("relu", 9, ops::relu),
        ("fake_quantise", 9, |t, x| {
            ops::fake_quantise(t, x, FixedPoint::signed(1, 3))
        }),
        ("sigmoid", 288, ops::sigmoid),
        ("tanh", 288, ops::tanh),
        ("exp", 288, ops::exp),
        ("log", 288, ops::log),
        ("softmax", 288, ops::softmax),
        ("sum", 0, ops::sum),
        ("mean", 0, ops::mean),
        ("reshape", 0, |t, x| ops::reshape(t, x, [72])),
        ("narrow", 0, |t, x| ops::narrow(t, x, 5, 7)),
        ("max pool", 288, |t, x| {
            ops::pool2d(t, x, PoolKind::Max, 2, 1, 0)
        }),
        ("average pool", 0, |t, x| {
            ops::pool2d(t, x, PoolKind::Average, 2, 1, 0)
        }),
        ("global average pool", 0, ops::global_average_pool),
    ];
    let shape = [Shape::from([2, 3, 3, 4])];
    for (name, bytes, f) in cases {
        let leaf = saved(&shape, &[true], |tape, mut vars| f(tape, vars.remove(0)));
        assert_eq!(leaf, bytes, "{name}");
        let constant = saved(&shape, &[false], |tape, mut vars| f(tape, vars.remove(0)));
        assert_eq!(constant, 0, "{name} of a constant");
    }
}

/// Bytes for: both leaves, the first alone, the second alone, none.
fn check_two<F>(name: &str, shapes: [Shape; 2], bytes: [usize; 4], f: F)
where
    F: Fn(&mut Tape<Meta<Cpu>>, Var<Meta<Cpu>>, Var<Meta<Cpu>>) -> Result<Var<Meta<Cpu>>>,
{
    let cases = [[true, true], [true, false], [false, true], [false, false]];
    for (wanted, bytes) in cases.into_iter().zip(bytes) {
        let got = saved(&shapes, &wanted, |tape, vars| {
            let [a, b] = <[_; 2]>::try_from(vars).ok().unwrap();
            f(tape, a, b)
        });
        assert_eq!(got, bytes, "{name}, leaves {wanted:?}");
    }
}

#[test]
fn operations_of_two_operands_keep_the_one_whose_partner_wants_a_gradient() {
    let (image, row) = (Shape::from([2, 3, 3, 4]), Shape::from([4]));
    check_two("add", [image, row], [0; 4], ops::add);
    check_two("sub", [image, row], [0; 4], ops::sub);
    check_two("mul", [image, row], [304, 16, 288, 0], ops::mul);
    check_two("dot", [image, image], [576, 288, 288, 0], ops::dot);
    // x: 1 * 4 * 4 * 2 * 4 bytes; w: 3 * 3 * 3 * 2 * 4 bytes.
    let (x, w) = (Shape::from([1, 4, 4, 2]), Shape::from([3, 3, 3, 2]));
    check_two("conv2d", [x, w], [344, 216, 128, 0], |tape, x, w| {
        ops::conv2d(tape, x, w, SAME)
    });
    // Of the 32 values of a quantised x, one bit each for its own gradient and a byte of code each for that of w.
    let format = FixedPoint::signed(1, 3);
    for (of_x, bytes) in [
        (Values::OnGrid(format), [344, 216, 344, 0]),
        (Values::Quantise(format), [252, 220, 248, 0]),
    ] {
        let values = ConvValues {
            x: of_x,
            w: Values::Quantise(format),
        };
        check_two("fake_quantised_conv2d", [x, w], bytes, |tape, x, w| {
            ops::fake_quantised_conv2d(tape, x, w, values, SAME)
        });
    }
    let (a, b) = (Shape::from([2, 3]), Shape::from([3, 5]));
    check_two("matmul", [a, b], [84, 60, 24, 0], |tape, a, b| {
        ops::matmul(tape, a, false, b, false)
    });
    let formats = [FixedPoint::signed(1, 1), FixedPoint::signed(1, 3)];
    let p = Shape::from([2]);
    check_two(
        "mix_quantised",
        [image, p],
        [296, 296, 296, 0],
        |tape, x, p| ops::mix_quantised(tape, x, p, &formats),
    );
    check_two("mix", [p, image], [584, 576, 8, 0], |tape, p, x| {
        ops::mix(tape, p, vec![x.clone(), x])
    });
    // x 128 and p 8 bytes once, beside the 216 of w; without gradients of these two the mixture, of 128 bytes.
    for (wanted, bytes) in [
        ([true, true, true], 352),
        ([true, false, false], 352),
        ([false, true, true], 352),
        ([false, false, true], 128),
    ] {
        let got = saved(&[x, p, w], &wanted, |tape, vars| {
            let [x, p, w] = <[_; 3]>::try_from(vars).ok().unwrap();
            ops::mixed_conv2d(tape, x, p, &formats, w, SAME)
        });
        assert_eq!(got, bytes, "mixed_conv2d, leaves {wanted:?}");
    }
    let kernel = Shape::from([2, 1, 1, 3]);
    check_two(
        "merge_kernels",
        [p, kernel],
        [56, 48, 8, 0],
        |tape, p, w| ops::merge_kernels(tape, p, vec![w.clone(), w], 5),
    );
}

/// xhat 288, statistics 32, gamma and beta 16 each; the logits' gradient 24.
#[test]
fn normalisation_and_loss_keep_what_they_say() {
    let shapes = [[2, 3, 3, 4].into(), [4].into(), [4].into()];
    for activation in [None, Some(Activation::Relu)] {
        for (wanted, bytes) in [
            ([true; 3], 352),
            ([false, true, false], 352),
            ([false; 3], 0),
        ] {
            let got = saved(&shapes, &wanted, |tape, vars| {
                let [x, gamma, beta] = <[_; 3]>::try_from(vars).ok().unwrap();
                Ok(ops::batch_norm(tape, x, gamma, beta, 1e-5, activation)?.0)
            });
            assert_eq!(got, bytes);
        }
    }
    for (wanted, bytes) in [(true, 24), (false, 0)] {
        let got = saved(&[[2, 3].into()], &[wanted], |tape, mut vars| {
            let labels = Tensor::from_slice(tape.arena(), [2], &[0i32, 2])?;
            ops::cross_entropy(tape, vars.remove(0), &labels, 0.0)
        });
        assert_eq!(got, bytes);
    }
}

/// A network that uses most operations: forward, backward, and the number of gradients found.
fn program<B: Backend>(arena: &Arena<B>) -> Result<usize> {
    let mut tape = Tape::new(arena);
    let image = Var::constant(Tensor::zeros(arena, [2, 6, 6, 3])?);
    let small = tape.leaf(Tensor::zeros(arena, [4, 1, 1, 3])?);
    let large = tape.leaf(Tensor::zeros(arena, [4, 3, 3, 3])?);
    let second = tape.leaf(Tensor::zeros(arena, [4, 3, 3, 4])?);
    let alpha = tape.leaf(Tensor::zeros(arena, [3])?);
    let gamma = tape.leaf(Tensor::full(arena, [4], 1.0)?);
    let beta = tape.leaf(Tensor::zeros(arena, [4])?);
    let head = tape.leaf(Tensor::zeros(arena, [4, 5])?);
    let bias = tape.leaf(Tensor::zeros(arena, [5])?);
    let ids = [&small, &large, &second, &alpha, &gamma, &beta, &head, &bias].map(Var::id);

    let formats = [1, 3, 6].map(|fraction| FixedPoint::signed(1, fraction));
    let p = ops::softmax(&mut tape, alpha)?;
    let x = ops::mix_quantised(&mut tape, image, p.clone(), &formats)?;
    let pair = ops::narrow(&mut tape, p, 1, 2)?;
    let w = ops::merge_kernels(&mut tape, pair.clone(), vec![small, large], 3)?;
    let w = ops::fake_quantise(&mut tape, w, formats[1])?;
    let x = ops::conv2d(&mut tape, x, w, SAME)?;
    let values = ConvValues {
        x: Values::Quantise(formats[0]),
        w: Values::Quantise(formats[1]),
    };
    let x = ops::fake_quantised_conv2d(&mut tape, x, second, values, SAME)?;
    let activation = Some(Activation::ReluQuantise(FixedPoint::unsigned(1, 3)));
    let (x, stats) = ops::batch_norm(&mut tape, x, gamma, beta, 1e-5, activation)?;
    drop(stats);
    let pooled = ops::pool2d(&mut tape, x.clone(), PoolKind::Max, 3, 1, 1)?;
    let x = ops::mix(&mut tape, pair, vec![x, pooled])?;
    let x = ops::pool2d(&mut tape, x, PoolKind::Average, 2, 2, 0)?;
    let x = ops::global_average_pool(&mut tape, x)?;
    let gate = ops::sigmoid(&mut tape, x.clone())?;
    let x = ops::mul(&mut tape, x, gate)?;
    let x = ops::matmul(&mut tape, x, false, head, false)?;
    let x = ops::add(&mut tape, x, bias)?;
    let labels = Tensor::from_slice(arena, [2], &[0i32, 4])?;
    let loss = ops::cross_entropy(&mut tape, x, &labels, 0.1)?;
    let loss = ops::affine(&mut tape, loss, 0.5, 0.0)?;
    let mut gradients = tape.backward(loss)?;
    Ok(ids
        .into_iter()
        .flatten()
        .filter_map(|id| gradients.take(id))
        .count())
}

#[test]
fn the_plan_foresees_every_allocation_of_the_run() {
    let backend = Cpu::with_isa(2, Isa::Portable).unwrap();
    let real = Arena::with_bound(backend, 64 << 20).unwrap();
    let planned = plan(64 << 20);
    real.record_trace();
    planned.record_trace();
    assert_eq!(program(&real).unwrap(), 8);
    assert_eq!(program(&planned).unwrap(), 8);
    let trace = real.take_trace();
    assert!(trace.len() > 50, "{} allocations", trace.len());
    assert_eq!(trace, planned.take_trace());
    assert_eq!(real.stats(), planned.stats());
    assert_eq!(real.stats().live_bytes, 0);
}

/// The high-water mark of a plan is a bound that will do, and nothing below it is.
#[test]
fn a_pass_runs_at_its_planned_high_water_mark_and_not_below() {
    let planned = plan(64 << 20);
    program(&planned).unwrap();
    let enough = planned.stats().high_water_bytes;
    let run = |bound_bytes| {
        let backend = Cpu::with_isa(1, Isa::Portable).unwrap();
        program(&Arena::with_bound(backend, bound_bytes).unwrap())
    };
    assert_eq!(run(enough), Ok(8));
    let below = run(enough - 256);
    assert!(matches!(below, Err(Error::OverBound { .. })), "{below:?}");
}

/// What is normalised has 128 elements, 512 bytes; gamma, beta and each statistic 4 channels, the weights of 1x1 16.
/// The batch norm keeps xhat and all of these, the convolution its weights, and its input where it has to.
#[test]
fn a_convolution_keeps_nothing_of_an_input_that_batch_norm_can_compute_again() {
    let shapes = [
        Shape::from([2, 4, 4, 4]),
        [4].into(),
        [4].into(),
        [4, 1, 1, 4].into(),
    ];
    let norm = 512 + 32 + 16 + 16;
    for activation in [None, Some(Activation::Relu), Some(Activation::Relu6)] {
        let kept = |again: bool| {
            saved(&shapes, &[true; 4], |tape, vars| {
                let [x, gamma, beta, w] = <[_; 4]>::try_from(vars).ok().unwrap();
                let (y, _) = ops::batch_norm(tape, x, gamma, beta, 1e-5, activation)?;
                let y = match again {
                    true => y,
                    // Adds nothing, but is not what batch norm gave.
                    false => ops::affine(tape, y, 1.0, 0.0)?,
                };
                let options = Conv2dOptions { padding: 0, ..SAME };
                ops::conv2d(tape, y, w, options)
            })
        };
        assert_eq!(kept(true), norm + 64, "{activation:?}");
        assert_eq!(kept(false), norm + 64 + 512, "{activation:?}");
    }
}

/// Weight gradient first, then the input's in the memory that `x` has left: images of 64 MiB never need
/// the 192 MiB of `x`, `dx` and `dy` side by side.
#[test]
fn the_way_back_through_a_convolution_gives_its_input_back_before_it_asks_for_the_gradient() {
    const IMAGES: usize = 64 << 20;
    let arena = plan(1 << 30);
    let mut tape = Tape::new(&arena);
    let x = tape.leaf(zeros(&arena, [64, 128, 128, 16]));
    let w = tape.leaf(zeros(&arena, [16, 3, 3, 16]));
    let y = ops::conv2d(&mut tape, x, w, SAME).unwrap();
    assert_eq!(y.value().bytes(), IMAGES);
    let sum = ops::sum(&mut tape, y).unwrap();
    arena.reset_peaks();
    assert!(arena.stats().live_bytes < IMAGES + IMAGES / 4);
    tape.backward(sum).unwrap();
    let peak = arena.stats().peak_bytes;
    assert!(peak < 2 * IMAGES + IMAGES / 4, "{peak} bytes");
}

/// An elementwise chain runs in the memory of its first value.
#[test]
fn results_take_over_memory_that_nothing_else_owns() {
    let arena = plan(1 << 20);
    let mut tape = Tape::new(&arena);
    let x = Var::constant(zeros(&arena, [16, 64]));
    let live = arena.stats().live_bytes;
    let x = ops::affine(&mut tape, x, 2.0, 0.0).unwrap();
    let x = ops::relu(&mut tape, x).unwrap();
    let x = ops::tanh(&mut tape, x).unwrap();
    let x = ops::exp(&mut tape, x).unwrap();
    assert_eq!(arena.stats().allocations, 1);
    assert_eq!(arena.stats().live_bytes, live);
    drop(x);
    assert_eq!(arena.stats().live_bytes, 0);
}

/// A tape that is dropped unused gives back all that it kept.
#[test]
fn a_dropped_tape_gives_its_memory_back() {
    let arena = plan(1 << 20);
    let mut tape = Tape::new(&arena);
    let x = tape.leaf(zeros(&arena, [16, 64]));
    let y = ops::sigmoid(&mut tape, x.clone()).unwrap();
    let z = ops::mul(&mut tape, y, x).unwrap();
    assert!(tape.saved_bytes() > 0);
    drop((tape, z));
    assert_eq!(arena.stats().live_bytes, 0);
}

/// A value of a longer tape has no place on a shorter one: an error, not a panic.
#[test]
fn a_value_of_another_tape_is_refused() {
    let arena = plan(1 << 20);
    let (mut tape, mut other) = (Tape::new(&arena), Tape::new(&arena));
    for _ in 0..3 {
        other.leaf(zeros(&arena, [2]));
    }
    let stranger = other.leaf(zeros(&arena, [2]));
    let y = ops::sum(&mut tape, stranger).unwrap();
    let refused = tape.backward(y).err();
    assert!(
        matches!(refused, Some(Error::Geometry { value: 3, .. })),
        "{refused:?}"
    );
}
