//! Launchers of `elementwise`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{BinaryOp, Coefficient, MaskOp, Mut, Operand, Ref, Result, UnaryOp};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn unary(_: &Cuda, _: UnaryOp, _: Operand<'_, Cuda>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "elementwise unary has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn binary(
    _: &Cuda,
    _: BinaryOp,
    _: Operand<'_, Cuda>,
    _: R<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device(
        "elementwise binary has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn accumulate(_: &Cuda, _: Coefficient<'_, Cuda>, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "elementwise accumulate has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn mask(_: &Cuda, _: MaskOp, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "elementwise mask has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn apply_mask(_: &Cuda, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "elementwise apply_mask has no kernel yet".to_owned(),
    ))
}
