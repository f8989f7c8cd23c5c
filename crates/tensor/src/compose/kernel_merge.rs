//! [`Backend::merge_kernels`] and its gradients: one term after the other through scratch.

use super::{F32, element};
use crate::op::{BinaryOp, Coefficient, Op, Operand, UnaryOp};
use crate::{Backend, KernelMerge, Mut, Ref, Result, aligned};

/// Scratch of [`merge_kernels`]: a quantised term.
pub(super) fn scratch_bytes(g: &KernelMerge<'_>) -> usize {
    g.largest_term_elements() * F32
}

/// Scratch of [`merge_kernels_backward`]: a term's part of the gradient, a quantised term, an inner product.
pub(super) fn backward_scratch_bytes<B: Backend>(spec: &B::Spec, g: &KernelMerge<'_>) -> usize {
    let elements = g.largest_term_elements();
    2 * aligned(elements * F32) + B::scratch_bytes(spec, &Op::Dot(elements))
}

/// [`Backend::merge_kernels`]: start from zero, quantise a term into scratch, embed it.
pub fn merge_kernels<B: Backend>(
    backend: &B,
    g: &KernelMerge<'_>,
    c: Ref<'_, B>,
    kernels: &[Ref<'_, B>],
    mut merged: Mut<'_, B>,
    mut scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "merge_kernels";
    let g = g.checked(NAME, kernels.len(), c.bytes() / F32)?;
    backend.fill(0.0, merged.reborrow())?;
    for (term, &kernel) in g.terms.iter().zip(kernels) {
        let c = Coefficient::Element(element(c, term.coefficient));
        let embedding = g.embedding(term);
        match term.format {
            None => backend.embed_kernel(&embedding, c, kernel, merged.reborrow())?,
            Some(format) => {
                let space = scratch.reborrow();
                let (mut quantised, _) = space.split(NAME, "scratch", kernel.bytes())?;
                let quantise = UnaryOp::FakeQuantise(format);
                backend.unary(quantise, Operand::Read(kernel), quantised.reborrow())?;
                backend.embed_kernel(&embedding, c, quantised.as_ref(), merged.reborrow())?;
            }
        }
    }
    Ok(())
}

/// [`Backend::merge_kernels_backward`]: crop a term's part of the gradient into scratch and use it.
#[allow(clippy::too_many_arguments, reason = "a method's operands")]
pub fn merge_kernels_backward<B: Backend>(
    backend: &B,
    g: &KernelMerge<'_>,
    c: Ref<'_, B>,
    kernels: &[Ref<'_, B>],
    dmerged: Ref<'_, B>,
    dkernels: &mut [Option<Mut<'_, B>>],
    mut dc: Option<Mut<'_, B>>,
    mut scratch: Mut<'_, B>,
) -> Result<()> {
    const NAME: &str = "merge_kernels_backward";
    let g = g.checked(NAME, kernels.len(), c.bytes() / F32)?;
    g.checked(NAME, dkernels.len(), c.bytes() / F32)?;
    for ((term, &kernel), dkernel) in g.terms.iter().zip(kernels).zip(dkernels) {
        let bytes = kernel.bytes();
        let (mut part, rest) = scratch.reborrow().split(NAME, "scratch", bytes)?;
        let (mut space, rest) = rest.split(NAME, "scratch", bytes)?;
        backend.crop_kernel(&g.embedding(term), dmerged, part.reborrow())?;
        if let Some(dc) = &mut dc {
            let at = term.coefficient * F32..(term.coefficient + 1) * F32;
            let quantised = match term.format {
                None => kernel,
                Some(format) => {
                    let quantise = UnaryOp::FakeQuantise(format);
                    backend.unary(quantise, Operand::Read(kernel), space.reborrow())?;
                    space.as_ref()
                }
            };
            backend.dot(part.as_ref(), quantised, dc.reborrow().slice(at), rest)?;
        }
        if let Some(dkernel) = dkernel {
            let c = element(c, term.coefficient);
            match term.format {
                None => {
                    let part = Operand::Read(part.as_ref());
                    backend.binary(BinaryOp::Mul, part, c, dkernel.reborrow())?;
                }
                Some(format) => {
                    backend.binary(BinaryOp::Mul, Operand::InPlace, c, part.reborrow())?;
                    let passes = BinaryOp::FakeQuantiseBackward(format);
                    let kernel = Operand::Read(kernel);
                    backend.binary(passes, kernel, part.as_ref(), dkernel.reborrow())?;
                }
            }
        }
    }
    Ok(())
}
