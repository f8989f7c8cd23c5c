//! What `--resume` does not go on with, and what it says then; a damaged checkpoint, and the one before it.

use super::folder::{Left, signal, wait_for_lines};
use super::{Folder, SEARCH};
use std::fs::{self, OpenOptions};
use std::path::Path;

/// A run that was killed halfway, and what it would have been.
fn halfway() -> (Folder, Left) {
    let folder = Folder::new();
    let (whole, _) = folder.uninterrupted(SEARCH);
    let mut child = folder.start(&format!("{SEARCH} --out run"));
    let run = folder.join("run");
    assert!(wait_for_lines(&run, whole.events.len() / 2, &mut child));
    child.kill().unwrap();
    child.wait().unwrap();
    (folder, whole)
}

const RESUME: &str = "search --resume run --quiet --threads 1";

fn cut(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
}

#[track_caller]
fn assert_refused(folder: &Folder, line: &str, words: &[&str]) {
    let (code, message) = folder.end(line);
    assert_eq!(code, Some(2), "{message}");
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn folders_that_are_no_run_or_another_run_now() {
    let (folder, whole) = halfway();
    fs::create_dir(folder.join("empty")).unwrap();
    assert_refused(
        &folder,
        "search --resume empty",
        &["empty: not the folder of a run"],
    );
    assert_refused(
        &folder,
        "search --resume nowhere",
        &["nowhere: not the folder of a run"],
    );
    // What decides the result comes from the run alone.
    assert_refused(
        &folder,
        "search --resume run --seed 4",
        &["cannot be used with", "--seed"],
    );

    for name in ["config.toml", "space.toml"] {
        let file = folder.join("run").join(name);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n# mine\n")).unwrap();
        assert_refused(&folder, RESUME, &["was changed since", "restore"]);
        fs::write(&file, text).unwrap();
    }
    let isa = &format!("{RESUME} --isa portable");
    assert_refused(
        &folder,
        isa,
        &["was computed on `cpu", "isa=portable", "--isa"],
    );
    // The phases of this run had no share of their own.
    assert_refused(
        &folder,
        &format!("{RESUME} --schedule overlapped"),
        &["--schedule"],
    );

    // None of that did any harm.
    folder.stdout(RESUME);
    Left::read(&folder.join("run")).assert_same(&whole, "after refusals");
}

#[test]
fn a_run_that_another_process_goes_on_with() {
    let (folder, whole) = halfway();
    let run = folder.join("run");
    let mut first = folder.start(RESUME);
    // It may first take back events that will happen again, and then says that it goes on.
    let resumed = || {
        fs::read_to_string(run.join("events.jsonl"))
            .is_ok_and(|text| text.contains(r#""event":"resumed""#))
    };
    while !resumed() {
        assert!(first.try_wait().unwrap().is_none(), "it ended first");
    }
    // It stands still while it is in the way: the second waits for a moment, in which it could be over.
    signal(&first, "-STOP");
    assert_refused(&folder, RESUME, &["another process is writing to this run"]);
    signal(&first, "-CONT");
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success());
    Left::read(&run).assert_same(&whole, "the first process");
}

#[test]
fn the_newest_checkpoint_cut_short_is_passed_over() {
    for file in ["state.json", "tensors.safetensors", "manifest.json"] {
        let (folder, whole) = halfway();
        let newest = folder.checkpoints("run").swap_remove(0);
        cut(&newest.join(file));
        let (code, message) = folder.end(RESUME);
        assert_eq!(code, Some(0), "{message}");
        let number = newest.file_name().unwrap().to_str().unwrap();
        for word in [
            "warning",
            number,
            file,
            "going on from the checkpoint before it",
        ] {
            assert!(message.contains(word), "{word}: {message}");
        }
        Left::read(&folder.join("run")).assert_same(&whole, file);
    }
}

#[test]
fn a_run_without_a_whole_checkpoint() {
    let (folder, _) = halfway();
    let before = fs::read(folder.join("run/events.jsonl")).unwrap();
    for checkpoint in folder.checkpoints("run") {
        cut(&checkpoint.join("state.json"));
    }
    assert_refused(
        &folder,
        RESUME,
        &[
            "none of its checkpoints can be used",
            "state.json has",
            "anew",
        ],
    );
    assert_eq!(
        fs::read(folder.join("run/events.jsonl")).unwrap(),
        before,
        "nothing is thrown away"
    );
}
