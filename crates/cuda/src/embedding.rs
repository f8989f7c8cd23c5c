//! Launchers of `embedding.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::operand::{coefficient, read, size, write};
use crate::parameter::{In, InAt, Out, kernel_struct};
use radars_tensor::{Coefficient, Embedding, Error, Mut, Ref, Result};

const THREADS: u32 = 256;

kernel_struct! {
    /// A small kernel tensor, and the side of the large one.
    struct EmbeddingShape {
        elements: u64,
        side: u32,
        large_side: u32,
        in_channels: u32,
    }
}

type Embed = Kernel<(f32, InAt<f32>, In<f32>, Out<f32>, EmbeddingShape)>;
type Crop = Kernel<(In<f32>, Out<f32>, EmbeddingShape)>;

const EMBED: Embed = Kernel::new("embed_kernel");
const EMBED_PACKED: Embed = Kernel::new("embed_kernel_packed");
const CROP: Crop = Kernel::new("crop_kernel");
const CROP_PACKED: Crop = Kernel::new("crop_kernel_packed");

pub(crate) const KERNELS: &[&dyn Signed] = &[&EMBED, &EMBED_PACKED, &CROP, &CROP_PACKED];

/// Checks an embedding as the CPU backend does.
fn shape(op: &'static str, g: &Embedding) -> Result<EmbeddingShape> {
    if g.small > g.large || (g.large - g.small) % 2 == 1 {
        return Err(Error::Geometry {
            op,
            what: "the small kernel's side",
            value: g.small,
            expected: "smaller than the large kernel's by an even number",
        });
    }
    Ok(EmbeddingShape {
        elements: g.small_elements() as u64,
        side: size(op, "the small kernel's side", g.small)?,
        large_side: size(op, "the large kernel's side", g.large)?,
        in_channels: size(op, "the input channels", g.in_channels)?,
    })
}

/// Whether packs of four channels can be moved, and the grid for that.
fn packs(g: &Embedding, operands: [Address; 2]) -> (bool, Grid) {
    let packed = g.in_channels.is_multiple_of(4) && operands.into_iter().all(Address::is_aligned);
    let items = g.small_elements() / if packed { 4 } else { 1 };
    (packed, Grid::over(items, THREADS))
}

fn shapes(g: &Embedding) -> String {
    let Embedding {
        out_channels: co,
        small,
        large,
        in_channels: ci,
    } = g;
    format!("[{co}, {small}, {small}, {ci}] in [{co}, {large}, {large}, {ci}]")
}

/// `large += c * pad(small)`.
pub(crate) fn embed(
    cuda: &Cuda,
    g: &Embedding,
    c: Coefficient<'_, Cuda>,
    small: Ref<'_, Cuda>,
    large: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "embed_kernel";
    let (element, constant) = coefficient(NAME, c)?;
    let shape = shape(NAME, g)?;
    let small = read(NAME, "small", small, g.small_elements())?;
    let large = write(NAME, "large", large, g.large_elements())?;
    let (packed, grid) = packs(g, [Address::of(small), Address::of_mut(&large)]);
    let kernel = if packed { &EMBED_PACKED } else { &EMBED };
    let values = (constant, element, small, large, shape);
    cuda.launch(kernel, grid, values, || shapes(g))
}

/// `small = crop(large)`.
pub(crate) fn crop(
    cuda: &Cuda,
    g: &Embedding,
    large: Ref<'_, Cuda>,
    small: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "crop_kernel";
    let shape = shape(NAME, g)?;
    let large = read(NAME, "large", large, g.large_elements())?;
    let small = write(NAME, "small", small, g.small_elements())?;
    let (packed, grid) = packs(g, [Address::of(large), Address::of_mut(&small)]);
    let kernel = if packed { &CROP_PACKED } else { &CROP };
    cuda.launch(kernel, grid, (large, small, shape), || shapes(g))
}
