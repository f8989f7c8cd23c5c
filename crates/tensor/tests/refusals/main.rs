//! Bad operands: every method of `Tensor` answers them with an error, the same one in the plan as in the
//! run, and never with a panic.
#![allow(clippy::unwrap_used)]

mod operands;

use operands::{ADAM, OPTIONS, POOL, SGD, operands};
use radars_tensor::{
    Activation, Arena, Axis, Backend, BinaryOp, Coefficient, Conv2d, Conv2dOptions, ConvValues,
    Cpu, DType, Error, FixedPoint, KernelTerm, MaskOp, Meta, Pool2d, PoolKind, ReduceOp, Result,
    Tensor, UnaryOp, Values,
};

type Outcomes = Vec<(&'static str, Result<()>)>;

/// What every method says to the operands `a` and `b`.
fn outcomes<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> Outcomes {
    let formats = [FixedPoint::signed(1, 2), FixedPoint::unsigned(0, 0)];
    let own = |t: &Tensor<B>| t.copy().unwrap();
    let norm = |activation| {
        let done = own(a).batch_norm_in_place(b, b, 1e-5, activation)?;
        let stats = done.stats;
        own(a).batch_norm_backward_in_place(&done.xhat, &stats, b, b, 1e-5, activation)
    };
    let g = a.conv2d_geometry(b, OPTIONS);
    let pool = a.pool2d_geometry(PoolKind::Average, 3, 2, 1);
    let axis = Axis {
        outer: 1,
        axis: 2,
        inner: 3,
    };
    let one = Coefficient::Constant;
    let (coefficient, side, format) = (1, 3, Some(formats[0]));
    let terms = [KernelTerm {
        coefficient,
        side,
        format,
    }];
    let kernels = [b.clone()];
    let merge = a.merge_kernels_backward(b, &terms, &kernels, &[true], Some(&mut own(b)));
    let quantised = ConvValues {
        x: Values::Quantise(formats[1]),
        w: Values::Quantise(formats[0]),
    };
    vec![
        ("unary", a.unary(UnaryOp::Tanh).map(drop)),
        (
            "unary_in_place",
            own(a).unary_in_place(UnaryOp::Relu).map(drop),
        ),
        ("binary", a.binary(BinaryOp::Add, b).map(drop)),
        (
            "binary_in_place",
            own(a).binary_in_place(BinaryOp::Div, b).map(drop),
        ),
        ("accumulate", own(a).accumulate(one(2.0), b)),
        ("fill", own(a).fill(1.0)),
        ("narrow", a.narrow(1, 2).map(drop)),
        ("narrow far", a.narrow(usize::MAX, usize::MAX).map(drop)),
        ("write_part", own(a).write_part(1, b)),
        ("reshape", a.reshape([usize::MAX, usize::MAX]).map(drop)),
        ("mask", a.mask(MaskOp::Positive).map(drop)),
        ("masked_in_place", own(a).masked_in_place(b).map(drop)),
        ("coefficient", a.coefficient(2).map(drop)),
        ("mix", a.mix(&[b.clone(), a.clone()]).map(drop)),
        ("mix of nothing", a.mix(&[]).map(drop)),
        ("mix_quantised", a.mix_quantised(&formats, b).map(drop)),
        (
            "mix_quantised_backward",
            a.mix_quantised_backward(&[], b, a, (true, true)).map(drop),
        ),
        (
            "mix_quantised_backward of another type",
            a.mix_quantised_backward(&formats[..1], b, b, (true, false))
                .map(drop),
        ),
        ("embed_kernel", own(a).embed_kernel(one(1.0), b)),
        (
            "merge_kernels",
            a.merge_kernels(&terms, &kernels, 3).map(drop),
        ),
        (
            "merge_kernels of none",
            a.merge_kernels(&[], &[], 3).map(drop),
        ),
        ("merge_kernels_backward", merge.map(drop)),
        ("crop_kernel", a.crop_kernel(1).map(drop)),
        ("crop_kernel far", a.crop_kernel(usize::MAX).map(drop)),
        ("batch_norm", norm(None).map(drop)),
        (
            "batch_norm_activation",
            norm(Some(Activation::Relu6)).map(drop),
        ),
        (
            "batch_norm_backward",
            own(a)
                .batch_norm_backward_in_place(b, b, a, a, 1e-5, None)
                .map(drop),
        ),
        (
            "batch_norm_inference",
            own(a)
                .batch_norm_inference_in_place(b, b, b, b, 1e-5, None)
                .map(drop),
        ),
        ("sgd_step", own(a).sgd_step(&SGD, one(1.0), b, &mut own(a))),
        (
            "sgd_step's velocity",
            own(a).sgd_step(&SGD, one(1.0), a, &mut own(b)),
        ),
        (
            "adam_step",
            own(a).adam_step(&ADAM, one(1.0), a, &mut own(b), &mut own(a)),
        ),
        ("matmul", a.matmul(false, b, false).map(drop)),
        ("matmul transposed", a.matmul(true, b, true).map(drop)),
        ("softmax", a.softmax().map(drop)),
        ("softmax_backward", a.softmax_backward(b).map(drop)),
        ("reduce", a.reduce(ReduceOp::Max, axis, b.shape()).map(drop)),
        ("reduce_all", a.reduce_all(ReduceOp::Mean).map(drop)),
        ("broadcast", a.broadcast(axis, 2.0, b.shape()).map(drop)),
        ("dot", a.dot(b).map(drop)),
        ("encode", a.encode(formats[0]).map(drop)),
        (
            "encode too wide",
            a.encode(FixedPoint::unsigned(8, 8)).map(drop),
        ),
        ("decode", a.decode(formats[1]).map(drop)),
        ("conv2d", a.conv2d(b, OPTIONS).map(drop)),
        (
            "fake_quantised_conv2d",
            a.fake_quantised_conv2d(b, quantised, OPTIONS).map(drop),
        ),
        (
            "fake_quantised_conv2d gradients",
            g.clone().and_then(|g| {
                let y = a.fake_quantised_conv2d(b, quantised, OPTIONS)?;
                y.fake_quantised_conv2d_weight_gradient(a, b, quantised, &g)?;
                y.fake_quantised_conv2d_input_gradient(b, quantised, &g)
                    .map(drop)
            }),
        ),
        (
            "conv2d gradients",
            g.and_then(|g| {
                let y = a.conv2d(b, OPTIONS)?;
                y.conv2d_weight_gradient(a, &g)?;
                y.conv2d_input_gradient(b, &g).map(drop)
            }),
        ),
        (
            "pool2d",
            pool.and_then(|g| {
                let y = a.pool2d(&g)?;
                y.pool2d_backward(a, &g).map(drop)
            }),
        ),
        ("pool2d of other images", a.pool2d(&POOL).map(drop)),
        ("pool2d_backward", a.pool2d_backward(b, &POOL).map(drop)),
        ("place_images", own(a).place_images(b, b)),
        ("place_images of bytes", place(a, b)),
        ("cross_entropy", a.cross_entropy(b, 0.1).map(drop)),
    ]
}

/// Places the bytes of an image in `a`, with `b` for the placement.
fn place<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> Result<()> {
    let elements = a.elements().min(96);
    let bytes = Tensor::from_slice(a.arena(), [1, 1, 1, elements], &vec![7u8; elements])?;
    let mut y = a.reshape([1, 1, 1, a.elements()])?.copy()?;
    y.place_images(&bytes, b)
}

/// Of all pairs of operands, all outcomes.
fn all<B: Backend>(backend: B) -> Vec<(String, Outcomes)> {
    let arena = Arena::with_bound(backend, 8 << 20).unwrap();
    let operands = operands(&arena);
    let mut all = Vec::new();
    for a in &operands {
        for b in &operands {
            let pair = format!("{a:?} with {b:?}");
            all.push((pair, outcomes(a, b)));
        }
    }
    all
}

#[test]
fn a_plan_refuses_what_the_run_refuses_and_nothing_panics() {
    let cpu = Cpu::new(1).unwrap();
    let plan = all(Meta::<Cpu>::new(cpu.spec()));
    let (mut good, mut bad) = (0, 0);
    for ((pair, plan), (_, run)) in plan.into_iter().zip(all(cpu)) {
        for ((name, plan), (_, run)) in plan.into_iter().zip(run) {
            assert_eq!(plan, run, "{name} of {pair}");
            *(if run.is_ok() { &mut good } else { &mut bad }) += 1;
        }
    }
    assert!(good > 1000 && bad > 5000, "{good} succeeded, {bad} refused");
}

#[test]
fn shapes_whose_size_overflows_are_over_every_bound() {
    let meta = Meta::<Cpu>::new(Cpu::new(1).unwrap().spec());
    let arena = Arena::with_bound(meta, usize::MAX).unwrap();
    for shape in [[1 << 32, 1 << 32], [1 << 62, 1], [usize::MAX, usize::MAX]] {
        let refused = Tensor::empty(&arena, "test", shape, DType::F32);
        assert!(
            matches!(refused, Err(Error::OverBound { op: "test", .. })),
            "{shape:?}"
        );
    }
    let huge = Tensor::empty(&arena, "test", [1 << 60], DType::F32).unwrap();
    assert_eq!(huge.read::<f32>(), Err(Error::NoValues { op: "read" }));
}

#[test]
fn gradients_of_operands_that_do_not_fit_the_geometry_say_which() {
    let cpu = Cpu::new(1).unwrap();
    let arena = Arena::with_bound(cpu, 1 << 20).unwrap();
    let g = Conv2d::new(2, [4, 4, 3], 5, 3, OPTIONS).unwrap();
    let x = Tensor::zeros(&arena, [2, 4, 4, 3]).unwrap();
    let w = Tensor::zeros(&arena, [5, 3, 3, 3]).unwrap();
    let dy = Tensor::zeros(&arena, [2, 4, 4, 5]).unwrap();
    let length = |op, operand, expected, got| {
        Some(Error::Length {
            op,
            operand,
            expected,
            got,
        })
    };
    let (dx, dw) = ("conv2d_input_gradient", "conv2d_weight_gradient");
    assert!(dy.conv2d_input_gradient(&w, &g).is_ok());
    assert_eq!(
        dy.conv2d_input_gradient(&x, &g).err(),
        length(dx, "w", 4 * 135, 4 * 96)
    );
    assert_eq!(
        x.conv2d_input_gradient(&w, &g).err(),
        length(dx, "dy", 4 * 160, 4 * 96)
    );
    assert!(dy.conv2d_weight_gradient(&x, &g).is_ok());
    assert_eq!(
        dy.conv2d_weight_gradient(&w, &g).err(),
        length(dw, "x", 4 * 96, 4 * 135)
    );
    let text = x.conv2d_weight_gradient(&x, &g).unwrap_err().to_string();
    let expected = "conv2d_weight_gradient: dy has 384 bytes where the geometry says 640";
    assert_eq!(text, expected);
    let values = ConvValues {
        x: Values::Float,
        w: Values::Quantise(FixedPoint::signed(1, 2)),
    };
    let (dx, dw) = (
        "fake_quantised_conv2d_input_gradient",
        "fake_quantised_conv2d_weight_gradient",
    );
    assert_eq!(
        dy.fake_quantised_conv2d_input_gradient(&x, values, &g)
            .err(),
        length(dx, "w", 4 * 135, 4 * 96)
    );
    assert_eq!(
        dy.fake_quantised_conv2d_weight_gradient(&x, &x, values, &g)
            .err(),
        length(dw, "w", 4 * 135, 4 * 96)
    );
    let narrow = Conv2d {
        output: [4, 3, 5],
        ..g
    };
    let error = dy.conv2d_input_gradient(&w, &narrow).unwrap_err();
    assert_eq!(
        error.to_string(),
        "conv2d: the output's width is 3, but has to be (input + 2 * padding - kernel) / stride + 1"
    );
}

#[test]
fn absurd_geometries_are_refused_before_anything_overflows() {
    let conv = |batch, input, channels, kernel, options| match Conv2d::new(
        batch, input, channels, kernel, options,
    ) {
        Err(Error::Geometry { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let max = usize::MAX;
    let padded = Conv2dOptions {
        padding: max,
        ..OPTIONS
    };
    let [images, output, weights] = [
        "the padded images' number of elements",
        "the output's number of elements",
        "the weights' number of elements",
    ];
    assert_eq!(conv(max, [4, 4, 3], 1, 3, OPTIONS), images);
    assert_eq!(conv(1, [4, 4, 3], 1, 3, padded), images);
    assert_eq!(conv(1, [1 << 20, 1 << 20, 3], max, 3, OPTIONS), output);
    assert_eq!(conv(1, [4, 4, 1 << 40], 1 << 40, 3, OPTIONS), weights);
    assert_eq!(conv(1, [4, 4, 3], 1, max, OPTIONS), "the kernel");
    for pool in [
        Pool2d {
            kernel: max,
            padding: max - 1,
            ..POOL
        },
        Pool2d {
            input: [max, max, 1],
            kernel: 2,
            padding: 1,
            ..POOL
        },
    ] {
        assert!(matches!(
            pool.checked(),
            Err(Error::Geometry {
                what: "the padding",
                ..
            })
        ));
    }
}

/// Products of such sizes would wrap to those of the operands.
#[test]
fn sizes_that_wrap_to_those_of_the_operands_are_refused() {
    let arena = Arena::with_bound(Cpu::new(1).unwrap(), 1 << 20).unwrap();
    let k = (1 << 60) + 4096;
    let shape = radars_tensor::MatMul {
        m: 16,
        n: 16,
        k,
        transpose_a: false,
        transpose_b: false,
    };
    assert_eq!(16usize.wrapping_mul(k), 1 << 16);
    let a = Tensor::zeros(&arena, [16, 4096]).unwrap();
    let mut c = Tensor::zeros(&arena, [16, 16]).unwrap();
    let mut scratch = arena.allocate("test", 0).unwrap();
    let refused = arena.backend().matmul(
        &shape,
        a.view(),
        a.view(),
        c.view_mut("test").unwrap(),
        scratch.view_mut(),
    );
    assert!(
        matches!(refused, Err(Error::Length { operand: "a", .. })),
        "{refused:?}"
    );
}
