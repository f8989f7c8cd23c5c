//! What an operation works on: sizes stated once, checked once, with the figures that follow from them.

use crate::shape::product;
use crate::{Error, FixedPoint, Result};

/// The most elements of an operand of a convolution, 2^48 on a 64-bit machine, a petabyte of f32: no figure that follows from the
/// geometry, scratch included, overflows.
const MOST: usize = 1 << (usize::BITS / 4 * 3);

/// A two-dimensional convolution, channels last: `x [n, h, w, ci]`, `w [co, k, k, ci / groups]`,
/// `y [n, ho, wo, co]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv2d {
    /// Images.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Height, width and channels of an output image.
    pub output: [usize; 3],
    /// Side of the square kernel.
    pub kernel: usize,
    /// Step between windows, both ways.
    pub stride: usize,
    /// Zeros around the image, on every side.
    pub padding: usize,
    /// Groups of channels that are convolved apart; as many as channels for a depthwise convolution.
    pub groups: usize,
}

/// How a convolution walks over its input: everything that is not a size of the operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv2dOptions {
    /// Step between windows, both ways.
    pub stride: usize,
    /// Zeros around the image, on every side.
    pub padding: usize,
    /// Groups of channels that are convolved apart.
    pub groups: usize,
}

impl Conv2d {
    /// The convolution of `batch` images of `input` [h, w, c] with `channels` filters of side `kernel`.
    ///
    /// # Errors
    /// [`Error::Geometry`] when a size is zero, the groups do not divide the channels, the kernel is larger
    /// than the padded image, or an operand has more than 2^48 elements.
    pub fn new(
        batch: usize,
        input: [usize; 3],
        channels: usize,
        kernel: usize,
        options: Conv2dOptions,
    ) -> Result<Self> {
        let Conv2dOptions {
            stride,
            padding,
            groups,
        } = options;
        let check = |what, value, ok: bool, expected| match ok {
            true => Ok(()),
            false => Err(Error::Geometry {
                op: "conv2d",
                what,
                value,
                expected,
            }),
        };
        let [height, width, ci] = input;
        let padded = |size: usize| size.saturating_add(padding.saturating_mul(2));
        let smallest = padded(height.min(width));
        check("the batch", batch, batch > 0, "at least 1")?;
        check(
            "the input's smallest size",
            height.min(width).min(ci),
            height.min(width).min(ci) > 0,
            "at least 1",
        )?;
        check("the stride", stride, stride > 0, "at least 1")?;
        check(
            "the kernel",
            kernel,
            (1..=smallest).contains(&kernel),
            "at least 1 and at most the padded image",
        )?;
        check(
            "groups",
            groups,
            groups > 0 && ci.is_multiple_of(groups),
            "a divisor of the input channels",
        )?;
        check(
            "output channels",
            channels,
            channels > 0 && channels.is_multiple_of(groups),
            "a multiple of the groups",
        )?;
        let out = |size: usize| (padded(size) - kernel) / stride + 1;
        let output = [out(height), out(width), channels];
        for (what, sizes) in [
            (
                "the padded images' number of elements",
                [batch, padded(height), padded(width), ci],
            ),
            (
                "the output's number of elements",
                [batch, output[0], output[1], channels],
            ),
            (
                "the weights' number of elements",
                [channels, kernel, kernel, ci / groups],
            ),
        ] {
            let elements = product(&sizes);
            check(what, elements, elements <= MOST, "at most 2^48")?;
        }
        Ok(Conv2d {
            batch,
            input,
            output,
            kernel,
            stride,
            padding,
            groups,
        })
    }

    /// The geometry itself, when it is one that [`Conv2d::new`] makes.
    ///
    /// # Errors
    /// [`Error::Geometry`] as for [`Conv2d::new`], and when the output does not follow from the rest.
    pub fn checked(self) -> Result<Self> {
        let Conv2d {
            stride,
            padding,
            groups,
            ..
        } = self;
        let options = Conv2dOptions {
            stride,
            padding,
            groups,
        };
        let made = Conv2d::new(self.batch, self.input, self.output[2], self.kernel, options)?;
        for (axis, what) in [(0, "the output's height"), (1, "the output's width")] {
            if made.output[axis] != self.output[axis] {
                return Err(Error::Geometry {
                    op: "conv2d",
                    what,
                    value: self.output[axis],
                    expected: "(input + 2 * padding - kernel) / stride + 1",
                });
            }
        }
        Ok(self)
    }

    /// Output pixels of the whole batch, `n * ho * wo`.
    pub fn output_pixels(&self) -> usize {
        self.batch * self.output[0] * self.output[1]
    }

    /// Products that make one output value, `k * k * ci / groups`.
    pub fn window(&self) -> usize {
        self.kernel * self.kernel * self.input[2] / self.groups
    }

    /// Elements of `x`.
    pub fn input_elements(&self) -> usize {
        self.batch * self.input.iter().product::<usize>()
    }

    /// Elements of `y`.
    pub fn output_elements(&self) -> usize {
        self.batch * self.output.iter().product::<usize>()
    }

    /// Elements of `w`.
    pub fn weight_elements(&self) -> usize {
        self.output[2] * self.window()
    }

    /// Multiply-adds, those on padding counted as in the literature.
    pub fn macs(&self) -> u64 {
        (self.output_elements() as u64).saturating_mul(self.window() as u64)
    }
}

