//! The path of fprop and dgrad with register tiles: no im2col, no copies of activations.
//!
//! Weights are packed once, in blocks of as many channels as a tile has lanes. The rows of a tile are one
//! place in neighbouring images, a stack: a tap lies inside all of them or none, so nothing is multiplied by
//! padding, and the taps of a row that lie inside are one run of memory. Images that make less than half a stack
//! are computed with neighbouring pixels as rows, and zeros where one of them has none.

use super::gather::{Gather, Point, Window};
use super::shared::Shared;
use super::tile::{self, Source, Stack};
use super::vector::{self, Kernel, TileSize, Vector};
use crate::Isa;
use crate::cpu::parallel::Loops;
use rayon::prelude::*;
use std::ops::Range;

/// Target pixels of a task without stacks: few enough that what it reads stays in the second-level cache
/// while the blocks of weights go by.
const SHARE: usize = 128;
/// Source values that the tiles of a task should read, 384 KiB: with [`WEIGHTS`] they stay in that cache.
const BAND: usize = 96 << 10;
/// Packed weights that go by at a time, 256 KiB.
const WEIGHTS: usize = 64 << 10;
/// Tasks that there should be.
const TASKS: usize = 32;

/// Floats of packed weights.
fn packed_len(size: TileSize, gather: &Gather) -> usize {
    let width = size.width(gather.lanes());
    gather
        .windows()
        .map(|window| gather.packed_len(&window, width))
        .sum()
}

/// Floats of a row of taps of zeros.
fn zeros_len(gather: &Gather) -> usize {
    gather.kernel * gather.depth()
}

/// Floats of scratch of [`run`]: packed weights and zeros.
pub(super) fn scratch_len(size: TileSize, gather: &Gather) -> usize {
    packed_len(size, gather) + zeros_len(gather)
}

/// The fprop or dgrad that `gather` describes.
///
/// # Safety
/// The machine has the instruction set `isa`, whose tiles are of this size.
pub(super) unsafe fn run(
    loops: Loops,
    (isa, size): (Isa, TileSize),
    gather: &Gather,
    source: &[f32],
    weights: &[f32],
    target: &mut [f32],
    scratch: &mut [f32],
) {
    let (packed, zeros) = scratch.split_at_mut(packed_len(size, gather));
    gather.pack(loops, size.width(gather.lanes()), weights, packed);
    zeros.fill(0.0);
    let operands = Operands {
        gather,
        source,
        packed,
        zeros,
        width: size.width(gather.lanes()),
    };
    let tasks = Tasks::new(size, gather);
    let image: usize = gather.target.iter().product();
    let (stacked, rest) = target.split_at_mut(tasks.images * image);
    let stacked = Shared::new(stacked);
    loops.for_each(
        (0..tasks.stacks * tasks.a_stack()).into_par_iter(),
        |index| {
            let task = StackTask {
                operands: &operands,
                part: tasks.part(index),
                target: stacked,
            };
            // SAFETY: the caller's promise; no two tasks have the same stack, rows and blocks.
            unsafe { vector::run(isa, task) }
        },
    );

    let share = gather.share(SHARE);
    let channels = gather.target[2];
    let done = tasks.images * image / channels;
    let items = rest.par_chunks_mut(share * channels).enumerate();
    loops.for_each(items, |(index, target)| {
        let task = PixelTask {
            operands: &operands,
            first: done + index * share,
            target,
        };
        // SAFETY: the caller's promise.
        unsafe { vector::run(isa, task) }
    });
}

/// What all tasks read.
struct Operands<'a> {
    gather: &'a Gather,
    source: &'a [f32],
    packed: &'a [f32],
    zeros: &'a [f32],
    /// Target channels of a block of packed weights.
    width: usize,
}

