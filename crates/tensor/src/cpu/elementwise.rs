//! Elementwise operations of one and two operands, and accumulation.

use super::Cpu;
use super::memory::{read, slice, slice_mut, write};
use super::parallel::PIECE;
use super::pointwise::{Pointwise, Quantiser, Relu, Relu6, ReluQuantise, gated};
use super::simd::simd;
use crate::{Activation, BinaryOp, Coefficient, Error, Mut, Operand, Ref, Result, UnaryOp};
use rayon::prelude::*;

const F32: usize = size_of::<f32>();

/// The first operand, none when it is in place, and the result.
pub(super) fn operands<'a>(
    op: &'static str,
    x: Operand<'a, Cpu>,
    y: Mut<'a, Cpu>,
) -> Result<(Option<&'a [f32]>, &'a mut [f32])> {
    let elements = y.bytes() / F32;
    let x = match x {
        Operand::Read(x) => Some(read(op, "x", x, elements)?),
        Operand::InPlace => None,
    };
    Ok((x, write(op, "y", y, elements)?))
}

/// The value of a coefficient.
pub(super) fn coefficient(op: &'static str, coefficient: Coefficient<'_, Cpu>) -> Result<f32> {
    match coefficient {
        Coefficient::Constant(value) => Ok(value),
        Coefficient::Element(view) => Ok(read(op, "coefficient", view, 1)?[0]),
    }
}

/// Sets every element to `value`.
pub(super) fn fill(cpu: &Cpu, value: f32, y: Mut<'_, Cpu>) -> Result<()> {
    let elements = y.bytes() / F32;
    let y = write("fill", "dst", y, elements)?;
    cpu.for_each(elements, y.par_chunks_mut(PIECE), |y| y.fill(value));
    Ok(())
}

/// Copies bytes.
pub(super) fn copy(cpu: &Cpu, src: Ref<'_, Cpu>, dst: Mut<'_, Cpu>) -> Result<()> {
    let src = slice::<u8>(src.checked("copy", "src", dst.bytes())?);
    let dst = slice_mut::<u8>(dst);
    let pieces = dst
        .par_chunks_mut(PIECE * F32)
        .zip(src.par_chunks(PIECE * F32));
    cpu.for_each(src.len() / F32, pieces, |(dst, src)| {
        dst.copy_from_slice(src);
    });
    Ok(())
}

/// `y = op(x)`.
pub(super) fn unary(cpu: &Cpu, op: UnaryOp, x: Operand<'_, Cpu>, y: Mut<'_, Cpu>) -> Result<()> {
    let (x, y) = operands("unary", x, y)?;
    match op {
        UnaryOp::Relu => map_pointwise(cpu, x, y, Relu),
        UnaryOp::Relu6 => map_pointwise(cpu, x, y, Relu6),
        UnaryOp::FakeQuantise(format) => map_pointwise(cpu, x, y, Quantiser::new(format)),
        UnaryOp::ReluQuantise(format) => {
            map_pointwise(cpu, x, y, ReluQuantise(Quantiser::new(format)));
        }
        UnaryOp::Sigmoid => map(cpu, x, y, |x| 1.0 / (1.0 + libm::expf(-x))),
        UnaryOp::Tanh => map(cpu, x, y, libm::tanhf),
        UnaryOp::Exp => map(cpu, x, y, libm::expf),
        UnaryOp::Log => map(cpu, x, y, libm::logf),
        UnaryOp::Affine { scale, shift } => {
            map(
                cpu,
                x,
                y,
                #[inline(always)]
                move |x| scale * x + shift,
            );
        }
        UnaryOp::ClipCoefficient { max_norm } => {
            map(cpu, x, y, |x| (max_norm / (x.sqrt() + 1e-6)).min(1.0));
        }
    }
    Ok(())
}

fn map_pointwise(cpu: &Cpu, x: Option<&[f32]>, y: &mut [f32], function: impl Pointwise) {
    map(
        cpu,
        x,
        y,
        #[inline(always)]
        move |x| function.value(x),
    );
}

/// `y = f(x)`, or `y = f(y)` without an `x`.
fn map(cpu: &Cpu, x: Option<&[f32]>, y: &mut [f32], f: impl Fn(f32) -> f32 + Copy + Send + Sync) {
    let (isa, elements) = (cpu.spec.isa, y.len());
    let pieces = y.par_chunks_mut(PIECE);
    match x {
        None => cpu.for_each(elements, pieces, |y| {
            simd(
                isa,
                #[inline(always)]
                move || {
                    for y in y {
                        *y = f(*y);
                    }
                },
            );
        }),
        Some(x) => cpu.for_each(elements, pieces.zip(x.par_chunks(PIECE)), |(y, x)| {
            simd(
                isa,
                #[inline(always)]
                move || {
                    for (y, &x) in y.iter_mut().zip(x) {
                        *y = f(x);
                    }
                },
            );
        }),
    }
}

