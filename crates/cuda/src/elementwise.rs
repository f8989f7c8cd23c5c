//! Launchers of `elementwise.cu`.

use crate::Cuda;
use crate::launch::{Grid, Kernel, Signed};
use crate::operand::{coefficient, elements, first, read};
use crate::parameter::{In, InAt, Out};
use crate::quantiser::Quantiser;
use radars_tensor::{Activation, BinaryOp, Coefficient, Error, Mut, Operand, Ref, Result, UnaryOp};

const F32: usize = size_of::<f32>();
const THREADS: u32 = 256;

type Unary = Kernel<(InAt<f32>, Out<f32>, u64)>;
type UnaryQuantise = Kernel<(InAt<f32>, Out<f32>, u64, Quantiser)>;
type Binary = Kernel<(InAt<f32>, In<f32>, u64, Out<f32>, u64)>;
type BinaryQuantise = Kernel<(InAt<f32>, In<f32>, u64, Out<f32>, u64, Quantiser)>;

const RELU: Unary = Kernel::new("unary_relu");
const RELU6: Unary = Kernel::new("unary_relu6");
const SIGMOID: Unary = Kernel::new("unary_sigmoid");
const TANH: Unary = Kernel::new("unary_tanh");
const EXP: Unary = Kernel::new("unary_exp");
const LOG: Unary = Kernel::new("unary_log");
const AFFINE: Kernel<(InAt<f32>, Out<f32>, u64, f32, f32)> = Kernel::new("unary_affine");
const FAKE_QUANTISE: UnaryQuantise = Kernel::new("unary_fake_quantise");
const RELU_QUANTISE: UnaryQuantise = Kernel::new("unary_relu_quantise");
const CLIP_COEFFICIENT: Kernel<(InAt<f32>, Out<f32>, u64, f32)> =
    Kernel::new("unary_clip_coefficient");

const ADD: Binary = Kernel::new("binary_add");
const SUB: Binary = Kernel::new("binary_sub");
const MUL: Binary = Kernel::new("binary_mul");
const DIV: Binary = Kernel::new("binary_div");
const SIGMOID_BACKWARD: Binary = Kernel::new("binary_sigmoid_backward");
const TANH_BACKWARD: Binary = Kernel::new("binary_tanh_backward");
const RELU_BACKWARD: Binary = Kernel::new("binary_relu_backward");
const RELU6_BACKWARD: Binary = Kernel::new("binary_relu6_backward");
const FAKE_QUANTISE_BACKWARD: BinaryQuantise = Kernel::new("binary_fake_quantise_backward");
const RELU_QUANTISE_BACKWARD: BinaryQuantise = Kernel::new("binary_relu_quantise_backward");

const ACCUMULATE: Kernel<(f32, InAt<f32>, In<f32>, Out<f32>, u64)> = Kernel::new("accumulate");

pub(crate) const KERNELS: &[&dyn Signed] = &[
    &RELU,
    &RELU6,
    &SIGMOID,
    &TANH,
    &EXP,
    &LOG,
    &AFFINE,
    &FAKE_QUANTISE,
    &RELU_QUANTISE,
    &CLIP_COEFFICIENT,
    &ADD,
    &SUB,
    &MUL,
    &DIV,
    &SIGMOID_BACKWARD,
    &TANH_BACKWARD,
    &RELU_BACKWARD,
    &RELU6_BACKWARD,
    &FAKE_QUANTISE_BACKWARD,
    &RELU_QUANTISE_BACKWARD,
    &ACCUMULATE,
];

/// A thread for every four elements.
fn grid(n: usize) -> Grid {
    Grid::over(n.div_ceil(4), THREADS)
}

