//! A folder to search in, and what is compared of the runs in it.

use super::{GIVEN, SPACE};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder that holds the tiny space; runs go beside it.
pub struct Folder {
    pub path: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Folder {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::at(temporary.path().to_path_buf());
        Folder {
            _temporary: Some(temporary),
            ..folder
        }
    }

    /// A folder that is there and goes some other way.
    pub fn at(path: PathBuf) -> Self {
        for (name, text) in [("tiny.toml", SPACE), ("given.json", GIVEN)] {
            std::fs::write(path.join(name), text).unwrap();
        }
        Folder {
            path,
            _temporary: None,
        }
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn radars(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_radars"));
        command
            .current_dir(&self.path)
            .args(line.split_whitespace())
            // A machine's cards are no part of these tests.
            .env("CUDA_VISIBLE_DEVICES", "");
        command
    }

    pub fn start(&self, line: &str) -> Child {
        let mut command = self.radars(line);
        (command.stdout(Stdio::piped()).stderr(Stdio::piped()))
            .spawn()
            .unwrap()
    }

    /// Exit code, and what it says to whoever ran it.
    pub fn end(&self, line: &str) -> (Option<i32>, String) {
        let Output { status, stderr, .. } = self.radars(line).output().unwrap();
        (status.code(), String::from_utf8(stderr).unwrap())
    }

    /// What a command that has to succeed prints.
    pub fn stdout(&self, line: &str) -> String {
        let output = self.radars(line).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{line}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A run from its start to its end; how long it took.
    pub fn uninterrupted(&self, line: &str) -> (Left, Duration) {
        let started = Instant::now();
        self.stdout(&format!("{line} --out whole"));
        (Left::read(&self.join("whole")), started.elapsed())
    }

    /// The checkpoints of a run, the newest first: two, and a third where the run was killed between writing
    /// the newest and deleting the oldest.
    pub fn checkpoints(&self, run: &str) -> Vec<PathBuf> {
        let found = std::fs::read_dir(self.join(run).join("checkpoint")).unwrap();
        let mut found: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.is_dir() && path.extension().is_none());
        found.sort();
        found.reverse();
        assert!((2..=3).contains(&found.len()), "two are kept: {found:?}");
        found
    }
}

/// Lines of a run's log so far.
pub fn lines(run: &Path) -> usize {
    std::fs::read(run.join("events.jsonl"))
        .map_or(0, |text| text.iter().filter(|&&byte| byte == b'\n').count())
}

/// Waits until a run has written so many lines, or until it is over: then false.
pub fn wait_for_lines(run: &Path, count: usize, child: &mut Child) -> bool {
    let patience = Instant::now() + Duration::from_secs(300);
    while lines(run) < count {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(Instant::now() < patience, "{count} lines never came");
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Sends a running process a signal: `-INT`.
pub fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let kill = Command::new("kill").args([name, &pid]).status().unwrap();
    assert!(kill.success());
}

/// What a run leaves behind, the times aside.
#[derive(Debug, PartialEq)]
pub struct Left {
    pub result: Value,
    /// In order; without the word that the run was gone on with.
    pub events: Vec<Value>,
    /// The file of the trained winner; none of a run that was interrupted before that.
    pub model: Option<Vec<u8>>,
}

impl Left {
    pub fn read(run: &Path) -> Self {
        let text = std::fs::read(run.join("result.json")).unwrap();
        let mut result: Value = serde_json::from_slice(&text).unwrap();
        assert!(
            result.as_object_mut().unwrap().remove("time").is_some(),
            "{result}"
        );
        let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
        let mut events = Vec::new();
        for line in text.lines() {
            let mut event: Value = serde_json::from_str(line).unwrap();
            let fields = event.as_object_mut().unwrap();
            fields.remove("elapsed_seconds").unwrap();
            fields.remove("seconds");
            if fields["event"] != "resumed" {
                events.push(event);
            }
        }
        for folder in [run, &run.join("checkpoint")] {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                assert!(path.extension().is_none_or(|e| e != "tmp"), "{path:?}");
            }
        }
        let model = std::fs::read(run.join("model.safetensors")).ok();
        let tested = !result["best"]["test_accuracy"].is_null();
        assert_eq!(model.is_some(), tested);
        Left {
            result,
            events,
            model,
        }
    }

    /// The events of each phase on their own: side by side, only these have an order.
    fn by_phase(&self) -> [Vec<&Value>; 3] {
        ["run", "exploration", "exploitation"]
            .map(|phase| self.events.iter().filter(|e| e["phase"] == phase).collect())
    }

    pub fn assert_same(&self, other: &Left, what: &str) {
        assert_eq!(
            self.result["fingerprint"], other.result["fingerprint"],
            "{what}"
        );
        assert_eq!(self.result, other.result, "{what}");
        assert!(self.model == other.model, "{what}: another model file");
        assert_eq!(self.events.len(), other.events.len(), "{what}");
        for (ours, theirs) in self.by_phase().into_iter().zip(other.by_phase()) {
            for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                assert_eq!(ours, theirs, "{what}: event {index} of its phase");
            }
            assert_eq!(ours.len(), theirs.len(), "{what}");
        }
    }
}
