//! Layers: which parameters they use and how. Plain data, the same for every backend.

mod batch_norm;
mod conv2d;
mod linear;

pub use batch_norm::BatchNorm2d;
pub use conv2d::{Conv2d, Conv2dSettings};
pub use linear::{Linear, LinearSettings};

use crate::{Pass, Result};
use radars_autograd::tensor::{Backend, FixedPoint};
use radars_autograd::{Var, ops};

/// `x` in a format, or as it is.
fn quantised<B: Backend>(
    pass: &mut Pass<'_, B>,
    x: Var<B>,
    format: Option<FixedPoint>,
) -> Result<Var<B>> {
    match format {
        Some(format) => Ok(ops::fake_quantise(pass.tape(), x, format)?),
        None => Ok(x),
    }
}
