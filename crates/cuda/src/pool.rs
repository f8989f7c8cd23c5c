//! Launchers of `pool.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::{read, size, write};
use crate::parameter::{In, Out, kernel_struct};
use radars_tensor::{Mut, Pool2d, PoolKind, Ref, Result};

const THREADS: u32 = 256;

kernel_struct! {
    /// A pooling.
    struct PoolShape {
        batch: u64,
        height: i32,
        width: i32,
        channels: i32,
        out_height: i32,
        out_width: i32,
        kernel: i32,
        stride: i32,
        padding: i32,
    }
}

type Forward = Kernel<(In<f32>, Out<f32>, PoolShape)>;
type MaxBackward = Kernel<(In<f32>, In<f32>, Out<f32>, PoolShape)>;
type AverageBackward = Kernel<(In<f32>, Out<f32>, PoolShape)>;

const MAX: Forward = Kernel::new("pool_max");
const MAX_PACKED: Forward = Kernel::new("pool_max_packed");
const AVERAGE: Forward = Kernel::new("pool_average");
const AVERAGE_PACKED: Forward = Kernel::new("pool_average_packed");
const MAX_BACKWARD: MaxBackward = Kernel::new("pool_max_backward");
const MAX_BACKWARD_PACKED: MaxBackward = Kernel::new("pool_max_backward_packed");
const AVERAGE_BACKWARD: AverageBackward = Kernel::new("pool_average_backward");
const AVERAGE_BACKWARD_PACKED: AverageBackward = Kernel::new("pool_average_backward_packed");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &MAX,
    &MAX_PACKED,
    &AVERAGE,
    &AVERAGE_PACKED,
    &MAX_BACKWARD,
    &MAX_BACKWARD_PACKED,
    &AVERAGE_BACKWARD,
    &AVERAGE_BACKWARD_PACKED,
];

/// The shape of a checked pooling; sums of a size and a border stay within the kernel's integers.
fn shape(op: &'static str, g: &Pool2d) -> Result<PoolShape> {
    let g = g.checked()?;
    let [out_height, out_width, _] = g.output();
    let limited = |what, value| -> Result<i32> { Ok(size(op, what, value)? as i32) };
    limited("the padded height", g.input[0] + 2 * g.padding)?;
    limited("the padded width", g.input[1] + 2 * g.padding)?;
    Ok(PoolShape {
        batch: g.batch as u64,
        height: limited("the height", g.input[0])?,
        width: limited("the width", g.input[1])?,
        channels: limited("the number of channels", g.input[2])?,
        out_height: limited("the output's height", out_height)?,
        out_width: limited("the output's width", out_width)?,
        kernel: limited("the kernel", g.kernel)?,
        stride: limited("the stride", g.stride)?,
        padding: limited("the padding", g.padding)?,
    })
}

/// Whether packs of four channels can be moved, and the grid of a thread for each pack of `elements`.
fn packs(g: &Pool2d, elements: usize, operands: &[Address]) -> (bool, Grid) {
    let packed = g.input[2].is_multiple_of(4) && operands.iter().all(|a| a.is_aligned());
    let items = elements / if packed { 4 } else { 1 };
    (packed, Grid::over(items, THREADS))
}

/// Pools `x [n, h, w, c]` into `y`.
pub(crate) fn forward(cuda: &Cuda, g: &Pool2d, x: Ref<'_, Cuda>, y: Mut<'_, Cuda>) -> Result<()> {
    const NAME: &str = "pool2d";
    let shape = shape(NAME, g)?;
    let x = read(NAME, "x", x, g.input_elements())?;
    let y = write(NAME, "y", y, g.output_elements())?;
    let operands = [Address::of(x), Address::of_mut(&y)];
    let (packed, grid) = packs(g, g.output_elements(), &operands);
    let kernel = match (g.kind, packed) {
        (PoolKind::Max, false) => &MAX,
        (PoolKind::Max, true) => &MAX_PACKED,
        (PoolKind::Average, false) => &AVERAGE,
        (PoolKind::Average, true) => &AVERAGE_PACKED,
    };
    cuda.launch(kernel, grid, (x, y, shape), || format!("{g:?}"))
}

/// The gradient `dx` of the input.
pub(crate) fn backward(
    cuda: &Cuda,
    g: &Pool2d,
    x: Ref<'_, Cuda>,
    dy: Ref<'_, Cuda>,
    dx: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "pool2d_backward";
    let shape = shape(NAME, g)?;
    let x = read(NAME, "x", x, g.input_elements())?;
    let dy = read(NAME, "dy", dy, g.output_elements())?;
    let dx = write(NAME, "dx", dx, g.input_elements())?;
    let operands = [Address::of(x), Address::of(dy), Address::of_mut(&dx)];
    let (packed, grid) = packs(g, g.input_elements(), &operands);
    let shapes = || format!("{g:?}");
    match g.kind {
        PoolKind::Max => {
            let kernel = if packed {
                &MAX_BACKWARD_PACKED
            } else {
                &MAX_BACKWARD
            };
            cuda.launch(kernel, grid, (x, dy, dx, shape), shapes)
        }
        PoolKind::Average => {
            let kernel = if packed {
                &AVERAGE_BACKWARD_PACKED
            } else {
                &AVERAGE_BACKWARD
            };
            cuda.launch(kernel, grid, (dy, dx, shape), shapes)
        }
    }
}
