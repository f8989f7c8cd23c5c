//! Launchers of `pool`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{Mut, Pool2d, Ref, Result};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

#[allow(clippy::too_many_arguments)]
pub(crate) fn forward(_: &Cuda, _: &Pool2d, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "pool forward has no kernel yet".to_owned(),
    ))
}
#[allow(clippy::too_many_arguments)]
pub(crate) fn backward(_: &Cuda, _: &Pool2d, _: R<'_>, _: R<'_>, _: M<'_>) -> Result<()> {
    Err(crate::error::device(
        "pool backward has no kernel yet".to_owned(),
    ))
}
