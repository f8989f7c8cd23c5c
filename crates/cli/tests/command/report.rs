//! `radars report`.

use super::{folder, radars, stdout};
use std::fs;

const EVENT: &str = "{\"elapsed_seconds\":1.0,\"event\":\"search-ended\",\"stop\":\"target\"}\n";

#[test]
fn a_page_and_a_file_for_tensorboard_are_written_and_named() {
    let folder = folder();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("config.toml"), "method = \"radars\"\n").unwrap();
    fs::write(run.join("events.jsonl"), EVENT).unwrap();

    let printed = stdout(folder.path(), "report run");
    assert_eq!(printed.trim(), run_file("report.html"));
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("The search is over"), "{page}");

    let printed = stdout(
        folder.path(),
        "report run --out page.html --tensorboard board",
    );
    let files: Vec<&str> = printed.lines().collect();
    assert_eq!(files[0], "page.html");
    assert!(files[1].contains("tfevents"), "{printed}");
    for file in files {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
}

/// The path of a file of `run`, as the system writes it.
fn run_file(name: &str) -> String {
    std::path::Path::new("run").join(name).display().to_string()
}

#[test]
fn what_is_no_run_is_bad_input() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).unwrap();
    for (line, word) in [
        ("report nowhere", "nowhere: there is no such run folder"),
        ("report empty", "there is no config.toml"),
    ] {
        let output = radars(folder.path(), line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(word), "{stderr}");
    }
    assert_eq!(
        fs::read_dir(folder.path().join("empty")).unwrap().count(),
        0
    );
}
