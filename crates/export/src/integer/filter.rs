//! Convolutions of codes: sums of products, exact.

use super::frame::{Frame, Place, Windows};
use super::kernel::{Cell, Dot, LANES, Machine, Plain, Sums};
use pulp::NullaryFnOnce;
use radars_space::ConvGeometry;

/// Output pixels of a tile, and vectors of output channels, as registers allow.
const AVX512: [usize; 2] = [8, 2];
const AVX2: [usize; 2] = [4, 1];
const PORTABLE: [usize; 2] = [2, 1];

/// A convolution: where its windows are, and its weights.
#[derive(Debug)]
pub(super) struct Filter {
    windows: Windows,
    blocks: Vec<Block>,
    /// What runs of taps that neighbour in memory are away from the start of a window, for the first group.
    runs: Vec<usize>,
    products: Products,
}

#[derive(Debug)]
enum Products {
    /// Every output channel of a group sums up all of its input channels.
    Dense {
        /// Cells of a run.
        cells: usize,
        /// Input channels of a group, and its vectors of output channels.
        depth: usize,
        vectors: usize,
        /// `[group][vector][run][cell]`.
        weights: Vec<Cell>,
    },
    /// Every channel by itself: a vector is neighbouring channels of a tap.
    Depthwise {
        /// `[vector][tap]`.
        weights: Vec<[i16; LANES]>,
    },
}

/// A vector of output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its number.
    pub(super) vector: usize,
    /// Its first channel, and how many there are.
    pub(super) first: usize,
    pub(super) lanes: usize,
}

/// Takes the sums as they come.
pub(super) trait Sink {
    /// The sums of some output channels in a pixel.
    fn put(&mut self, place: &Place, block: Block, sums: &Sums);
}

impl Filter {
    /// A convolution with codes `[out channels, kernel, kernel, in channels / groups]` of an image framed as `frame`
    /// says.
    pub(super) fn new(
        geometry: &ConvGeometry,
        kernel: usize,
        codes: &[i16],
        frame: &Frame,
    ) -> Self {
        let taps = (0..kernel).flat_map(|row| (0..kernel).map(move |column| (row, column)));
        let (depth, windows) = (
            geometry.input.channels / geometry.groups,
            frame.windows(geometry, kernel / 2),
        );
        let blocks = Filter::blocks(geometry).collect();
        if is_depthwise(geometry) {
            return Filter {
                windows,
                blocks,
                runs: taps.map(|(row, column)| frame.tap(row, column)).collect(),
                products: Products::Depthwise {
                    weights: depthwise_weights(codes, kernel * kernel),
                },
            };
        }
        // The taps of a row neighbour each other where a group has all channels.
        let (runs, length): (Vec<_>, _) = match geometry.groups {
            1 => (
                (0..kernel).map(|row| frame.tap(row, 0)).collect(),
                kernel * depth,
            ),
            _ => (
                taps.map(|(row, column)| frame.tap(row, column)).collect(),
                depth,
            ),
        };
        let lanes = geometry.output.channels / geometry.groups;
        let window = runs.len() * length;
        let mut weights = Vec::new();
        for group in codes.chunks_exact(lanes * window) {
            for vector in group.chunks(LANES * window) {
                dense_weights(vector, length, window, &mut weights);
            }
        }
        Filter {
            windows,
            blocks,
            runs,
            products: Products::Dense {
                cells: length.div_ceil(2),
                depth,
                vectors: lanes.div_ceil(LANES),
                weights,
            },
        }
    }

    /// The vectors of output channels: those of a group do not reach into the next one.
    pub(super) fn blocks(geometry: &ConvGeometry) -> impl Iterator<Item = Block> + use<> {
        let groups = match is_depthwise(geometry) {
            true => 1,
            false => geometry.groups,
        };
        let lanes = geometry.output.channels / groups;
        let firsts = (0..groups).flat_map(move |group| {
            let firsts = (0..lanes).step_by(LANES);
            firsts.map(move |first| (group * lanes + first, LANES.min(lanes - first)))
        });
        firsts.enumerate().map(|(vector, (first, lanes))| Block {
            vector,
            first,
            lanes,
        })
    }

    /// Bytes of the weights.
    pub(super) fn bytes(&self) -> usize {
        match &self.products {
            Products::Dense { weights, .. } => size_of_val(&**weights),
            Products::Depthwise { weights } => size_of_val(&**weights),
        }
    }

    /// Hands all sums to `sink`.
    pub(super) fn run(&self, machine: Machine, codes: &[i16], sink: &mut impl Sink) {
        macro_rules! run {
            ($dot:expr, $tile:ident) => {
                $dot.vectorize(Tiles::<_, _, { $tile[0] }, { $tile[1] }> {
                    filter: self,
                    dot: $dot,
                    codes,
                    sink,
                })
            };
        }
        match machine {
            Machine::Portable => run!(Plain, PORTABLE),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx2(simd) => run!(simd, AVX2),
            #[cfg(target_arch = "x86_64")]
            Machine::Avx512(simd) => run!(simd, AVX512),
        }
    }

