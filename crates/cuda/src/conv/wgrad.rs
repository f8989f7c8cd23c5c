//! Launchers of `conv_wgrad.cu`: the gradient of a convolution's weights, on tensor cores.
//!
//! Scratch: the scales of the split operands with what they are found by, and the sums of every chunk of pixels.

use super::operand::{exact, quantiser};
use super::scale;
use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::size;
use crate::parameter::{In, InAt, Out, kernel_struct};
use crate::quantiser::Quantiser;
use radars_tensor::{Conv2d, ConvValues, Mut, Ref, Result, Values};

/// Threads of a block.
const THREADS: u32 = 256;
/// Blocks that a launch is cut into where there are pixels enough: two for each multiprocessor of a large card.
const BLOCKS: usize = 256;
/// The fewest pixels that are worth a chunk, and a divisor of the pixels of every chunk but the last.
const FEWEST_PIXELS: usize = 256;
/// The most chunks.
const MOST_CHUNKS: usize = 64;
/// Windows from this one on are cut into tiles of 128 places.
const WIDE_WINDOW: usize = 256;

kernel_struct! {
    /// The geometry as the kernels take it.
    struct ConvWgrad {
        height: u32,
        width: u32,
        channels: u32,
        out_height: u32,
        out_width: u32,
        out_channels: u32,
        groups: u32,
        kernel: u32,
        stride: u32,
        padding: u32,
        chunk: u32,
        column_step: u32,
        row_step: u32,
        image_step: u32,
        pixels: u64,
    }
}

type Product = Kernel<(In<f32>, In<f32>, In<f32>, Out<f32>, ConvWgrad, Quantiser)>;
type Sum = Kernel<(
    In<f32>,
    In<f32>,
    InAt<f32>,
    Out<f32>,
    u64,
    u32,
    i32,
    Quantiser,
)>;

const SPLIT_128X128: Product = Kernel::new("conv2d_wgrad_split_128x128");
const SPLIT_64X128: Product = Kernel::new("conv2d_wgrad_split_64x128");
const SPLIT_64X64: Product = Kernel::new("conv2d_wgrad_split_64x64");
const SPLIT_SCALAR: Product = Kernel::new("conv2d_wgrad_split_scalar");
const FLOAT_128X128: Product = Kernel::new("conv2d_wgrad_float_128x128");
const FLOAT_64X128: Product = Kernel::new("conv2d_wgrad_float_64x128");
const FLOAT_64X64: Product = Kernel::new("conv2d_wgrad_float_64x64");
const FLOAT_SCALAR: Product = Kernel::new("conv2d_wgrad_float_scalar");
const SUM: Sum = Kernel::new("conv2d_wgrad_sum");
const SUM_SCALAR: Sum = Kernel::new("conv2d_wgrad_sum_scalar");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &SPLIT_128X128,
    &SPLIT_64X128,
    &SPLIT_64X64,
    &SPLIT_SCALAR,
    &FLOAT_128X128,
    &FLOAT_64X128,
    &FLOAT_64X64,
    &FLOAT_SCALAR,
    &SUM,
    &SUM_SCALAR,
];

/// Output channels and places of the window of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tile {
    Large,
    Wide,
    Small,
}

impl Tile {
    fn of(g: &Conv2d) -> Self {
        match (g.output[2] / g.groups > 64, g.window() >= WIDE_WINDOW) {
            (true, true) => Tile::Large,
            (false, true) => Tile::Wide,
            (_, false) => Tile::Small,
        }
    }

    const fn rows(self) -> usize {
        match self {
            Tile::Large => 128,
            Tile::Wide | Tile::Small => 64,
        }
    }

    const fn columns(self) -> usize {
        match self {
            Tile::Large | Tile::Wide => 128,
            Tile::Small => 64,
        }
    }

    /// How many tiles the weights are cut into.
    fn count(self, g: &Conv2d) -> usize {
        let rows = (g.output[2] / g.groups).div_ceil(self.rows());
        rows * g.window().div_ceil(self.columns()) * g.groups
    }
}

/// How the pixels are cut: a function of the geometry, so that sums have the same order on every card, whatever
/// kernel takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunks {
    count: usize,
    pixels: usize,
}

