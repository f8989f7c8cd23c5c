//! The `radars` binary on simulated NVIDIA GPUs: it finds them by itself, as it would find real ones.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use radars_search::{Event, RunResult};
use radars_tests::simulator::{Settings, Simulator, Variant};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// How far the mean loss of the first steps may be from the CPU's, relative to it (seen: 1e-7). Sums differ in their
/// order, and a value near the border of a quantiser's step may come to lie on its other side.
const TOLERANCE: f64 = 1e-4;

/// Two layers of a few channels.
const SPACE: &str = r#"
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

/// A search over it on images of 8 x 8 pixels: some dozens of steps.
const SEARCH: &str = "search --space tiny.toml --resize 8x8 --limit-train 60 --batch 8 --memory 8MiB --iterations 1 \
                      --episodes 2 --retrain 1 --proxy-epochs 1 --exact-epochs 1 --final-epochs 1 --dnas-epochs 1 \
                      --seed 3 --quiet";

/// The binary, built from this working tree.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--package", "radars-cli", "--bin", "radars"])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let messages = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{messages}");
        let lines = String::from_utf8(built.stdout).unwrap();
        let messages = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let made = messages.filter(|message| message["target"]["name"] == "radars");
        let mut executables =
            made.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
        executables.next().unwrap()
    })
}

fn simulator() -> &'static Simulator {
    static SIMULATOR: OnceLock<Simulator> = OnceLock::new();
    SIMULATOR.get_or_init(|| Simulator::build(Variant::Plain).unwrap())
}

/// A folder with the space.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tiny.toml"), SPACE).unwrap();
    folder
}

fn radars(folder: &Path, settings: &Settings, line: &str) -> Output {
    Command::new(binary())
        .current_dir(folder)
        .args(line.split_whitespace())
        .envs(simulator().environment(settings))
        .output()
        .unwrap()
}

/// A line that has to find something: the result in the folder `run`, and the events.
fn finished(folder: &Path, run: &str, line: &str) -> (RunResult, Vec<Event>) {
    let output = radars(folder, &Settings::default(), line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {stderr}");
    let read = |name: &str| std::fs::read_to_string(folder.join(run).join(name)).unwrap();
    let result = serde_json::from_str(&read("result.json")).unwrap();
    let events = read("events.jsonl");
    let events = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (result, events.collect())
}

fn found(folder: &Path, run: &str, flags: &str) -> (RunResult, Vec<Event>) {
    finished(folder, run, &format!("{SEARCH} {flags} --out {run}"))
}

/// What a line says that has to be refused, without a panic.
#[track_caller]
fn refused(folder: &Path, settings: &Settings, line: &str) -> String {
    let output = radars(folder, settings, line);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
    assert!(!stderr.contains("panicked"), "{line}: {stderr}");
    stderr
}

/// The architecture that was trained first, and the mean loss of its first steps.
fn first_training(events: &[Event]) -> (String, f64) {
    let architecture = events.iter().find_map(|event| match event {
        Event::TrainingStarted { architecture, .. } => Some(architecture.to_string()),
        _ => None,
    });
    let loss = events.iter().find_map(|event| match event {
        Event::Epoch { loss, .. } => *loss,
        _ => None,
    });
    (architecture.unwrap(), loss.unwrap())
}

#[test]
fn a_search_finishes_in_the_memory_that_was_planned_and_learns_as_on_the_cpu() {
    let folder = folder();
    let (on_card, events) = found(folder.path(), "card", "--device cuda");
    assert_eq!(on_card.device, "cuda 8.0");
    assert_eq!(
        on_card.memory.planned_peak_bytes,
        on_card.memory.actual_peak_bytes
    );
    assert!(on_card.best.test_accuracy.is_some());

    let (on_cpu, reference) = found(folder.path(), "cpu", "--device cpu");
    assert!(on_cpu.device.starts_with("cpu"));
    let [(architecture, loss), (expected_architecture, expected)] =
        [&events, &reference].map(|events| first_training(events));
    assert_eq!(architecture, expected_architecture);
    assert!(
        (loss - expected).abs() <= TOLERANCE * expected,
        "{loss} on the card, {expected} on the CPU"
    );
}

/// As in the paper; `auto` takes the first card.
#[test]
fn two_cards_find_what_one_finds_whatever_the_schedule() {
    let folder = folder();
    let find = |run: &str, flags: &str| found(folder.path(), run, flags).0;
    let both = find("both", "--device cuda:0,cuda:1");
    let again = find("again", "--device cuda:0,cuda:1");
    let in_turns = find("turns", "--device cuda:0,cuda:1 --schedule sequential");
    let one = find("one", "--device auto");
    assert_eq!(
        both.device,
        "exploration on cuda 8.0, exploitation on cuda 8.0"
    );
    assert_eq!(both.without_times(), again.without_times());
    assert_eq!(both.without_times(), in_turns.without_times());
    assert_eq!(both.fingerprint, one.fingerprint);
    assert_eq!(both.memory.bound_bytes, 2 * one.memory.bound_bytes);
    assert_eq!(
        both.memory.planned_peak_bytes,
        both.memory.actual_peak_bytes
    );
}

/// A run without its result goes on from its last checkpoint: on the devices that it is recorded under, and on no
/// others.
#[test]
fn a_run_goes_on_only_on_the_devices_it_began_on() {
    let folder = folder();
    let both = "--device cuda:0,cuda:1";
    let (whole, _) = found(folder.path(), "run", both);
    std::fs::remove_file(folder.path().join("run/result.json")).unwrap();
    let resume = "search --resume run --quiet";
    for other in ["--device cuda", "--device cpu"] {
        let line = format!("{resume} {other}");
        let stderr = refused(folder.path(), &Settings::default(), &line);
        let recorded = format!("was computed on `{}`", whole.device);
        assert!(stderr.contains(&recorded), "{other}: {stderr}");
    }
    let (again, _) = finished(folder.path(), "run", &format!("{resume} {both}"));
    assert_eq!(again.without_times(), whole.without_times());
}

#[test]
fn what_a_card_cannot_do_is_refused_with_what_would_do() {
    let folder = folder();
    let small = Settings {
        capacity: 4 << 20,
        ..Settings::default()
    };
    let ample = Settings::default();
    let none = Settings {
        devices: 0,
        ..Settings::default()
    };
    for (settings, flags, words) in [
        (
            &small,
            "--device cuda",
            &["a bound of 8.0 MiB", "4.0 MiB of memory", "cuda:0"][..],
        ),
        (
            &small,
            "--device cuda:1,cuda:0",
            &["a bound of 8.0 MiB", "cuda:1"],
        ),
        (
            &ample,
            "--device cuda:7",
            &["there is no cuda:7", "cuda:0", "cuda:1"],
        ),
        (
            &ample,
            "--device cuda:0,cuda:1 --exploration-memory 2MiB",
            &["leave out --exploration-memory"],
        ),
        (&none, "--device cuda", &["no usable NVIDIA card"]),
    ] {
        let line = format!("{SEARCH} {flags} --out run");
        let stderr = refused(folder.path(), settings, &line);
        for word in words {
            assert!(stderr.contains(word), "{flags} lacks {word}: {stderr}");
        }
        assert!(!folder.path().join("run").exists(), "{flags}");
    }
}
