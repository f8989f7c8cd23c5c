//! Launchers of `softmax.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::{elements, read, write};
use crate::parameter::{In, Out};
use radars_tensor::{CrossEntropy, Error, Mut, Ref, Result};

const THREADS: u32 = 256;
/// Threads that work on one row.
const WARP: usize = 32;

const SOFTMAX: Kernel<(In<f32>, Out<f32>, u64, u64)> = Kernel::new("softmax");
const BACKWARD: Kernel<(In<f32>, In<f32>, Out<f32>, u64, u64)> = Kernel::new("softmax_backward");
const CROSS_ENTROPY: Kernel<(In<f32>, In<i32>, Out<f32>, Out<f32>, u64, u64, f32)> =
    Kernel::new("cross_entropy");
const MEAN: Kernel<(In<f32>, Out<f32>, u64)> = Kernel::new("cross_entropy_mean");

pub(crate) const KERNELS: &[&dyn Signed] = &[&SOFTMAX, &BACKWARD, &CROSS_ENTROPY, &MEAN];

/// The rows of `bytes` bytes, checked as the CPU backend does.
fn rows(op: &'static str, operand: &'static str, columns: usize, bytes: usize) -> Result<usize> {
    let elements = elements(op, operand, bytes)?;
    // Nothing has rows of any length.
    if elements > 0 && (columns == 0 || !elements.is_multiple_of(columns)) {
        return Err(Error::Geometry {
            op,
            what: "the number of columns",
            value: columns,
            expected: "at least 1 and a divisor of the elements",
        });
    }
    Ok(elements / columns.max(1))
}

/// A warp for every row.
fn grid(rows: usize) -> Grid {
    Grid::over(rows * WARP, THREADS)
}

/// Softmax of every row.
pub(crate) fn forward(
    cuda: &Cuda,
    columns: usize,
    x: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "softmax";
    let rows = rows(NAME, "y", columns, y.bytes())?;
    let x = read(NAME, "x", x, rows * columns)?;
    let values = (x, y, rows as u64, columns as u64);
    cuda.launch(&SOFTMAX, grid(rows), values, || {
        format!("[{rows}, {columns}]")
    })
}

/// `dx = y * (dy - <dy, y>)` of every row.
pub(crate) fn backward(
    cuda: &Cuda,
    columns: usize,
    y: Ref<'_, Cuda>,
    dy: Ref<'_, Cuda>,
    dx: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "softmax_backward";
    let rows = rows(NAME, "dx", columns, dx.bytes())?;
    let y = read(NAME, "y", y, rows * columns)?;
    let dy = read(NAME, "dy", dy, rows * columns)?;
    let values = (y, dy, dx, rows as u64, columns as u64);
    cuda.launch(&BACKWARD, grid(rows), values, || {
        format!("[{rows}, {columns}]")
    })
}

/// Bytes of scratch of [`cross_entropy`]: the loss of every row.
pub(crate) fn cross_entropy_scratch_bytes(g: &CrossEntropy) -> usize {
    g.rows * size_of::<f32>()
}

/// Mean cross entropy and its gradient. A label that is no class makes both NaN: values on the device raise
/// no error.
pub(crate) fn cross_entropy(
    cuda: &Cuda,
    g: &CrossEntropy,
    logits: Ref<'_, Cuda>,
    labels: Ref<'_, Cuda>,
    loss: Mut<'_, Cuda>,
    dlogits: Mut<'_, Cuda>,
    scratch: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "cross_entropy";
    let CrossEntropy {
        rows,
        classes,
        smoothing,
    } = *g;
    let logits = read(NAME, "logits", logits, rows * classes)?;
    let labels = labels.checked(NAME, "labels", rows * size_of::<i32>())?;
    let loss = write(NAME, "loss", loss, 1)?;
    let dlogits = write(NAME, "dlogits", dlogits, rows * classes)?;
    let bytes = cross_entropy_scratch_bytes(g);
    let (mut losses, _) = scratch.split(NAME, "scratch", bytes)?;
    if rows * classes == 0 {
        return crate::fill::fill(cuda, 0.0, loss);
    }
    let shapes = || format!("[{rows}, {classes}]");
    let values = (
        logits,
        labels,
        losses.reborrow(),
        dlogits,
        rows as u64,
        classes as u64,
        smoothing,
    );
    cuda.launch(&CROSS_ENTROPY, grid(rows), values, shapes)?;
    let values = (losses.as_ref(), loss, rows as u64);
    cuda.launch(&MEAN, Grid::new([1; 3], THREADS), values, shapes)
}
