//! `radars search` from its start to its end.

use super::{TINY_SEARCH, command, folder, radars, stdout};
use radars_export::Model;
use radars_search::{Config, Event, RunResult, Stop};
use std::path::Path;

fn result(folder: &Path) -> RunResult {
    let text = std::fs::read_to_string(folder.join("result.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn events(folder: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(folder.join("events.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_search_writes_its_folder_and_prints_the_winner() {
    let folder = folder();
    let table = stdout(folder.path(), &format!("{TINY_SEARCH} --seed 5"));
    let run = folder.path().join("runs/tiny-5");
    let found = result(&run);
    for word in [
        "conv 1",
        "conv 2",
        "classifier",
        &found.fingerprint,
        "runs/tiny-5",
    ] {
        assert!(table.contains(word), "{word}: {table}");
    }
    assert_eq!(found.search.stop, Stop::Iterations);
    assert_eq!(found.search.episodes, 3);
    assert!(found.memory.actual_peak_bytes <= found.memory.bound_bytes);
    assert_eq!(
        found.memory.actual_peak_bytes,
        found.memory.planned_peak_bytes
    );
    assert_eq!(found.front[0].architecture, found.best.architecture);
    let events = events(&run);
    assert!(matches!(events.first(), Some(Event::Started { .. })));
    assert!(matches!(events.last(), Some(Event::Tested { .. })));
    let episodes = events
        .iter()
        .filter(|event| matches!(event, Event::Episode { .. }));
    assert_eq!(episodes.count(), 3);
}

/// What is found is kept: the network as it was tested, and all that is known of it.
#[test]
fn the_winner_is_in_the_folder_whether_or_not_the_run_was_left() {
    let folder = folder();
    let run = folder.path().join("run");
    stdout(folder.path(), &format!("{TINY_SEARCH} --quiet --out run"));
    let path = run.join("model.safetensors");
    let (found, model) = (result(&run), Model::read(&path).unwrap());
    assert_eq!(model.architecture, found.best.architecture);
    assert_eq!(model.class_names.len(), 10);
    // A parameter is what the costs count, and no statistic of a batch norm.
    let values = model
        .parameters
        .iter()
        .map(|p| p.values.len())
        .sum::<usize>();
    let statistics = 2 * (4 + 8);
    assert_eq!((values - statistics) as u64, found.best.params);
    let provenance = &model.provenance;
    assert_eq!(provenance.test_accuracy, found.best.test_accuracy);
    assert_eq!(provenance.fingerprint, Some(found.fingerprint.clone()));
    assert_eq!(
        (provenance.test_images, provenance.train_images),
        (Some(1000), Some(120))
    );
    assert_eq!(provenance.method.as_deref(), Some("radars"));

    // As a run looks that was killed when the winner was tested, and before that was written down.
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(run.join("result.json")).unwrap();
    std::fs::remove_file(&path).unwrap();
    stdout(folder.path(), "search --resume run --quiet");
    assert_eq!(result(&run).fingerprint, found.fingerprint);
    assert!(std::fs::read(&path).unwrap() == whole);
}

/// A space of its own kind is a file and nothing else: residual blocks with searched channels and bits.
#[test]
fn a_space_of_residual_blocks_is_searched_from_its_file() {
    const BLOCKS: &str = r#"
name = "blocks"

[choices]
kernel = [3]
inner_channels = [4, 8]
activation_integer = [1]
activation_fraction = [3, 6]
weight_integer = [1]
weight_fraction = [3, 6]

[[layer]]
channels = 4
stride = 2

[[layer]]
kind = "residual"
channels = 8
stride = 2
repeat = 2
"#;
    let folder = folder();
    std::fs::write(folder.path().join("blocks.toml"), BLOCKS).unwrap();
    let line = TINY_SEARCH.replace("tiny.toml", "blocks.toml");
    let table = stdout(
        folder.path(),
        &format!("{line} --seed 5 --quiet --out found"),
    );
    for word in ["conv 1", "residual 2", "residual 3", "inside"] {
        assert!(table.contains(word), "{word}: {table}");
    }
    let run = folder.path().join("found");
    let found = result(&run);
    let channels = |layer: usize| found.best.architecture.layers()[layer].inner_channels;
    assert_eq!(channels(0), None);
    assert!([Some(4), Some(8)].contains(&channels(1)));
    assert_eq!(
        found.memory.actual_peak_bytes,
        found.memory.planned_peak_bytes
    );
    // The folder holds all that it takes to repeat the run.
    let again = format!(
        "search --config {}/config.toml --quiet --out again",
        run.display()
    );
    stdout(folder.path(), &again);
    let repeated = result(&folder.path().join("again"));
    assert_eq!(repeated.fingerprint, found.fingerprint);
}

/// What decides a result is in the configuration; how many threads compute it is not.
#[test]
fn the_same_run_has_the_same_fingerprint() {
    let folder = folder();
    let fingerprint = |line: &str, run: &str| {
        stdout(folder.path(), &format!("{line} --quiet --out {run}"));
        result(&folder.path().join(run)).fingerprint
    };
    let first = fingerprint(&format!("{TINY_SEARCH} --threads 1"), "first");
    assert_eq!(
        fingerprint(&format!("{TINY_SEARCH} --threads 2"), "threads"),
        first
    );
    // From the folder alone: the space that it names lies beside it.
    std::fs::remove_file(folder.path().join("tiny.toml")).unwrap();
    assert_eq!(
        fingerprint("search --config first/config.toml", "again"),
        first
    );
    let other = fingerprint("search --config first/config.toml --seed 1", "seed");
    assert_ne!(other, first);
}

/// The space takes its input from the data, which is 28x28.
#[test]
fn images_are_scaled_when_asked_for() {
    let folder = folder();
    let line = format!("{TINY_SEARCH} --resize 14x20 --quiet --out run");
    stdout(folder.path(), &line);
    let read = |name: &str| std::fs::read_to_string(folder.path().join("run").join(name)).unwrap();
    let space = read("space.toml");
    assert!(space.contains("height = 14, width = 20"), "{space}");
    let config = Config::from_toml(&read("config.toml"), "config.toml").unwrap();
    assert_eq!(config.data.resize, Some((14, 20)));
}

#[test]
fn quiet_is_quiet_and_otherwise_events_are_lines() {
    let folder = folder();
    let quiet = radars(folder.path(), &format!("{TINY_SEARCH} --quiet"));
    assert!(quiet.stderr.is_empty());
    let output = radars(folder.path(), TINY_SEARCH);
    let lines = String::from_utf8(output.stderr).unwrap();
    assert!(
        lines
            .lines()
            .any(|line| line.contains("iteration 1 episode 2: reward")),
        "{lines}"
    );
    assert!(!lines.contains('\u{1b}'), "{lines}");
    // The first folder was taken.
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("runs/tiny-0-2")
    );
}

#[test]
fn rewards_that_leave_the_unit_interval_are_warned_of_when_asked_for() {
    let folder = folder();
    let warned = |flags: &str| {
        let output = radars(folder.path(), &format!("{TINY_SEARCH} --quiet {flags}"));
        assert!(output.status.success());
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("warning: rewards")
    };
    assert!(warned("--gamma 1e3"));
    assert!(!warned("--gamma 1e12"));
    assert!(!warned(""));
}

#[test]
fn a_time_limit_ends_with_the_best_so_far() {
    let folder = folder();
    let line = format!("{TINY_SEARCH} --iterations 100000 --time-limit 2s --out run --quiet");
    let line = line.replacen(" --iterations 1 ", " ", 1);
    stdout(folder.path(), &line);
    let found = result(&folder.path().join("run"));
    assert_eq!(found.search.stop, Stop::TimeLimit);
    assert!(found.best.test_accuracy.is_some());
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_with_the_best_so_far() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let folder = folder();
    let line = TINY_SEARCH.replacen("--iterations 1 ", "--iterations 100000 ", 1) + " --out run";
    let child = command(folder.path(), &line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let run = folder.path().join("run");
    let patience = Instant::now() + Duration::from_secs(120);
    let trained = || {
        std::fs::read_to_string(run.join("events.jsonl"))
            .is_ok_and(|text| text.contains("\"best\""))
    };
    while !trained() {
        assert!(Instant::now() < patience);
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("best architecture so far"), "{stderr}");
    let found = result(&run);
    assert_eq!(found.search.stop, Stop::Interrupted);
    assert_eq!(found.best.test_accuracy, None);
}
