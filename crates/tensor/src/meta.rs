//! `Meta<B>`: the planning twin of a backend. It stores nothing and computes nothing.

use crate::op::{
    AdamStep, BinaryOp, Coefficient, ConvValues, MaskOp, Op, Operand, ReduceOp, SgdStep, UnaryOp,
};
use crate::{
    Activation, Axis, Backend, BatchNorm, BatchNormInference, BatchNormSaved, Conv2d, CrossEntropy,
    Embedding, Error, FixedPoint, ImageBatch, KernelMerge, MatMul, Mut, Pool2d, Ref, Result,
};

/// Plans for backend `B`: the same program run on it makes the same allocations in the same order, so
/// its arena's statistics are those of the real run, to the byte, without memory and without a device.
#[derive(Clone, Debug)]
pub struct Meta<B: Backend> {
    spec: B::Spec,
}

impl<B: Backend> Meta<B> {
    /// The planning twin of a backend with this spec.
    pub fn new(spec: B::Spec) -> Self {
        Meta { spec }
    }
}

type R<'a, B> = Ref<'a, Meta<B>>;
type M<'a, B> = Mut<'a, Meta<B>>;

/// Methods that do nothing and succeed.
macro_rules! nothing {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(&self, $(_: $argument),*) -> Result<()> { Ok(()) })*
    };
}

#[rustfmt::skip]
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
impl<B: Backend> Backend for Meta<B> {
    type Memory = ();
    type Spec = B::Spec;

    const NAME: &'static str = "meta";
    const HOLDS_VALUES: bool = false;

    fn spec(&self) -> B::Spec {
        self.spec.clone()
    }

    fn scratch_bytes(spec: &B::Spec, op: &Op<'_>) -> usize {
        B::scratch_bytes(spec, op)
    }

    fn reserve(&self, _: usize) -> Result<()> {
        Ok(())
    }

    fn download(&self, _: R<'_, B>, _: &mut [u8]) -> Result<()> {
        Err(Error::NoValues { op: "read" })
    }

    nothing! {
        upload(&[u8], M<'_, B>);
        copy(R<'_, B>, M<'_, B>);
        fill(f32, M<'_, B>);
        unary(UnaryOp, Operand<'_, Self>, M<'_, B>);
        binary(BinaryOp, Operand<'_, Self>, R<'_, B>, M<'_, B>);
        accumulate(Coefficient<'_, Self>, R<'_, B>, M<'_, B>);
        encode(FixedPoint, R<'_, B>, M<'_, B>);
        decode(FixedPoint, R<'_, B>, M<'_, B>);
        mask(MaskOp, R<'_, B>, M<'_, B>);
        apply_mask(R<'_, B>, M<'_, B>);
        reduce(ReduceOp, &Axis, R<'_, B>, M<'_, B>, M<'_, B>);
        broadcast(&Axis, f32, R<'_, B>, M<'_, B>);
        dot(R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        matmul(&MatMul, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        conv2d_fprop(&Conv2d, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        conv2d_dgrad(&Conv2d, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        conv2d_wgrad(&Conv2d, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        fake_quantised_conv2d_fprop(&Conv2d, ConvValues, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        fake_quantised_conv2d_dgrad(&Conv2d, ConvValues, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        fake_quantised_conv2d_wgrad(&Conv2d, ConvValues, R<'_, B>, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        place_images(&ImageBatch, R<'_, B>, R<'_, B>, M<'_, B>);
        pool2d(&Pool2d, R<'_, B>, M<'_, B>);
        pool2d_backward(&Pool2d, R<'_, B>, R<'_, B>, M<'_, B>);
        batch_norm(&BatchNorm, M<'_, B>, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        batch_norm_inference(&BatchNorm, Operand<'_, Self>, BatchNormInference<'_, Self>, M<'_, B>);
        batch_norm_backward(&BatchNorm, BatchNormSaved<'_, Self>, M<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        batch_norm_activation(&BatchNorm, Activation, M<'_, B>, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        batch_norm_encode(&BatchNorm, FixedPoint, M<'_, B>, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        batch_norm_activation_backward(&BatchNorm, Activation, BatchNormSaved<'_, Self>, M<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        softmax(usize, R<'_, B>, M<'_, B>);
        softmax_backward(usize, R<'_, B>, R<'_, B>, M<'_, B>);
        cross_entropy(&CrossEntropy, R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
        mix(R<'_, B>, &[Ref<'_, Self>], M<'_, B>);
        mix_quantised(&[FixedPoint], R<'_, B>, R<'_, B>, M<'_, B>, M<'_, B>);
        mix_quantised_backward(&[FixedPoint], R<'_, B>, R<'_, B>, R<'_, B>, Option<M<'_, B>>, Option<M<'_, B>>, M<'_, B>);
        embed_kernel(&Embedding, Coefficient<'_, Self>, R<'_, B>, M<'_, B>);
        crop_kernel(&Embedding, R<'_, B>, M<'_, B>);
        merge_kernels(&KernelMerge<'_>, R<'_, B>, &[Ref<'_, Self>], M<'_, B>, M<'_, B>);
        merge_kernels_backward(&KernelMerge<'_>, R<'_, B>, &[Ref<'_, Self>], R<'_, B>, &mut [Option<Mut<'_, Self>>], Option<M<'_, B>>, M<'_, B>);
        sgd_step(&SgdStep, Coefficient<'_, Self>, R<'_, B>, M<'_, B>, M<'_, B>);
        adam_step(&AdamStep, Coefficient<'_, Self>, R<'_, B>, M<'_, B>, M<'_, B>, M<'_, B>);
    }
}
