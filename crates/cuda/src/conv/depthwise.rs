//! Launchers of `depthwise.cu`: convolutions whose every input channel is a group of its own.
//!
//! Scratch of fprop and dgrad: the weights, quantised, as `[tap][channel]`; of wgrad: the sums of every chunk
//! of pixels.

use super::operand::quantiser;
use super::wgrad::latent;
use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::size;
use crate::parameter::{In, InAt, Out, OutAt, kernel_struct};
use crate::quantiser::Quantiser;
use radars_tensor::{Conv2d, ConvValues, Mut, Ref, Result, Values};

/// Threads of a block.
const THREADS: u32 = 256;
/// Output pixels of a thread of fprop, side by side.
const STRIP: usize = 4;
/// Neighbouring taps of a thread of wgrad.
const TAPS: usize = 7;
/// Output pixels that are worth a chunk of wgrad.
const PIXELS: usize = 512;
/// The most chunks of wgrad.
const MOST_CHUNKS: usize = 128;

kernel_struct! {
    /// The geometry as the kernels take it.
    struct DepthwiseShape {
        batch: u32,
        height: u32,
        width: u32,
        channels: u32,
        out_height: u32,
        out_width: u32,
        out_channels: u32,
        multiplier: u32,
        kernel: u32,
        stride: u32,
        padding: u32,
    }
}

type Pack = Kernel<(In<f32>, OutAt<f32>, u32, u32, Quantiser)>;
type Fprop = Kernel<(In<f32>, InAt<f32>, Out<f32>, DepthwiseShape, Quantiser)>;
type Dgrad = Kernel<(In<f32>, InAt<f32>, Out<f32>, DepthwiseShape)>;
type Wgrad = Kernel<(
    In<f32>,
    In<f32>,
    OutAt<f32>,
    DepthwiseShape,
    Quantiser,
    u32,
    u32,
)>;
type Sum = Kernel<(InAt<f32>, InAt<f32>, Out<f32>, u32, u32, u32, Quantiser)>;

const PACK: Pack = Kernel::new("depthwise_pack");
const FPROP: Fprop = Kernel::new("depthwise_fprop");
const FPROP_SCALAR: Fprop = Kernel::new("depthwise_fprop_scalar");
const DGRAD: Dgrad = Kernel::new("depthwise_dgrad");
const DGRAD_SCALAR: Dgrad = Kernel::new("depthwise_dgrad_scalar");
const WGRAD: Wgrad = Kernel::new("depthwise_wgrad");
const WGRAD_SCALAR: Wgrad = Kernel::new("depthwise_wgrad_scalar");
const SUM: Sum = Kernel::new("depthwise_wgrad_sum");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &PACK,
    &FPROP,
    &FPROP_SCALAR,
    &DGRAD,
    &DGRAD_SCALAR,
    &WGRAD,
    &WGRAD_SCALAR,
    &SUM,
];

/// Whether these kernels compute `g`. A single channel with many filters is left to the matrix product.
pub(super) fn applies(g: &Conv2d) -> bool {
    g.groups == g.input[2] && (g.groups > 1 || g.output[2] == 1)
}

/// Bytes of scratch of [`fprop`] and [`dgrad`].
pub(super) fn scratch_bytes(g: &Conv2d) -> usize {
    g.weight_elements() * size_of::<f32>()
}

/// Bytes of scratch of [`wgrad`].
pub(super) fn wgrad_scratch_bytes(g: &Conv2d) -> usize {
    chunks(g).0 * g.weight_elements() * size_of::<f32>()
}

/// How many chunks wgrad cuts the pixels into, and how long they are: a function of the geometry alone.
fn chunks(g: &Conv2d) -> (usize, usize) {
    let wanted = g.output_pixels().div_ceil(PIXELS).clamp(1, MOST_CHUNKS);
    let length = g.output_pixels().div_ceil(wanted);
    (g.output_pixels().div_ceil(length), length)
}

fn shape(op: &'static str, g: &Conv2d) -> Result<DepthwiseShape> {
    let ([height, width, channels], [ho, wo, co]) = (g.input, g.output);
    let size = |what, value| size(op, what, value);
    size("the padded image", height.max(width) + 2 * g.padding)?;
    size("the weights of a channel", g.kernel * g.kernel)?;
    Ok(DepthwiseShape {
        batch: size("the batch", g.batch)?,
        height: size("the input's height", height)?,
        width: size("the input's width", width)?,
        channels: size("the input's channels", channels)?,
        out_height: size("the output's height", ho)?,
        out_width: size("the output's width", wo)?,
        out_channels: size("the output's channels", co)?,
        multiplier: size("the channel multiplier", co / channels)?,
        kernel: size("the kernel", g.kernel)?,
        stride: size("the stride", g.stride)?,
        padding: size("the padding", g.padding)?,
    })
}

