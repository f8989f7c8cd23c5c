//! The matrix product.

use radars_tensor::{Backend, MatMul, Op, Result};

use crate::fixture::{Case, Outputs, Side, Tolerance, on_every_device, parity};

#[derive(Debug)]
struct Product {
    shape: MatMul,
    /// Whether operands hold small integers, whose sums are exact in any order.
    integers: bool,
}

impl Case for Product {
    fn run<B: Backend>(&self, side: &Side<B>) -> Result<Outputs> {
        let MatMul { m, n, k, .. } = self.shape;
        let [mut a, mut b] = [side.values(m * k), side.values(k * n)];
        if self.integers {
            a.iter_mut()
                .chain(&mut b)
                .for_each(|x| *x = (*x * 4.0).round());
        }
        let (a, b, mut c) = (side.input(&a), side.input(&b), side.output(m * n));
        let mut scratch = side.scratch(&Op::MatMul(self.shape));
        let backend = side.backend();
        backend.matmul(
            &self.shape,
            a.view(),
            b.view(),
            c.view_mut(),
            scratch.view_mut(),
        )?;
        Ok(vec![("c", side.read(&c))])
    }
}

/// Around the tile of 64 x 64 and the panel of 16, with and without whole quads; the classifier's among them.
const SIZES: [[usize; 3]; 11] = [
    [1, 1, 1],
    [1, 10, 512],
    [32, 10, 64],
    [64, 64, 16],
    [65, 63, 17],
    [68, 132, 20],
    [3, 5, 0],
    [7, 130, 33],
    [128, 12, 100],
    [10, 64, 32],
    [0, 4, 4],
];

#[test]
fn products_agree_in_all_four_layouts() {
    on_every_device(|cuda| {
        for [m, n, k] in SIZES {
            for (transpose_a, transpose_b) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let shape = MatMul {
                    m,
                    n,
                    k,
                    transpose_a,
                    transpose_b,
                };
                for (integers, tolerance) in [(true, Tolerance::EXACT), (false, Tolerance::SUM)] {
                    parity(&cuda, &Product { shape, integers }, tolerance);
                }
            }
        }
    });
}
