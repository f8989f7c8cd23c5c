//! A project for hls4ml: a QONNX file that its converter takes, settings, and the few lines that convert it.

use crate::onnx::{BatchNormForm, Dialect, OnnxOptions, Pooling, Writer};
use crate::{Error, Model, Result};
use prost::Message;

impl Model {
    /// The files of a project for hls4ml 1.3, with their names.
    ///
    /// The graph is QONNX with two differences: batch norms are nodes, which hls4ml has layers for, and a depthwise
    /// convolution averages the pixels, since the global average of hls4ml 1.3 gives other values.
    ///
    /// # Errors
    /// As [`crate::Network::new`]; [`Error::Unsupported`] for a float network.
    pub fn to_hls4ml(&self) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let network = self.network()?;
        if !network.is_quantised() {
            return Err(Error::Unsupported {
                what: "an hls4ml project",
                reason: "is for quantised networks: this one computes in floats".into(),
            });
        }
        let options = OnnxOptions {
            batch_norm: BatchNormForm::Node,
            ..OnnxOptions::new(Dialect::Qonnx)
        };
        let mut writer = Writer::new(options, Pooling::Convolution);
        writer.write(&network);
        let graph = self.finish(writer).encode_to_vec();
        Ok(vec![
            ("hls4ml/model.onnx", graph),
            (
                "hls4ml/hls4ml_config.yml",
                include_bytes!("hls4ml_config.yml").to_vec(),
            ),
            ("hls4ml/convert.py", include_bytes!("convert.py").to_vec()),
        ])
    }
}
