//! Convolutions of codes: sums of products, exact.

use super::frame::{Frame, Place, Windows};
use super::kernel::{Dot, LANES, Machine, Plain, Sums};
use super::tile::{Bytes, Tile, Words, depthwise};
use super::weights::{Dense, Weights};
use pulp::NullaryFnOnce;
use radars_nn::tensor::FixedPoint;
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
    weights: Weights,
    /// Input channels of a group, and its vectors of output channels.
    depth: usize,
    vectors: usize,
    /// Codes of the frame.
    len: usize,
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
    /// A convolution with codes `[out channels, kernel, kernel, in channels / groups]` of an image in that format, framed
    /// as `frame` says.
    pub(super) fn new(
        geometry: &ConvGeometry,
        kernel: usize,
        codes: &[i16],
        input: FixedPoint,
        frame: &Frame,
    ) -> Self {
        let taps = (0..kernel).flat_map(|row| (0..kernel).map(move |column| (row, column)));
        let taps = taps.map(|(row, column)| frame.tap(row, column));
        let depth = geometry.input.channels / geometry.groups;
        let lanes = geometry.output.channels / geometry.groups;
        // The taps of a row neighbour each other where a group has all channels.
        let (runs, length): (Vec<_>, _) = match geometry.groups {
            1 => {
                let rows = (0..kernel).map(|row| frame.tap(row, 0));
                (rows.collect(), kernel * depth)
            }
            _ => (taps.collect(), depth),
        };
        let weights = if is_depthwise(geometry) {
            Weights::depthwise(codes, kernel * kernel)
        } else {
            let dense = Dense {
                codes,
                lanes,
                runs: runs.len(),
                length,
            };
            let (least, largest) = input.code_range();
            Weights::dense(&dense, least as i64, largest as i64)
        };
        Filter {
            windows: frame.windows(geometry, kernel / 2),
            blocks: Filter::blocks(geometry).collect(),
            runs,
            weights,
            depth,
            vectors: lanes.div_ceil(LANES),
            len: frame.len(),
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
    pub(super) fn weight_bytes(&self) -> usize {
        self.weights.size_bytes()
    }

    /// How many bytes [`Filter::run`] takes to hold codes in.
    pub(super) fn scratch_bytes(&self) -> usize {
        match self.weights {
            Weights::Bytes { .. } => self.len,
            Weights::Words { .. } | Weights::Depthwise(_) => 0,
        }
    }

    /// Hands all sums to `sink`.
    pub(super) fn run(
        &self,
        machine: Machine,
        codes: &[i16],
        scratch: &mut [u8],
        sink: &mut impl Sink,
    ) {
        macro_rules! run {
            ($dot:expr, $tile:ident) => {
                $dot.vectorize(Run::<_, _, { $tile[0] }, { $tile[1] }> {
                    filter: self,
                    dot: $dot,
                    codes,
                    scratch,
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
            #[cfg(target_arch = "x86_64")]
            Machine::Vnni(simd) => run!(simd, AVX512),
        }
    }

    /// All sums, in tiles of `P` pixels and up to `V` vectors (one or two).
    #[inline(always)]
    fn all<D: Dot, const P: usize, const V: usize>(
        &self,
        dot: D,
        codes: &[i16],
        scratch: &mut [u8],
        sink: &mut impl Sink,
    ) {
        let runs = &self.runs;
        match &self.weights {
            Weights::Words { cells, weights } => {
                let words = Words {
                    runs,
                    cells: *cells,
                    codes,
                };
                self.dense::<D, _, P, V>(dot, words, weights, sink);
            }
            Weights::Bytes {
                cells,
                part,
                runs: runs_together,
                weights,
            } => {
                let scratch = &mut scratch[..self.len];
                for (byte, &code) in scratch.iter_mut().zip(codes) {
                    *byte = code as u8;
                }
                let bytes = Bytes {
                    runs,
                    cells: *cells,
                    part: *part,
                    runs_together: *runs_together,
                    codes: scratch,
                };
                self.dense::<D, _, P, V>(dot, bytes, weights, sink);
            }
            Weights::Depthwise(weights) => {
                let taps = weights.chunks_exact(runs.len());
                for (block, weights) in self.blocks.iter().zip(taps) {
                    let codes = &codes[block.first..];
                    self.windows.tiles::<P>(
                        #[inline(always)]
                        |places, count| {
                            let sums = depthwise::<P>(runs, codes, weights, places);
                            for (place, sums) in places[..count].iter().zip(&sums) {
                                sink.put(place, *block, sums);
                            }
                        },
                    );
                }
            }
        }
    }

    /// The sums of all groups, whose weights are one after the other.
    #[inline(always)]
    fn dense<D: Dot, T: Tile, const P: usize, const V: usize>(
        &self,
        dot: D,
        tile: T,
        weights: &[T::Cell],
        sink: &mut impl Sink,
    ) {
        let window = tile.window();
        let groups = weights.chunks_exact(self.vectors * window);
        let groups = groups.zip(self.blocks.chunks_exact(self.vectors));
        for (group, (weights, blocks)) in groups.enumerate() {
            let tile = tile.at_channel(group * self.depth);
            for (weights, blocks) in weights.chunks(V * window).zip(blocks.chunks(V)) {
                if blocks.len() == V {
                    self.vectors::<D, T, P, V>(dot, tile, weights, blocks, sink);
                } else {
                    self.vectors::<D, T, P, 1>(dot, tile, weights, blocks, sink);
                }
            }
        }
    }

    /// The sums of `V` vectors in all pixels.
    #[inline(always)]
    fn vectors<D: Dot, T: Tile, const P: usize, const V: usize>(
        &self,
        dot: D,
        tile: T,
        weights: &[T::Cell],
        blocks: &[Block],
        sink: &mut impl Sink,
    ) {
        self.windows.tiles::<P>(
            #[inline(always)]
            |places, count| {
                let totals = tile.totals::<D, P, V>(dot, weights, places);
                for (place, totals) in places[..count].iter().zip(&totals) {
                    for (block, &total) in blocks.iter().zip(totals) {
                        sink.put(place, *block, &dot.store(total));
                    }
                }
            },
        );
    }
}

/// The call of [`Filter::all`], to be compiled for the instructions of `D`. A closure would not be inlined for sure.
struct Run<'a, D, S, const P: usize, const V: usize> {
    filter: &'a Filter,
    dot: D,
    codes: &'a [i16],
    scratch: &'a mut [u8],
    sink: &'a mut S,
}

impl<D: Dot, S: Sink, const P: usize, const V: usize> NullaryFnOnce for Run<'_, D, S, P, V> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Run {
            filter,
            dot,
            codes,
            scratch,
            sink,
        } = self;
        filter.all::<D, P, V>(dot, codes, scratch, sink);
    }
}

/// Whether every channel is convolved by itself, into one channel.
fn is_depthwise(geometry: &ConvGeometry) -> bool {
    let groups = geometry.groups;
    groups > 1 && groups == geometry.input.channels && groups == geometry.output.channels
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
