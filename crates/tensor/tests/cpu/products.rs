//! Matrix products.

use crate::fixture::{assert_close, buffer, on_every_isa, read, result, scratch, values};
use radars_tensor::{Backend, MatMul, Op};

#[test]
fn matrix_products_equal_plain_loops_in_every_layout() {
    // Small ones of the backend's own, large ones by gemm: several row blocks, several pieces of k.
    let sizes = [
        [1, 1, 1],
        [1, 140, 35],
        [3, 5, 7],
        [1, 1, 3000],
        [130, 10, 67],
        [65, 70, 1100],
        [1, 600, 600],
        [600, 1, 600],
    ];
    on_every_isa(|arena| {
        for [m, n, k] in sizes {
            let (a, b) = (values(m * k, 1), values(k * n, 2));
            for (transpose_a, transpose_b) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let mut expected = Vec::new();
                for i in 0..m {
                    for j in 0..n {
                        let product = |p: usize| {
                            let a = a[if transpose_a { p * m + i } else { i * k + p }];
                            let b = b[if transpose_b { j * k + p } else { p * n + j }];
                            f64::from(a) * f64::from(b)
                        };
                        expected.push((0..k).map(product).sum());
                    }
                }
                let shape = MatMul {
                    m,
                    n,
                    k,
                    transpose_a,
                    transpose_b,
                };
                let (a, b) = (buffer(arena, &a), buffer(arena, &b));
                let mut c = result(arena, m * n);
                let mut scratch = scratch(arena, &Op::MatMul(shape));
                let backend = arena.backend();
                backend
                    .matmul(&shape, a.view(), b.view(), c.view_mut(), scratch.view_mut())
                    .unwrap();
                assert_close(&read(&c), &expected, 1e-5 * (k as f64).sqrt().max(1.0));
            }
        }
    });
}
