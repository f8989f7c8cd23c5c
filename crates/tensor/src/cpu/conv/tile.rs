//! The kernels of fprop and dgrad: sums of one tile, held in registers.
//!
//! A tile is some rows of some vectors of target channels ([`TileSize`](super::vector::TileSize)): the vectors
//! of weights are loaded once for all rows, whose other factor is a source value in every lane.

use super::gather::Point;
use super::shared::Shared;
use super::vector::{Vector, masks};
use std::ops::Range;

/// What the tiles of one window and one group read.
pub(super) struct Source<'a> {
    /// Pixels of `channels` values, `[image, height, width]`.
    pub(super) pixels: &'a [f32],
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// First channel of the group, and how many it has.
    pub(super) channel: usize,
    pub(super) depth: usize,
    pub(super) taps: [usize; 2],
    /// `[tap][depth]` rows of `stride` floats.
    pub(super) weights: &'a [f32],
    pub(super) stride: usize,
    /// Read in place of pixels outside the image: as many as a row of taps has.
    pub(super) zeros: &'a [f32],
}

/// The same place in neighbouring images.
pub(super) struct Stack {
    /// How many there are: at most as many as a tile has rows, whose rest repeats the last.
    pub(super) images: usize,
    /// In the first image.
    pub(super) point: Point,
    /// Rows and columns of the taps that lie inside.
    pub(super) inside: [Range<usize>; 2],
    /// Where its target channels are in the first image, and the distance to those in the next.
    pub(super) at: usize,
    pub(super) step: usize,
    /// Whether sums start at zero, not at what the target holds.
    pub(super) fresh: bool,
}

/// `lanes` target channels in V vectors at a [`Stack`]: sums over the taps inside, and over the depth.
///
/// # Safety
/// The machine has the instruction set of `T`; nobody else has these values of the target.
#[inline(always)]
pub(super) unsafe fn stacked<T: Vector, const ROWS: usize, const V: usize>(
    source: &Source<'_>,
    stack: &Stack,
    target: Shared<'_>,
    lanes: usize,
) {
    let [mut rows, columns] = stack.inside.clone();
    if columns.is_empty() {
        // Their first column may lie outside the image.
        rows.end = rows.start;
    }
    let image = source.height * source.width * source.channels;
    // A row of taps with all its channels is one run of memory.
    let (segments, length) = if source.depth == source.channels {
        (1, columns.len() * source.depth)
    } else {
        (columns.len(), source.depth)
    };
    let point = &stack.point;
    let left = point.column + columns.start as isize;
    // SAFETY: the caller's promises; the pointers of a run and of its weights have `length` values, or rows,
    // behind them, as asserted.
    unsafe {
        let masks = masks::<T, V>(lanes);
        let mut sums = [[T::zero(); V]; ROWS];
        if !stack.fresh {
            for (row, sums) in sums.iter_mut().enumerate().take(stack.images) {
                let before = target.part(stack.at + row * stack.step, lanes).as_ptr();
                for (v, sum) in sums.iter_mut().enumerate() {
                    *sum = T::load_masked(before.wrapping_add(v * T::SIZE.lanes), masks[v]);
                }
            }
        }
        for i in rows {
            let line = point.image * source.height + (point.row + i as isize) as usize;
            let pixel = line * source.width + left as usize;
            let tap = i * source.taps[1] + columns.start;
            for segment in 0..segments {
                let start = (pixel + segment) * source.channels + source.channel;
                let first = &source.pixels[start..];
                let weights = &source.weights[(tap + segment) * source.depth * source.stride..];
                assert!((stack.images - 1) * image + length <= first.len());
                assert!(length * source.stride <= weights.len());
                let runs = std::array::from_fn(
                    #[inline(always)]
                    |row| {
                        first
                            .as_ptr()
                            .wrapping_add(row.min(stack.images - 1) * image)
                    },
                );
                accumulate(&mut sums, runs, weights.as_ptr(), source.stride, length);
            }
        }
        for (row, sums) in sums.iter().enumerate().take(stack.images) {
            store(sums, masks, target.part(stack.at + row * stack.step, lanes));
        }
    }
}

