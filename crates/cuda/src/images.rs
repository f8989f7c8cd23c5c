//! Launchers of `images`.

use crate::Cuda;
use crate::launch::Signed;
use radars_tensor::{ImageBatch, Mut, Ref, Result};

pub(crate) const KERNELS: &[&dyn Signed] = &[];

pub(crate) fn place(
    _: &Cuda,
    _: &ImageBatch,
    _: Ref<'_, Cuda>,
    _: Ref<'_, Cuda>,
    _: Mut<'_, Cuda>,
) -> Result<()> {
    Err(crate::error::device(
        "place_images has no kernel yet".to_owned(),
    ))
}
