//! The matrix product: small ones here, the rest by the crate `gemm` in blocks of rows.

use super::Cpu;
use super::conv::matmul::{Matrix, multiply};
use super::memory::{read, write};
use super::simd::simd;
use super::sums::sum_pairs;
use crate::shape::product;
use crate::{MatMul, Mut, Ref, Result};
use rayon::prelude::*;

/// Rows of the product that are one call of `gemm`.
const ROWS: usize = 64;

/// Products below which packing for `gemm`, which asks the heap, costs more than it saves.
const SMALL: usize = 1 << 15;

/// `c = a b`, either of the operands stored transposed.
pub(super) fn matmul(
    cpu: &Cpu,
    shape: &MatMul,
    a: Ref<'_, Cpu>,
    b: Ref<'_, Cpu>,
    c: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "matmul";
    let &MatMul { m, n, k, .. } = shape;
    let a = read(NAME, "a", a, product(&[m, k]))?;
    let b = read(NAME, "b", b, product(&[k, n]))?;
    let c = write(NAME, "c", c, product(&[m, n]))?;
    if c.is_empty() {
        return Ok(());
    }
    let products = product(&[m, n, k]);
    if products <= SMALL {
        simd(
            cpu.spec.isa,
            #[inline(always)]
            move || small(shape, a, b, c),
        );
        return Ok(());
    }
    let b = match shape.transpose_b {
        false => Matrix::rows(b, n),
        true => Matrix {
            values: b,
            rows: 1,
            columns: k,
        },
    };
    let items = c.par_chunks_mut(ROWS * n).enumerate();
    cpu.for_each(products, items, |(index, c)| {
        let start = index * ROWS;
        let a = match shape.transpose_a {
            false => Matrix::rows(&a[start * k..], k),
            true => Matrix {
                values: &a[start..],
                rows: 1,
                columns: m,
            },
        };
        multiply([c.len() / n, n, k], a, b, c, n, false);
    });
    Ok(())
}

#[inline(always)]
fn small(shape: &MatMul, a: &[f32], b: &[f32], c: &mut [f32]) {
    let &MatMul { m, n, k, .. } = shape;
    for (i, c) in c.chunks_exact_mut(n).enumerate() {
        match (shape.transpose_a, shape.transpose_b) {
            (false, true) => {
                for (j, c) in c.iter_mut().enumerate() {
                    let (a, b) = (&a[i * k..][..k], &b[j * k..][..k]);
                    *c = sum_pairs(
                        a,
                        b,
                        #[inline(always)]
                        move |a, b| a * b,
                    ) as f32;
                }
            }
            (true, true) => {
                for (j, c) in c.iter_mut().enumerate() {
                    let b = &b[j * k..][..k];
                    *c = (0..k).map(|p| a[p * m + i] * b[p]).sum();
                }
            }
            (transpose_a, false) => {
                c.fill(0.0);
                for (p, b) in b.chunks_exact(n).enumerate() {
                    let a = if transpose_a {
                        a[p * m + i]
                    } else {
                        a[i * k + p]
                    };
                    for (c, &b) in c.iter_mut().zip(b) {
                        *c += a * b;
                    }
                }
            }
        }
    }
}