    /// All sums, in tiles of `P` pixels and up to `V` vectors (one or two).
    #[inline(always)]
    fn tiles<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        codes: &[i16],
        sink: &mut impl Sink,
    ) {
        match &self.products {
            Products::Dense {
                cells,
                depth,
                vectors,
                weights,
            } => {
                let of_vector = self.runs.len() * cells;
                let groups = weights.chunks_exact(vectors * of_vector);
                let groups = groups.zip(self.blocks.chunks_exact(*vectors));
                for (group, (weights, blocks)) in groups.enumerate() {
                    let codes = &codes[group * depth..];
                    let vectors = weights.chunks(V * of_vector).zip(blocks.chunks(V));
                    for (weights, blocks) in vectors {
                        let tile = DenseTile {
                            runs: &self.runs,
                            cells: *cells,
                            codes,
                            weights,
                        };
                        if blocks.len() == V {
                            self.dense::<D, P, V>(dot, &tile, blocks, sink);
                        } else {
                            self.dense::<D, P, 1>(dot, &tile, blocks, sink);
                        }
                    }
                }
            }
            Products::Depthwise { weights } => {
                let taps = weights.chunks_exact(self.runs.len());
                for (block, weights) in self.blocks.iter().zip(taps) {
                    let codes = &codes[block.first..];
                    self.windows.tiles::<P>(
                        #[inline(always)]
                        |places, count| {
                            let sums = depthwise::<P>(&self.runs, codes, weights, places);
                            for (place, sums) in places[..count].iter().zip(&sums) {
                                sink.put(place, *block, sums);
                            }
                        },
                    );
                }
            }
        }
    }

    #[inline(always)]
    fn dense<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        tile: &DenseTile<'_>,
        blocks: &[Block],
        sink: &mut impl Sink,
    ) {
        let Ok(blocks) = <&[Block; V]>::try_from(blocks) else {
            return;
        };
        self.windows.tiles::<P>(
            #[inline(always)]
            |places, count| {
                let totals = tile.totals::<D, P, V>(dot, places);
                for (place, totals) in places[..count].iter().zip(&totals) {
                    for (block, &total) in blocks.iter().zip(totals) {
                        sink.put(place, *block, &dot.store(total));
                    }
                }
            },
        );
    }
}

/// The call of [`Filter::tiles`], to be compiled for the instructions of `D`. A closure would not be inlined for sure.
struct Tiles<'a, D, S, const P: usize, const V: usize> {
    filter: &'a Filter,
    dot: D,
    codes: &'a [i16],
    sink: &'a mut S,
}

impl<D: Dot, S: Sink, const P: usize, const V: usize> NullaryFnOnce for Tiles<'_, D, S, P, V> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Tiles {
            filter,
            dot,
            codes,
            sink,
        } = self;
        filter.tiles::<D, P, V>(dot, codes, sink);
    }
}

/// What the tiles of some vectors of a group have in common.
struct DenseTile<'a> {
    runs: &'a [usize],
    cells: usize,
    codes: &'a [i16],
    weights: &'a [Cell],
}

impl DenseTile<'_> {
    #[inline(always)]
    fn totals<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        places: &[Place; P],
    ) -> [[D::Lanes; V]; P] {
        let cells = self.cells;
        let of_vector = self.runs.len() * cells;
        let mut totals = [[dot.zero(); V]; P];
        let mut rows: [&[[i16; 2]]; P] = [&[]; P];
        let mut vectors: [&[Cell]; V] = [&[]; V];
        for (index, run) in self.runs.iter().enumerate() {
            for (row, place) in rows.iter_mut().zip(places) {
                *row = &self.codes[place.window + run..].as_chunks().0[..cells];
            }
            for (v, vector) in vectors.iter_mut().enumerate() {
                *vector = &self.weights[v * of_vector + index * cells..][..cells];
            }
            for cell in 0..cells {
                for p in 0..P {
                    for v in 0..V {
                        totals[p][v] = dot.dot(totals[p][v], rows[p][cell], &vectors[v][cell]);
                    }
                }
            }
        }
        totals
    }
}

/// The sums of a vector of channels in `P` pixels.
#[inline(always)]
fn depthwise<const P: usize>(
    runs: &[usize],
    codes: &[i16],
    weights: &[[i16; LANES]],
    places: &[Place; P],
) -> [Sums; P] {
    let mut totals = [[0; LANES]; P];
    for (run, weights) in runs.iter().zip(weights) {
        for (place, totals) in places.iter().zip(&mut totals) {
            let codes = &codes[place.window + run..][..LANES];
            for lane in 0..LANES {
                totals[lane] += i32::from(codes[lane]) * i32::from(weights[lane]);
            }
        }
    }
    totals
}

/// Whether every channel is convolved by itself, into one channel.
fn is_depthwise(geometry: &ConvGeometry) -> bool {
    let groups = geometry.groups;
    groups > 1 && groups == geometry.input.channels && groups == geometry.output.channels
}

/// Adds the cells of up to [`LANES`] output channels: runs of `length` codes of windows of `window`.
fn dense_weights(codes: &[i16], length: usize, window: usize, cells: &mut Vec<Cell>) {
    for run in (0..window).step_by(length) {
        for first in (0..length).step_by(2) {
            let mut cell = Cell([[0; 2]; LANES]);
            for (lane, codes) in cell.0.iter_mut().zip(codes.chunks_exact(window)) {
                let codes = &codes[run + first..run + length];
                lane.iter_mut()
                    .zip(codes)
                    .for_each(|(to, code)| *to = *code);
            }
            cells.push(cell);
        }
    }
}

/// `[channel][tap]` as `[vector][tap][lane]`.
fn depthwise_weights(codes: &[i16], taps: usize) -> Vec<[i16; LANES]> {
    let vectors = codes.chunks(LANES * taps);
    let vectors = vectors.flat_map(|codes| {
        (0..taps).map(move |tap| {
            let mut lanes = [0; LANES];
            for (lane, codes) in lanes.iter_mut().zip(codes.chunks_exact(taps)) {
                *lane = codes[tap];
            }
            lanes
        })
    });
    vectors.collect()
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
