//! Launchers of `mixed_op`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{Coefficient, Embedding, FixedPoint, Mut, Ref, Result};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn mix(_: &Cuda, _: R<'_>, _: &[R<'_>], _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "mixed_op mix has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn mix_quantised(
    _: &Cuda,
    _: &[FixedPoint],
    _: R<'_>,
    _: R<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "mixed_op mix_quantised has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn mix_quantised_backward(
    _: &Cuda,
    _: &[FixedPoint],
    _: R<'_>,
    _: R<'_>,
    _: R<'_>,
    _: Option<M<'_>>,
    _: Option<M<'_>>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "mixed_op mix_quantised_backward has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn embed(
    _: &Cuda,
    _: &Embedding,
    _: Coefficient<'_, Cuda>,
    _: R<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "mixed_op embed has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn crop(_: &Cuda, _: &Embedding, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "mixed_op crop has no kernel yet".to_owned(),
    ))
}
pub(crate) fn backward_scratch_bytes(_: &[FixedPoint], _: usize) -> usize {
    0
}
