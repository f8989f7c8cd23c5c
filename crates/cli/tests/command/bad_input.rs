//! Bad input: a clear message, exit code 2, and nothing written.

use super::{TINY_SEARCH, TINY_SPACE, folder, radars};
use std::fs;
use std::path::Path;

/// Runs a line that has to be refused, with these words, without leaving anything behind.
fn refused(folder: &Path, line: &str, words: &[&str]) {
    let before = files(folder);
    let output = radars(folder, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(output.stdout.is_empty(), "{line}");
    for word in words {
        assert!(
            stderr.contains(word),
            "{line} does not say `{word}`: {stderr}"
        );
    }
    assert_eq!(files(folder), before, "{line}");
}

/// Everything in a folder, with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path));
            found.push((name, Vec::new()));
        } else {
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_space_file_that_is_wrong() {
    let folder = folder();
    let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    // The key is put on line 13, column 1.
    write("key.toml", TINY_SPACE.replacen("stride", "strode", 1));
    refused(
        folder.path(),
        "search --space key.toml",
        &["key.toml:13:1", "strode", "stride"],
    );
    refused(folder.path(), "plan --space key.toml", &["key.toml:13:1"]);
    write(
        "none.toml",
        TINY_SPACE.replace("kernel = [1, 3]", "kernel = []"),
    );
    refused(
        folder.path(),
        "search --space none.toml",
        &["none.toml:5", "`kernel` lists no choices"],
    );
    refused(
        folder.path(),
        "search --space missing.toml",
        &["missing.toml", "--space"],
    );
    refused(
        folder.path(),
        "bench step --net child --space tiny.toml",
        &["input shape", "state `classes` and `input`"],
    );
}

#[test]
fn a_space_without_a_choice() {
    let folder = folder();
    let lists = TINY_SPACE.replace("[1, 3]", "[3]").replace("[3, 6]", "[3]");
    fs::write(folder.path().join("single.toml"), lists).unwrap();
    refused(
        folder.path(),
        "search --space single.toml",
        &["single architecture", "choices"],
    );
}

#[test]
fn data_of_the_wrong_kind() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("notes.txt"), "no images").unwrap();
    refused(
        folder.path(),
        "search --data data",
        &["data: no data set found", "IDX", "--data"],
    );
    refused(
        folder.path(),
        "search --data nowhere",
        &["nowhere", "fashion-mnist-small", "--data"],
    );
}

#[test]
fn data_with_another_number_of_classes() {
    let folder = folder();
    let data = folder.path().join("seven");
    fs::create_dir(&data).unwrap();
    for (name, images) in [("train", 70_u32), ("t10k", 14)] {
        let (header, size) = ([0, 0, 8, 3], 28_u32.to_be_bytes());
        let pixels = vec![0; images as usize * 28 * 28];
        let bytes = [&header[..], &images.to_be_bytes(), &size, &size, &pixels].concat();
        fs::write(data.join(format!("{name}-images-idx3-ubyte")), bytes).unwrap();
        let labels: Vec<u8> = (0..images).map(|image| (image % 7) as u8).collect();
        let bytes = [&[0, 0, 8, 1][..], &images.to_be_bytes(), &labels].concat();
        fs::write(data.join(format!("{name}-labels-idx1-ubyte")), bytes).unwrap();
    }
    refused(
        folder.path(),
        "search --data seven",
        &["10 classes expected and 7 found"],
    );
}

#[test]
fn a_bound_that_will_not_do() {
    let folder = folder();
    let words = [
        "1.0 KiB is too small",
        "MiB",
        "raise --memory",
        "lower --batch",
    ];
    refused(folder.path(), "search --memory 1KiB", &words);
    let words = ["a bound of 1.0 PiB", "available", "lower --memory"];
    refused(folder.path(), "search --memory 1PiB", &words);
    refused(
        folder.path(),
        "search --memory plenty",
        &["--memory", "96MiB"],
    );
}

/// The bound that the message names is the smallest that will do.
#[test]
fn the_smallest_bound_is_named_to_the_byte() {
    let folder = folder();
    let line = TINY_SEARCH.replace("8MiB", "1KiB") + " --quiet";
    let output = radars(folder.path(), &line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let needed = stderr
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(" bytes"))
        .unwrap()
        .0;
    let needed: usize = needed.parse().unwrap();
    let below = TINY_SEARCH.replace("8MiB", &format!("{}B", needed - 1));
    refused(folder.path(), &below, &[&format!("{needed} bytes")]);
}

#[test]
fn an_output_folder_that_holds_a_run() {
    let folder = folder();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("result.json"), "{}").unwrap();
    refused(
        folder.path(),
        "search --out run",
        &["run: already holds a run (result.json)", "--out"],
    );
    refused(folder.path(), "search --out tiny.toml", &["tiny.toml"]);
}

#[test]
fn settings_that_make_no_sense() {
    let folder = folder();
    fs::write(
        folder.path().join("config.toml"),
        "method = \"radars\"\nsede = 1\n",
    )
    .unwrap();
    refused(
        folder.path(),
        "search --config config.toml",
        &["config.toml", "line 2", "sede"],
    );
    refused(
        folder.path(),
        "search --config nowhere.toml",
        &["nowhere.toml", "--config"],
    );
    refused(
        folder.path(),
        "search --batch 0",
        &["batch is 0", "between 1 and 65536"],
    );
    refused(
        folder.path(),
        "search --limit-train 50 --batch 32",
        &["weights split has 28 images", "lower --batch"],
    );
    refused(folder.path(), "search --alpha 2", &["--alpha", "0 to 1"]);
    refused(
        folder.path(),
        "search --device tpu",
        &["--device", "`cuda:N`"],
    );
    refused(folder.path(), "search --preset mnist", &["fashion-small"]);
    refused(folder.path(), "search --isa mmx", &["portable"]);
    refused(folder.path(), "plan --sn nowhere.json", &["nowhere.json"]);
    for (flags, words) in [
        ("--kernel 4", "odd"),
        ("--kernel 33", "1 to 31"),
        ("--batch 70000", "between 1 and 65536"),
    ] {
        let line = format!("bench step --net child {flags}");
        refused(folder.path(), &line, &[words]);
    }
}
