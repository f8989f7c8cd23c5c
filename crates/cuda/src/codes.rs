//! Launchers of `codes.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::elements;
use crate::parameter::{In, Out};
use crate::quantiser::Quantiser;
use radars_tensor::{DType, FixedPoint, Mut, Ref, Result, Values};

const THREADS: u32 = 256;
/// Elements that a thread works on at a time.
const LANES: usize = 4;

const ENCODE_U8: Kernel<(In<f32>, Out<u8>, u64, Quantiser)> = Kernel::new("encode_u8");
const ENCODE_I8: Kernel<(In<f32>, Out<i8>, u64, Quantiser)> = Kernel::new("encode_i8");
const ENCODE_I16: Kernel<(In<f32>, Out<i16>, u64, Quantiser)> = Kernel::new("encode_i16");
const DECODE_U8: Kernel<(In<u8>, Out<f32>, u64, f32)> = Kernel::new("decode_u8");
const DECODE_I8: Kernel<(In<i8>, Out<f32>, u64, f32)> = Kernel::new("decode_i8");
const DECODE_I16: Kernel<(In<i16>, Out<f32>, u64, f32)> = Kernel::new("decode_i16");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &ENCODE_U8,
    &ENCODE_I8,
    &ENCODE_I16,
    &DECODE_U8,
    &DECODE_I8,
    &DECODE_I16,
];

/// Writes the codes of `x`.
pub(crate) fn encode(
    cuda: &Cuda,
    format: FixedPoint,
    x: Ref<'_, Cuda>,
    codes: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "encode";
    let elements = elements(NAME, "x", x.bytes())?;
    let of = Values::Codes(format);
    let codes = codes.checked(NAME, "codes", of.bytes(NAME, elements)?)?;
    let (grid, n) = (
        Grid::over(elements.div_ceil(LANES), THREADS),
        elements as u64,
    );
    let shapes = || format!("[{n}]");
    match of.dtype(NAME)? {
        DType::U8 => cuda.launch(&ENCODE_U8, grid, (x, codes, n, format.into()), shapes),
        DType::I8 => cuda.launch(&ENCODE_I8, grid, (x, codes, n, format.into()), shapes),
        _ => cuda.launch(&ENCODE_I16, grid, (x, codes, n, format.into()), shapes),
    }
}

/// Writes the values of `codes`.
pub(crate) fn decode(
    cuda: &Cuda,
    format: FixedPoint,
    codes: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "decode";
    let elements = elements(NAME, "y", y.bytes())?;
    let of = Values::Codes(format);
    let codes = codes.checked(NAME, "codes", of.bytes(NAME, elements)?)?;
    let (grid, n) = (
        Grid::over(elements.div_ceil(LANES), THREADS),
        elements as u64,
    );
    let (step, shapes) = (format.step(), || format!("[{n}]"));
    match of.dtype(NAME)? {
        DType::U8 => cuda.launch(&DECODE_U8, grid, (codes, y, n, step), shapes),
        DType::I8 => cuda.launch(&DECODE_I8, grid, (codes, y, n, step), shapes),
        _ => cuda.launch(&DECODE_I16, grid, (codes, y, n, step), shapes),
    }
}