impl Chunks {
    fn of(g: &Conv2d) -> Self {
        let wanted = BLOCKS.div_ceil(Tile::of(g).count(g)).min(MOST_CHUNKS);
        let chunks = wanted.min(g.output_pixels().div_ceil(FEWEST_PIXELS)).max(1);
        let pixels = g
            .output_pixels()
            .div_ceil(chunks)
            .next_multiple_of(FEWEST_PIXELS / 8);
        Chunks {
            count: g.output_pixels().div_ceil(pixels),
            pixels,
        }
    }
}

/// Bytes of the sums of all chunks.
fn parts_bytes(g: &Conv2d) -> usize {
    Chunks::of(g).count * g.weight_elements() * size_of::<f32>()
}

/// How many operands are split: `dy` always, `x` unless its values are exact in f16.
fn split(x: Values) -> usize {
    if exact(x) { 1 } else { 2 }
}

/// Bytes of scratch of [`wgrad`].
pub(super) fn scratch_bytes(g: &Conv2d, values: ConvValues) -> usize {
    scale::scratch_bytes(split(values.x)) + parts_bytes(g)
}

/// The gradient of the weights; geometry and lengths were checked. `w` is the latent weights, which are read
/// where they are quantised.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(super) fn wgrad(
    cuda: &Cuda,
    op: &'static str,
    g: &Conv2d,
    values: ConvValues,
    x: Ref<'_, Cuda>,
    w: Option<Ref<'_, Cuda>>,
    dy: Ref<'_, Cuda>,
    dw: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    let split = split(values.x);
    let operands = [(dy, Values::Float), (x, values.x)];
    let (scales, rest) = scale::scales(cuda, op, &operands[..split], scratch)?;
    let (mut parts, _) = rest.split(op, "scratch", parts_bytes(g))?;
    let operands = Operands {
        x,
        dy,
        scales: scales.as_ref(),
    };
    products(cuda, op, g, values.x, operands, parts.reborrow())?;
    sum(
        cuda,
        g,
        parts.as_ref(),
        scales.as_ref(),
        split > 1,
        latent(values, w),
        dw,
    )
}

/// The latent weights and the quantiser whose gradient is masked, if there is one.
pub(super) fn latent(values: ConvValues, w: Option<Ref<'_, Cuda>>) -> (Address, Quantiser) {
    match w {
        Some(w) => (Address::of(w), quantiser(values.w)),
        None => (Address::NULL, quantiser(Values::Float)),
    }
}

/// What a product reads.
struct Operands<'a> {
    x: Ref<'a, Cuda>,
    dy: Ref<'a, Cuda>,
    scales: Ref<'a, Cuda>,
}

/// Leaves the sums of every chunk in `parts`.
fn products(
    cuda: &Cuda,
    op: &'static str,
    g: &Conv2d,
    values: Values,
    Operands { x, dy, scales }: Operands<'_>,
    parts: Mut<'_, Cuda>,
) -> Result<()> {
    let ([height, width, ci], [ho, wo, co]) = (g.input, g.output);
    let vector = [ci / g.groups, co / g.groups]
        .iter()
        .all(|c| c.is_multiple_of(4))
        && Address::of(x).is_aligned()
        && Address::of(dy).is_aligned();
    let (kernel, tile) = match (Tile::of(g), vector, split(values) > 1) {
        (Tile::Large, true, false) => (&SPLIT_128X128, Tile::Large),
        (Tile::Wide, true, false) => (&SPLIT_64X128, Tile::Wide),
        (Tile::Small, true, false) => (&SPLIT_64X64, Tile::Small),
        (_, false, false) => (&SPLIT_SCALAR, Tile::Small),
        (Tile::Large, true, true) => (&FLOAT_128X128, Tile::Large),
        (Tile::Wide, true, true) => (&FLOAT_64X128, Tile::Wide),
        (Tile::Small, true, true) => (&FLOAT_64X64, Tile::Small),
        (_, false, true) => (&FLOAT_SCALAR, Tile::Small),
    };
    let chunks = Chunks::of(g);
    // A thread's next pixel: so many stand beside each other in a slab that the block loads at a time.
    let step = THREADS as usize * 4 / tile.columns();
    let size = |what, value| size(op, what, value);
    let shape = ConvWgrad {
        height: size("the input's height", height)?,
        width: size("the input's width", width)?,
        channels: size("the input's channels", ci)?,
        out_height: size("the output's height", ho)?,
        out_width: size("the output's width", wo)?,
        out_channels: size("the output's channels", co)?,
        groups: size("the number of groups", g.groups)?,
        kernel: size("the kernel", g.kernel)?,
        stride: size("the stride", g.stride)?,
        padding: size("the padding", g.padding)?,
        chunk: size("the pixels of a chunk", chunks.pixels)?,
        column_step: (step % wo) as u32,
        row_step: (step / wo % ho) as u32,
        image_step: (step / wo / ho) as u32,
        pixels: g.output_pixels() as u64,
    };
    size("the batch", g.batch)?;
    size("the window", g.window())?;
    size("the padded image", height.max(width) + 2 * g.padding)?;
    let tiles = size("the tiles of the weights", tile.count(g))?;
    let grid = Grid::new([tiles, chunks.count as u32, 1], THREADS);
    let operands = (x, dy, scales, parts, shape, quantiser(values));
    cuda.launch(kernel, grid, operands, || {
        format!(
            "{g:?} in {} chunks of {} pixels",
            chunks.count, chunks.pixels
        )
    })
}