/// `y = op(a, b)`, a shorter `b` repeated.
pub(super) fn binary(
    cpu: &Cpu,
    op: BinaryOp,
    a: Operand<'_, Cpu>,
    b: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "binary";
    let (a, y) = operands(NAME, a, y)?;
    let b = slice::<f32>(b.checked(NAME, "b", b.bytes() / F32 * F32)?);
    if y.is_empty() {
        return Ok(());
    }
    if b.is_empty() || !y.len().is_multiple_of(b.len()) {
        return Err(Error::Length {
            op: NAME,
            operand: "b",
            expected: y.len() * F32,
            got: b.len() * F32,
        });
    }
    match op {
        BinaryOp::Add => zip(
            cpu,
            a,
            b,
            y,
            #[inline(always)]
            move |a, b| a + b,
        ),
        BinaryOp::Sub => zip(
            cpu,
            a,
            b,
            y,
            #[inline(always)]
            move |a, b| a - b,
        ),
        BinaryOp::Mul => zip(
            cpu,
            a,
            b,
            y,
            #[inline(always)]
            move |a, b| a * b,
        ),
        BinaryOp::Div => zip(
            cpu,
            a,
            b,
            y,
            #[inline(always)]
            move |a, b| a / b,
        ),
        BinaryOp::SigmoidBackward => {
            zip(
                cpu,
                a,
                b,
                y,
                #[inline(always)]
                move |a, b| b * a * (1.0 - a),
            );
        }
        BinaryOp::TanhBackward => {
            zip(
                cpu,
                a,
                b,
                y,
                #[inline(always)]
                move |a, b| b * (1.0 - a * a),
            );
        }
        BinaryOp::FakeQuantiseBackward(format) => gate(cpu, a, b, y, Quantiser::new(format)),
        BinaryOp::ActivationBackward(Activation::Relu) => gate(cpu, a, b, y, Relu),
        BinaryOp::ActivationBackward(Activation::Relu6) => gate(cpu, a, b, y, Relu6),
        BinaryOp::ActivationBackward(Activation::ReluQuantise(format)) => {
            gate(cpu, a, b, y, ReluQuantise(Quantiser::new(format)));
        }
    }
    Ok(())
}

fn gate(cpu: &Cpu, a: Option<&[f32]>, b: &[f32], y: &mut [f32], function: impl Pointwise) {
    zip(
        cpu,
        a,
        b,
        y,
        #[inline(always)]
        move |a, b| gated(function.passes(a), b),
    );
}

/// `y = f(a, b)`, or `y = f(y, b)` without an `a`; `b` is repeated along `y`.
fn zip(
    cpu: &Cpu,
    a: Option<&[f32]>,
    b: &[f32],
    y: &mut [f32],
    f: impl Fn(f32, f32) -> f32 + Copy + Send + Sync,
) {
    let isa = cpu.spec.isa;
    if let &[b] = b {
        return map(
            cpu,
            a,
            y,
            #[inline(always)]
            move |a| f(a, b),
        );
    }
    let repeated = b.len() < y.len();
    let piece = match repeated {
        true => b.len() * (PIECE / b.len()).max(1),
        false => PIECE,
    };
    cpu.for_each(
        y.len(),
        y.par_chunks_mut(piece).enumerate(),
        |(index, y)| {
            let range = index * piece..index * piece + y.len();
            let a = a.map(|a| &a[range.clone()]);
            let b = if repeated { b } else { &b[range] };
            simd(
                isa,
                #[inline(always)]
                move || match a {
                    None => {
                        for y in y.chunks_exact_mut(b.len()) {
                            for (y, &b) in y.iter_mut().zip(b) {
                                *y = f(*y, b);
                            }
                        }
                    }
                    Some(a) => {
                        for (y, a) in y.chunks_exact_mut(b.len()).zip(a.chunks_exact(b.len())) {
                            for ((y, &a), &b) in y.iter_mut().zip(a).zip(b) {
                                *y = f(a, b);
                            }
                        }
                    }
                },
            );
        },
    );
}

/// `y += c * x`.
pub(super) fn accumulate(
    cpu: &Cpu,
    c: Coefficient<'_, Cpu>,
    x: Ref<'_, Cpu>,
    y: Mut<'_, Cpu>,
) -> Result<()> {
    const NAME: &str = "accumulate";
    let c = coefficient(NAME, c)?;
    let elements = y.bytes() / F32;
    let x = read(NAME, "x", x, elements)?;
    let y = write(NAME, "y", y, elements)?;
    zip(
        cpu,
        None,
        x,
        y,
        #[inline(always)]
        move |y, x| y + c * x,
    );
    Ok(())
}
