//! Launchers of `optimizer`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{AdamStep, Coefficient, Mut, Ref, Result, SgdStep};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn sgd(
    _: &Cuda,
    _: &SgdStep,
    _: Coefficient<'_, Cuda>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "optimizer sgd has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn adam(
    _: &Cuda,
    _: &AdamStep,
    _: Coefficient<'_, Cuda>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "optimizer adam has no kernel yet".to_owned(),
    ))
}
