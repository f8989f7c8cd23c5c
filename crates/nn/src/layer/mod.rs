//! Layers: which parameters they use and how. Plain data, the same for every backend.

mod batch_norm;
mod conv2d;
mod linear;
mod recomputed;

pub use batch_norm::BatchNorm2d;
pub use conv2d::{Conv2d, Conv2dSettings};
pub use linear::{Linear, LinearSettings};
pub use recomputed::Mapping;
