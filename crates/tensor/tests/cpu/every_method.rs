//! One call of every method of the backend, for properties that all of them have.

mod images;

use crate::fixture::{F32, buffer, read, values};
use radars_tensor::{
    Activation, AdamStep, Arena, Axis, Backend, BatchNorm, BatchNormInference, BatchNormSaved,
    BinaryOp, Buffer, Coefficient, Cpu, CrossEntropy, Embedding, FixedPoint, KernelMerge, MaskOp,
    MatMul, Op, Operand, ReduceOp, Result, SgdStep, UnaryOp,
};

/// What is done around every call.
pub type Around<'a> = &'a mut dyn FnMut(&'static str, &mut dyn FnMut() -> Result<()>);

/// How large the operands are, and how many bytes the scratch lacks.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Rows of 24 values.
    pub rows: usize,
    /// Bytes less than the wanted scratch.
    pub scratch_lacks: usize,
}

/// The bits of all results.
pub type Bits = Vec<(&'static str, Vec<u32>)>;

const COLUMNS: usize = 24;

/// Calls every method, each inside `around`.
pub fn every_method(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>) -> Bits {
    let mut bits = Bits::new();
    elementwise(arena, extent, around, &mut bits);
    reductions(arena, extent, around, &mut bits);
    images::images(arena, extent, around, &mut bits);
    batch_norms(arena, extent, around, &mut bits);
    losses(arena, extent, around, &mut bits);
    mixtures(arena, extent, around, &mut bits);
    optimizers(arena, extent, around, &mut bits);
    bits
}

fn scratch(arena: &Arena<Cpu>, extent: Extent, op: &Op<'_>) -> Buffer<Cpu> {
    let bytes = Cpu::scratch_bytes(&arena.backend().spec(), op);
    let bytes = bytes.saturating_sub(extent.scratch_lacks);
    arena.allocate("test", bytes).unwrap()
}

fn zeros(arena: &Arena<Cpu>, n: usize) -> Buffer<Cpu> {
    buffer(arena, &vec![0.0f32; n])
}

fn elementwise(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let n = extent.rows * COLUMNS - 1;
    let backend = arena.backend();
    let format = FixedPoint::signed(1, 3);
    let (a, b) = (buffer(arena, &values(n, 1)), buffer(arena, &values(n, 2)));
    let mut y = zeros(arena, n);
    around("copy", &mut || backend.copy(a.view(), y.view_mut()));
    bits.push(("copy", read(&y)));
    around("fill", &mut || backend.fill(2.5, y.view_mut()));
    bits.push(("fill", read(&y)));
    for op in [
        UnaryOp::Sigmoid,
        UnaryOp::Tanh,
        UnaryOp::Exp,
        UnaryOp::FakeQuantise(format),
    ] {
        around("unary", &mut || {
            backend.unary(op, Operand::Read(a.view()), y.view_mut())
        });
        bits.push(("unary", read(&y)));
    }
    for op in [
        BinaryOp::Div,
        BinaryOp::TanhBackward,
        BinaryOp::FakeQuantiseBackward(format),
    ] {
        around("binary", &mut || {
            backend.binary(op, Operand::Read(a.view()), b.view(), y.view_mut())
        });
        bits.push(("binary", read(&y)));
    }
    around("accumulate", &mut || {
        backend.accumulate(Coefficient::Constant(0.7), b.view(), y.view_mut())
    });
    bits.push(("accumulate", read(&y)));
    let mut codes = buffer(arena, &vec![0u8; n]);
    around("encode", &mut || {
        backend.encode(format, a.view(), codes.view_mut())
    });
    around("decode", &mut || {
        backend.decode(format, codes.view(), y.view_mut())
    });
    bits.push(("decode", read(&y)));
    let mut mask = buffer(arena, &vec![0u8; n.div_ceil(8)]);
    around("mask", &mut || {
        backend.mask(MaskOp::Positive, a.view(), mask.view_mut())
    });
    around("apply_mask", &mut || {
        backend.apply_mask(mask.view(), y.view_mut())
    });
    bits.push(("apply_mask", read(&y)));
}

fn reductions(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let n = extent.rows * COLUMNS;
    let (x, w) = (buffer(arena, &values(n, 1)), buffer(arena, &values(n, 2)));
    for [outer, axis, inner] in [
        [1, n, 1],
        [1, extent.rows, COLUMNS],
        [extent.rows, COLUMNS, 1],
    ] {
        let axis = Axis { outer, axis, inner };
        let (mut y, mut full) = (zeros(arena, axis.reduced()), zeros(arena, n));
        let mut scratch = scratch(arena, extent, &Op::Reduce(ReduceOp::SumOfSquares, axis));
        around("reduce", &mut || {
            backend.reduce(
                ReduceOp::SumOfSquares,
                &axis,
                x.view(),
                y.view_mut(),
                scratch.view_mut(),
            )
        });
        bits.push(("reduce", read(&y)));
        around("broadcast", &mut || {
            backend.broadcast(&axis, 0.3, y.view(), full.view_mut())
        });
        bits.push(("broadcast", read(&full)));
    }
    let mut y = zeros(arena, 1);
    let mut space = scratch(arena, extent, &Op::Dot(n));
    around("dot", &mut || {
        backend.dot(x.view(), w.view(), y.view_mut(), space.view_mut())
    });
    bits.push(("dot", read(&y)));
    for transpose_b in [false, true] {
        let shape = MatMul {
            m: extent.rows,
            n: COLUMNS,
            k: COLUMNS,
            transpose_a: false,
            transpose_b,
        };
        let b = buffer(arena, &values(COLUMNS * COLUMNS, 3));
        let mut c = zeros(arena, n);
        let mut space = scratch(arena, extent, &Op::MatMul(shape));
        around("matmul", &mut || {
            backend.matmul(&shape, x.view(), b.view(), c.view_mut(), space.view_mut())
        });
        bits.push(("matmul", read(&c)));
    }
}

fn batch_norms(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let g = BatchNorm {
        rows: extent.rows,
        channels: COLUMNS,
        epsilon: 1e-5,
    };
    let n = extent.rows * COLUMNS;
    let format = FixedPoint::unsigned(1, 3);
    let activation = Activation::ReluQuantise(format);
    let [gamma, beta] = [3, 4].map(|seed| buffer(arena, &values(COLUMNS, seed)));
    let [mut x, mut dy] = [1, 2].map(|seed| buffer(arena, &values(n, seed)));
    let (mut y, mut stats) = (zeros(arena, n), zeros(arena, 2 * COLUMNS));
    let [mut dgamma, mut dbeta] = [(); 2].map(|()| zeros(arena, COLUMNS));
    let mut space = scratch(arena, extent, &Op::BatchNorm(g));
    around("batch_norm", &mut || {
        let (gamma, beta) = (gamma.view(), beta.view());
        backend.batch_norm(
            &g,
            x.view_mut(),
            gamma,
            beta,
            y.view_mut(),
            stats.view_mut(),
            space.view_mut(),
        )
    });
    bits.push(("batch_norm", read(&y)));
    let mut space = scratch(arena, extent, &Op::BatchNormActivation(g));
    around("batch_norm_activation", &mut || {
        let (gamma, beta) = (gamma.view(), beta.view());
        backend.batch_norm_activation(
            &g,
            activation,
            x.view_mut(),
            gamma,
            beta,
            y.view_mut(),
            stats.view_mut(),
            space.view_mut(),
        )
    });
    bits.push(("batch_norm_activation", read(&y)));
    bits.push(("batch_norm_activation", read(&stats)));
    let mut codes = buffer(arena, &vec![0u8; n]);
    let mut space = scratch(arena, extent, &Op::BatchNormEncode(g, format));
    around("batch_norm_encode", &mut || {
        let (gamma, beta) = (gamma.view(), beta.view());
        backend.batch_norm_encode(
            &g,
            format,
            x.view_mut(),
            gamma,
            beta,
            codes.view_mut(),
            stats.view_mut(),
            space.view_mut(),
        )
    });
    bits.push((
        "batch_norm_encode",
        read::<u8>(&codes).into_iter().map(u32::from).collect(),
    ));
    around("batch_norm_inference", &mut || {
        let parameters = BatchNormInference {
            gamma: gamma.view(),
            beta: beta.view(),
            mean: beta.view(),
            variance: stats.view().slice(COLUMNS * 4..COLUMNS * 8),
            activation: Some(activation),
        };
        backend.batch_norm_inference(&g, Operand::Read(x.view()), parameters, y.view_mut())
    });
    bits.push(("batch_norm_inference", read(&y)));
    let mut space = scratch(arena, extent, &Op::BatchNormBackward(g));
    for fused in [false, true] {
        let saved = BatchNormSaved {
            xhat: x.view(),
            gamma: gamma.view(),
            beta: beta.view(),
            stats: stats.view(),
        };
        let name = ["batch_norm_backward", "batch_norm_activation_backward"][usize::from(fused)];
        around(name, &mut || {
            let (dgamma, dbeta) = (dgamma.view_mut(), dbeta.view_mut());
            let (dy, space) = (dy.view_mut(), space.view_mut());
            match fused {
                false => backend.batch_norm_backward(&g, saved, dy, dgamma, dbeta, space),
                true => backend.batch_norm_activation_backward(
                    &g, activation, saved, dy, dgamma, dbeta, space,
                ),
            }
        });
        bits.push((name, read(&dy)));
        bits.push((name, read(&dgamma)));
        bits.push((name, read(&dbeta)));
    }
}

fn losses(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let n = extent.rows * COLUMNS;
    let (x, dy) = (buffer(arena, &values(n, 1)), buffer(arena, &values(n, 2)));
    let (mut y, mut dx, mut loss) = (zeros(arena, n), zeros(arena, n), zeros(arena, 1));
    around("softmax", &mut || {
        backend.softmax(COLUMNS, x.view(), y.view_mut())
    });
    bits.push(("softmax", read(&y)));
    around("softmax_backward", &mut || {
        backend.softmax_backward(COLUMNS, y.view(), dy.view(), dx.view_mut())
    });
    bits.push(("softmax_backward", read(&dx)));
    let g = CrossEntropy {
        rows: extent.rows,
        classes: COLUMNS,
        smoothing: 0.1,
    };
    let labels: Vec<i32> = (0..extent.rows).map(|row| (row % COLUMNS) as i32).collect();
    let labels = buffer(arena, &labels);
    let mut space = scratch(arena, extent, &Op::CrossEntropy(g));
    around("cross_entropy", &mut || {
        let (loss, dx) = (loss.view_mut(), dx.view_mut());
        backend.cross_entropy(&g, x.view(), labels.view(), loss, dx, space.view_mut())
    });
    bits.push(("cross_entropy", read(&loss)));
    bits.push(("cross_entropy", read(&dx)));
}

fn mixtures(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let n = extent.rows * COLUMNS;
    let formats = crate::mixtures::formats();
    let p = buffer(arena, &values(formats.len(), 9));
    let terms: Vec<_> = (0..6).map(|seed| buffer(arena, &values(n, seed))).collect();
    let views: Vec<_> = terms.iter().map(|term| term.view()).collect();
    let (mut y, mut dp) = (zeros(arena, n), zeros(arena, formats.len()));
    around("mix", &mut || backend.mix(p.view(), &views, y.view_mut()));
    bits.push(("mix", read(&y)));
    let (x, dy) = (views[0], views[1]);
    let mut space = scratch(arena, extent, &Op::MixQuantised(&formats, n));
    around("mix_quantised", &mut || {
        backend.mix_quantised(&formats, p.view(), x, y.view_mut(), space.view_mut())
    });
    bits.push(("mix_quantised", read(&y)));
    let mut space = scratch(arena, extent, &Op::MixQuantisedBackward(&formats, n));
    around("mix_quantised_backward", &mut || {
        let (dx, dp) = (Some(y.view_mut()), Some(dp.view_mut()));
        backend.mix_quantised_backward(&formats, p.view(), x, dy, dx, dp, space.view_mut())
    });
    bits.push(("mix_quantised_backward", read(&y)));
    bits.push(("mix_quantised_backward", read(&dp)));
    let g = Embedding {
        out_channels: extent.rows / 25,
        small: 3,
        large: 5,
        in_channels: COLUMNS,
    };
    let small = buffer(arena, &values(g.small_elements(), 1));
    let mut large = buffer(arena, &values(g.large_elements(), 2));
    let mut crop = zeros(arena, g.small_elements());
    around("embed_kernel", &mut || {
        backend.embed_kernel(
            &g,
            Coefficient::Constant(0.3),
            small.view(),
            large.view_mut(),
        )
    });
    bits.push(("embed_kernel", read(&large)));
    around("crop_kernel", &mut || {
        backend.crop_kernel(&g, large.view(), crop.view_mut())
    });
    bits.push(("crop_kernel", read(&crop)));
    let terms = crate::kernel_merges::terms();
    let g = KernelMerge {
        out_channels: extent.rows / 25,
        side: 5,
        in_channels: COLUMNS,
        terms: &terms,
    };
    let kernel = |term| buffer(arena, &values(g.embedding(term).small_elements(), 1));
    let kernels: Vec<_> = terms.iter().map(kernel).collect();
    let views: Vec<_> = kernels.iter().map(|kernel| kernel.view()).collect();
    let mut space = scratch(arena, extent, &Op::MergeKernels(g));
    around("merge_kernels", &mut || {
        backend.merge_kernels(&g, p.view(), &views, large.view_mut(), space.view_mut())
    });
    bits.push(("merge_kernels", read(&large)));
    let mut space = scratch(arena, extent, &Op::MergeKernelsBackward(g));
    let mut out: Vec<_> = (kernels.iter())
        .map(|kernel| zeros(arena, kernel.bytes() / F32))
        .collect();
    {
        let mut asked: Vec<_> = out.iter_mut().map(|out| Some(out.view_mut())).collect();
        around("merge_kernels_backward", &mut || {
            let (p, d, dp) = (p.view(), large.view(), Some(dp.view_mut()));
            backend.merge_kernels_backward(&g, p, &views, d, &mut asked, dp, space.view_mut())
        });
    }
    bits.push(("merge_kernels_backward", read(&dp)));
    for out in &out {
        bits.push(("merge_kernels_backward", read(out)));
    }
}

fn optimizers(arena: &Arena<Cpu>, extent: Extent, around: Around<'_>, bits: &mut Bits) {
    let backend = arena.backend();
    let n = extent.rows * COLUMNS;
    let gradient = buffer(arena, &values(n, 1));
    let (mut m, mut v, mut p) = (
        zeros(arena, n),
        zeros(arena, n),
        buffer(arena, &values(n, 2)),
    );
    let step = SgdStep {
        rate: 0.1,
        momentum: 0.9,
        nesterov: true,
        weight_decay: 0.01,
    };
    around("sgd_step", &mut || {
        let c = Coefficient::Constant(0.3);
        backend.sgd_step(&step, c, gradient.view(), m.view_mut(), p.view_mut())
    });
    bits.push(("sgd_step", read(&p)));
    let step = AdamStep {
        rate: 0.01,
        betas: (0.9, 0.999),
        epsilon: 1e-8,
        weight_decay: 0.01,
        bias_corrections: (0.1, 0.001),
    };
    around("adam_step", &mut || {
        let c = Coefficient::Constant(0.3);
        backend.adam_step(
            &step,
            c,
            gradient.view(),
            m.view_mut(),
            v.view_mut(),
            p.view_mut(),
        )
    });
    bits.push(("adam_step", read(&p)));
}
