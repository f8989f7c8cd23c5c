//! Sums in a fixed order: f32 in sixteen lanes over short runs, f64 from there on.
//!
//! All kernels here are to be called inside [`simd`](super::simd::simd).

use std::ops::Range;

/// Partial sums that run side by side: one AVX-512 register, and four of the baseline.
const LANES: usize = 16;

/// Values that a lane, or a column, sums in f32 before it is added to an f64.
const RUN: usize = 64;

/// Columns that are summed together, by accumulators on the stack.
pub(super) const BLOCK: usize = 128;

/// The sum of `f(a[i], b[i])` over slices of one length.
#[inline(always)]
pub(super) fn sum_pairs(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(LANES * RUN).zip(b.chunks(LANES * RUN)) {
        let mut lanes = [0.0f32; LANES];
        let (a_lanes, a_rest) = a.as_chunks::<LANES>();
        let (b_lanes, b_rest) = b.as_chunks::<LANES>();
        for (a, b) in a_lanes.iter().zip(b_lanes) {
            for lane in 0..LANES {
                lanes[lane] += f(a[lane], b[lane]);
            }
        }
        for ((lane, &a), &b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
            *lane += f(a, b);
        }
        for lane in lanes {
            total += f64::from(lane);
        }
    }
    total
}

/// The sum of `f(x[i])`.
#[inline(always)]
pub(super) fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    sum_pairs(
        x,
        x,
        #[inline(always)]
        move |x, _| f(x),
    )
}

/// `N` sums over the rows of each of the columns `first .. first + width` of `[rows, columns]`, added to
/// `totals`; `add` adds the elements at a range of indices, one row's part, to the accumulators.
#[inline(always)]
pub(super) fn sum_columns<const N: usize>(
    [rows, columns]: [usize; 2],
    first: usize,
    width: usize,
    totals: &mut [[f64; BLOCK]; N],
    add: impl Fn(&mut [[f32; BLOCK]; N], Range<usize>),
) {
    let mut row = 0;
    while row < rows {
        let mut sums = [[0.0f32; BLOCK]; N];
        let end = rows.min(row + RUN);
        while row < end {
            let start = row * columns + first;
            add(&mut sums, start..start + width);
            row += 1;
        }
        for (totals, sums) in totals.iter_mut().zip(&sums) {
            for (total, &sum) in totals.iter_mut().zip(sums) {
                *total += f64::from(sum);
            }
        }
    }
}

/// The blocks of at most [`BLOCK`] columns: first column and width.
pub(super) fn column_blocks(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns)
        .step_by(BLOCK)
        .map(move |first| (first, BLOCK.min(columns - first)))
}