/// A window over images for pooling, channels last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool2d {
    /// What is taken of a window.
    pub kind: PoolKind,
    /// Images.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Side of the square window.
    pub kernel: usize,
    /// Step between windows, both ways.
    pub stride: usize,
    /// Border around the image on every side; it is never part of the maximum nor of the average.
    pub padding: usize,
}

/// What is taken of a pooling window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// The largest value; the gradient goes to the first largest in row order.
    Max,
    /// The mean over the pixels that lie inside the image.
    Average,
}

impl Pool2d {
    /// Checks the sizes.
    ///
    /// # Errors
    /// [`Error::Geometry`] when one is zero, or a window could lie wholly in the border.
    pub fn checked(self) -> Result<Self> {
        let smallest = self
            .input
            .iter()
            .copied()
            .min()
            .unwrap_or(0)
            .min(self.batch);
        let bad = |what, value, expected| {
            Err(Error::Geometry {
                op: "pool2d",
                what,
                value,
                expected,
            })
        };
        if smallest == 0 {
            return bad("the input's smallest size", smallest, "at least 1");
        }
        if self.kernel == 0 || self.stride == 0 {
            return bad("the smaller of kernel and stride", 0, "at least 1");
        }
        if self.padding >= self.kernel {
            return bad("the padding", self.padding, "smaller than the kernel");
        }
        let largest = self.input[0].max(self.input[1]);
        let border = self.padding.checked_mul(2);
        if border.and_then(|b| b.checked_add(largest)).is_none() {
            return bad(
                "the padding",
                self.padding,
                "so small that no size overflows",
            );
        }
        if self.input[0].min(self.input[1]) + 2 * self.padding < self.kernel {
            return bad("the kernel", self.kernel, "at most the padded image");
        }
        Ok(self)
    }

    /// Elements of the input.
    pub fn input_elements(&self) -> usize {
        product(&[self.batch, self.input[0], self.input[1], self.input[2]])
    }

    /// Elements of the output.
    pub fn output_elements(&self) -> usize {
        let [height, width, channels] = self.output();
        product(&[self.batch, height, width, channels])
    }

    /// Height, width and channels of an output image.
    pub fn output(&self) -> [usize; 3] {
        let out = |size: usize| (size + 2 * self.padding - self.kernel) / self.stride + 1;
        [out(self.input[0]), out(self.input[1]), self.input[2]]
    }
}

/// A tensor seen as `[outer, axis, inner]`, to be reduced or repeated along `axis`.
///
/// All of a tensor: `[1, n, 1]`; the columns of `[rows, c]`: `[1, rows, c]`; the pixels of images
/// `[n, h, w, c]`: `[n, h * w, c]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Everything before the axis.
    pub outer: usize,
    /// The axis itself.
    pub axis: usize,
    /// Everything after it, contiguous.
    pub inner: usize,
}

impl Axis {
    /// Elements of the full tensor.
    pub fn elements(&self) -> usize {
        product(&[self.outer, self.axis, self.inner])
    }

    /// Elements of the reduced tensor.
    pub fn reduced(&self) -> usize {
        product(&[self.outer, self.inner])
    }
}

/// `c [m, n] = a * b`, where `a` is `[m, k]` (or `[k, m]` transposed) and `b` is `[k, n]` (or `[n, k]`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MatMul {
    /// Rows of the product.
    pub m: usize,
    /// Columns of the product.
    pub n: usize,
    /// Products summed for one value.
    pub k: usize,
    /// `a` is stored transposed, `[k, m]`.
    pub transpose_a: bool,
    /// `b` is stored transposed, `[n, k]`.
    pub transpose_b: bool,
}

/// Batch normalisation over the rows of `[rows, channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Rows: images times pixels.
    pub rows: usize,
    /// Channels, each normalised by itself.
    pub channels: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

/// What follows a batch normalisation in the same pass over memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `max(z, 0)`.
    Relu,
    /// `min(max(z, 0), 6)`.
    Relu6,
    /// `quantise(max(z, 0))` in an unsigned format. Its gradient passes where `z > 0` and the rounded code
    /// is at most the largest.
    ReluQuantise(FixedPoint),
}

/// Cross entropy of `[rows, classes]` logits against integer labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// Examples.
    pub rows: usize,
    /// Classes.
    pub classes: usize,
    /// Label smoothing `s`: the target is `1 - s` on the label plus `s / classes` on every class.
    pub smoothing: f32,
}

/// A square kernel in the middle of a larger one: `small [co, k, k, ci]` inside `large [co, K, K, ci]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Embedding {
    /// Output channels.
    pub out_channels: usize,
    /// Side of the small kernel, odd as the large one is.
    pub small: usize,
    /// Side of the large kernel.
    pub large: usize,
    /// Input channels (of a group).
    pub in_channels: usize,
}

impl Embedding {
    /// Elements of the small kernel tensor.
    pub fn small_elements(&self) -> usize {
        self.out_channels * self.small * self.small * self.in_channels
    }

    /// Elements of the large kernel tensor.
    pub fn large_elements(&self) -> usize {
        self.out_channels * self.large * self.large * self.in_channels
    }

    /// Rows and columns of the large kernel that lie outside the small one, on every side.
    pub fn margin(&self) -> usize {
        (self.large - self.small) / 2
    }
}