/// `lanes` target channels in V vectors at any points: sums over the taps and the depth. Row `i` of the result
/// goes to `target[at[i]..][..lanes]`.
///
/// # Safety
/// The machine has the instruction set of `T`.
#[inline(always)]
pub(super) unsafe fn scattered<T: Vector, const ROWS: usize, const V: usize>(
    source: &Source<'_>,
    points: &[Point; ROWS],
    target: &mut [f32],
    at: &[usize],
    lanes: usize,
) {
    let [rows, columns] = source.taps;
    let inside =
        |point: &Point| point.column >= 0 && point.column as usize + columns <= source.width;
    // A row of taps whose pixels are all there, with all their channels, is one run of memory.
    let whole = source.depth == source.channels && points.iter().all(inside);
    let (segments, length) = if whole {
        (1, columns * source.depth)
    } else {
        (columns, source.depth)
    };
    let mut weights = source.weights;
    // SAFETY: the caller's promise; the pointers of a run and of its weights have `length` values, or rows,
    // behind them.
    unsafe {
        let mut sums = [[T::zero(); V]; ROWS];
        for i in 0..rows as isize {
            for j in 0..segments as isize {
                let (mine, rest) = weights.split_at(length * source.stride);
                weights = rest;
                let mut runs = [source.zeros[..length].as_ptr(); ROWS];
                let mut any = false;
                for (run, point) in runs.iter_mut().zip(points) {
                    let (y, x) = ((point.row + i) as usize, (point.column + j) as usize);
                    if y < source.height && x < source.width {
                        let pixel = (point.image * source.height + y) * source.width + x;
                        let start = pixel * source.channels + source.channel;
                        *run = source.pixels[start..start + length].as_ptr();
                        any = true;
                    }
                }
                if any {
                    accumulate(&mut sums, runs, mine.as_ptr(), source.stride, length);
                }
            }
        }
        let masks = masks::<T, V>(lanes);
        for (sums, &at) in sums.iter().zip(at) {
            store(sums, masks, &mut target[at..at + lanes]);
        }
    }
}

/// `sums[row] += runs[row][k] * weights[k * stride..]` for all k below `length`, in order.
///
/// # Safety
/// The machine has the instruction set of `T`, the runs have `length` values, the weights that many rows of V
/// vectors.
#[inline(always)]
unsafe fn accumulate<T: Vector, const ROWS: usize, const V: usize>(
    sums: &mut [[T; V]; ROWS],
    runs: [*const f32; ROWS],
    mut weights: *const f32,
    stride: usize,
    length: usize,
) {
    for k in 0..length {
        // SAFETY: the caller's promises.
        unsafe {
            let mut vectors = [T::zero(); V];
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = T::load(weights.add(v * T::SIZE.lanes));
            }
            for (sums, run) in sums.iter_mut().zip(&runs) {
                let factor = T::broadcast(run.add(k));
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = factor.multiply_add(vector, *sum);
                }
            }
        }
        weights = weights.wrapping_add(stride);
    }
}

/// Stores the lanes of `vectors` that `target` has, which the masks let pass.
///
/// # Safety
/// The machine has the instruction set of `T`.
#[inline(always)]
unsafe fn store<T: Vector, const V: usize>(
    vectors: &[T; V],
    masks: [T::Mask; V],
    target: &mut [f32],
) {
    for (v, (vector, mask)) in vectors.iter().zip(masks).enumerate() {
        let to = target.as_mut_ptr().wrapping_add(v * T::SIZE.lanes);
        // SAFETY: the masks let pass as many lanes as `target` has.
        unsafe { vector.store_masked(to, mask) }
    }
}
