//! Launchers of `matmul`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{MatMul, Mut, Ref, Result};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn matmul(_: &Cuda, _: &MatMul, _: R<'_>, _: R<'_>, _: M<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "matmul matmul has no kernel yet".to_owned(),
    ))
}
pub(crate) fn scratch_bytes(_: &MatMul) -> usize {
    0
}
