//! Launchers of `reduce`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{Axis, Mut, ReduceOp, Ref, Result};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn reduce(_: &Cuda, _: ReduceOp, _: &Axis, _: R<'_>, _: M<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "reduce reduce has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn broadcast(_: &Cuda, _: &Axis, _: f32, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "reduce broadcast has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn dot(_: &Cuda, _: R<'_>, _: R<'_>, _: M<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "reduce dot has no kernel yet".to_owned(),
    ))
}
pub(crate) fn scratch_bytes(_: ReduceOp, _: &Axis) -> usize {
    0
}
pub(crate) fn dot_scratch_bytes(_: usize) -> usize {
    0
}
