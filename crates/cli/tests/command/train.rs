//! `radars train`.

use super::{TINY_SEARCH, folder, radars, stdout};
use radars_export::Model;
use radars_search::{Config, Method, RunResult};
use std::fs;
use std::path::Path;

/// An architecture of the tiny space.
pub const GIVEN: &str = r#"[
    {"kernel": 3, "activation": {"integer": 3, "fraction": 6}, "weight": {"integer": 1, "fraction": 3}},
    {"kernel": 1, "activation": {"integer": 3, "fraction": 3}, "weight": {"integer": 1, "fraction": 6}}
]"#;

/// Flags of a training of it that takes no time.
const TINY_TRAIN: &str = "train --architecture given.json --space tiny.toml --limit-train 120 --batch 8 --memory 8MiB \
                          --epochs 1";

fn result(run: &Path) -> RunResult {
    let text = fs::read_to_string(run.join("result.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn model(run: &Path) -> Model {
    Model::read(&run.join("model.safetensors")).unwrap()
}

#[test]
fn an_architecture_gets_a_run_folder_of_its_own() {
    let folder = folder();
    fs::write(folder.path().join("given.json"), GIVEN).unwrap();
    let output = radars(folder.path(), &format!("{TINY_TRAIN} --seed 3"));
    let lines = String::from_utf8(output.stderr).unwrap();
    assert!(
        lines.contains("120 training images, 1000 test images"),
        "{lines}"
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("on the test set") && table.contains("runs/tiny-3-trained"),
        "{table}"
    );
    assert!(
        !table.contains("reward") && !table.contains("in the search"),
        "{table}"
    );

    let run = folder.path().join("runs/tiny-3-trained");
    let text = fs::read_to_string(run.join("result.json")).unwrap();
    assert!(
        !text.contains("\"reward\"") && !text.contains("val_accuracy"),
        "{text}"
    );
    let found = result(&run);
    assert_eq!(found.method, Method::Given);
    assert_eq!(
        found.memory.actual_peak_bytes,
        found.memory.planned_peak_bytes
    );
    assert_eq!(
        found.best.architecture,
        serde_json::from_str(GIVEN).unwrap()
    );
    let model = model(&run);
    assert_eq!(model.provenance.test_accuracy, found.best.test_accuracy);
    assert!(found.best.test_accuracy.is_some());
    assert_eq!(
        model.provenance.command.as_deref(),
        Some("radars train --config config.toml")
    );
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("The architecture") && page.contains("radars train --config"));
    assert!(!page.contains("stopped by") && !page.contains(">reward<"));

    // The folder holds all that it takes to repeat it, without the file.
    fs::remove_file(folder.path().join("given.json")).unwrap();
    let line = format!(
        "train --config {}/config.toml --quiet --out again",
        run.display()
    );
    stdout(folder.path(), &line);
    assert_eq!(
        result(&folder.path().join("again")).fingerprint,
        found.fingerprint
    );
}

/// The winner of a search, trained again with the settings of that search, is the same network.
#[test]
fn it_trains_as_a_search_does_in_the_end() {
    let folder = folder();
    stdout(folder.path(), &format!("{TINY_SEARCH} --quiet --out found"));
    let line = "train --architecture found/result.json --config found/config.toml --quiet --threads 2 --out again";
    stdout(folder.path(), line);
    let [found, again] = ["found", "again"].map(|run| folder.path().join(run));
    let (searched, trained) = (result(&found), result(&again));
    assert_eq!(trained.best.architecture, searched.best.architecture);
    assert_eq!(trained.best.test_accuracy, searched.best.test_accuracy);
    assert_eq!(
        (trained.best.reward, trained.best.val_accuracy),
        (None, None)
    );
    assert_eq!(model(&again).parameters, model(&found).parameters);

    // With other randomness it is another one.
    stdout(folder.path(), &format!("{line}-2 --seed 1"));
    let other = model(&folder.path().join("again-2"));
    assert_ne!(other.parameters, model(&found).parameters);

    // Each is gone on with, or repeated, by its own command.
    for (line, words) in [
        ("search --resume again", "radars train --resume again"),
        ("train --resume found", "radars search --resume found"),
        ("search --config again/config.toml", "name a --method"),
        ("train --config found/config.toml", "--architecture"),
    ] {
        let output = radars(folder.path(), line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.contains(words), "{line}: {stderr}");
    }
    let text = fs::read_to_string(again.join("config.toml")).unwrap();
    let config = Config::from_toml(&text, "config.toml").unwrap();
    assert_eq!(config.architecture, Some(searched.best.architecture));
}

#[test]
fn what_cannot_be_trained_is_refused_before_anything_is_written() {
    let folder = folder();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("given.json", GIVEN);
    write(
        "other.json",
        &GIVEN.replace("\"kernel\": 1", "\"kernel\": 5"),
    );
    write("short.json", "[]");
    write("noise.json", "\u{0}\u{1}");
    write("run.json", "{\"best\": {}}");
    let refused = |line: &str, words: &[&str]| {
        let output = radars(folder.path(), line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        for word in words {
            assert!(
                stderr.contains(word),
                "{line} does not say `{word}`: {stderr}"
            );
        }
        assert!(!folder.path().join("runs").exists(), "{line}");
    };
    let with = |file: &str| TINY_TRAIN.replace("given.json", file);
    refused(
        &with("other.json"),
        &["other.json", "tiny", "`kernel` 5", "--space"],
    );
    refused(&with("short.json"), &["short.json", "layers"]);
    refused(&with("noise.json"), &["noise.json", "line 1"]);
    refused(&with("run.json"), &["run.json", "architecture"]);
    refused(&with("missing.json"), &["missing.json"]);
    refused(&with("tiny.toml"), &["tiny.toml", "line"]);
    refused(
        &format!("{TINY_TRAIN} --proxy-classes 3"),
        &["--proxy-classes"],
    );
    refused(
        &TINY_TRAIN.replace("8MiB", "64KiB"),
        &["this architecture", "a bound of 64.0 KiB", "raise --memory"],
    );
    refused(
        &TINY_TRAIN.replace("--batch 8", "--batch 200"),
        &["120 images", "--batch"],
    );
}
