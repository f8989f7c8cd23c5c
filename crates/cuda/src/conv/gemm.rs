//! Launchers of `conv_pack.cu` and `conv_gemm.cu`: fprop and dgrad as implicit matrix products.

use super::gather::{ConvGather, Direction, Gather};
use super::operand::{Products, quantiser};
use super::scale;
use crate::Cuda;
use crate::error::DEVICE;
use crate::launch::{Grid, Kernel, Signed};
use crate::memory::Address;
use crate::parameter::{In, InAt, Out};
use crate::quantiser::Quantiser;
use half::f16;
use radars_tensor::{Conv2d, ConvValues, Error, Mut, Ref, Result, Values, aligned};

type Pack = Kernel<(In<f32>, InAt<f32>, Out<f16>, ConvGather, Quantiser, i32)>;
type Gemm = Kernel<(In<f32>, In<f16>, InAt<f32>, Out<f32>, ConvGather, Quantiser)>;

const PACK_EXACT: Pack = Kernel::new("conv2d_pack_exact");
const PACK_SPLIT: Pack = Kernel::new("conv2d_pack_split");

const EXACT_32: Gemm = Kernel::new("conv2d_gemm_exact_32");
const EXACT_64: Gemm = Kernel::new("conv2d_gemm_exact_64");
const EXACT_128: Gemm = Kernel::new("conv2d_gemm_exact_128");
const EXACT_SCALAR: Gemm = Kernel::new("conv2d_gemm_exact_scalar");
const SPLIT_32: Gemm = Kernel::new("conv2d_gemm_split_32");
const SPLIT_64: Gemm = Kernel::new("conv2d_gemm_split_64");
const SPLIT_128: Gemm = Kernel::new("conv2d_gemm_split_128");
const SPLIT_SCALAR: Gemm = Kernel::new("conv2d_gemm_split_scalar");
const FLOAT_32: Gemm = Kernel::new("conv2d_gemm_float_32");
const FLOAT_64: Gemm = Kernel::new("conv2d_gemm_float_64");
const FLOAT_128: Gemm = Kernel::new("conv2d_gemm_float_128");
const FLOAT_SCALAR: Gemm = Kernel::new("conv2d_gemm_float_scalar");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &PACK_EXACT,
    &PACK_SPLIT,
    &EXACT_32,
    &EXACT_64,
    &EXACT_128,
    &EXACT_SCALAR,
    &SPLIT_32,
    &SPLIT_64,
    &SPLIT_128,
    &SPLIT_SCALAR,
    &FLOAT_32,
    &FLOAT_64,
    &FLOAT_128,
    &FLOAT_SCALAR,
];

/// Weights that a thread of the packing kernel moves.
const PACK_RUN: usize = 8;

/// The product for a number of f16 products and a tile; `quads`: with 16-byte loads of the source.
fn product(products: Products, columns: usize, quads: bool) -> &'static Gemm {
    let [narrow, middle, wide, scalar]: [&Gemm; 4] = match products {
        Products::One => [&EXACT_32, &EXACT_64, &EXACT_128, &EXACT_SCALAR],
        Products::Two => [&SPLIT_32, &SPLIT_64, &SPLIT_128, &SPLIT_SCALAR],
        Products::Three => [&FLOAT_32, &FLOAT_64, &FLOAT_128, &FLOAT_SCALAR],
    };
    match columns {
        _ if !quads => scalar,
        32 => narrow,
        64 => middle,
        _ => wide,
    }
}

/// A gather of operands with known values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) gather: Gather,
    pub(super) products: Products,
    source: Values,
    weights: Values,
}

impl Plan {
    /// Of the convolution `g`; in dgrad the source is the gradient, any floats.
    pub(super) fn new(g: &Conv2d, direction: Direction, values: ConvValues) -> Self {
        let source = match direction {
            Direction::Fprop => values.x,
            Direction::Dgrad => Values::Float,
        };
        Plan {
            gather: Gather::new(g, direction),
            products: Products::of(source, values.w),
            source,
            weights: values.w,
        }
    }

    /// Bytes of scratch of [`Plan::launch`].
    pub(super) fn scratch_bytes(&self) -> usize {
        let packed = aligned(self.gather.packed_bytes(self.products));
        scale::scratch_bytes(self.products.split()).saturating_add(packed)
    }

    /// Gathers `source` by `weights` into `target`; all lengths are as the geometry says.
    ///
    /// # Errors
    /// [`radars_tensor::Error::Length`] when there is less scratch than [`Plan::scratch_bytes`];
    /// [`radars_tensor::Error::Geometry`] when a size is beyond what kernels count in;
    /// [`radars_tensor::Error::Kernel`].
    pub(super) fn launch(
        &self,
        cuda: &Cuda,
        op: &'static str,
        source: Ref<'_, Cuda>,
        weights: Ref<'_, Cuda>,
        target: Mut<'_, Cuda>,
        scratch: Mut<'_, Cuda>,
    ) -> Result<()> {
        let Plan {
            gather, products, ..
        } = *self;
        let wide = Address::of_mut(&target).is_aligned();
        for (operand, address) in [
            ("the source", Address::of(source)),
            ("scratch", Address::of_mut(&scratch)),
        ] {
            self.check_alignment(operand, address)?;
        }
        let described = gather.describe(op, wide)?;
        let blocks = gather.blocks(op)?;
        let (scratch, _) = scratch.split(op, "scratch", self.scratch_bytes())?;
        let shapes = || format!("{gather:?}");

        let split = [(source, self.source), (weights, self.weights)];
        let split = &split[..products.split()];
        let (scales, packed) = match split {
            [] => (None, scratch),
            _ => {
                let (scales, rest) = scale::scales(cuda, op, split, scratch)?;
                (Some(scales), rest)
            }
        };
        let scales = scales.as_ref().map_or(Address::NULL, Address::of_mut);
        let (mut packed, _) = packed.split(op, "scratch", gather.packed_bytes(products))?;

        let pack = match products {
            Products::One | Products::Two => &PACK_EXACT,
            Products::Three => &PACK_SPLIT,
        };
        let grid = Grid::over(gather.packed_len() / PACK_RUN, 256);
        let (format, columns) = (quantiser(self.weights), gather.columns as i32);
        let values = (
            weights,
            scales,
            packed.reborrow(),
            described,
            format,
            columns,
        );
        cuda.launch(pack, grid, values, shapes)?;

        let quads = gather.reads_quads();
        let product = product(products, gather.columns, quads);
        let format = quantiser(self.source);
        let values = (source, packed.as_ref(), scales, target, described, format);
        cuda.launch(product, Grid::new([blocks, 1, 1], 256), values, shapes)
    }

    /// Kernels read 16 bytes at a time, as everything does that an arena hands out.
    fn check_alignment(&self, operand: &str, address: Address) -> Result<()> {
        match address.is_aligned() {
            true => Ok(()),
            false => Err(Error::Kernel {
                device: DEVICE,
                kernel: "conv2d_gemm",
                shapes: format!("{:?}", self.gather),
                reason: format!("{operand} does not start on a 16-byte boundary"),
            }),
        }
    }
}
