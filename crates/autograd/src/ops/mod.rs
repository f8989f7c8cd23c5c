//! Differentiable operations, one file a family; each backward stands next to its forward.
//!
//! An operation takes its inputs by value. Where nothing else owns an input's memory, and the way back
//! does not need its values, an elementwise result takes the memory over instead of asking for more.

mod add;
mod affine;
mod batch_norm;
mod broadcast;
mod conv2d;
mod cross_entropy;
mod fake_quantise;
mod fake_quantised_conv2d;
mod in_place;
mod matmul;
mod merge_kernels;
mod mix;
mod mixed_conv2d;
mod mul;
mod pool2d;
mod recomputed;
mod reduction;
mod relu;
mod softmax;
mod transcendental;
mod view;

pub use add::{add, sub};
pub use affine::affine;
pub use batch_norm::{batch_norm, batch_norm_encode};
pub use conv2d::conv2d;
pub use cross_entropy::cross_entropy;
pub use fake_quantise::fake_quantise;
pub use fake_quantised_conv2d::fake_quantised_conv2d;
pub use in_place::exclusive;
pub use matmul::matmul;
pub use merge_kernels::merge_kernels;
pub use mix::{mix, mix_quantised};
pub use mixed_conv2d::mixed_conv2d;
pub use mul::mul;
pub use pool2d::{global_average_pool, pool2d};
pub use recomputed::{Segment, recomputed, record_recomputed};
pub use reduction::{dot, mean, sum};
pub use relu::relu;
pub use softmax::softmax;
pub use transcendental::{exp, log, sigmoid, tanh};
pub use view::{narrow, reshape};
