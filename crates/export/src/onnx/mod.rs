//! ONNX files: three dialects of one graph.

mod builder;
mod network;
mod norms;
mod operators;
pub mod proto;
mod quantisers;
mod value;
mod write;

pub use network::OnnxNetwork;
pub(crate) use write::{Pooling, Writer};

/// How a graph says that values are fake-quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `Quant` nodes of any width, for FINN, hls4ml and whatever else reads QONNX; opset 13.
    Qonnx,
    /// `QuantizeLinear` and `DequantizeLinear` around integers of 4, 8 or 16 bits, with a `Clip` where the width is
    /// another; opset 21. Activations of fewer than four bits take eight. What compilers for integer hardware look for.
    Qdq,
    /// `Mul`, `Round`, `Clip`, `Mul`; opset 13. Any runtime computes it.
    Plain,
}

/// What becomes of batch norms. A quantised network's cannot go into the weights, which would be other weights then, off
/// their grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BatchNormForm {
    /// `Sub`, `Mul`, `Mul`, `Add` a channel: what evaluation computes, rounded where it rounds, to the bit.
    #[default]
    Exact,
    /// One `BatchNormalization`, which runtimes round, and fuse, as they like.
    Node,
    /// One multiplication and one addition a channel; of a float network, in the convolution's weights and bias. What
    /// integer hardware folds further into its re-quantisation.
    Folded,
}

/// What an ONNX file is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnnxOptions {
    /// How values are fake-quantised.
    pub dialect: Dialect,
    /// What becomes of batch norms.
    pub batch_norm: BatchNormForm,
    /// Images that it takes at once; none for any number.
    pub batch: Option<usize>,
}

impl OnnxOptions {
    /// Exact batch norms; any number of images, or a single one in QONNX, whose tools want to know.
    #[must_use]
    pub fn new(dialect: Dialect) -> Self {
        OnnxOptions {
            dialect,
            batch_norm: BatchNormForm::Exact,
            batch: (dialect == Dialect::Qonnx).then_some(1),
        }
    }
}
