//! [`Backend`] for [`Cpu`]: every method's kernel, which checks the lengths it was given.

use super::batch_norm::Forward;
use super::batch_norm_backward::Backward;
use super::memory::{HostMemory, slice, slice_mut};
use super::optimizer::Adam;
use super::pointwise::{Identity, Pointwise, with_activation};
use super::softmax::Loss;
use super::{
    Cpu, CpuSpec, batch_norm, batch_norm_backward, codes, conv, elementwise, image, kernel_merge,
    mask, matmul, mixture, optimizer, pool, reduce, scratch, softmax,
};
use crate::{
    Activation, AdamStep, Axis, Backend, BatchNorm, BatchNormInference, BatchNormSaved, BinaryOp,
    Coefficient, Conv2d, ConvValues, CrossEntropy, Embedding, FixedPoint, ImageBatch, KernelMerge,
    MaskOp, MatMul, Mut, Op, Operand, Pool2d, ReduceOp, Ref, Result, SgdStep, UnaryOp,
};

type R<'a> = Ref<'a, Cpu>;
type M<'a> = Mut<'a, Cpu>;

#[allow(clippy::too_many_arguments, reason = "a method's operands")]
impl Backend for Cpu {
    type Memory = HostMemory;
    type Spec = CpuSpec;

    const NAME: &'static str = Cpu::DEVICE;

    fn spec(&self) -> CpuSpec {
        self.spec
    }

    fn scratch_bytes(spec: &CpuSpec, op: &Op<'_>) -> usize {
        scratch::bytes(spec, op)
    }

    fn reserve(&self, bytes: usize) -> Result<HostMemory> {
        HostMemory::reserve(bytes)
    }

    fn upload(&self, src: &[u8], dst: M<'_>) -> Result<()> {
        slice_mut::<u8>(dst.checked("upload", "dst", src.len())?).copy_from_slice(src);
        Ok(())
    }

    fn download(&self, src: R<'_>, dst: &mut [u8]) -> Result<()> {
        dst.copy_from_slice(slice(src.checked("download", "src", dst.len())?));
        Ok(())
    }

    fn copy(&self, src: R<'_>, dst: M<'_>) -> Result<()> {
        elementwise::copy(self, src, dst)
    }

