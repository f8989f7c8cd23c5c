//! Fixed-point formats and activations, as kernels take them.

use crate::parameter::kernel_struct;
use radars_tensor::{Activation, FixedPoint};

kernel_struct! {
    /// A fixed-point format, see `pointwise.cuh`.
    struct Quantiser {
        scale: f32,
        step: f32,
        lo: f32,
        hi: f32,
    }
}

impl Quantiser {
    /// No format: nothing is quantised.
    pub(crate) const NONE: Quantiser = Quantiser {
        scale: 0.0,
        step: 0.0,
        lo: 0.0,
        hi: 0.0,
    };
}

impl From<FixedPoint> for Quantiser {
    fn from(format: FixedPoint) -> Self {
        let (lo, hi) = format.code_range();
        Quantiser {
            scale: format.scale(),
            step: format.step(),
            lo,
            hi,
        }
    }
}

/// The code of an activation, see `batch_norm.cuh`, and the format it quantises to, if it does.
pub(crate) fn activation(activation: Option<Activation>) -> (i32, Quantiser) {
    match activation {
        None => (0, Quantiser::NONE),
        Some(Activation::Relu) => (1, Quantiser::NONE),
        Some(Activation::Relu6) => (2, Quantiser::NONE),
        Some(Activation::ReluQuantise(format)) => (3, format.into()),
    }
}
