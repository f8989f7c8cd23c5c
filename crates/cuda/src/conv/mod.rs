//! Launchers of `conv`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{Conv2d, ConvValues, Mut, Op, Ref, Result, Values};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

pub(crate) const KERNELS: &[&dyn Signed] = &[];

/// Both operands any floats: the plain convolution.
pub(crate) const FLOATS: ConvValues = ConvValues {
    x: Values::Float,
    w: Values::Float,
};

#[allow(clippy::too_many_arguments)]
pub(crate) fn fprop(
    _: &Cuda,
    _: &Conv2d,
    _: ConvValues,
    _: R<'_>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device("fprop has no kernel yet".to_owned()))
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn dgrad(
    _: &Cuda,
    _: &Conv2d,
    _: ConvValues,
    _: R<'_>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device("dgrad has no kernel yet".to_owned()))
}

/// `w` is the latent weights, read where they are quantised.
#[allow(clippy::too_many_arguments)]
pub(crate) fn wgrad(
    _: &Cuda,
    _: &Conv2d,
    _: ConvValues,
    _: R<'_>,
    _: Option<R<'_>>,
    _: R<'_>,
    _: M<'_>,
    _: M<'_>,
) -> Result<()> {
    Err(crate::error::device("wgrad has no kernel yet".to_owned()))
}

pub(crate) fn scratch_bytes(_: &Op<'_>) -> usize {
    0
}
