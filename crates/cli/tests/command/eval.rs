//! `radars eval`.

use super::{TINY_SEARCH, folder, radars, stdout};
use radars_search::RunResult;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A folder with a search that is over in `run`, which leaves its network there in every form.
pub fn searched() -> tempfile::TempDir {
    let folder = folder();
    stdout(folder.path(), &format!("{TINY_SEARCH} --quiet --out run"));
    folder
}

fn evaluated(folder: &Path, line: &str) -> Value {
    serde_json::from_str(&stdout(folder, &format!("eval {line} --json"))).unwrap()
}

/// The label and the logits of every image, as text.
fn rows(folder: &Path, line: &str) -> Vec<Vec<String>> {
    stdout(folder, &format!("eval {line} --logits logits.csv --quiet"));
    let text = fs::read_to_string(folder.join("logits.csv")).unwrap();
    let fields = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(fields).collect()
}

/// The class of the largest logit; the first of equal ones.
pub fn argmax(row: &[String]) -> usize {
    let logits: Vec<f32> = row[1..]
        .iter()
        .map(|field| field.parse().unwrap())
        .collect();
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.iter().position(|&logit| logit == largest).unwrap()
}

#[test]
fn a_run_is_evaluated_as_its_search_tested_it() {
    let folder = searched();
    let text = fs::read_to_string(folder.path().join("run/result.json")).unwrap();
    let result: RunResult = serde_json::from_str(&text).unwrap();
    let found = evaluated(folder.path(), "run");
    assert_eq!(found["accuracy"].as_f64(), result.best.test_accuracy);
    assert_eq!(
        found["top5_accuracy"].as_f64(),
        result.best.test_top5_accuracy
    );
    assert_eq!(found["images"], 1000);
    assert_eq!(found["peak_bytes"], found["planned_peak_bytes"]);
    let engine = found["engine"].as_str().unwrap();
    assert!(engine.starts_with("fake-quantised on cpu"), "{engine}");

    // Nothing of it depends on threads, or on how much fits at once.
    let rows_of = |flags: &str| rows(folder.path(), &format!("run {flags}"));
    let rows = rows_of("--threads 1");
    assert_eq!(rows.len(), 1000);
    assert!(rows.iter().all(|row| row.len() == 11));
    assert_eq!(rows_of("--threads 2 --memory 96KiB"), rows);
    let right = rows.iter().filter(|row| row[0] == argmax(row).to_string());
    assert_eq!(found["correct"], right.count());

    let table = stdout(folder.path(), "eval run");
    for words in [
        "of 1,000",
        "test images of fashion-mnist-small",
        "images a second",
    ] {
        assert!(table.contains(words), "{table}");
    }
}

/// The files that other programs read compute what the network computes: to the last digit where batch norms are
/// exact, else the same classes.
#[test]
fn every_form_has_the_same_classes() {
    let folder = searched();
    let rows_of = |path: &str| rows(folder.path(), path);
    let expected = rows_of("run/model.safetensors");
    for exact in ["model.onnx", "model.qdq.onnx", "model.qonnx.onnx"] {
        assert!(rows_of(&format!("run/{exact}")) == expected, "{exact}");
    }
    for close in [
        "run/hls4ml",
        "run --engine integer",
        "run --engine integer --threads 2",
    ] {
        let rows = rows_of(close);
        let pairs = rows.iter().zip(&expected);
        let same = pairs.filter(|(row, expected)| argmax(row) == argmax(expected));
        assert!(same.count() >= 990, "{close}");
    }
    let found = evaluated(folder.path(), "run/hls4ml");
    assert_eq!(
        (&found["form"], &found["engine"]),
        (&"onnx".into(), &"onnx".into())
    );
    let found = evaluated(folder.path(), "run --engine integer");
    assert_eq!(found["engine"], "integer");
    assert!(found.get("peak_bytes").is_none());
}

#[test]
fn a_model_that_lies_elsewhere_takes_data_by_name() {
    let folder = searched();
    let at = |name: &str| folder.path().join(name);
    fs::copy(at("run/model.safetensors"), at("lone.safetensors")).unwrap();
    fs::copy(at("run/model.onnx"), at("lone.onnx")).unwrap();
    let run = evaluated(folder.path(), "run")["correct"].clone();
    // The embedded data set is named in the model, by the name that it has everywhere.
    for line in ["lone.safetensors", "lone.onnx --data fashion-mnist-small"] {
        assert_eq!(evaluated(folder.path(), line)["correct"], run, "{line}");
    }

    // Two classes of coloured images.
    for class in ["train/a", "train/b", "test/a", "test/b"] {
        fs::create_dir_all(at("images").join(class)).unwrap();
        let image = image::RgbImage::from_pixel(28, 28, image::Rgb([9, 8, 7]));
        image.save(at("images").join(class).join("1.png")).unwrap();
    }
    for (line, words) in [
        ("lone.onnx", vec!["lone.onnx", "--data"]),
        (
            "run --data images",
            vec!["images", "3 channels", "28x28 with 1"],
        ),
        ("run --data nowhere", vec!["nowhere", "--data"]),
        (
            "run --memory 1KiB",
            vec!["1.0 KiB", "one image takes", "raise --memory"],
        ),
        ("run --engine integer --device cuda:0", vec!["--device"]),
        ("run/model.onnx --engine integer", vec!["--engine"]),
        (
            "run --logits nowhere/logits.csv",
            vec!["nowhere/logits.csv"],
        ),
    ] {
        refused(folder.path(), &format!("eval {line}"), &words);
    }
}

pub fn refused(folder: &Path, line: &str, words: &[&str]) {
    let output = radars(folder, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    for word in words {
        assert!(
            stderr.contains(word),
            "{line} does not say `{word}`: {stderr}"
        );
    }
}

#[test]
fn what_is_no_network_is_named() {
    let folder = searched();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("noise.safetensors"), [7; 100]).unwrap();
    fs::write(at("noise.onnx"), [7; 100]).unwrap();
    fs::write(at("empty.onnx"), []).unwrap();
    for name in ["model.safetensors", "model.qdq.onnx"] {
        let whole = fs::read(at("run").join(name)).unwrap();
        fs::write(at(&format!("cut-{name}")), &whole[..whole.len() / 2]).unwrap();
    }
    fs::create_dir(at("nothing")).unwrap();
    fs::create_dir(at("begun")).unwrap();
    fs::copy(at("run/config.toml"), at("begun/config.toml")).unwrap();
    image::GrayImage::new(28, 28).save(at("image.png")).unwrap();
    for (path, word) in [
        ("noise.safetensors", "safetensors"),
        ("noise.onnx", "ONNX"),
        ("empty.onnx", "ONNX"),
        ("cut-model.safetensors", "safetensors"),
        ("cut-model.qdq.onnx", "ONNX"),
        ("tiny.toml", "not a model"),
        ("missing.safetensors", "No such file"),
        ("nothing", "no model.safetensors"),
        ("begun", "--resume"),
    ] {
        refused(folder.path(), &format!("eval {path}"), &[path, word]);
        refused(
            folder.path(),
            &format!("predict {path} image.png"),
            &[path, word],
        );
    }
}
