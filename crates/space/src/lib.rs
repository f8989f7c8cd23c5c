//! Search spaces of quantised CNNs as plain data: what may be chosen, and what a choice costs.
//!
//! A [`Space`] is a chain of layers (a convolution, an inverted residual or a residual block: see
//! [`LayerKind`]) with a fixed part (channels, strides, groups; then global average pooling and a
//! linear classifier) and, per layer, the [`Choices`] of each searched [`HyperParameter`]: kernel
//! size, expansion or inner channels of a block, and the integer and fraction bits of activations
//! and weights. It comes from a TOML file, from a preset or from code. One
//! [`Candidate`] a layer makes an [`Architecture`], whose [`Cost`] (MACs, AOPS, parameters) and
//! [`Reward`] are exact integer and f64 arithmetic. Nothing here knows of tensors, files other than
//! the space's own, or devices.
//!
//! ```
//! use radars_space::{Architecture, Candidate, Precision, Space};
//!
//! let space = Space::preset("cifar10-quant")?;
//! let bits = Precision { integer: 3, fraction: 6 };
//! let all_3x3 = Architecture::uniform(Candidate::quantised(3, bits, bits), space.layers().len());
//! let cost = space.cost(&all_3x3)?;
//! assert_eq!(cost.macs, 67_832_320);
//! assert_eq!(cost.aops, 67_832_320 * 9 * 9);
//! # Ok::<(), radars_space::Error>(())
//! ```

mod activation;
mod architecture;
mod block;
mod candidate;
mod choices;
mod cost;
mod enumerate;
mod error;
mod file;
mod geometry;
mod hyper_parameter;
mod layer;
mod limits;
mod memory;
mod metric;
mod narrow;
mod precision;
mod preset;
mod reference;
mod reward;
mod shape;
mod space;
mod writer;

pub use activation::Activation;
pub use architecture::Architecture;
pub use block::{Block, Shortcut, Stage};
pub use candidate::{Candidate, Quantisation};
pub use choices::{BitChoices, Choices};
pub use cost::{Cost, LayerCost};
pub use enumerate::Decision;
pub use error::{Error, Problem, Result};
pub use geometry::{ConvGeometry, ImageShape, linear_macs};
pub use hyper_parameter::HyperParameter;
pub use layer::{Layer, LayerKind};
pub use limits::{LimitExceeded, Limits};
pub use memory::{BYTES_PER_ELEMENT, MemoryEstimate};
pub use metric::{Aops, Macs, Metric, Params};
pub use narrow::Narrowing;
pub use precision::Precision;
pub use reference::ReferenceNetwork;
pub use reward::{Reward, RewardRange};
pub use shape::LayerShape;
pub use space::Space;
