//! Launcher of `fill.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::elements;
use crate::parameter::Out;
use radars_tensor::{Mut, Result};

const FILL: Kernel<(Out<f32>, f32, u64)> = Kernel::new("fill");

pub(crate) const KERNELS: &[&dyn Signed] = &[&FILL];

/// Sets every element of `y` to `value`.
pub(crate) fn fill(cuda: &Cuda, value: f32, y: Mut<'_, Cuda>) -> Result<()> {
    let n = elements("fill", "dst", y.bytes())?;
    // A thread writes four elements.
    let grid = Grid::over(n.div_ceil(4), 256);
    cuda.launch(&FILL, grid, (y, value, n as u64), || format!("[{n}]"))
}