impl<'a> Operands<'a> {
    /// Calls `visit` with every window, group and block of `blocks`: what its tiles read, its first target
    /// channel, and how many it has.
    #[inline(always)]
    fn blocks(
        &self,
        blocks: Range<usize>,
        mut visit: impl FnMut(&Window, &Source<'a>, usize, usize),
    ) {
        let (gather, width) = (self.gather, self.width);
        let lanes = gather.lanes();
        let [height, row, channels] = gather.source;
        let mut packed = self.packed;
        for window in gather.windows() {
            let block_len = gather.block_len(&window, width);
            let (mine, rest) = packed.split_at(gather.packed_len(&window, width));
            packed = rest;
            for group in 0..gather.groups {
                for block in blocks.clone() {
                    let index = group * lanes.div_ceil(width) + block;
                    let source = Source {
                        pixels: self.source,
                        height,
                        width: row,
                        channels,
                        channel: group * gather.depth(),
                        depth: gather.depth(),
                        taps: window.taps,
                        weights: &mine[index * block_len..][..block_len],
                        stride: width,
                        zeros: self.zeros,
                    };
                    let lane = block * width;
                    let count = width.min(lanes - lane);
                    visit(&window, &source, group * lanes + lane, count);
                }
            }
        }
    }
}

/// How the work on a stack is cut: by rows of the windows' grids, and by blocks of channels where that leaves
/// too few tasks.
struct Tasks {
    /// Images in stacks, and their stacks.
    images: usize,
    stacks: usize,
    /// Images of a whole stack.
    height: usize,
    rows: usize,
    band: usize,
    bands: usize,
    blocks: usize,
    parts: usize,
}

/// What a task computes.
struct Part {
    /// The images of the stack.
    images: Range<usize>,
    rows: Range<usize>,
    blocks: Range<usize>,
}

impl Tasks {
    fn new(size: TileSize, gather: &Gather) -> Self {
        let (mut rows, mut step, mut taps) = (0, 1, 0);
        for window in gather.windows() {
            rows = rows.max(window.grid[0]);
            step = window.step;
            taps = taps.max(window.taps[0]);
        }
        let line = size.rows * gather.source[1] * gather.source[2];
        let band = ((BAND / line.max(1)).saturating_sub(taps) / step + 1).min(rows);
        let bands = rows.div_ceil(band.max(1));
        let blocks = gather.lanes().div_ceil(size.width(gather.lanes()));
        let over = gather.images % size.rows;
        let images = if 2 * over >= size.rows {
            gather.images
        } else {
            gather.images - over
        };
        let stacks = images.div_ceil(size.rows);
        let wanted = TASKS.div_ceil((stacks * bands).max(1));
        Tasks {
            images,
            stacks,
            height: size.rows,
            rows,
            band: rows.div_ceil(bands.max(1)),
            bands,
            blocks,
            parts: wanted.clamp(1, blocks),
        }
    }

    /// Tasks of a stack.
    fn a_stack(&self) -> usize {
        self.bands * self.parts
    }

    fn part(&self, index: usize) -> Part {
        let (stack, index) = (index / self.a_stack(), index % self.a_stack());
        let (band, part) = (index / self.parts, index % self.parts);
        let end = ((band + 1) * self.band).min(self.rows);
        Part {
            images: stack * self.height..((stack + 1) * self.height).min(self.images),
            rows: (band * self.band).min(end)..end,
            blocks: part * self.blocks / self.parts..(part + 1) * self.blocks / self.parts,
        }
    }
}

/// Some rows and channels of a stack.
struct StackTask<'a> {
    operands: &'a Operands<'a>,
    part: Part,
    target: Shared<'a>,
}

