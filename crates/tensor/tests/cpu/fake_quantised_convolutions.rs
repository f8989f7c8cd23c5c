//! Convolutions that quantise their operands against the plain ones of operands that the format itself
//! quantised, value by value, on the host.

use crate::codes::codes;
use crate::fixture::{buffer, on_every_isa, read, result, scratch, values};
use radars_tensor::{
    Arena, Backend, Buffer, Conv2d, Conv2dOptions, ConvValues, Cpu, Error, FixedPoint, Mut, Op,
    Ref, Values,
};

/// Of `-2 .. 2`, both formats clip some.
const X: FixedPoint = FixedPoint::unsigned(1, 3);
const W: FixedPoint = FixedPoint::signed(1, 2);

fn all_values() -> Vec<ConvValues> {
    let all = |format| {
        [
            Values::Float,
            Values::OnGrid(format),
            Values::Quantise(format),
            Values::Codes(format),
        ]
    };
    all(X)
        .into_iter()
        .flat_map(|x| all(W).map(|w| ConvValues { x, w }))
        .collect()
}

/// Images, output channels, side of the kernel, stride and groups: direct, strided and depthwise paths.
fn geometries() -> Vec<Conv2d> {
    [
        (2, [6, 5, 3], 7, 3, 1, 1),
        (3, [9, 9, 16], 32, 5, 2, 1),
        (1, [4, 7, 8], 8, 3, 1, 8),
    ]
    .map(|(batch, input, channels, kernel, stride, groups)| {
        let options = Conv2dOptions {
            stride,
            padding: kernel / 2,
            groups,
        };
        Conv2d::new(batch, input, channels, kernel, options).unwrap()
    })
    .to_vec()
}

/// `n` values of which `kind` says the truth.
fn operand(kind: Values, n: usize, seed: u64) -> Vec<f32> {
    let floats = values(n, seed).into_iter();
    match kind {
        Values::OnGrid(format) | Values::Codes(format) => {
            floats.map(|x| format.quantise(x)).collect()
        }
        Values::Float | Values::Quantise(_) => floats.collect(),
    }
}

/// What the convolution multiplies.
fn taken(kind: Values, operand: &[f32]) -> Vec<f32> {
    match kind {
        Values::Quantise(format) => operand.iter().map(|&x| format.quantise(x)).collect(),
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => operand.to_vec(),
    }
}

/// The operand as it is handed over.
fn stored(arena: &Arena<Cpu>, kind: Values, operand: &[f32]) -> Buffer<Cpu> {
    match kind {
        Values::Codes(format) => buffer(arena, &codes(format, operand)),
        _ => buffer(arena, operand),
    }
}

#[test]
fn they_equal_the_plain_ones_of_quantised_operands_bit_for_bit() {
    on_every_isa(|arena| {
        let backend = arena.backend();
        for g in geometries() {
            for values in all_values() {
                let x = operand(values.x, g.input_elements(), 1);
                let w = operand(values.w, g.weight_elements(), 2);
                let (qx, qw) = (taken(values.x, &x), taken(values.w, &w));
                let dy = buffer(arena, &operand(Values::Float, g.output_elements(), 3));
                let passes = |w: f32| match values.w {
                    Values::Quantise(format) => format.passes(w),
                    Values::Float | Values::OnGrid(_) | Values::Codes(_) => true,
                };
                let pass: Vec<bool> = w.iter().map(|&w| passes(w)).collect();
                let (x, w) = (stored(arena, values.x, &x), stored(arena, values.w, &w));
                let (qx, qw) = (buffer(arena, &qx), buffer(arena, &qw));

                let run = |n: usize, op, method: &dyn Fn(Mut<'_, Cpu>, Mut<'_, Cpu>)| {
                    let (mut y, mut space) = (result(arena, n), scratch(arena, &op));
                    method(y.view_mut(), space.view_mut());
                    read::<u32>(&y)
                };
                let plain = run(g.output_elements(), Op::Conv2dFprop(g), &|y, scratch| {
                    let (x, w) = (qx.view(), qw.view());
                    backend.conv2d_fprop(&g, x, w, y, scratch).unwrap();
                });
                let op = Op::FakeQuantisedConv2dFprop(g, values);
                let fused = run(g.output_elements(), op, &|y, scratch| {
                    let (x, w) = (x.view(), w.view());
                    let done = backend.fake_quantised_conv2d_fprop(&g, values, x, w, y, scratch);
                    done.unwrap();
                });
                assert_eq!(fused, plain, "fprop of {values:?}, {g:?}");

                let plain = run(g.input_elements(), Op::Conv2dDgrad(g), &|dx, scratch| {
                    let (dy, w) = (dy.view(), qw.view());
                    backend.conv2d_dgrad(&g, dy, w, dx, scratch).unwrap();
                });
                let op = Op::FakeQuantisedConv2dDgrad(g, values);
                let fused = run(g.input_elements(), op, &|dx, scratch| {
                    let (dy, w) = (dy.view(), w.view());
                    let done = backend.fake_quantised_conv2d_dgrad(&g, values, dy, w, dx, scratch);
                    done.unwrap();
                });
                assert_eq!(fused, plain, "dgrad of {values:?}, {g:?}");

                let mut plain = run(g.weight_elements(), Op::Conv2dWgrad(g), &|dw, scratch| {
                    let (x, dy) = (qx.view(), dy.view());
                    backend.conv2d_wgrad(&g, x, dy, dw, scratch).unwrap();
                });
                for (dw, pass) in plain.iter_mut().zip(&pass) {
                    *dw = if *pass { *dw } else { 0 };
                }
                let clipped = pass.iter().filter(|pass| !**pass).count();
                assert_eq!(clipped > 0, matches!(values.w, Values::Quantise(_)));
                let op = Op::FakeQuantisedConv2dWgrad(g, values);
                let fused = run(g.weight_elements(), op, &|dw, scratch| {
                    let [x, w, dy] = [&x, &w, &dy].map(|operand| operand.view());
                    backend
                        .fake_quantised_conv2d_wgrad(&g, values, x, w, dy, dw, scratch)
                        .unwrap();
                });
                assert_eq!(fused, plain, "wgrad of {values:?}, {g:?}");
            }
        }
    });
}

