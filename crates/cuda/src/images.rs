//! Launcher of `images.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::{size, write};
use crate::parameter::{In, Out, kernel_struct};
use radars_tensor::{ImageBatch, Mut, Ref, Result};

const THREADS: u32 = 256;

kernel_struct! {
    /// A batch of images.
    struct ImageShape {
        batch: u64,
        height: u32,
        width: u32,
        channels: u32,
    }
}

const PLACE: Kernel<(In<u8>, In<i32>, Out<f32>, ImageShape)> = Kernel::new("place_images");

pub(crate) const KERNELS: &[&dyn Signed] = &[&PLACE];

/// Writes the images `bytes` to `y`, each at its place among `placements`.
pub(crate) fn place(
    cuda: &Cuda,
    g: &ImageBatch,
    bytes: Ref<'_, Cuda>,
    placements: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "place_images";
    let bytes = bytes.checked(NAME, "bytes", g.elements())?;
    let integers = g.placement_elements().saturating_mul(size_of::<i32>());
    let placements = placements.checked(NAME, "placements", integers)?;
    let y = write(NAME, "y", y, g.elements())?;
    let [height, width, channels] = g.image;
    let shape = ImageShape {
        batch: g.batch as u64,
        height: size(NAME, "the height", height)?,
        width: size(NAME, "the width", width)?,
        channels: size(NAME, "the number of channels", channels)?,
    };
    let grid = Grid::over(g.elements(), THREADS);
    cuda.launch(&PLACE, grid, (bytes, placements, y, shape), || {
        format!("[{}, {height}, {width}, {channels}]", g.batch)
    })
}
