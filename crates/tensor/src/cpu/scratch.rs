//! How much scratch the CPU backend's kernels want.

use super::batch_norm_backward::PARAMETERS;
use super::{Cpu, CpuSpec, batch_norm, conv, kernel_merge, mixture, reduce, softmax};
use crate::{Op, compose};

/// Bytes of scratch of an operation.
pub(super) fn bytes(spec: &CpuSpec, op: &Op<'_>) -> usize {
    match op {
        Op::Conv2dFprop(_) | Op::Conv2dDgrad(_) | Op::Conv2dWgrad(_) => {
            conv::scratch_bytes(spec, op)
        }
        Op::FakeQuantisedConv2dFprop(g, values) => match conv::Integer::new(g, *values) {
            Some(integer) => integer.scratch_bytes(),
            None => compose::scratch_bytes::<Cpu>(spec, op),
        },
        Op::FakeQuantisedConv2dDgrad(..) | Op::FakeQuantisedConv2dWgrad(..) => {
            compose::scratch_bytes::<Cpu>(spec, op)
        }
        Op::BatchNorm(g) | Op::BatchNormActivation(g) | Op::BatchNormEncode(g, _) => {
            batch_norm::scratch_bytes(g, 1)
        }
        Op::BatchNormBackward(g) | Op::BatchNormActivationBackward(g) => {
            batch_norm::scratch_bytes(g, PARAMETERS)
        }
        Op::MatMul(_) | Op::MixQuantised(..) | Op::MergeKernels(_) => 0,
        Op::Reduce(_, axis) => reduce::scratch_bytes(axis),
        Op::Dot(elements) => reduce::dot_scratch_bytes(*elements),
        Op::CrossEntropy(g) => softmax::cross_entropy_scratch_bytes(g),
        Op::MixQuantisedBackward(formats, elements) => {
            mixture::backward_scratch_bytes(formats, *elements)
        }
        Op::MergeKernelsBackward(g) => kernel_merge::backward_scratch_bytes(g),
    }
}
