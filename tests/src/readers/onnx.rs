//! ONNX files.

use super::Reader;
use super::model::{DIALECTS, NORMS, models};
use radars_export::onnx::{OnnxNetwork, OnnxOptions};

pub(super) const READER: Reader = Reader {
    name: "onnx",
    read,
    seeds,
};

/// Values of an image that is worth the time of computing.
const FEW: u64 = 1 << 10;

fn read(bytes: &[u8]) {
    let graph = match OnnxNetwork::from_bytes(bytes) {
        Ok(graph) => graph,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (pixels, classes) = (graph.input().elements(), graph.classes());
    assert!(pixels > 0 && classes > 0);
    let _ = graph.class_names();
    if pixels > FEW {
        return;
    }
    let pixels = pixels as usize;
    assert!(graph.logits(&vec![0; pixels + 1]).is_err() || pixels == 1);
    match graph.logits(&vec![200; 2 * pixels]) {
        Ok(logits) => assert_eq!(logits.len(), 2 * classes),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (model, dialect) in models().iter().cycle().zip(DIALECTS) {
        for batch_norm in NORMS {
            let options = OnnxOptions {
                batch_norm,
                ..OnnxOptions::new(dialect)
            };
            seeds.extend(model.to_onnx(options));
        }
    }
    seeds
}
