//! Launchers of `mask.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::elements;
use crate::parameter::{In, Out};
use crate::quantiser::Quantiser;
use radars_tensor::{MaskOp, Mut, Ref, Result};

const THREADS: u32 = 256;
/// Elements of a byte of mask, which a thread works on.
const BITS: usize = 8;

const POSITIVE: Kernel<(In<f32>, Out<u8>, u64)> = Kernel::new("mask_positive");
const BETWEEN: Kernel<(In<f32>, Out<u8>, u64, f32, f32)> = Kernel::new("mask_between");
const IN_RANGE: Kernel<(In<f32>, Out<u8>, u64, Quantiser)> = Kernel::new("mask_in_range");
const APPLY: Kernel<(In<u8>, Out<f32>, u64)> = Kernel::new("apply_mask");

pub(crate) const KERNELS: &[&dyn Signed] = &[&POSITIVE, &BETWEEN, &IN_RANGE, &APPLY];

/// Writes the bits of `x`; those of the last byte that belong to no element are 0.
pub(crate) fn mask(cuda: &Cuda, op: MaskOp, x: Ref<'_, Cuda>, mask: Mut<'_, Cuda>) -> Result<()> {
    const NAME: &str = "mask";
    let elements = elements(NAME, "x", x.bytes())?;
    let bytes = elements.div_ceil(BITS);
    let mask = mask.checked(NAME, "mask", bytes)?;
    let (grid, n) = (Grid::over(bytes, THREADS), elements as u64);
    let shapes = || format!("[{n}]");
    match op {
        MaskOp::Positive => cuda.launch(&POSITIVE, grid, (x, mask, n), shapes),
        MaskOp::Between(lo, hi) => cuda.launch(&BETWEEN, grid, (x, mask, n, lo, hi), shapes),
        MaskOp::InRange(format) => {
            cuda.launch(&IN_RANGE, grid, (x, mask, n, format.into()), shapes)
        }
    }
}

/// Sets the elements of `y` whose bit is not set to zero.
pub(crate) fn apply(cuda: &Cuda, mask: Ref<'_, Cuda>, y: Mut<'_, Cuda>) -> Result<()> {
    const NAME: &str = "apply_mask";
    let n = elements(NAME, "y", y.bytes())?;
    let bytes = n.div_ceil(BITS);
    let mask = mask.checked(NAME, "mask", bytes)?;
    let grid = Grid::over(bytes, THREADS);
    cuda.launch(&APPLY, grid, (mask, y, n as u64), || format!("[{n}]"))
}
