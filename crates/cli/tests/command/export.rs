//! `radars export`.

use super::{TINY_SEARCH, folder, radars, stdout};
use radars_export::Model;
use radars_export::onnx::OnnxNetwork;
use radars_search::RunResult;
use std::fs;
use std::path::Path;

/// What a run writes of its network, beside the model file.
const BESIDE: [&str; 10] = [
    "model.qonnx.onnx",
    "model.qdq.onnx",
    "model.onnx",
    "hls4ml/model.onnx",
    "hls4ml/hls4ml_config.yml",
    "hls4ml/convert.py",
    "model.json",
    "model.dot",
    "model.svg",
    "model.md",
];

fn files(folder: &Path, names: &[&str]) -> Vec<Vec<u8>> {
    let read = |name: &&str| fs::read(folder.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
    names.iter().map(read).collect()
}

/// A search leaves its winner in every form; `export` writes the same files again, or those that are asked for, and
/// trains another architecture of the front once.
#[test]
fn a_search_exports_its_winner_and_export_anything_else() {
    let folder = folder();
    let at = folder.path();
    stdout(at, &format!("{TINY_SEARCH} --quiet --out run"));
    let run = at.join("run");
    let of_search = files(&run, &BESIDE);
    let printed = stdout(at, "export run --out elsewhere");
    assert_eq!(printed.lines().count(), BESIDE.len() + 1, "{printed}");
    assert_eq!(files(&at.join("elsewhere"), &BESIDE), of_search);

    let printed = stdout(
        at,
        "export run/model.safetensors --format onnx --batch-norm folded --out one",
    );
    assert_eq!(printed, "one/model.onnx\n");
    assert_eq!(fs::read_dir(at.join("one")).unwrap().count(), 1);
    let folded = OnnxNetwork::read(&at.join("one/model.onnx")).unwrap();
    assert_eq!(folded.classes(), 10);
    assert_ne!(files(&at.join("one"), &["model.onnx"])[0], of_search[2]);

    let result = fs::read(run.join("result.json")).unwrap();
    let result: RunResult = serde_json::from_slice(&result).unwrap();
    assert!(result.front.len() > 1, "{:?}", result.front);
    let line = "export run --architecture 2 --quiet --format card";
    assert_eq!(stdout(at, line), "run/architecture-2/model.md\n");
    let second = run.join("architecture-2/model.safetensors");
    let model = Model::read(&second).unwrap();
    assert_eq!(model.architecture, result.front[1].architecture);
    assert!(model.provenance.test_accuracy.is_some());
    // It is trained already: nothing is written but the card.
    let trained = second.metadata().unwrap().modified().unwrap();
    stdout(at, line);
    assert_eq!(second.metadata().unwrap().modified().unwrap(), trained);
}

#[test]
fn what_cannot_be_exported_is_named() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("picture.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    let refused = |line: &str, words: &[&str]| {
        let output = radars(at, line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        for word in words {
            assert!(
                stderr.contains(word),
                "{line} does not say `{word}`: {stderr}"
            );
        }
    };
    refused(
        "export picture.png",
        &["picture.png", "not a model of radars"],
    );
    refused("export missing", &["missing"]);
    refused("export empty", &["empty", "model.safetensors", "--resume"]);
    refused("export empty --format pdf", &["pdf", "qonnx, onnx-qdq"]);
    refused("export empty --architecture 3", &["empty/result.json"]);
    refused("export empty --architecture 0", &["0"]);
}