impl Kernel for StackTask<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let gather = self.operands.gather;
        let [height, width, channels] = gather.target;
        let blocks = self.part.blocks.clone();
        self.operands.blocks(
            blocks,
            #[inline(always)]
            |window, source, channel, lanes| {
                // Where a block of weights is long, some rows of taps at a time go by all pixels.
                let parts = source.weights.len().div_ceil(WEIGHTS);
                let height_of_part = window.taps[0].div_ceil(parts.max(1)).max(1);
                for first in (0..window.taps[0].max(1)).step_by(height_of_part) {
                    for a in self.part.rows.start..self.part.rows.end.min(window.grid[0]) {
                        for b in 0..window.grid[1] {
                            let point = gather.point(window, self.part.images.start, [a, b]);
                            let [rows, columns] = gather.inside(window, &point);
                            let end = rows.end.min(first + height_of_part);
                            let stack = Stack {
                                images: self.part.images.len(),
                                at: point.target * channels + channel,
                                step: height * width * channels,
                                inside: [rows.start.max(first).min(end)..end, columns],
                                fresh: first == 0,
                                point,
                            };
                            // SAFETY: the caller's promises.
                            unsafe {
                                match lanes.div_ceil(T::SIZE.lanes) {
                                    1 => T::apart(
                                        #[inline(always)]
                                        || {
                                            tile::stacked::<T, ROWS, 1>(
                                                source,
                                                &stack,
                                                self.target,
                                                lanes,
                                            )
                                        },
                                    ),
                                    2 => T::apart(
                                        #[inline(always)]
                                        || {
                                            tile::stacked::<T, ROWS, 2>(
                                                source,
                                                &stack,
                                                self.target,
                                                lanes,
                                            )
                                        },
                                    ),
                                    _ => T::apart(
                                        #[inline(always)]
                                        || {
                                            tile::stacked::<T, ROWS, 3>(
                                                source,
                                                &stack,
                                                self.target,
                                                lanes,
                                            )
                                        },
                                    ),
                                }
                            }
                        }
                    }
                }
            },
        );
    }
}

/// The target pixels from `first` on that `target` holds.
struct PixelTask<'a> {
    operands: &'a Operands<'a>,
    first: usize,
    target: &'a mut [f32],
}

impl Kernel for PixelTask<'_> {
    #[inline(always)]
    unsafe fn run<T: Vector, const ROWS: usize>(self) {
        let gather = self.operands.gather;
        let (first, channels) = (self.first, gather.target[2]);
        let pixels = first..first + self.target.len() / channels;
        let blocks = gather.lanes().div_ceil(self.operands.width);
        self.operands.blocks(
            0..blocks,
            #[inline(always)]
            |window, source, channel, lanes| {
                let mut points = gather.points(window, &pixels);
                while let Some(point) = points.next() {
                    let (points, rows) = take::<ROWS>(point, &mut points);
                    let at = points.map(|point| (point.target - first) * channels + channel);
                    let (at, target) = (&at[..rows], &mut *self.target);
                    // SAFETY: the caller's promise.
                    unsafe {
                        match lanes.div_ceil(T::SIZE.lanes) {
                            1 => T::apart(
                                #[inline(always)]
                                || {
                                    tile::scattered::<T, ROWS, 1>(
                                        source, &points, target, at, lanes,
                                    )
                                },
                            ),
                            2 => T::apart(
                                #[inline(always)]
                                || {
                                    tile::scattered::<T, ROWS, 2>(
                                        source, &points, target, at, lanes,
                                    )
                                },
                            ),
                            _ => T::apart(
                                #[inline(always)]
                                || {
                                    tile::scattered::<T, ROWS, 3>(
                                        source, &points, target, at, lanes,
                                    )
                                },
                            ),
                        }
                    }
                }
            },
        );
    }
}

/// The points of a tile and how many there are; the last one is repeated to fill it.
#[inline(always)]
fn take<const ROWS: usize>(
    first: Point,
    points: &mut impl Iterator<Item = Point>,
) -> ([Point; ROWS], usize) {
    let mut tile = [first; ROWS];
    let mut count = 1;
    for point in points.take(ROWS - 1) {
        tile[count..].fill(point);
        count += 1;
    }
    (tile, count)
}
