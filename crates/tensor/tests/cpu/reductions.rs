//! Reductions along an axis, their adjoint, inner products.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, scratch, values, wide};
use radars_tensor::{Axis, Backend, Op, ReduceOp};

fn axes() -> Vec<Axis> {
    [
        [1, 1, 1],
        [1, 7, 1],
        [1, 1037, 1],
        [1, 100_003, 1],
        [257, 10, 1],
        [5, 40_000, 1],
        [1, 300, 3],
        [1, 70_001, 3],
        [3, 49, 130],
        [2, 2000, 131],
        [1, 2, 20_000],
    ]
    .map(|[outer, axis, inner]| Axis { outer, axis, inner })
    .into()
}

#[test]
fn reductions_equal_plain_loops() {
    on_every_isa(|arena| {
        for axis in axes() {
            let x = values(axis.elements(), 1);
            for op in [
                ReduceOp::Sum,
                ReduceOp::Mean,
                ReduceOp::SumOfSquares,
                ReduceOp::Max,
            ] {
                let mut expected = Vec::new();
                for outer in 0..axis.outer {
                    for inner in 0..axis.inner {
                        let at =
                            |i: usize| f64::from(x[(outer * axis.axis + i) * axis.inner + inner]);
                        let column = (0..axis.axis).map(at);
                        expected.push(match op {
                            ReduceOp::Sum => column.sum(),
                            ReduceOp::Mean => column.sum::<f64>() / axis.axis as f64,
                            ReduceOp::SumOfSquares => column.map(|x| x * x).sum(),
                            ReduceOp::Max => column.fold(f64::NEG_INFINITY, f64::max),
                        });
                    }
                }
                let x = buffer(arena, &x);
                let mut y = result(arena, axis.reduced());
                let mut scratch = scratch(arena, &Op::Reduce(op, axis));
                let backend = arena.backend();
                backend
                    .reduce(op, &axis, x.view(), y.view_mut(), scratch.view_mut())
                    .unwrap();
                let tolerance = if op == ReduceOp::Max {
                    0.0
                } else {
                    2e-6 * (axis.axis as f64).sqrt().max(1.0) / 4.0
                };
                assert_close(&read(&y), &expected, tolerance.max(0.0));
            }
        }
    });
}

/// 2^24 + 1 is no f32: a sum that counts in f32 stops there.
#[test]
fn a_long_sum_of_ones_is_exact() {
    const N: usize = (1 << 20) + 1;
    on_every_isa(|arena| {
        let x = buffer(arena, &vec![16.0f32; N]);
        let mut y = result(arena, 1);
        let axis = Axis {
            outer: 1,
            axis: N,
            inner: 1,
        };
        let mut scratch = scratch(arena, &Op::Reduce(ReduceOp::Sum, axis));
        let backend = arena.backend();
        backend
            .reduce(
                ReduceOp::Sum,
                &axis,
                x.view(),
                y.view_mut(),
                scratch.view_mut(),
            )
            .unwrap();
        assert_eq!(read::<f32>(&y), [16_777_232.0]);
    });
}

#[test]
fn broadcasts_repeat_along_the_axis() {
    on_every_isa(|arena| {
        for axis in axes() {
            let x = values(axis.reduced(), 1);
            let expected: Vec<f32> = (0..axis.elements())
                .map(|i| {
                    let (outer, inner) = (i / axis.inner / axis.axis, i % axis.inner);
                    0.25 * x[outer * axis.inner + inner]
                })
                .collect();
            let x = buffer(arena, &x);
            let mut y = result(arena, axis.elements());
            arena
                .backend()
                .broadcast(&axis, 0.25, x.view(), y.view_mut())
                .unwrap();
            assert_eq!(read::<f32>(&y), expected, "{axis:?}");
        }
    });
}

#[test]
fn inner_products_equal_plain_loops() {
    on_every_isa(|arena| {
        for n in [1, 15, 1037, 16_385, 100_003] {
            let (a, b) = (values(n, 1), values(n, 2));
            let expected: f64 = wide(&a).iter().zip(wide(&b)).map(|(a, b)| a * b).sum();
            let (a, b, mut y) = (buffer(arena, &a), buffer(arena, &b), result(arena, 1));
            let mut scratch = scratch(arena, &Op::Dot(n));
            let backend = arena.backend();
            backend
                .dot(a.view(), b.view(), y.view_mut(), scratch.view_mut())
                .unwrap();
            assert_close(&read(&y), &[expected], 1e-5);
        }
    });
}
