//! [`Backend`] for [`Cuda`]: every method's launcher, which checks the lengths it was given.

use crate::memory::Address;
use crate::{
    Cuda, CudaMemory, CudaSpec, batch_norm, codes, conv, elementwise, embedding, fill, images,
    mask, matmul, mixed_op, optimizer, pool, reduce, softmax,
};
use cudarc::driver::result;
use radars_tensor::{
    Activation, AdamStep, Axis, Backend, BatchNorm, BatchNormInference, BatchNormSaved, BinaryOp,
    Coefficient, Conv2d, ConvValues, CrossEntropy, Embedding, FixedPoint, ImageBatch, MaskOp,
    MatMul, Mut, Op, Operand, Pool2d, ReduceOp, Ref, Result, SgdStep, UnaryOp, compose,
};

type R<'a> = Ref<'a, Cuda>;
type M<'a> = Mut<'a, Cuda>;

#[allow(clippy::too_many_arguments, reason = "a method's operands")]
impl Backend for Cuda {
    type Memory = CudaMemory;
    type Spec = CudaSpec;

    const NAME: &'static str = crate::error::DEVICE;

    fn spec(&self) -> CudaSpec {
        CudaSpec {
            capability: self.info().capability,
        }
    }

    fn scratch_bytes(spec: &CudaSpec, op: &Op<'_>) -> usize {
        match op {
            Op::FakeQuantisedConv2dFprop(_, values)
            | Op::FakeQuantisedConv2dDgrad(_, values)
            | Op::FakeQuantisedConv2dWgrad(_, values)
                if values.hold_codes() =>
            {
                compose::scratch_bytes::<Cuda>(spec, op)
            }
            Op::Conv2dFprop(_)
            | Op::Conv2dDgrad(_)
            | Op::Conv2dWgrad(_)
            | Op::FakeQuantisedConv2dFprop(..)
            | Op::FakeQuantisedConv2dDgrad(..)
            | Op::FakeQuantisedConv2dWgrad(..) => conv::scratch_bytes(op),
            Op::BatchNorm(_)
            | Op::BatchNormActivation(_)
            | Op::BatchNormBackward(_)
            | Op::BatchNormActivationBackward(_) => batch_norm::scratch_bytes(op),
            Op::MatMul(g) => matmul::scratch_bytes(g),
            Op::Reduce(op, axis) => reduce::scratch_bytes(*op, axis),
            Op::Dot(elements) => reduce::dot_scratch_bytes(*elements),
            Op::CrossEntropy(g) => softmax::cross_entropy_scratch_bytes(g),
            Op::MixQuantised(..) => 0,
            Op::MixQuantisedBackward(formats, elements) => {
                mixed_op::backward_scratch_bytes(formats, *elements)
            }
            Op::BatchNormEncode(..) | Op::MergeKernels(_) | Op::MergeKernelsBackward(_) => {
                compose::scratch_bytes::<Cuda>(spec, op)
            }
        }
    }

    fn reserve(&self, bytes: usize) -> Result<CudaMemory> {
        CudaMemory::reserve(self.context(), bytes)
    }

    fn upload(&self, src: &[u8], dst: M<'_>) -> Result<()> {
        self.copy_in(
            src,
            Address::of_mut(&dst.checked("upload", "dst", src.len())?),
        )
    }

    fn download(&self, src: R<'_>, dst: &mut [u8]) -> Result<()> {
        self.copy_out(Address::of(src.checked("download", "src", dst.len())?), dst)
    }

    fn copy(&self, src: R<'_>, dst: M<'_>) -> Result<()> {
        let src = src.checked("copy", "src", dst.bytes())?;
        if src.bytes() == 0 {
            return Ok(());
        }
        let (to, from) = (Address::of_mut(&dst).0, Address::of(src).0);
        self.context()
            .bind_to_thread()
            // SAFETY: both are views of this device's memory, as long as each other.
            .and_then(|()| unsafe {
                result::memcpy_dtod_async(to, from, src.bytes(), self.stream().cu_stream())
            })
            .map_err(|error| crate::error::driver("cannot copy on the device", error))
    }

    fn fill(&self, value: f32, dst: M<'_>) -> Result<()> {
        fill::fill(self, value, dst)
    }

    fn unary(&self, op: UnaryOp, x: Operand<'_, Self>, y: M<'_>) -> Result<()> {
        elementwise::unary(self, op, x, y)
    }

