//! Getting a trained network out: as a file, in the forms of other programs, and computed in integers.
//!
//! A [`Model`] is a trained network with all that is known of it, in one file that any reader of safetensors opens. Its
//! [`Network`] is what it means, as plain values: convolutions with the formats of their inputs and weights, batch norms,
//! ways around, a classifier. Everything else is made of that:
//!
//! - ONNX files in three dialects ([`onnx::Dialect`]): QONNX with widths of any number of bits, QDQ for integer
//!   compilers, and plain operators for any runtime. All compute what evaluation in training computed, to the bit, unless
//!   batch norms are asked for in another form. [`onnx::OnnxNetwork`] reads them back and computes them node by node;
//! - a project for hls4ml, a description in JSON, a picture, a model card ([`Format`] lists all forms);
//! - an [`IntegerNetwork`], which computes it here and now, in integers; [`integer`] says how, and how exactly.
//!
//! It knows nothing of searches or of how networks are trained, and needs no device.
//!
//! ```no_run
//! use radars_export::onnx::{Dialect, OnnxOptions};
//! use radars_export::{IntegerNetwork, Model};
//! use std::path::Path;
//!
//! let model = Model::read(Path::new("runs/fashion-small-0/model.safetensors"))?;
//! std::fs::write("network.onnx", model.to_onnx(OnnxOptions::new(Dialect::Plain))?)?;
//!
//! let mut network = IntegerNetwork::new(&model.network()?, 2)?;
//! let mut logits = vec![0.0; network.classes()];
//! network.logits(&vec![0; network.image_bytes()], &mut logits)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! Spaces have codes of at most 9 bits, so every code fits 16 bits and a product of two is exact in f32; sums are exact
//! while they stay below 2^24 steps. Beyond that, and in what is not quantised (a way around a block, the average before
//! the classifier), runtimes may differ in the last bit, which shows where a code is at a tie.

mod card;
mod description;
mod drawing;
mod error;
mod files;
mod format;
mod hls4ml;
pub mod integer;
mod model;
pub mod network;
pub mod onnx;

pub use error::{Error, Result};
pub use format::Format;
pub use integer::{IntegerNetwork, Rescaling};
pub use model::{Model, Provenance};
pub use network::Network;
pub use radars_nn as nn;
pub use radars_space as space;
