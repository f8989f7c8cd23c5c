//! Launchers of `batch_norm.cu` and `batch_norm_backward.cu`.

use crate::Cuda;
use crate::fill::fill;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::{first, read, size, write};
use crate::parameter::{In, InAt, Out, kernel_struct};
use crate::quantiser::{Quantiser, activation as code};
use radars_tensor::{
    Activation, BatchNorm, BatchNormInference, BatchNormSaved, Mut, Op, Operand, Ref, Result,
    aligned,
};

const F32: usize = size_of::<f32>();
const THREADS: usize = 256;
/// Channels that a block which combines chunks works on.
const COMBINED: usize = 32;
/// Channels of a tile at most: 32 threads with a pack of 4 each.
const TILE: usize = 128;
/// Rows that a thread goes down at least, so that partial results stay few beside the tensor.
const ROWS: usize = 8;
/// Chunks at most. They keep the largest card busy, and are combined in no time.
const CHUNKS: usize = 512;

kernel_struct! {
    /// Who works on what, see `batch_norm.cuh`.
    struct BatchNormShape {
        rows: u64,
        chunk_rows: u64,
        channels: u32,
        chunks: u32,
        width: u32,
        lanes: u32,
        epsilon: f32,
    }
}

type Statistics = Kernel<(In<f32>, Out<f32>, BatchNormShape)>;
type Normalise = Kernel<(
    Out<f32>,
    In<f32>,
    In<f32>,
    In<f32>,
    In<f32>,
    Out<f32>,
    i32,
    Quantiser,
    BatchNormShape,
)>;
type Inference = Kernel<(
    InAt<f32>,
    In<f32>,
    In<f32>,
    In<f32>,
    In<f32>,
    Out<f32>,
    BatchNormShape,
)>;
type Gradient = Kernel<(
    In<f32>,
    In<f32>,
    In<f32>,
    In<f32>,
    Out<f32>,
    i32,
    Quantiser,
    BatchNormShape,
)>;

const STATISTICS: Statistics = Kernel::new("batch_norm_statistics");
const STATISTICS_PACKED: Statistics = Kernel::new("batch_norm_statistics_packed");
const COMBINE: Kernel<(In<f32>, In<f32>, Out<f32>, Out<f32>, BatchNormShape)> =
    Kernel::new("batch_norm_combine");
const NORMALISE: Normalise = Kernel::new("batch_norm_normalise");
const NORMALISE_PACKED: Normalise = Kernel::new("batch_norm_normalise_packed");
const INFERENCE: Inference = Kernel::new("batch_norm_inference");
const INFERENCE_PACKED: Inference = Kernel::new("batch_norm_inference_packed");
const GRADIENT_SUMS: Gradient = Kernel::new("batch_norm_gradient_sums");
const GRADIENT_SUMS_PACKED: Gradient = Kernel::new("batch_norm_gradient_sums_packed");
const GRADIENT_COMBINE: Kernel<(
    In<f32>,
    In<f32>,
    In<f32>,
    Out<f32>,
    Out<f32>,
    Out<f32>,
    BatchNormShape,
)> = Kernel::new("batch_norm_gradient_combine");
const GRADIENT: Gradient = Kernel::new("batch_norm_gradient");
const GRADIENT_PACKED: Gradient = Kernel::new("batch_norm_gradient_packed");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &STATISTICS,
    &STATISTICS_PACKED,
    &COMBINE,
    &NORMALISE,
    &NORMALISE_PACKED,
    &INFERENCE,
    &INFERENCE_PACKED,
    &GRADIENT_SUMS,
    &GRADIENT_SUMS_PACKED,
    &GRADIENT_COMBINE,
    &GRADIENT,
    &GRADIENT_PACKED,
];

/// How a tensor that is not empty is cut, by its sizes alone; see `batch_norm.cuh`.
struct Tiling {
    packed: bool,
    tiles: usize,
    width: usize,
    lanes: usize,
    chunk_rows: usize,
    chunks: usize,
}

