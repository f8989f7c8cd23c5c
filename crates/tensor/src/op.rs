//! The small enums and parameter structs of the [`Backend`](crate::Backend) trait.

use crate::geometry::{Axis, BatchNorm, Conv2d, CrossEntropy, MatMul};
use crate::{Activation, Backend, DType, Error, FixedPoint, KernelMerge, Ref, Result};

/// An elementwise function of one operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UnaryOp {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `exp(x)`.
    Exp,
    /// `ln(x)`.
    Log,
    /// `scale * x + shift`.
    Affine {
        /// Factor.
        scale: f32,
        /// Summand.
        shift: f32,
    },
    /// The nearest value of a fixed-point format.
    FakeQuantise(FixedPoint),
    /// `quantise(max(x, 0))`, see [`Activation::ReluQuantise`].
    ReluQuantise(FixedPoint),
    /// `min(1, max_norm / (sqrt(x) + 1e-6))`: of a sum of squares, the factor that clips its root.
    ClipCoefficient {
        /// The largest norm.
        max_norm: f32,
    },
}

impl From<Activation> for UnaryOp {
    fn from(activation: Activation) -> Self {
        match activation {
            Activation::Relu => UnaryOp::Relu,
            Activation::Relu6 => UnaryOp::Relu6,
            Activation::ReluQuantise(format) => UnaryOp::ReluQuantise(format),
        }
    }
}

/// An elementwise function of two operands `a` and `b`; the `...Backward` ones take the saved operand
/// as `a` and the gradient of the result as `b`, and give the gradient of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BinaryOp {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// `a / b`.
    Div,
    /// `b * a * (1 - a)`, with `a` the sigmoid.
    SigmoidBackward,
    /// `b * (1 - a^2)`, with `a` the tanh.
    TanhBackward,
    /// `b` where the straight-through estimator passes at the quantiser's input `a`, else 0.
    FakeQuantiseBackward(FixedPoint),
    /// `b` where the activation's gradient passes at its input `a`, else 0.
    ActivationBackward(Activation),
}

/// How a tensor is reduced along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceOp {
    /// Sum of the values.
    Sum,
    /// Mean of the values.
    Mean,
    /// Sum of the squares.
    SumOfSquares,
    /// The largest value.
    Max,
}

/// Which bit a mask holds for an element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaskOp {
    /// `x > 0`.
    Positive,
    /// `lo < x < hi`.
    Between(f32, f32),
    /// Whether the straight-through estimator of the format passes at `x`.
    InRange(FixedPoint),
}

/// The first operand of an elementwise operation.
pub enum Operand<'a, B: Backend> {
    /// Read from its own memory.
    Read(Ref<'a, B>),
    /// Held by the result's memory, which is overwritten.
    InPlace,
}

/// A factor: a number, or a one-element tensor of the device.
pub enum Coefficient<'a, B: Backend> {
    /// Known to the host.
    Constant(f32),
    /// Known to the device alone.
    Element(Ref<'a, B>),
}

/// One step of stochastic gradient descent with momentum.
///
/// `g = coefficient * grad + weight_decay * p; v = momentum * v + g;`
/// `p -= rate * (g + momentum * v)` with Nesterov's momentum, else `p -= rate * v`.
///
/// # Source
/// Sutskever et al. 2013, in the form of the common frameworks (dampening 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// Learning rate.
    pub rate: f32,
    /// Momentum.
    pub momentum: f32,
    /// Nesterov's variant.
    pub nesterov: bool,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f32,
}

/// One step of Adam.
///
/// `g = coefficient * grad + weight_decay * p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;`
/// `p -= rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)`.
///
/// # Source
/// Kingma and Ba 2015, Algorithm 1; L2 penalty as in DARTS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate.
    pub rate: f32,
    /// Decay of the first and of the second moment.
    pub betas: (f32, f32),
    /// Added to the root.
    pub epsilon: f32,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f32,
    /// `1 - b1^t` and `1 - b2^t` for step `t`, counted from 1.
    pub bias_corrections: (f32, f32),
}