/// Operands that both lie on grids become codes, of a byte here, of images in frames of two pixels, or are
/// images of codes already. Else only what is quantised or decoded takes scratch beyond that of the plain
/// convolution, and the mask of the weights' gradient takes the same as the convolution before it.
#[test]
fn scratch_holds_what_is_quantised_and_nothing_else() {
    on_every_isa(|arena| {
        let spec = arena.backend().spec();
        let g = geometries()[1]; // x [3, 9, 9, 16], w [32, 5, 5, 16]
        let (x_bytes, w_bytes) = (15_616, 51_200); // 3 * 9 * 9 * 16 * 4 = 15552 in units of 256
        let integers = 3 * 13 * 13 * 16 + 32 * 5 * 5 * 16;
        let bytes = |op: &Op<'_>| Cpu::scratch_bytes(&spec, op);
        for values in all_values() {
            let of = |kind, bytes| match kind {
                Values::Quantise(_) | Values::Codes(_) => bytes,
                Values::Float | Values::OnGrid(_) => 0,
            };
            let (x, w) = (of(values.x, x_bytes), of(values.w, w_bytes));
            let fprop = bytes(&Op::FakeQuantisedConv2dFprop(g, values));
            let expected = match (values.x, values.w) {
                (Values::Float, _) | (_, Values::Float) => bytes(&Op::Conv2dFprop(g)) + x + w,
                // Codes of weights are decoded, and those of images with them.
                (of_x, Values::Codes(_)) => {
                    let x = if matches!(of_x, Values::Codes(_)) {
                        x
                    } else {
                        0
                    };
                    x + w + integers
                }
                _ => integers,
            };
            assert_eq!(fprop, expected, "{values:?}");
            let dgrad = bytes(&Op::FakeQuantisedConv2dDgrad(g, values));
            assert_eq!(dgrad, bytes(&Op::Conv2dDgrad(g)) + w);
            let wgrad = bytes(&Op::FakeQuantisedConv2dWgrad(g, values));
            let plain = bytes(&Op::Conv2dWgrad(g)) + x;
            let expected = match values.w {
                Values::Codes(_) => plain + w,
                of_w => plain.max(of(of_w, 12_800 / 8)),
            };
            assert_eq!(wgrad, expected, "{values:?}");
        }
    });
}

#[test]
fn operands_of_other_lengths_are_refused() {
    on_every_isa(|arena| {
        let g = geometries()[0];
        let values = ConvValues {
            x: Values::Quantise(X),
            w: Values::Quantise(W),
        };
        let full = |n| result(arena, n);
        let [x, w, dy] = [g.input_elements(), g.weight_elements(), g.output_elements()].map(full);
        let backend = arena.backend();
        let ops = [
            Op::FakeQuantisedConv2dFprop(g, values),
            Op::FakeQuantisedConv2dDgrad(g, values),
            Op::FakeQuantisedConv2dWgrad(g, values),
        ];
        let refusal = |operands: [Ref<'_, Cpu>; 3], out: usize, which: usize| {
            let [a, b, c] = operands;
            let (mut out, mut space) = (full(out), scratch(arena, &ops[which]));
            let (out, space) = (out.view_mut(), space.view_mut());
            let refused = match which {
                0 => backend.fake_quantised_conv2d_fprop(&g, values, a, b, out, space),
                1 => backend.fake_quantised_conv2d_dgrad(&g, values, c, b, out, space),
                _ => backend.fake_quantised_conv2d_wgrad(&g, values, a, b, c, out, space),
            };
            match refused {
                Ok(()) => "none",
                Err(Error::Length { operand, .. }) => operand,
                Err(other) => panic!("{other}"),
            }
        };
        let outputs = [g.output_elements(), g.input_elements(), g.weight_elements()];
        let (x, w, dy) = (x.view(), w.view(), dy.view());
        let wrong = x.slice(0..4);
        for (which, (out, name)) in outputs.into_iter().zip(["y", "dx", "dw"]).enumerate() {
            assert_eq!(refusal([x, w, dy], out, which), "none");
            assert_eq!(refusal([x, w, dy], out + 1, which), name);
            assert_eq!(refusal([x, wrong, dy], out, which), "w");
        }
        assert_eq!(refusal([wrong, w, dy], outputs[0], 0), "x");
        assert_eq!(refusal([x, w, wrong], outputs[1], 1), "dy");
        assert_eq!(refusal([wrong, w, dy], outputs[2], 2), "x");
        assert_eq!(refusal([x, w, wrong], outputs[2], 2), "dy");
    });
}
