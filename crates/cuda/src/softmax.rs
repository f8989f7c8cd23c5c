//! Launchers of `softmax`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{CrossEntropy, Mut, Ref, Result};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn forward(_: &Cuda, _: usize, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "softmax forward has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn backward(_: &Cuda, _: usize, _: R<'_>, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "softmax backward has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn cross_entropy(
    _: &Cuda,
    _: &CrossEntropy,
    _: R<'_>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "softmax cross_entropy has no kernel yet".to_owned(),
    ))
}
pub(crate) fn cross_entropy_scratch_bytes(_: &CrossEntropy) -> usize {
    0
}
