//! Launchers of `conv_scale.cu`: powers of two that put split operands into the range of f16.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::parameter::{In, Out};
use radars_tensor::{Mut, Ref, Result, Values, aligned};

type Parts = Kernel<(In<f32>, In<f32>, Out<f32>, u64, u64, f32, f32)>;

const PARTS: Parts = Kernel::new("conv2d_scale_parts");
const FINISH: Kernel<(In<f32>, Out<f32>, u32)> = Kernel::new("conv2d_scale_finish");

pub(crate) const KERNELS: &[&dyn Signed] = &[&PARTS, &FINISH];

/// Parts of an operand at most, as the kernels have it.
const MOST_PARTS: usize = 512;
/// Values of a part, as long as there are not too many parts.
const PART: usize = 1 << 13;
const SCALES_BYTES: usize = 4 * size_of::<f32>();
const PARTS_BYTES: usize = 2 * MOST_PARTS * size_of::<f32>();

/// Bytes of scratch for the scales of `operands` operands.
pub(super) fn scratch_bytes(operands: usize) -> usize {
    match operands {
        0 => 0,
        _ => aligned(SCALES_BYTES) + aligned(PARTS_BYTES),
    }
}

/// The largest magnitude that is multiplied: what a quantiser clips to, infinite for operands taken as they are.
fn limit(values: Values) -> f32 {
    match values {
        Values::Quantise(format) => {
            let (lo, hi) = format.code_range();
            hi.max(-lo) * format.step()
        }
        Values::Float | Values::OnGrid(_) | Values::Codes(_) => f32::INFINITY,
    }
}

/// Finds the scales of `operands` (one or two, with those values) into the first bytes of `scratch`; gives them and what is left.
pub(super) fn scales<'a>(
    cuda: &Cuda,
    op: &'static str,
    operands: &[(Ref<'_, Cuda>, Values)],
    scratch: Mut<'a, Cuda>,
) -> Result<(Mut<'a, Cuda>, Mut<'a, Cuda>)> {
    let (mut scales, scratch) = scratch.split(op, "scratch", SCALES_BYTES)?;
    let (mut parts, scratch) = scratch.split(op, "scratch", PARTS_BYTES)?;
    let (Some(&a), Some(&b)) = (operands.first(), operands.last()) else {
        return Ok((scales, scratch));
    };
    let [a_limit, b_limit] = [a, b].map(|(_, values)| limit(values));
    let [a, b] = [a, b].map(|(view, _)| view);
    let [a_len, b_len] = [a, b].map(|view| view.bytes() / size_of::<f32>());
    let count = (a_len.max(b_len).div_ceil(PART)).clamp(1, MOST_PARTS) as u32;
    let shapes = || format!("[{a_len}], [{b_len}]");
    let grid = Grid::new([count, operands.len() as u32, 1], 256);
    let lengths = (a_len as u64, b_len as u64);
    let values = (
        a,
        b,
        parts.reborrow(),
        lengths.0,
        lengths.1,
        a_limit,
        b_limit,
    );
    cuda.launch(&PARTS, grid, values, shapes)?;
    let grid = Grid::new([operands.len() as u32, 1, 1], 256);
    cuda.launch(
        &FINISH,
        grid,
        (parts.as_ref(), scales.reborrow(), count),
        shapes,
    )?;
    Ok((scales, scratch))
}
