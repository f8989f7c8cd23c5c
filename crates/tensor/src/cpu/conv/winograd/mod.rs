//! Gradients of 3x3 convolutions of step 1 by Winograd's algorithm F(4x4, 3x3).
//!
//! A tile of 4 x 4 outputs takes 6 x 6 inputs. With the matrices B, G, A of [`transform`],
//! `y = A^T [(G w G^T) . (B^T x B)] A`, where `.` multiplies elementwise: 36 products a tile and pair of
//! channels, where the plain sum takes 144. The elementwise products over all channels are 36 matrix
//! products. As the form is bilinear, its transpose gives the weights' gradient:
//! `dw = G^T [sum over tiles of (B^T x B) . (A dy A^T)] G`.
//!
//! Rounding errors are some times those of the plain sum (a test bounds them), and products of integers are
//! not exact. So it computes **gradients alone**, whose operands have an f32 side anyway; what the network
//! predicts stays the plain sum.
//!
//! # Source
//! Lavin and Gray 2016, "Fast algorithms for convolutional neural networks".

mod dgrad;
mod product;
mod transform;
mod wgrad;

pub(super) use dgrad::{run as dgrad, scratch_len as dgrad_scratch_len};
pub(super) use wgrad::{run as wgrad, scratch_len as wgrad_scratch_len};

use super::vector::TileSize;
use crate::Conv2d;

/// Lanes of a vector, and rows of a tile of products.
const VECTOR: usize = TileSize::AVX512.lanes;
const ROWS: usize = TileSize::AVX512.rows;

/// Side of the outputs of a tile, and of its inputs.
const OUT: usize = 4;
const IN: usize = OUT + 2;
/// Products of a tile and a pair of channels.
const POSITIONS: usize = IN * IN;

/// Whether the gradients of a geometry are computed this way: a 3x3 kernel of step 1 with a pixel of padding,
/// whole vectors of channels, enough of them to pay for the transforms, and images that tiles cover well.
pub(super) fn applies(g: &Conv2d) -> bool {
    let plain = g.kernel == 3 && g.stride == 1 && g.padding == 1 && g.groups == 1;
    let channels = [g.input[2], g.output[2]];
    let wide = |c: usize| c.is_multiple_of(VECTOR) && c >= 2 * VECTOR;
    // Taps inside the image, against products in tiles and as much again for the transforms.
    let taps: usize = [g.input[0], g.input[1]]
        .iter()
        .map(|side| 3 * side - 2)
        .product();
    plain && channels.into_iter().all(wide) && 2 * POSITIONS * tiles(g) <= taps
}

/// Rows and columns of tiles of an image.
fn grid(g: &Conv2d) -> [usize; 2] {
    [g.input[0], g.input[1]].map(|side| side.div_ceil(OUT))
}

/// Tiles of an image.
fn tiles(g: &Conv2d) -> usize {
    grid(g).iter().product()
}