impl Tiling {
    fn new(g: &BatchNorm) -> Self {
        let packed = g.channels.is_multiple_of(4);
        let pack = if packed { 4 } else { 1 };
        let packs = g.channels / pack;
        let tiles = packs.div_ceil(TILE / pack);
        let width = packs.div_ceil(tiles);
        let lanes = THREADS / width;
        let chunk_rows = g.rows.div_ceil(CHUNKS).next_multiple_of(lanes);
        let chunk_rows = chunk_rows.max(ROWS * lanes);
        Tiling {
            packed,
            tiles,
            width,
            lanes,
            chunk_rows,
            chunks: g.rows.div_ceil(chunk_rows),
        }
    }

    /// Bytes of two partial results a channel for every chunk.
    fn partial_bytes(&self, g: &BatchNorm) -> usize {
        2 * self.chunks * g.channels * F32
    }

    fn shape(&self, op: &'static str, g: &BatchNorm) -> Result<BatchNormShape> {
        let channels = size(op, "the number of channels", g.channels)?;
        Ok(BatchNormShape {
            rows: g.rows as u64,
            chunk_rows: self.chunk_rows as u64,
            channels,
            chunks: self.chunks as u32,
            width: self.width as u32,
            lanes: self.lanes as u32,
            epsilon: g.epsilon,
        })
    }

    /// A block for every tile of channels and chunk of rows.
    fn grid(&self) -> Grid {
        Grid::new([self.tiles as u32, self.chunks as u32, 1], THREADS as u32)
    }
}

/// A block for every 32 channels.
fn combining_grid(g: &BatchNorm) -> Grid {
    Grid::new([g.channels.div_ceil(COMBINED) as u32, 1, 1], THREADS as u32)
}

/// Bytes of scratch: partial results, and some parameters a channel.
fn bytes(g: &BatchNorm, parameters: usize) -> usize {
    match g.rows * g.channels {
        0 => 0,
        _ => aligned(Tiling::new(g).partial_bytes(g)) + parameters * g.channels * F32,
    }
}

/// Parameters a channel that the last pass of the backward reads.
const PARAMETERS: usize = 3;

/// Bytes of scratch of `op`.
pub(crate) fn scratch_bytes(op: &Op<'_>) -> usize {
    match op {
        Op::BatchNorm(g) | Op::BatchNormActivation(g) => bytes(g, 1),
        Op::BatchNormBackward(g) | Op::BatchNormActivationBackward(g) => bytes(g, PARAMETERS),
        _ => 0,
    }
}

/// `x` becomes `xhat`, `y = activation(gamma * xhat + beta)`, `stats` mean and biased variance.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(crate) fn forward(
    cuda: &Cuda,
    g: &BatchNorm,
    activation: Option<Activation>,
    x: Mut<'_, Cuda>,
    gamma: Ref<'_, Cuda>,
    beta: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
    stats: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    let name = match activation {
        None => "batch_norm",
        Some(_) => "batch_norm_activation",
    };
    let c = g.channels;
    let x = write(name, "x", x, g.rows * c)?;
    let gamma = read(name, "gamma", gamma, c)?;
    let beta = read(name, "beta", beta, c)?;
    let y = write(name, "y", y, g.rows * c)?;
    let mut stats = write(name, "stats", stats, 2 * c)?;
    let (scratch, _) = scratch.split(name, "scratch", bytes(g, 1))?;
    if x.bytes() == 0 {
        return Ok(());
    }
    let tiling = Tiling::new(g);
    let shape = tiling.shape(name, g)?;
    let shapes = || shapes(g);
    let (mut partials, mut inverse) = scratch.split(name, "scratch", tiling.partial_bytes(g))?;

    let statistics = if tiling.packed {
        &STATISTICS_PACKED
    } else {
        &STATISTICS
    };
    let values = (x.as_ref(), partials.reborrow(), shape);
    cuda.launch(statistics, tiling.grid(), values, shapes)?;
    let values = (
        x.as_ref(),
        partials.as_ref(),
        stats.reborrow(),
        inverse.reborrow(),
        shape,
    );
    cuda.launch(&COMBINE, combining_grid(g), values, shapes)?;

    let normalise = if tiling.packed {
        &NORMALISE_PACKED
    } else {
        &NORMALISE
    };
    let mean = stats.as_ref().slice(0..c * F32);
    let (code, format) = code(activation);
    let values = (
        x,
        gamma,
        beta,
        mean,
        inverse.as_ref(),
        y,
        code,
        format,
        shape,
    );
    cuda.launch(normalise, tiling.grid(), values, shapes)
}