/// Whether the 16-byte kernels do, given their operands.
fn is_vector(g: &Conv2d, operands: [Address; 2]) -> bool {
    g.output[2] == g.input[2]
        && g.input[2].is_multiple_of(4)
        && operands.iter().all(|operand| operand.is_aligned())
}

/// Brings the weights to scratch, and returns where they are.
fn pack(
    cuda: &Cuda,
    op: &'static str,
    g: &Conv2d,
    w: Ref<'_, Cuda>,
    values: Values,
    scratch: Mut<'_, Cuda>,
) -> Result<Address> {
    let (packed, _) = scratch.split(op, "scratch", scratch_bytes(g))?;
    let packed = Address::of_mut(&packed);
    let (taps, co) = (g.kernel * g.kernel, g.output[2]);
    let grid = Grid::over(g.weight_elements(), THREADS);
    let values = (w, packed, taps as u32, co as u32, quantiser(values));
    cuda.launch(&PACK, grid, values, || format!("[{co}, {taps}]"))?;
    Ok(packed)
}

/// The convolution; lengths were checked.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(super) fn fprop(
    cuda: &Cuda,
    op: &'static str,
    g: &Conv2d,
    values: ConvValues,
    x: Ref<'_, Cuda>,
    w: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    let shape = shape(op, g)?;
    let packed = pack(cuda, op, g, w, values.w, scratch)?;
    let vector = is_vector(g, [Address::of(x), Address::of_mut(&y)]);
    let kernel = if vector { &FPROP } else { &FPROP_SCALAR };
    let [ho, wo, co] = g.output;
    let threads = g.batch * ho * wo.div_ceil(STRIP) * co.div_ceil(4);
    let values = (x, packed, y, shape, quantiser(values.x));
    cuda.launch(kernel, Grid::over(threads, THREADS), values, || {
        format!("{g:?}")
    })
}

/// The gradient of the input; lengths were checked.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(super) fn dgrad(
    cuda: &Cuda,
    op: &'static str,
    g: &Conv2d,
    values: ConvValues,
    dy: Ref<'_, Cuda>,
    w: Ref<'_, Cuda>,
    dx: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    let shape = shape(op, g)?;
    let packed = pack(cuda, op, g, w, values.w, scratch)?;
    let vector = is_vector(g, [Address::of(dy), Address::of_mut(&dx)]);
    let kernel = if vector { &DGRAD } else { &DGRAD_SCALAR };
    let [h, width, ci] = g.input;
    let threads = g.batch * h * width * ci.div_ceil(4);
    let values = (dy, packed, dx, shape);
    cuda.launch(kernel, Grid::over(threads, THREADS), values, || {
        format!("{g:?}")
    })
}

/// The gradient of the weights; lengths were checked. `w` is the latent weights, which are read where they
/// are quantised.
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
    let shape = shape(op, g)?;
    let (parts, _) = scratch.split(op, "scratch", wgrad_scratch_bytes(g))?;
    let parts = Address::of_mut(&parts);
    let vector = is_vector(g, [Address::of(x), Address::of(dy)]);
    let kernel = if vector { &WGRAD } else { &WGRAD_SCALAR };
    let (chunks, length) = chunks(g);
    let (taps, co) = (g.kernel * g.kernel, g.output[2]);
    let quads = co.div_ceil(4);
    let width = quads.min(32).next_power_of_two();
    let rows = g.kernel * g.kernel.div_ceil(TAPS);
    let blocks = size(op, "the tiles of the weights", quads.div_ceil(width) * rows)?;
    let length = size(op, "the pixels of a chunk", length)?;
    let grid = Grid::new([blocks, chunks as u32, 1], THREADS);
    let operands = (
        x,
        dy,
        parts,
        shape,
        quantiser(values.x),
        length,
        width as u32,
    );
    cuda.launch(kernel, grid, operands, || {
        format!("{g:?} in {chunks} chunks")
    })?;
    let (w, q) = latent(values, w);
    let grid = Grid::over(g.weight_elements(), THREADS);
    let operands = (parts, w, dw, chunks as u32, taps as u32, co as u32, q);
    cuda.launch(&SUM, grid, operands, || {
        format!("{chunks} chunks of [{co}, {taps}]")
    })
}
