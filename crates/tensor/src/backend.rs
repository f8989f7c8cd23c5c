//! The `Backend` trait: what a device has to be able to compute.

use crate::geometry::{Axis, BatchNorm, Conv2d, CrossEntropy, Embedding, MatMul, Pool2d};
use crate::op::{
    AdamStep, BinaryOp, Coefficient, ConvValues, MaskOp, Op, Operand, ReduceOp, SgdStep, UnaryOp,
};
use crate::{
    Activation, BatchNormInference, BatchNormSaved, FixedPoint, ImageBatch, KernelMerge, Mut, Ref,
    Result, compose,
};

/// A device that computes on ranges of its memory.
///
/// **Backends compute, they never allocate.** Outputs and scratch come from above, from the arena;
/// how much scratch an operation needs is [`Backend::scratch_bytes`], a function of plain data, so a
/// plan needs no device. Every method checks the lengths it was given ([`crate::Error::Length`]).
///
/// Unless stated otherwise operands are f32 and contiguous, images channels last. Reductions have an
/// order that depends on the sizes alone: a result is the same for any number of threads.
///
/// Fused methods have defaults made of the others ([`compose`]), so a new backend is correct before it
/// is fast.
pub trait Backend: Sized + Send + Sync + 'static {
    /// A reservation of the device's memory.
    type Memory: Send + Sync;
    /// Everything that scratch sizes and results may depend on: device properties and code path, as
    /// plain data; never a thread count.
    type Spec: Clone + std::fmt::Debug + PartialEq + Send + Sync;

    /// A short name, for messages.
    const NAME: &'static str;
    /// Whether values exist. Only a planning backend, which computes nothing, says no: for it, values
    /// need not be made up before they are uploaded.
    const HOLDS_VALUES: bool = true;

    /// What scratch sizes and results depend on.
    fn spec(&self) -> Self::Spec;
    /// Bytes of scratch that `op` wants.
    fn scratch_bytes(spec: &Self::Spec, op: &Op<'_>) -> usize;
    /// Reserves `bytes` bytes of memory, touched only as used.
    fn reserve(&self, bytes: usize) -> Result<Self::Memory>;

    /// Copies bytes from the host.
    fn upload(&self, src: &[u8], dst: Mut<'_, Self>) -> Result<()>;
    /// Copies bytes to the host, when everything before is done.
    fn download(&self, src: Ref<'_, Self>, dst: &mut [u8]) -> Result<()>;
    /// Copies bytes on the device.
    fn copy(&self, src: Ref<'_, Self>, dst: Mut<'_, Self>) -> Result<()>;
    /// Sets every element to `value`.
    fn fill(&self, value: f32, dst: Mut<'_, Self>) -> Result<()>;

    /// `y = op(x)`.
    fn unary(&self, op: UnaryOp, x: Operand<'_, Self>, y: Mut<'_, Self>) -> Result<()>;
    /// `y = op(a, b)`; a shorter `b`, whose length divides that of `y`, is repeated (a row, a scalar).
    fn binary(
        &self,
        op: BinaryOp,
        a: Operand<'_, Self>,
        b: Ref<'_, Self>,
        y: Mut<'_, Self>,
    ) -> Result<()>;
    /// `y += coefficient * x`.
    fn accumulate(
        &self,
        coefficient: Coefficient<'_, Self>,
        x: Ref<'_, Self>,
        y: Mut<'_, Self>,
    ) -> Result<()>;
    /// The codes of the nearest values of `format`: `clamp(round_half_even(x * 2^F), lo, hi)`, as elements of
    /// its [`FixedPoint::code_dtype`]. Of NaN, which no code can be, it is 0.
    fn encode(&self, format: FixedPoint, x: Ref<'_, Self>, codes: Mut<'_, Self>) -> Result<()>;
    /// The values `y = code * 2^-F` of codes of `format`. What [`Backend::encode`] made of `x` gives what
    /// [`UnaryOp::FakeQuantise`] does, but for NaN and the sign of zeros.
    fn decode(&self, format: FixedPoint, codes: Ref<'_, Self>, y: Mut<'_, Self>) -> Result<()>;
    /// One bit an element of `x`, the lowest first, `ceil(n / 8)` bytes.
    fn mask(&self, op: MaskOp, x: Ref<'_, Self>, mask: Mut<'_, Self>) -> Result<()>;
    /// Sets the elements of `y` whose bit is not set to zero.
    fn apply_mask(&self, mask: Ref<'_, Self>, y: Mut<'_, Self>) -> Result<()>;

    /// Reduces `x [outer, axis, inner]` to `y [outer, inner]`.
    fn reduce(
        &self,
        op: ReduceOp,
        axis: &Axis,
        x: Ref<'_, Self>,
        y: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// Repeats `x [outer, inner]`, times `scale`, along the axis of `y [outer, axis, inner]`.
    fn broadcast(&self, axis: &Axis, scale: f32, x: Ref<'_, Self>, y: Mut<'_, Self>) -> Result<()>;
    /// The inner product, a one-element `y`.
    fn dot(
        &self,
        a: Ref<'_, Self>,
        b: Ref<'_, Self>,
        y: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// The matrix product.
    fn matmul(
        &self,
        shape: &MatMul,
        a: Ref<'_, Self>,
        b: Ref<'_, Self>,
        c: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;

    /// The convolution `y = x * w`.
    fn conv2d_fprop(
        &self,
        g: &Conv2d,
        x: Ref<'_, Self>,
        w: Ref<'_, Self>,
        y: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// The gradient of the convolution's input.
    fn conv2d_dgrad(
        &self,
        g: &Conv2d,
        dy: Ref<'_, Self>,
        w: Ref<'_, Self>,
        dx: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// The gradient of the convolution's weights.
    fn conv2d_wgrad(
        &self,
        g: &Conv2d,
        x: Ref<'_, Self>,
        dy: Ref<'_, Self>,
        dw: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// The convolution `y = Qx(x) * Qw(w)` of operands with given [`ConvValues`], where `Q` quantises
    /// what is to be quantised and is the identity else; of floats, it is [`Backend::conv2d_fprop`].
    /// Codes are decoded. A NaN among the operands makes those values NaN that it is a summand of; a backend may let it spread
    /// to all of them.
    fn fake_quantised_conv2d_fprop(
        &self,
        g: &Conv2d,
        values: ConvValues,
        x: Ref<'_, Self>,
        w: Ref<'_, Self>,
        y: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::fake_quantised_conv2d_fprop(self, g, values, x, w, y, scratch)
    }
    /// The gradient of `Qx(x)` in [`Backend::fake_quantised_conv2d_fprop`]: that of the convolution's input
    /// with weights `Qw(w)`. Whether it passes the quantiser of `x` is left to the caller.
    fn fake_quantised_conv2d_dgrad(
        &self,
        g: &Conv2d,
        values: ConvValues,
        dy: Ref<'_, Self>,
        w: Ref<'_, Self>,
        dx: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::fake_quantised_conv2d_dgrad(self, g, values, dy, w, dx, scratch)
    }
    /// The gradient of `w` in [`Backend::fake_quantised_conv2d_fprop`]: that of the convolution's weights
    /// with input `Qx(x)`, and zero where the quantiser of `w`, if there is one, lets no gradient pass
    /// ([`FixedPoint::passes`]). Else `w` is not read.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn fake_quantised_conv2d_wgrad(
        &self,
        g: &Conv2d,
        values: ConvValues,
        x: Ref<'_, Self>,
        w: Ref<'_, Self>,
        dy: Ref<'_, Self>,
        dw: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::fake_quantised_conv2d_wgrad(self, g, values, x, w, dy, dw, scratch)
    }
    /// Writes the images `bytes` (u8) to `y`: [`ImageBatch::value`] of each byte, each image moved and
    /// mirrored as its [`Placement`](crate::Placement) among `placements` (i32) says, black (the value of
    /// byte 0) where it comes from outside. With `(rows, columns, mirrored)` of image `n`,
    /// `y[n][i][j] = bytes[n][i + rows][j' + columns]`, where `j'` is `w - 1 - j` if mirrored, else `j`.
    fn place_images(
        &self,
        g: &ImageBatch,
        bytes: Ref<'_, Self>,
        placements: Ref<'_, Self>,
        y: Mut<'_, Self>,
    ) -> Result<()>;
    /// Pooling.
    fn pool2d(&self, g: &Pool2d, x: Ref<'_, Self>, y: Mut<'_, Self>) -> Result<()>;
    /// The gradient of the pooling's input.
    fn pool2d_backward(
        &self,
        g: &Pool2d,
        x: Ref<'_, Self>,
        dy: Ref<'_, Self>,
        dx: Mut<'_, Self>,
    ) -> Result<()>;

    /// Batch normalisation with the batch's own statistics: `x` becomes the normalised input `xhat`,
    /// `y = gamma * xhat + beta`, `stats [2, channels]` the mean and the biased variance.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn batch_norm(
        &self,
        g: &BatchNorm,
        x: Mut<'_, Self>,
        gamma: Ref<'_, Self>,
        beta: Ref<'_, Self>,
        y: Mut<'_, Self>,
        stats: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// Batch normalisation with given `mean` and `variance` (evaluation), and the activation behind it, if any.
    fn batch_norm_inference(
        &self,
        g: &BatchNorm,
        x: Operand<'_, Self>,
        parameters: BatchNormInference<'_, Self>,
        y: Mut<'_, Self>,
    ) -> Result<()>;
    /// Gradients of [`Backend::batch_norm`]: `dy` becomes `dx`, `dgamma` and `dbeta` are written.
    fn batch_norm_backward(
        &self,
        g: &BatchNorm,
        saved: BatchNormSaved<'_, Self>,
        dy: Mut<'_, Self>,
        dgamma: Mut<'_, Self>,
        dbeta: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;
    /// [`Backend::batch_norm`] followed by an activation: `y = activation(gamma * xhat + beta)`.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn batch_norm_activation(
        &self,
        g: &BatchNorm,
        activation: Activation,
        x: Mut<'_, Self>,
        gamma: Ref<'_, Self>,
        beta: Ref<'_, Self>,
        y: Mut<'_, Self>,
        stats: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::batch_norm_activation(self, g, activation, x, gamma, beta, y, stats, scratch)
    }
    /// [`Backend::batch_norm_activation`] with [`Activation::ReluQuantise`] of `format`, whose result `y` holds
    /// the codes alone, see [`Backend::encode`].
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn batch_norm_encode(
        &self,
        g: &BatchNorm,
        format: FixedPoint,
        x: Mut<'_, Self>,
        gamma: Ref<'_, Self>,
        beta: Ref<'_, Self>,
        y: Mut<'_, Self>,
        stats: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::batch_norm_encode(self, g, format, x, gamma, beta, y, stats, scratch)
    }
    /// Gradients of [`Backend::batch_norm_activation`]; the activation's mask is recomputed from `xhat`.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn batch_norm_activation_backward(
        &self,
        g: &BatchNorm,
        activation: Activation,
        saved: BatchNormSaved<'_, Self>,
        dy: Mut<'_, Self>,
        dgamma: Mut<'_, Self>,
        dbeta: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::batch_norm_activation_backward(
            self, g, activation, saved, dy, dgamma, dbeta, scratch,
        )
    }

    /// Softmax of every row of `x [rows, columns]`.
    fn softmax(&self, columns: usize, x: Ref<'_, Self>, y: Mut<'_, Self>) -> Result<()>;
    /// `dx = y * (dy - <dy, y>)` for every row, `y` being the softmax.
    fn softmax_backward(
        &self,
        columns: usize,
        y: Ref<'_, Self>,
        dy: Ref<'_, Self>,
        dx: Mut<'_, Self>,
    ) -> Result<()>;
    /// Mean cross entropy against i32 `labels [rows]` into the one-element `loss`, and its gradient.
    fn cross_entropy(
        &self,
        g: &CrossEntropy,
        logits: Ref<'_, Self>,
        labels: Ref<'_, Self>,
        loss: Mut<'_, Self>,
        dlogits: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()>;

    /// The mixture `y = sum_m p[m] * terms[m]`, m ascending.
    fn mix(&self, p: Ref<'_, Self>, terms: &[Ref<'_, Self>], y: Mut<'_, Self>) -> Result<()> {
        compose::mix(self, p, terms, y)
    }
    /// The mixture of quantised values `y = sum_m p[m] * quantise_m(x)`, m ascending.
    fn mix_quantised(
        &self,
        formats: &[FixedPoint],
        p: Ref<'_, Self>,
        x: Ref<'_, Self>,
        y: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::mix_quantised(self, formats, p, x, y, scratch)
    }
    /// Gradients of [`Backend::mix_quantised`], those that are asked for: `dx = dy * sum_m p[m] * passes_m(x)`
    /// and `dp[m] = <dy, quantise_m(x)>`.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn mix_quantised_backward(
        &self,
        formats: &[FixedPoint],
        p: Ref<'_, Self>,
        x: Ref<'_, Self>,
        dy: Ref<'_, Self>,
        dx: Option<Mut<'_, Self>>,
        dp: Option<Mut<'_, Self>>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::mix_quantised_backward(self, formats, p, x, dy, dx, dp, scratch)
    }
    /// `large += coefficient * pad(small)`.
    fn embed_kernel(
        &self,
        g: &Embedding,
        coefficient: Coefficient<'_, Self>,
        small: Ref<'_, Self>,
        large: Mut<'_, Self>,
    ) -> Result<()>;
    /// `small = crop(large)`, the adjoint of padding.
    fn crop_kernel(&self, g: &Embedding, large: Ref<'_, Self>, small: Mut<'_, Self>) -> Result<()>;
    /// The kernel `merged = sum_m c[i_m] * pad(Q_m(kernels[m]))`, terms ascending, where `g` has the index
    /// `i_m` and the quantiser `Q_m` of every term.
    fn merge_kernels(
        &self,
        g: &KernelMerge<'_>,
        c: Ref<'_, Self>,
        kernels: &[Ref<'_, Self>],
        merged: Mut<'_, Self>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::merge_kernels(self, g, c, kernels, merged, scratch)
    }
    /// Gradients of [`Backend::merge_kernels`], those that are asked for, given `d = crop(dmerged)`:
    /// `dkernels[m] = c[i_m] * d` where `Q_m` lets it pass, and `dc[i_m] = <d, Q_m(kernels[m])>`. Elements
    /// of `dc` that no term has are left as they are.
    #[allow(clippy::too_many_arguments, reason = "a method's operands")]
    fn merge_kernels_backward(
        &self,
        g: &KernelMerge<'_>,
        c: Ref<'_, Self>,
        kernels: &[Ref<'_, Self>],
        dmerged: Ref<'_, Self>,
        dkernels: &mut [Option<Mut<'_, Self>>],
        dc: Option<Mut<'_, Self>>,
        scratch: Mut<'_, Self>,
    ) -> Result<()> {
        compose::merge_kernels_backward(self, g, c, kernels, dmerged, dkernels, dc, scratch)
    }

    /// One step of stochastic gradient descent; `velocity` and `p` are updated.
    fn sgd_step(
        &self,
        step: &SgdStep,
        coefficient: Coefficient<'_, Self>,
        gradient: Ref<'_, Self>,
        velocity: Mut<'_, Self>,
        p: Mut<'_, Self>,
    ) -> Result<()>;
    /// One step of Adam; the moments `m`, `v` and `p` are updated.
    fn adam_step(
        &self,
        step: &AdamStep,
        coefficient: Coefficient<'_, Self>,
        gradient: Ref<'_, Self>,
        m: Mut<'_, Self>,
        v: Mut<'_, Self>,
        p: Mut<'_, Self>,
    ) -> Result<()>;
}