/// `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`.
pub(crate) fn inference(
    cuda: &Cuda,
    g: &BatchNorm,
    x: Operand<'_, Cuda>,
    parameters: BatchNormInference<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "batch_norm_inference";
    let c = g.channels;
    let y = write(NAME, "y", y, g.rows * c)?;
    let x = first(NAME, "x", x, &y, g.rows * c)?;
    let gamma = read(NAME, "gamma", parameters.gamma, c)?;
    let beta = read(NAME, "beta", parameters.beta, c)?;
    let mean = read(NAME, "mean", parameters.mean, c)?;
    let variance = read(NAME, "variance", parameters.variance, c)?;
    if y.bytes() == 0 {
        return Ok(());
    }
    let tiling = Tiling::new(g);
    let shape = tiling.shape(NAME, g)?;
    let inference = if tiling.packed {
        &INFERENCE_PACKED
    } else {
        &INFERENCE
    };
    let values = (x, gamma, beta, mean, variance, y, shape);
    cuda.launch(inference, tiling.grid(), values, || shapes(g))
}

/// Gradients through the activation, if any: `dy` becomes `dx`, `dgamma` and `dbeta` are written.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub(crate) fn backward(
    cuda: &Cuda,
    g: &BatchNorm,
    activation: Option<Activation>,
    saved: BatchNormSaved<'_, Cuda>,
    dy: Mut<'_, Cuda>,
    dgamma: Mut<'_, Cuda>,
    dbeta: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    let name = match activation {
        None => "batch_norm_backward",
        Some(_) => "batch_norm_activation_backward",
    };
    let c = g.channels;
    let xhat = read(name, "xhat", saved.xhat, g.rows * c)?;
    let gamma = read(name, "gamma", saved.gamma, c)?;
    let beta = read(name, "beta", saved.beta, c)?;
    let stats = read(name, "stats", saved.stats, 2 * c)?;
    let dy = write(name, "dy", dy, g.rows * c)?;
    let dgamma = write(name, "dgamma", dgamma, c)?;
    let dbeta = write(name, "dbeta", dbeta, c)?;
    let (scratch, _) = scratch.split(name, "scratch", bytes(g, PARAMETERS))?;
    if dy.bytes() == 0 {
        fill(cuda, 0.0, dgamma)?;
        return fill(cuda, 0.0, dbeta);
    }
    let tiling = Tiling::new(g);
    let shape = tiling.shape(name, g)?;
    let shapes = || shapes(g);
    let (code, format) = code(activation);
    let (mut partials, mut parameters) = scratch.split(name, "scratch", tiling.partial_bytes(g))?;

    let sums = if tiling.packed {
        &GRADIENT_SUMS_PACKED
    } else {
        &GRADIENT_SUMS
    };
    let values = (
        xhat,
        gamma,
        beta,
        dy.as_ref(),
        partials.reborrow(),
        code,
        format,
        shape,
    );
    cuda.launch(sums, tiling.grid(), values, shapes)?;
    let variance = stats.slice(c * F32..2 * c * F32);
    let values = (
        partials.as_ref(),
        gamma,
        variance,
        dgamma,
        dbeta,
        parameters.reborrow(),
        shape,
    );
    cuda.launch(&GRADIENT_COMBINE, combining_grid(g), values, shapes)?;

    let gradient = if tiling.packed {
        &GRADIENT_PACKED
    } else {
        &GRADIENT
    };
    let values = (
        xhat,
        gamma,
        beta,
        parameters.as_ref(),
        dy,
        code,
        format,
        shape,
    );
    cuda.launch(gradient, tiling.grid(), values, shapes)
}

fn shapes(g: &BatchNorm) -> String {
    format!("[{}, {}]", g.rows, g.channels)
}
