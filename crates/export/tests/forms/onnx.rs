//! ONNX files against the network in plain loops.

use crate::fixture::{blocks, fashion, float_blocks, images, model};
use crate::reference::logits;
use prost::Message;
use radars_export::onnx::proto::{DataType, ModelProto};
use radars_export::onnx::{BatchNormForm, Dialect, OnnxNetwork, OnnxOptions};
use radars_export::space::{Candidate, Space};

const DIALECTS: [Dialect; 3] = [Dialect::Qonnx, Dialect::Qdq, Dialect::Plain];

/// The largest difference of a file's logits from the reference's, over some images.
fn difference(space: &Space, seed: u64, options: OnnxOptions) -> f32 {
    let model = model(space, seed);
    let network = model.network().unwrap();
    let file = OnnxNetwork::from_bytes(&model.to_onnx(options).unwrap()).unwrap();
    assert_eq!(file.class_names(), model.class_names);
    let images = images(space, 3, seed);
    let found = file.logits(&images).unwrap();
    let expected = images.chunks_exact(images.len() / 3);
    let expected = expected.flat_map(|image| logits(&network, image));
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

/// Convolutions of codes are exact in f32 at these sizes, and all else rounds alike: not a bit differs.
#[test]
fn every_dialect_computes_what_evaluation_does() {
    for dialect in DIALECTS {
        for batch_norm in [BatchNormForm::Exact, BatchNormForm::Node] {
            let options = OnnxOptions {
                batch_norm,
                ..OnnxOptions::new(dialect)
            };
            for seed in 0..4 {
                assert_eq!(
                    difference(&blocks(), seed, options),
                    0.0,
                    "{options:?} {seed}"
                );
            }
            assert_eq!(difference(&fashion(), 9, options), 0.0, "{options:?}");
        }
    }
}

/// Folded batch norms round elsewhere, by about one part in 2^24 of values near 1; a code that flips at a tie makes up
/// to 2^-3 of a pixel, of some that are averaged.
#[test]
fn folded_batch_norms_are_close() {
    for dialect in DIALECTS {
        let options = OnnxOptions {
            batch_norm: BatchNormForm::Folded,
            ..OnnxOptions::new(dialect)
        };
        for seed in 0..4 {
            assert!(difference(&blocks(), seed, options) < 0.02);
        }
        // Of a float network they are in weights and biases.
        let float = difference(&float_blocks(), 1, options);
        assert!(float > 0.0 && float < 1e-4, "{float}");
    }
}

#[test]
fn float_networks_have_no_quantisers() {
    let model = model(&float_blocks(), 1);
    let options = OnnxOptions::new(Dialect::Plain);
    assert!(difference(&float_blocks(), 1, options) < 1e-4);
    let file = ModelProto::decode(&*model.to_onnx(options).unwrap()).unwrap();
    let ops = file.graph.unwrap().node;
    assert!(ops.iter().all(|node| node.op_type != "Round"));
}

/// A weight of 2 + 2 bits lies in four bits, in pairs; one of 2 + 5 in eight.
#[test]
fn weights_lie_in_the_narrowest_integers() {
    let model = model(&blocks(), 4);
    let file = model.to_onnx(OnnxOptions::new(Dialect::Qdq)).unwrap();
    let graph = ModelProto::decode(&*file).unwrap().graph.unwrap();
    for (_, conv) in model.network().unwrap().convolutions() {
        let name = format!("{}_weight.codes", conv.name.replace('.', "_"));
        let tensor = graph.initializer.iter().find(|t| t.name == name).unwrap();
        let (expected, bytes) = match conv.weight_format.unwrap().width() {
            4 => (DataType::Int4, conv.weight.len().div_ceil(2)),
            7 => (DataType::Int8, conv.weight.len()),
            width => panic!("{width}"),
        };
        assert_eq!(tensor.data_type(), expected, "{name}");
        assert_eq!(tensor.raw_data.len(), bytes, "{name}");
    }
}

/// onnxruntime 1.32 fails to optimise a `Clip` before four bits: what is narrower takes eight.
#[test]
fn no_clip_comes_before_four_bits() {
    let (mut clipped, mut narrow) = (0, 0);
    for seed in 0..4 {
        let file = model(&fashion(), seed).to_onnx(OnnxOptions::new(Dialect::Qdq));
        let graph = ModelProto::decode(&*file.unwrap()).unwrap().graph.unwrap();
        let of = |op: &str| {
            graph
                .node
                .iter()
                .filter(|node| node.op_type == op)
                .collect::<Vec<_>>()
        };
        for node in of("QuantizeLinear") {
            if of("Clip")
                .iter()
                .any(|clip| clip.output[0] == node.input[0])
            {
                let zero = graph
                    .initializer
                    .iter()
                    .find(|t| t.name == node.input[2])
                    .unwrap();
                assert!(
                    ![DataType::Int4, DataType::Uint4].contains(&zero.data_type()),
                    "{}",
                    node.name
                );
                clipped += 1;
            }
        }
        let architecture = model(&fashion(), seed).architecture;
        let width = |c: &Candidate| c.activation().unwrap().width();
        narrow += architecture
            .layers()
            .iter()
            .filter(|c| width(c) < 4)
            .count();
    }
    assert!(narrow > 0 && clipped >= narrow, "{narrow} {clipped}");
}

#[test]
fn what_radars_did_not_write_is_refused() {
    let refusal = |change: &dyn Fn(&mut ModelProto)| {
        let bytes = model(&fashion(), 1).to_onnx(OnnxOptions::new(Dialect::Plain));
        let mut file = ModelProto::decode(&*bytes.unwrap()).unwrap();
        change(&mut file);
        OnnxNetwork::from_bytes(&file.encode_to_vec())
            .unwrap_err()
            .to_string()
    };
    let operator = refusal(&|file| {
        let node = &mut file.graph.as_mut().unwrap().node[1];
        node.op_type = "Softmax".into();
    });
    assert!(
        operator.contains("the operator Softmax of ONNX"),
        "{operator}"
    );
    let operand = refusal(&|file| {
        file.graph.as_mut().unwrap().initializer.remove(0);
    });
    assert!(operand.contains("is nowhere computed"), "{operand}");
    let bytes = refusal(&|file| {
        let initializer = &mut file.graph.as_mut().unwrap().initializer;
        initializer[0].raw_data.pop();
    });
    assert!(bytes.contains("3 bytes for the 4 of shape []"), "{bytes}");
    let empty = OnnxNetwork::from_bytes(b"").unwrap_err().to_string();
    assert!(empty.contains("no graph"), "{empty}");
    let png = OnnxNetwork::from_bytes(b"\x89PNG\r\n\x1a\n\0\0")
        .unwrap_err()
        .to_string();
    assert!(png.contains("no ONNX file"), "{png}");
}
