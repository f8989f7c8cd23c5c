//! Launchers of `batch_norm`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{
    Activation, BatchNorm, BatchNormInference, BatchNormSaved, Mut, Op, Operand, Ref, Result,
};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn forward(
    _: &Cuda,
    _: &BatchNorm,
    _: Option<Activation>,
    _: M<'_>,
    _: R<'_>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "batch_norm forward has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn inference(
    _: &Cuda,
    _: &BatchNorm,
    _: Operand<'_, Cuda>,
    _: BatchNormInference<'_, Cuda>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "batch_norm inference has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn backward(
    _: &Cuda,
    _: &BatchNorm,
    _: Option<Activation>,
    _: BatchNormSaved<'_, Cuda>,
    _: M<'_>,
    _: M<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "batch_norm backward has no kernel yet".to_owned(),
    ))
}
pub(crate) fn scratch_bytes(_: &Op<'_>) -> usize {
    0
}