/// Adds the chunks up.
fn sum(
    cuda: &Cuda,
    g: &Conv2d,
    parts: Ref<'_, Cuda>,
    scales: Ref<'_, Cuda>,
    split_x: bool,
    (w, q): (Address, Quantiser),
    dw: Mut<'_, Cuda>,
) -> Result<()> {
    let (elements, chunks) = (g.weight_elements(), Chunks::of(g).count);
    let vector = elements.is_multiple_of(4) && w.is_aligned() && Address::of_mut(&dw).is_aligned();
    let kernel = if vector { &SUM } else { &SUM_SCALAR };
    let grid = Grid::over(elements.div_ceil(4), THREADS);
    let sizes = (elements as u64, chunks as u32, i32::from(split_x));
    let values = (parts, scales, w, dw, sizes.0, sizes.1, sizes.2, q);
    cuda.launch(kernel, grid, values, || {
        format!("{chunks} chunks of [{elements}]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_tensor::Conv2dOptions;

    fn geometry(batch: usize, side: usize, ci: usize, co: usize, groups: usize) -> Conv2d {
        let options = Conv2dOptions {
            stride: 1,
            padding: 1,
            groups,
        };
        Conv2d::new(batch, [side, side, ci], co, 3, options).unwrap()
    }

    /// Every pixel is in one chunk, every chunk has some, and all but the last are whole slabs.
    #[test]
    fn chunks_cover_the_pixels() {
        for batch in [1, 3, 64, 1000] {
            for side in [1, 5, 16, 57] {
                for (ci, co, groups) in [(3, 64, 1), (64, 64, 1), (256, 512, 1), (12, 8, 4)] {
                    let g = geometry(batch, side, ci, co, groups);
                    let Chunks { count, pixels } = Chunks::of(&g);
                    assert!((count - 1) * pixels < g.output_pixels(), "{g:?}");
                    assert!(count * pixels >= g.output_pixels(), "{g:?}");
                    assert!(pixels.is_multiple_of(32), "{g:?}");
                    assert!(count <= MOST_CHUNKS, "{g:?}");
                }
            }
        }
    }

    /// 64 -> 64 channels at 32 x 32, batch 64: 1 x 5 tiles of 64 x 128, so 256 / 5 = 52 chunks are wanted, of
    /// ceil(65536 / 52) = 1261 pixels, rounded up to 1280: 51.2 of them.
    #[test]
    fn a_layer_is_cut_into_two_blocks_for_every_multiprocessor() {
        let g = geometry(64, 32, 64, 64, 1);
        assert_eq!(Tile::of(&g), Tile::Wide);
        let expected = Chunks {
            count: 52,
            pixels: 1280,
        };
        assert_eq!(Chunks::of(&g), expected);
    }
}
