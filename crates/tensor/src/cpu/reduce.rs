//! Reductions along an axis, their adjoint, and inner products.

use super::Cpu;
use super::memory::{partials, read, write};
use super::parallel::{PIECE, pieces, rows_per_piece};
use super::simd::simd;
use super::sums::{BLOCK, column_blocks, sum, sum_columns, sum_pairs};
use crate::{Axis, Mut, ReduceOp, Ref, Result};
use rayon::prelude::*;

/// Steps along the axis that make one partial result.
fn steps(axis: &Axis) -> usize {
    match axis.inner {
        1 => PIECE,
        inner => rows_per_piece(inner),
    }
}

/// Bytes of scratch: a partial result for every part of the axis, when there are several.
pub(super) fn scratch_bytes(axis: &Axis) -> usize {
    match axis.axis.div_ceil(steps(axis)) {
        0 | 1 => 0,
        parts => axis.reduced() * parts * size_of::<f64>(),
    }
}

/// Bytes of scratch of [`dot`].
pub(super) fn dot_scratch_bytes(elements: usize) -> usize {
    pieces(elements) * size_of::<f64>()
}

/// Reduces `x [outer, axis, inner]` to `y [outer, inner]`.
pub(super) fn reduce(
    cpu: &Cpu,
    op: ReduceOp,
    axis: &Axis,
    x: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
    scratch: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "reduce";
    let x = read(NAME, "x", x, axis.elements())?;
    let y = write(NAME, "y", y, axis.reduced())?;
    let partials = partials(NAME, scratch, scratch_bytes(axis))?;
    if y.is_empty() {
        return Ok(());
    }
    let (isa, inner) = (cpu.spec.isa, axis.inner);
    let finish = |total: f64| match op {
        ReduceOp::Mean => (total / axis.axis as f64) as f32,
        ReduceOp::Sum | ReduceOp::SumOfSquares | ReduceOp::Max => total as f32,
    };
    let (steps, parts) = (steps(axis), axis.axis.div_ceil(steps(axis)));
    if parts <= 1 {
        let items = y.par_chunks_mut(inner).enumerate();
        cpu.for_each(x.len(), items, |(outer, y)| {
            let x = &x[outer * axis.axis * inner..][..axis.axis * inner];
            for (first, width) in column_blocks(inner) {
                let totals = simd(
                    isa,
                    #[inline(always)]
                    move || part(op, x, inner, first, width),
                );
                for (y, total) in y[first..][..width].iter_mut().zip(totals) {
                    *y = finish(total);
                }
            }
        });
        return Ok(());
    }
    let items = partials.par_chunks_mut(inner).enumerate();
    cpu.for_each(x.len(), items, |(index, partial)| {
        let (outer, start) = (index / parts, index % parts * steps);
        let end = axis.axis.min(start + steps);
        let x = &x[(outer * axis.axis + start) * inner..(outer * axis.axis + end) * inner];
        for (first, width) in column_blocks(inner) {
            let totals = simd(
                isa,
                #[inline(always)]
                move || part(op, x, inner, first, width),
            );
            partial[first..][..width].copy_from_slice(&totals[..width]);
        }
    });
    for (y, partials) in y
        .chunks_exact_mut(inner)
        .zip(partials.chunks_exact(inner * parts))
    {
        for (column, y) in y.iter_mut().enumerate() {
            let values = partials[column..].iter().step_by(inner).copied();
            *y = finish(match op {
                ReduceOp::Max => values.fold(f64::NEG_INFINITY, f64::max),
                _ => values.sum(),
            });
        }
    }
    Ok(())
}

/// The unscaled reduction of columns `first .. first + width` of `x [rows, columns]`.
#[inline(always)]
fn part(op: ReduceOp, x: &[f32], columns: usize, first: usize, width: usize) -> [f64; BLOCK] {
    let shape = [x.len() / columns, columns];
    let mut totals = [[0.0; BLOCK]];
    match op {
        ReduceOp::Sum | ReduceOp::Mean if columns == 1 => {
            totals[0][0] = sum(
                x,
                #[inline(always)]
                move |x| x,
            );
        }
        ReduceOp::SumOfSquares if columns == 1 => {
            totals[0][0] = sum(
                x,
                #[inline(always)]
                move |x| x * x,
            );
        }
        ReduceOp::Sum | ReduceOp::Mean => sum_columns(
            shape,
            first,
            width,
            &mut totals,
            #[inline(always)]
            move |[sums], range| {
                for (sum, &x) in sums.iter_mut().zip(&x[range]) {
                    *sum += x;
                }
            },
        ),
        ReduceOp::SumOfSquares => sum_columns(
            shape,
            first,
            width,
            &mut totals,
            #[inline(always)]
            move |[sums], range| {
                for (sum, &x) in sums.iter_mut().zip(&x[range]) {
                    *sum += x * x;
                }
            },
        ),
        ReduceOp::Max => {
            let mut largest = [f32::NEG_INFINITY; BLOCK];
            for row in x.chunks_exact(columns) {
                for (largest, &x) in largest.iter_mut().zip(&row[first..][..width]) {
                    *largest = if x > *largest { x } else { *largest };
                }
            }
            totals[0] = largest.map(f64::from);
        }
    }
    totals[0]
}

/// Repeats `x [outer, inner]`, times `scale`, along the axis of `y [outer, axis, inner]`.
pub(super) fn broadcast(
    cpu: &Cpu,
    axis: &Axis,
    scale: f32,
    x: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "broadcast";
    let x = read(NAME, "x", x, axis.reduced())?;
    let y = write(NAME, "y", y, axis.elements())?;
    let (isa, inner) = (cpu.spec.isa, axis.inner);
    if y.is_empty() {
        return Ok(());
    }
    let rows = (PIECE / inner).max(1);
    let items = y.par_chunks_mut(rows * inner).enumerate();
    cpu.for_each(axis.elements(), items, |(index, mut y)| {
        let mut row = index * rows;
        while !y.is_empty() {
            let (outer, step) = (row / axis.axis, row % axis.axis);
            let run = (axis.axis - step).min(y.len() / inner);
            let (here, rest) = y.split_at_mut(run * inner);
            let x = &x[outer * inner..][..inner];
            if let &[x] = x {
                here.fill(scale * x);
            } else {
                simd(
                    isa,
                    #[inline(always)]
                    move || {
                        for y in here.chunks_exact_mut(inner) {
                            for (y, &x) in y.iter_mut().zip(x) {
                                *y = scale * x;
                            }
                        }
                    },
                );
            }
            row += run;
            y = rest;
        }
    });
    Ok(())
}

/// The inner product of `a` and `b`.
pub(super) fn dot(
    cpu: &Cpu,
    a: Ref<'_, Cpu>,
    b: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
    scratch: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "dot";
    let elements = a.bytes() / size_of::<f32>();
    let a = read(NAME, "a", a, elements)?;
    let b = read(NAME, "b", b, elements)?;
    let y = write(NAME, "y", y, 1)?;
    let partials = partials(NAME, scratch, dot_scratch_bytes(elements))?;
    let isa = cpu.spec.isa;
    let items = partials
        .par_iter_mut()
        .zip(a.par_chunks(PIECE))
        .zip(b.par_chunks(PIECE));
    cpu.for_each(elements, items, |((partial, a), b)| {
        *partial = simd(
            isa,
            #[inline(always)]
            move || {
                sum_pairs(
                    a,
                    b,
                    #[inline(always)]
                    move |a, b| a * b,
                )
            },
        );
    });
    y[0] = partials.iter().sum::<f64>() as f32;
    Ok(())
}