    fn binary(&self, op: BinaryOp, a: Operand<'_, Self>, b: R<'_>, y: M<'_>) -> Result<()> {
        elementwise::binary(self, op, a, b, y)
    }

    fn accumulate(&self, c: Coefficient<'_, Self>, x: R<'_>, y: M<'_>) -> Result<()> {
        elementwise::accumulate(self, c, x, y)
    }

    fn encode(&self, format: FixedPoint, x: R<'_>, codes: M<'_>) -> Result<()> {
        codes::encode(self, format, x, codes)
    }

    fn decode(&self, format: FixedPoint, codes: R<'_>, y: M<'_>) -> Result<()> {
        codes::decode(self, format, codes, y)
    }

    fn mask(&self, op: MaskOp, x: R<'_>, mask: M<'_>) -> Result<()> {
        mask::mask(self, op, x, mask)
    }

    fn apply_mask(&self, mask: R<'_>, y: M<'_>) -> Result<()> {
        mask::apply(self, mask, y)
    }

    fn reduce(&self, op: ReduceOp, axis: &Axis, x: R<'_>, y: M<'_>, scratch: M<'_>) -> Result<()> {
        reduce::reduce(self, op, axis, x, y, scratch)
    }

    fn broadcast(&self, axis: &Axis, scale: f32, x: R<'_>, y: M<'_>) -> Result<()> {
        reduce::broadcast(self, axis, scale, x, y)
    }

    fn dot(&self, a: R<'_>, b: R<'_>, y: M<'_>, scratch: M<'_>) -> Result<()> {
        reduce::dot(self, a, b, y, scratch)
    }

    fn matmul(&self, shape: &MatMul, a: R<'_>, b: R<'_>, c: M<'_>, scratch: M<'_>) -> Result<()> {
        matmul::matmul(self, shape, a, b, c, scratch)
    }

    fn conv2d_fprop(&self, g: &Conv2d, x: R<'_>, w: R<'_>, y: M<'_>, scratch: M<'_>) -> Result<()> {
        conv::fprop(self, g, conv::FLOATS, x, w, y, scratch)
    }

    fn conv2d_dgrad(
        &self,
        g: &Conv2d,
        dy: R<'_>,
        w: R<'_>,
        dx: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        conv::dgrad(self, g, conv::FLOATS, dy, w, dx, scratch)
    }

    fn conv2d_wgrad(
        &self,
        g: &Conv2d,
        x: R<'_>,
        dy: R<'_>,
        dw: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        conv::wgrad(self, g, conv::FLOATS, x, None, dy, dw, scratch)
    }

    fn fake_quantised_conv2d_fprop(
        &self,
        g: &Conv2d,
        values: ConvValues,
        x: R<'_>,
        w: R<'_>,
        y: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        if values.hold_codes() {
            return compose::fake_quantised_conv2d_fprop(self, g, values, x, w, y, scratch);
        }
        conv::fprop(self, g, values, x, w, y, scratch)
    }

    fn fake_quantised_conv2d_dgrad(
        &self,
        g: &Conv2d,
        values: ConvValues,
        dy: R<'_>,
        w: R<'_>,
        dx: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        if values.hold_codes() {
            return compose::fake_quantised_conv2d_dgrad(self, g, values, dy, w, dx, scratch);
        }
        conv::dgrad(self, g, values, dy, w, dx, scratch)
    }

    fn fake_quantised_conv2d_wgrad(
        &self,
        g: &Conv2d,
        values: ConvValues,
        x: R<'_>,
        w: R<'_>,
        dy: R<'_>,
        dw: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        if values.hold_codes() {
            return compose::fake_quantised_conv2d_wgrad(self, g, values, x, w, dy, dw, scratch);
        }
        conv::wgrad(self, g, values, x, Some(w), dy, dw, scratch)
    }

    fn place_images(
        &self,
        g: &ImageBatch,
        bytes: R<'_>,
        placements: R<'_>,
        y: M<'_>,
    ) -> Result<()> {
        images::place(self, g, bytes, placements, y)
    }

    fn pool2d(&self, g: &Pool2d, x: R<'_>, y: M<'_>) -> Result<()> {
        pool::forward(self, g, x, y)
    }

    fn pool2d_backward(&self, g: &Pool2d, x: R<'_>, dy: R<'_>, dx: M<'_>) -> Result<()> {
        pool::backward(self, g, x, dy, dx)
    }