/// `y = op(x)`.
pub(crate) fn unary(
    cuda: &Cuda,
    op: UnaryOp,
    x: Operand<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "unary";
    let elements = elements(NAME, "y", y.bytes())?;
    let x = first(NAME, "x", x, &y, elements)?;
    let (grid, n) = (grid(elements), elements as u64);
    let shapes = || format!("[{n}]");
    let plain = |kernel, y| cuda.launch(kernel, grid, (x, y, n), shapes);
    let quantise = |kernel, y, format| {
        let format = Quantiser::from(format);
        cuda.launch(kernel, grid, (x, y, n, format), shapes)
    };
    match op {
        UnaryOp::Relu => plain(&RELU, y),
        UnaryOp::Relu6 => plain(&RELU6, y),
        UnaryOp::Sigmoid => plain(&SIGMOID, y),
        UnaryOp::Tanh => plain(&TANH, y),
        UnaryOp::Exp => plain(&EXP, y),
        UnaryOp::Log => plain(&LOG, y),
        UnaryOp::FakeQuantise(format) => quantise(&FAKE_QUANTISE, y, format),
        UnaryOp::ReluQuantise(format) => quantise(&RELU_QUANTISE, y, format),
        UnaryOp::Affine { scale, shift } => {
            cuda.launch(&AFFINE, grid, (x, y, n, scale, shift), shapes)
        }
        UnaryOp::ClipCoefficient { max_norm } => {
            cuda.launch(&CLIP_COEFFICIENT, grid, (x, y, n, max_norm), shapes)
        }
    }
}

/// `y = op(a, b)`, a shorter `b` repeated.
pub(crate) fn binary(
    cuda: &Cuda,
    op: BinaryOp,
    a: Operand<'_, Cuda>,
    b: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "binary";
    let count = elements(NAME, "y", y.bytes())?;
    let a = first(NAME, "x", a, &y, count)?;
    let repeat = elements(NAME, "b", b.bytes())?;
    if count == 0 {
        return Ok(());
    }
    if repeat == 0 || !count.is_multiple_of(repeat) {
        return Err(Error::Length {
            op: NAME,
            operand: "b",
            expected: count * F32,
            got: repeat * F32,
        });
    }
    let (grid, n, repeat) = (grid(count), count as u64, repeat as u64);
    let shapes = || format!("[{n}] and [{repeat}]");
    let plain = |kernel, y| cuda.launch(kernel, grid, (a, b, repeat, y, n), shapes);
    let quantise = |kernel, y, format| {
        let format = Quantiser::from(format);
        cuda.launch(kernel, grid, (a, b, repeat, y, n, format), shapes)
    };
    match op {
        BinaryOp::Add => plain(&ADD, y),
        BinaryOp::Sub => plain(&SUB, y),
        BinaryOp::Mul => plain(&MUL, y),
        BinaryOp::Div => plain(&DIV, y),
        BinaryOp::SigmoidBackward => plain(&SIGMOID_BACKWARD, y),
        BinaryOp::TanhBackward => plain(&TANH_BACKWARD, y),
        BinaryOp::FakeQuantiseBackward(format) => quantise(&FAKE_QUANTISE_BACKWARD, y, format),
        BinaryOp::ActivationBackward(activation) => match activation {
            Activation::Relu => plain(&RELU_BACKWARD, y),
            Activation::Relu6 => plain(&RELU6_BACKWARD, y),
            Activation::ReluQuantise(format) => quantise(&RELU_QUANTISE_BACKWARD, y, format),
        },
    }
}

/// `y += c * x`.
pub(crate) fn accumulate(
    cuda: &Cuda,
    c: Coefficient<'_, Cuda>,
    x: Ref<'_, Cuda>,
    y: Mut<'_, Cuda>,
) -> Result<()> {
    const NAME: &str = "accumulate";
    let (element, constant) = coefficient(NAME, c)?;
    let n = elements(NAME, "y", y.bytes())?;
    let x = read(NAME, "x", x, n)?;
    let values = (constant, element, x, y, n as u64);
    cuda.launch(&ACCUMULATE, grid(n), values, || format!("[{n}]"))
}