/// What is known of the values of a convolution's operand, and what happens to them on the way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Values {
    /// Any floats, taken as they are.
    Float,
    /// Values of that format already, taken as they are; a backend may rely on it, and the result is
    /// unspecified where it is not so (but for NaN, which stays NaN).
    OnGrid(FixedPoint),
    /// Any floats, of which the nearest values of that format are taken.
    Quantise(FixedPoint),
    /// Codes of that format ([`Backend::encode`]), elements of its [`FixedPoint::code_dtype`]; taken are the
    /// values `code * 2^-F`. There is no NaN among them.
    Codes(FixedPoint),
}

impl Values {
    /// The format of the values that the convolution multiplies; none for floats.
    pub fn format(self) -> Option<FixedPoint> {
        match self {
            Values::Float => None,
            Values::OnGrid(format) | Values::Quantise(format) | Values::Codes(format) => {
                Some(format)
            }
        }
    }

    /// The type of the operand's elements; `op` is who asks.
    ///
    /// # Errors
    /// [`Error::Geometry`] for codes of a format that has none ([`FixedPoint::code_dtype`]).
    pub fn dtype(self, op: &'static str) -> Result<DType> {
        let Values::Codes(format) = self else {
            return Ok(DType::F32);
        };
        format.code_dtype().ok_or(Error::Geometry {
            op,
            what: "the width of a code",
            value: format.width() as usize,
            expected: "1 to 16 bits when signed, at most 15 when not",
        })
    }

    /// The bytes of that many elements of the operand; `op` is who asks.
    ///
    /// # Errors
    /// As [`Values::dtype`].
    pub fn bytes(self, op: &'static str, elements: usize) -> Result<usize> {
        Ok(elements.saturating_mul(self.dtype(op)?.bytes()))
    }

    /// What is known of the values of codes, once they are decoded.
    #[must_use]
    pub fn decoded(self) -> Self {
        match self {
            Values::Codes(format) => Values::OnGrid(format),
            other => other,
        }
    }
}

/// The values of both operands of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvValues {
    /// Of the images.
    pub x: Values,
    /// Of the weights.
    pub w: Values,
}

impl ConvValues {
    /// Whether one of the operands is codes.
    pub fn hold_codes(self) -> bool {
        self != self.decoded()
    }

    /// Both as they are once their codes, if they are codes, are decoded.
    #[must_use]
    pub fn decoded(self) -> Self {
        ConvValues {
            x: self.x.decoded(),
            w: self.w.decoded(),
        }
    }
}

/// An operation that may want scratch memory; what [`Backend::scratch_bytes`] is asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op<'a> {
    /// [`Backend::conv2d_fprop`].
    Conv2dFprop(Conv2d),
    /// [`Backend::conv2d_dgrad`].
    Conv2dDgrad(Conv2d),
    /// [`Backend::conv2d_wgrad`].
    Conv2dWgrad(Conv2d),
    /// [`Backend::fake_quantised_conv2d_fprop`].
    FakeQuantisedConv2dFprop(Conv2d, ConvValues),
    /// [`Backend::fake_quantised_conv2d_dgrad`].
    FakeQuantisedConv2dDgrad(Conv2d, ConvValues),
    /// [`Backend::fake_quantised_conv2d_wgrad`].
    FakeQuantisedConv2dWgrad(Conv2d, ConvValues),
    /// [`Backend::batch_norm`].
    BatchNorm(BatchNorm),
    /// [`Backend::batch_norm_backward`].
    BatchNormBackward(BatchNorm),
    /// [`Backend::batch_norm_activation`].
    BatchNormActivation(BatchNorm),
    /// [`Backend::batch_norm_activation_backward`].
    BatchNormActivationBackward(BatchNorm),
    /// [`Backend::batch_norm_encode`].
    BatchNormEncode(BatchNorm, FixedPoint),
    /// [`Backend::matmul`].
    MatMul(MatMul),
    /// [`Backend::reduce`].
    Reduce(ReduceOp, Axis),
    /// [`Backend::dot`] of that many elements.
    Dot(usize),
    /// [`Backend::cross_entropy`].
    CrossEntropy(CrossEntropy),
    /// [`Backend::mix_quantised`] of that many elements.
    MixQuantised(&'a [FixedPoint], usize),
    /// [`Backend::mix_quantised_backward`] of that many elements.
    MixQuantisedBackward(&'a [FixedPoint], usize),
    /// [`Backend::merge_kernels`].
    MergeKernels(KernelMerge<'a>),
    /// [`Backend::merge_kernels_backward`].
    MergeKernelsBackward(KernelMerge<'a>),
}