    fn fill(&self, value: f32, dst: M<'_>) -> Result<()> {
        elementwise::fill(self, value, dst)
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

    fn matmul(&self, shape: &MatMul, a: R<'_>, b: R<'_>, c: M<'_>, _: M<'_>) -> Result<()> {
        matmul::matmul(self, shape, a, b, c)
    }

    fn conv2d_fprop(&self, g: &Conv2d, x: R<'_>, w: R<'_>, y: M<'_>, scratch: M<'_>) -> Result<()> {
        let (y, scratch) = (slice_mut(y), slice_mut(scratch));
        conv::fprop(self, g, slice(x), slice(w), y, scratch)
    }

    fn conv2d_dgrad(
        &self,
        g: &Conv2d,
        dy: R<'_>,
        w: R<'_>,
        dx: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        let (dx, scratch) = (slice_mut(dx), slice_mut(scratch));
        conv::dgrad(self, g, slice(dy), slice(w), dx, scratch)
    }

    fn conv2d_wgrad(
        &self,
        g: &Conv2d,
        x: R<'_>,
        dy: R<'_>,
        dw: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        let (dw, scratch) = (slice_mut(dw), slice_mut(scratch));
        conv::wgrad(self, g, slice(x), slice(dy), dw, scratch)
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
        conv::fake_quantised_fprop(self, g, values, x, w, y, scratch)
    }

    fn place_images(
        &self,
        g: &ImageBatch,
        bytes: R<'_>,
        placements: R<'_>,
        y: M<'_>,
    ) -> Result<()> {
        image::place(self, g, bytes, placements, y)
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
        let operands = Forward::new(x, gamma, beta, y, stats, scratch);
        batch_norm::forward(
            self,
            "batch_norm",
            g,
            #[inline(always)]
            move |z| z,
            operands,
        )
    }

    fn batch_norm_inference(
        &self,
        g: &BatchNorm,
        x: Operand<'_, Self>,
        parameters: BatchNormInference<'_, Self>,
        y: M<'_>,
    ) -> Result<()> {
        match parameters.activation {
            None => batch_norm::inference(self, g, x, parameters, y, Identity),
            Some(activation) => with_activation!(activation, f => {
                batch_norm::inference(self, g, x, parameters, y, f)
            }),
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
        let operands = Backward {
            saved,
            dy,
            dgamma,
            dbeta,
            scratch,
        };
        batch_norm_backward::backward(self, "batch_norm_backward", g, Identity, operands)
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
        const NAME: &str = "batch_norm_activation";
        let operands = Forward::new(x, gamma, beta, y, stats, scratch);
        with_activation!(activation, f => batch_norm::forward(
            self,
            NAME,
            g,
            #[inline(always)]
            move |z| f.value(z),
            operands,
        ))
    }

    fn batch_norm_encode(
        &self,
        g: &BatchNorm,
        format: FixedPoint,
        x: M<'_>,
        gamma: R<'_>,
        beta: R<'_>,
        y: M<'_>,
        stats: M<'_>,
        scratch: M<'_>,
    ) -> Result<()> {
        let operands = Forward::new(x, gamma, beta, y, stats, scratch);
        codes::batch_norm_encode(self, g, format, operands)
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
        const NAME: &str = "batch_norm_activation_backward";
        let operands = Backward {
            saved,
            dy,
            dgamma,
            dbeta,
            scratch,
        };
        with_activation!(activation, f => batch_norm_backward::backward(self, NAME, g, f, operands))
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
        let operands = Loss {
            logits,
            labels,
            loss,
            dlogits,
            scratch,
        };
        softmax::cross_entropy(self, g, operands)
    }

    fn mix(&self, p: R<'_>, terms: &[Ref<'_, Self>], y: M<'_>) -> Result<()> {
        mixture::mix(self, p, terms, y)
    }

    fn mix_quantised(
        &self,
        formats: &[FixedPoint],
        p: R<'_>,
        x: R<'_>,
        y: M<'_>,
        _: M<'_>,
    ) -> Result<()> {
        mixture::mix_quantised(self, formats, p, x, y)
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
        let operands = mixture::Backward {
            p,
            x,
            dy,
            dx,
            dp,
            scratch,
        };
        mixture::mix_quantised_backward(self, formats, operands)
    }

    fn embed_kernel(
        &self,
        g: &Embedding,
        coefficient: Coefficient<'_, Self>,
        small: R<'_>,
        large: M<'_>,
    ) -> Result<()> {
        mixture::embed(self, g, coefficient, small, large)
    }

    fn crop_kernel(&self, g: &Embedding, large: R<'_>, small: M<'_>) -> Result<()> {
        mixture::crop(self, g, large, small)
    }

    fn merge_kernels(
        &self,
        g: &KernelMerge<'_>,
        c: R<'_>,
        kernels: &[Ref<'_, Self>],
        merged: M<'_>,
        _: M<'_>,
    ) -> Result<()> {
        kernel_merge::merge(self, g, c, kernels, merged)
    }

    fn merge_kernels_backward(
        &self,
        g: &KernelMerge<'_>,
        c: R<'_>,
        kernels: &[Ref<'_, Self>],
        dmerged: R<'_>,
        dkernels: &mut [Option<Mut<'_, Self>>],
        dc: Option<M<'_>>,
        scratch: M<'_>,
    ) -> Result<()> {
        kernel_merge::backward(self, g, c, kernels, dmerged, dkernels, dc, scratch)
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
        optimizer::adam(self, step, coefficient, gradient, Adam { m, v, p })
    }
}
