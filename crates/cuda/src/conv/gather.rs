//! Fprop and dgrad as one walk over an image, and the tiles that it is cut into: see `conv_gather.cuh`.
//!
//! Everything here follows from the geometry alone, never from the card.

use super::operand::Products;
use crate::operand::size;
use crate::parameter::kernel_struct;
use radars_tensor::{Conv2d, Result};

/// Target pixels of a block.
const ROWS: usize = 128;
/// The deep axis is packed in whole slabs.
const SLAB: usize = 32;
/// Blocks of the widest tile that keep the largest cards busy; with fewer, narrower tiles make more of them.
const BUSY: usize = 256;

kernel_struct! {
    /// A convolution as a gather from source to target.
    struct ConvGather {
        images: u64,
        source_height: i32,
        source_width: i32,
        source_channels: i32,
        target_height: i32,
        target_width: i32,
        target_channels: i32,
        groups: i32,
        kernel: i32,
        stride: i32,
        padding: i32,
        dgrad: i32,
        phases: i32,
        remainders: i32,
        row_tiles: i32,
        column_tiles: i32,
        deep: i32,
        wide: i32,
    }
}

/// Which way a gather goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// `y` from `x`.
    Fprop,
    /// `dx` from `dy`.
    Dgrad,
}

/// A gather with its tiles, in sizes that any geometry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gather {
    geometry: Conv2d,
    direction: Direction,
    /// Height, width and channels.
    source: [usize; 3],
    target: [usize; 3],
    phases: usize,
    remainders: usize,
    /// Source channels, and target channels, of a group.
    pub(super) depth: usize,
    pub(super) lanes: usize,
    /// Target channels of a block.
    pub(super) columns: usize,
    column_tiles: usize,
    row_tiles: usize,
    deep: usize,
}

impl Gather {
    pub(crate) fn new(g: &Conv2d, direction: Direction) -> Self {
        let (source, target, stride) = match direction {
            Direction::Fprop => (g.input, g.output, 1),
            Direction::Dgrad => (g.output, g.input, g.stride),
        };
        let phases = stride.min(target[0].max(target[1]));
        let (depth, lanes) = (source[2] / g.groups, target[2] / g.groups);
        let rows = g.batch * target[0].div_ceil(stride) * target[1].div_ceil(stride);
        let row_tiles = rows.div_ceil(ROWS);
        let blocks = |columns: usize| {
            let outer = phases.saturating_mul(phases).saturating_mul(g.groups);
            lanes
                .div_ceil(columns)
                .saturating_mul(row_tiles)
                .saturating_mul(outer)
        };
        let columns = match lanes {
            // Without 16-byte loads of the source there is one width.
            _ if !depth.is_multiple_of(4) => 64,
            0..=32 => 32,
            // No wider than what would be padding, or leave cards idle.
            33.. if (lanes - 1) % 128 < 64 || blocks(128) < BUSY => 64,
            _ => 128,
        };
        let taps = g.kernel.div_ceil(stride);
        Gather {
            geometry: *g,
            direction,
            source,
            target,
            phases,
            remainders: stride.min(g.kernel),
            depth,
            lanes,
            columns,
            column_tiles: lanes.div_ceil(columns),
            row_tiles,
            deep: (taps * taps * depth).next_multiple_of(SLAB),
        }
    }

    /// Whether the channels of a group allow 16-byte loads of the source.
    pub(super) fn reads_quads(&self) -> bool {
        self.depth.is_multiple_of(4)
    }

    /// f16 values of one part of the packed weights.
    pub(super) fn packed_len(&self) -> usize {
        [
            self.remainders,
            self.remainders,
            self.geometry.groups,
            self.column_tiles,
            self.deep,
        ]
        .into_iter()
        .fold(self.columns, usize::saturating_mul)
    }

    /// Bytes of the packed weights, in one part or two.
    pub(super) fn packed_bytes(&self, products: Products) -> usize {
        let parts = if products == Products::Three { 2 } else { 1 };
        self.packed_len()
            .saturating_mul(parts * size_of::<half::f16>())
    }

    /// Blocks of the product.
    ///
    /// # Errors
    /// [`radars_tensor::Error::Geometry`] when there are more than a launch has.
    pub(super) fn blocks(&self, op: &'static str) -> Result<u32> {
        let factors = [
            self.phases,
            self.phases,
            self.geometry.groups,
            self.row_tiles,
            self.column_tiles,
        ];
        let blocks = factors.into_iter().fold(1, usize::saturating_mul);
        size(op, "the number of tiles", blocks)
    }

    /// The description for the kernels; `wide`: whether the target lies on a 16-byte boundary.
    ///
    /// # Errors
    /// [`radars_tensor::Error::Geometry`] when a size is 2^31 or more: kernels count positions inside an image in 32 bits.
    pub(super) fn describe(&self, op: &'static str, wide: bool) -> Result<ConvGather> {
        let g = &self.geometry;
        let int = |what, value| -> Result<i32> { Ok(size(op, what, value)? as i32) };
        let [source_height, source_width, source_channels] = self.source;
        let [target_height, target_width, target_channels] = self.target;
        // Positions reach a kernel's side past the padded image, the deep axis a slab past its end.
        let side = g.input[0].max(g.input[1]) + 2 * (g.padding + g.kernel + g.stride);
        int("the padded image's larger side", side)?;
        int("the number of products of one value", self.deep + SLAB)?;
        Ok(ConvGather {
            images: g.batch as u64,
            source_height: int("the image's height", source_height)?,
            source_width: int("the image's width", source_width)?,
            source_channels: int("the channels", source_channels)?,
            target_height: int("the image's height", target_height)?,
            target_width: int("the image's width", target_width)?,
            target_channels: int("the channels", target_channels)?,
            groups: int("the number of groups", g.groups)?,
            kernel: int("the kernel", g.kernel)?,
            stride: int("the stride", g.stride)?,
            padding: int("the padding", g.padding)?,
            dgrad: i32::from(self.direction == Direction::Dgrad),
            phases: int("the stride", self.phases)?,
            remainders: int("the stride", self.remainders)?,
            row_tiles: int("the number of tiles", self.row_tiles)?,
            column_tiles: int("the number of tiles", self.column_tiles)?,
            deep: int("the number of products of one value", self.deep)?,
            wide: i32::from(wide && self.lanes.is_multiple_of(4)),
        })
    }
}