    fn batch_norm(
        &self,
        g: &BatchNorm,
        x: M<'_>,
        gamma: R<'_>,
        beta: R<'_>,
        y: M<'_>,
        stats: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        batch_norm::forward(self, g, None, x, gamma, beta, y, stats, scratch)
    }

    fn batch_norm_inference(
        &self,
        g: &BatchNorm,
        x: Operand<'_, Self>,
        parameters: BatchNormInference<'_, Self>,
        mut y: M<'_>,
    ) -> Result<()> {
        let activation = parameters.activation;
        batch_norm::inference(self, g, x, parameters, y.reborrow())?;
        match activation {
            Some(activation) => self.unary(activation.into(), Operand::InPlace, y),
            None => Ok(()),
        }
    }

    fn batch_norm_backward(
        &self,
        g: &BatchNorm,
        saved: BatchNormSaved<'_, Self>,
        dy: M<'_>,
        dgamma: M<'_>,
        dbeta: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        batch_norm::backward(self, g, None, saved, dy, dgamma, dbeta, scratch)
    }

    fn batch_norm_activation(
        &self,
        g: &BatchNorm,
        activation: Activation,
        x: M<'_>,
        gamma: R<'_>,
        beta: R<'_>,
        y: M<'_>,
        stats: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        batch_norm::forward(self, g, Some(activation), x, gamma, beta, y, stats, scratch)
    }

    fn batch_norm_activation_backward(
        &self,
        g: &BatchNorm,
        activation: Activation,
        saved: BatchNormSaved<'_, Self>,
        dy: M<'_>,
        dgamma: M<'_>,
        dbeta: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        batch_norm::backward(self, g, Some(activation), saved, dy, dgamma, dbeta, scratch)
    }

    fn softmax(&self, columns: usize, x: R<'_>, y: M<'_>) -> Result<()> {
        softmax::forward(self, columns, x, y)
    }

    fn softmax_backward(&self, columns: usize, y: R<'_>, dy: R<'_>, dx: M<'_>) -> Result<()> {
        softmax::backward(self, columns, y, dy, dx)
    }

    fn cross_entropy(
        &self,
        g: &CrossEntropy,
        logits: R<'_>,
        labels: R<'_>,
        loss: M<'_>,
        dlogits: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        softmax::cross_entropy(self, g, logits, labels, loss, dlogits, scratch)
    }

    fn mix(&self, p: R<'_>, terms: &[Ref<'_, Self>], y: M<'_>) -> Result<()> {
        mixed_op::mix(self, p, terms, y)
    }

    fn mix_quantised(
        &self,
        formats: &[FixedPoint],
        p: R<'_>,
        x: R<'_>,
        y: M<'_>,
        _: M<'_>,
    ) -> Result<()> {
        mixed_op::mix_quantised(self, formats, p, x, y)
    }

    fn mix_quantised_backward(
        &self,
        formats: &[FixedPoint],
        p: R<'_>,
        x: R<'_>,
        dy: R<'_>,
        dx: Option<M<'_>>,
        dp: Option<M<'_>>,
        scratch: M<'_>,
    ) -> Result<()> {
        mixed_op::mix_quantised_backward(self, formats, p, x, dy, dx, dp, scratch)
    }

    fn embed_kernel(
        &self,
        g: &Embedding,
        coefficient: Coefficient<'_, Self>,
        small: R<'_>,
        large: M<'_>,
    ) -> Result<()> {
        embedding::embed(self, g, coefficient, small, large)
    }

    fn crop_kernel(&self, g: &Embedding, large: R<'_>, small: M<'_>) -> Result<()> {
        embedding::crop(self, g, large, small)
    }

    fn sgd_step(
        &self,
        step: &SgdStep,
        coefficient: Coefficient<'_, Self>,
        gradient: R<'_>,
        velocity: M<'_>,
        p: M<'_>,
    ) -> Result<()> {
        optimizer::sgd(self, step, coefficient, gradient, velocity, p)
    }

    fn adam_step(
        &self,
        step: &AdamStep,
        coefficient: Coefficient<'_, Self>,
        gradient: R<'_>,
        m: M<'_>,
        v: M<'_>,
        p: M<'_>,
    ) -> Result<()> {
        optimizer::adam(self, step, coefficient, gradient, m, v, p)
    }
}
