//! Runs that are over or under way, as reports read them, and results as a search goes on from them.

use super::{Reader, files};
use radars_report::{Run, html, tensorboard};
use radars_search::RunResult;

pub(super) const READER: Reader = Reader {
    name: "result",
    read,
    seeds,
};

/// The files of a run: events, result, configuration, space.
fn read(bytes: &[u8]) {
    let [events, result, config, space] = files::split(bytes);
    if let Some(Ok(result)) = result.map(serde_json::from_slice::<RunResult>) {
        let written = serde_json::to_vec(&result).expect("read from JSON");
        let again = serde_json::from_slice::<RunResult>(&written);
        assert_eq!(again.ok(), Some(result));
    }
    let folder = tempfile::tempdir().expect("a folder for the run");
    let run = [
        ("events.jsonl", events),
        ("result.json", result),
        ("config.toml", config),
        ("space.toml", space),
    ];
    files::place(folder.path(), &run).expect("a run to read");
    match Run::open(folder.path()) {
        Ok(run) => {
            assert!(html(&run).contains("</html>"));
            tensorboard(&run, &folder.path().join("tensorboard")).expect("room for the events");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// The run that `crates/report/tests` shows.
fn seeds() -> Vec<Vec<u8>> {
    let (events, result) = (run_folder::events(), run_folder::result());
    let whole = [&*events, &result, run_folder::CONFIG, run_folder::SPACE];
    vec![
        files::joined(&whole),
        files::joined(&[&events[..events.len() - 40], "", run_folder::CONFIG, ""]),
    ]
}

#[path = "../../../crates/report/tests/run_folder/mod.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "the run that another crate's tests are about"
)]
mod run_folder;
