//! The `radars` command as a user meets it.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod bad_input;
mod bench;
mod compare;
mod compare_judged;
mod device;
mod eval;
mod export;
mod help;
mod plan;
mod predict;
mod report;
mod search;
mod table;
mod tabulate;
mod train;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `radars` in `folder`; words are separated by spaces.
fn radars(folder: &Path, line: &str) -> Output {
    command(folder, line).output().unwrap()
}

fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_radars"));
    command.current_dir(folder).args(line.split_whitespace());
    // A machine's cards are no part of these tests.
    command.env("CUDA_VISIBLE_DEVICES", "");
    command
}

/// What a run that has to succeed prints.
fn stdout(folder: &Path, line: &str) -> String {
    let output = radars(folder, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// A space that trains in no time: two layers of four channels on the embedded images.
const TINY_SPACE: &str = r#"
name = "tiny"

[choices]
kernel = [1, 3]
activation_integer = [3]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [3, 6]

[[layer]]
channels = 4
stride = 2

[[layer]]
channels = 8
stride = 2
"#;

/// Flags of a search over it that takes about a second.
const TINY_SEARCH: &str = "search --space tiny.toml --limit-train 120 --batch 8 --memory 8MiB --iterations 1 \
                           --episodes 3 --retrain 2 --proxy-epochs 1 --exact-epochs 1 --final-epochs 1 \
                           --dnas-epochs 1";

/// A folder that holds the tiny space.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tiny.toml"), TINY_SPACE).unwrap();
    folder
}
