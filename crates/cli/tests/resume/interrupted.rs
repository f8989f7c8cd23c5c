//! Ctrl-C, and going on after it; a run that is over.

use super::folder::{Left, signal, wait_for_lines};
use super::{Folder, SEARCH, TRAIN};
use std::path::Path;

/// Every file of a folder, with its bytes.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => found.push((path.display().to_string(), std::fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

fn check(flags: &str, resume: &str) {
    // A final training that is long enough to be met.
    let search = SEARCH.replace("--final-epochs 3 ", "--final-epochs 30 ");
    let line = format!("{search} {flags}");
    let folder = Folder::new();
    let (whole, _) = folder.uninterrupted(&line);
    let run = folder.join("run");
    // In the search, and in the final training, before which the search has ended by itself.
    let events = whole.events.len();
    for (moment, so_far) in [(events / 2, "interrupted"), (events - 20, "iterations")] {
        let first = moment == events / 2;
        let mut child = folder.start(&match first {
            true => format!("{line} --out run"),
            false => format!("search --resume run --quiet --threads 1 {resume}"),
        });
        assert!(wait_for_lines(&run, moment, &mut child));
        signal(&child, "-INT");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        let left = Left::read(&run);
        assert_eq!(left.result["search"]["stop"], so_far);
        assert!(left.result["best"]["test_accuracy"].is_null());
        assert_ne!(left.result["fingerprint"], whole.result["fingerprint"]);
    }
    let resume = format!("search --resume run --quiet --threads 1 {resume}");
    let table = folder.stdout(&resume);
    Left::read(&run).assert_same(&whole, flags);

    // A run that is over.
    let before = contents(&run);
    assert_eq!(folder.stdout(&resume), table);
    assert_eq!(contents(&run), before, "a finished run is only shown");
}

/// It ends after the batch under way; what it goes on from is the last whole epoch.
#[test]
fn a_training_goes_on() {
    let folder = Folder::new();
    let (whole, _) = folder.uninterrupted(TRAIN);
    let run = folder.join("run");
    let mut child = folder.start(&format!("{TRAIN} --out run"));
    assert!(wait_for_lines(&run, whole.events.len() / 2, &mut child));
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("--resume"), "{stderr}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("interrupted before the end"), "{table}");
    assert!(Left::read(&run).result["best"]["test_accuracy"].is_null());
    let table = folder.stdout("train --resume run --quiet --threads 1");
    Left::read(&run).assert_same(&whole, TRAIN);
    // It is over, and only shown again.
    assert_eq!(folder.stdout("train --resume run --quiet"), table);
}

#[test]
fn goes_on_one_phase_after_the_other() {
    check("", "");
}

#[test]
fn goes_on_side_by_side() {
    check(
        "--exploration-memory 3MiB --schedule overlapped",
        "--schedule overlapped",
    );
}
