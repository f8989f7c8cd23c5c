//! `radars tabulate`, and `radars compare` with what it made.

use super::{command, radars, stdout};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Two architectures.
const PAIR: &str = r#"
name = "pair"

[choices]
kernel = [3]
activation_integer = [1]
activation_fraction = [3]
weight_integer = [1]
weight_fraction = [3]

[[layer]]
channels = 4
stride = 2
choices = { kernel = [1, 3] }

[[layer]]
channels = 8
stride = 2
"#;

/// A table of them, in seconds.
const PAIRS: &str = "tabulate --space pair.toml --limit-train 120 --batch 8 --memory 8MiB --proxy-epochs 1 \
                     --exact-epochs 1 --final-epochs 1 --device cpu";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pair.toml"), PAIR).unwrap();
    folder
}

fn rows(text: &str) -> Vec<&str> {
    text.lines()
        .skip_while(|line| line.starts_with('#'))
        .skip(1)
        .collect()
}

#[test]
fn a_table_is_made_gone_on_with_and_searched() {
    let folder = folder();
    let path = folder.path();
    let said = stdout(path, &format!("{PAIRS} --seeds 2 --out t.csv --threads 2"));
    assert_eq!(said, "t.csv: all 4 rows are there, 4 of them new\n");
    let text = fs::read_to_string(path.join("t.csv")).unwrap();
    assert!(text.contains("\n# space = pair\n# data = fashion-mnist-small\n# batch = 8\n"));
    assert!(!text.contains(path.to_str().unwrap()), "{text}");
    assert_eq!(rows(&text).len(), 4);

    // Row by row, with other threads.
    let one = format!("{PAIRS} --threads 1 --out u.csv");
    stdout(path, &format!("{one} --seeds 1 --limit 1"));
    let part = fs::read_to_string(path.join("u.csv")).unwrap();
    assert_eq!(rows(&part), rows(&text)[..1]);
    fs::write(path.join("u.csv"), part.clone() + "1000").unwrap();
    let said = stdout(path, &format!("{one} --seeds 2"));
    assert_eq!(said, "u.csv: all 4 rows are there, 3 of them new\n");
    assert_eq!(fs::read_to_string(path.join("u.csv")).unwrap(), text);

    // The best of two by either reward is found when both are trained.
    let line = "compare --table t.csv --methods random,evolution --seeds 3 --budget 1e12 --json";
    let text = stdout(path, line);
    assert_eq!(text, stdout(path, &format!("{line} --threads 1")));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["searches"], 3);
    assert_eq!(document["methods"][1]["method"], "evolution");
    assert_eq!(document["differences"][0]["reward"]["pairs"], 3);
    let regret = document["methods"][0]["mean_regret"].as_f64().unwrap();
    assert!(regret >= 0.0, "{regret}");

    // Rows for every value of a setting and for more of the budget, which RADARS is not given.
    let line = "compare --table t.csv --methods radars,random --seeds 2 --budget 1e12 --json \
                --sweep designs=true,false --budget-factor 3";
    let document: serde_json::Value = serde_json::from_str(&stdout(path, line)).unwrap();
    let rows_of = |list: &str| -> Vec<(String, String)> {
        let rows = document[list].as_array().unwrap().iter();
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let of =
            |row: &serde_json::Value| (word(&row["method"]), word(&row["settings"]["designs"]));
        rows.map(of).collect()
    };
    let pair = |method: &str, designs: &str| (method.to_owned(), designs.to_owned());
    let with = |designs| ["radars", "random", "random x3"].map(|method| pair(method, designs));
    assert_eq!(rows_of("methods"), [with("true"), with("false")].concat());
    assert_eq!(rows_of("differences"), vec![pair("radars", "true"); 5]);

    // What a table fixes cannot be varied.
    let output = radars(
        path,
        "compare --table t.csv --methods radars --seeds 2 --budget 1e12 --sweep proxy-epochs=1,2",
    );
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr.contains("--sweep proxy-epochs: a table was made with one value"),
        "{stderr}"
    );

    // With the space by name, in words, under a limit.
    let narrow =
        "compare --table t.csv --space pair.toml --methods random,uniform --seeds 2 --budget 1e12";
    let output = radars(path, narrow);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("state `classes` and `input`"), "{stderr}");
    let line = "compare --table t.csv --methods random,uniform --seed-list 4,9 --budget 1e12 --max-aops 1e9";
    let text = stdout(path, line);
    for words in ["random - uniform", "over 2 searches", "of 2", "its best: "] {
        assert!(text.contains(words), "lacks {words}:\n{text}");
    }
}

/// Waits until the file has so many rows.
fn wait_for_rows(file: &Path, count: usize) {
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if rows(&text).len() >= count {
            return;
        }
        assert!(Instant::now() < patience, "no row in time: {text}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn signal(process: u32, name: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.args([name, &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Killed, and interrupted, after the first row: what is gone on with becomes the table of an undisturbed process.
#[test]
fn a_table_that_was_killed_goes_on_as_if_it_had_not_been() {
    let folder = folder();
    let path = folder.path();
    let line = PAIRS.replace("--exact-epochs 1", "--exact-epochs 4") + " --seeds 3 --threads 1";
    stdout(path, &format!("{line} --out whole.csv"));
    let whole = fs::read_to_string(path.join("whole.csv")).unwrap();
    assert_eq!(rows(&whole).len(), 6);
    let file = path.join("t.csv");
    for (name, rows) in [("-KILL", 1), ("-INT", 3)] {
        let mut started = command(path, &format!("{line} --out t.csv"));
        let child = started.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().unwrap();
        wait_for_rows(&file, rows);
        signal(child.id(), name);
        let output = child.wait_with_output().unwrap();
        if name == "-INT" {
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success());
            assert!(said.contains("the same command goes on"), "{said}");
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(
                stderr.contains("ending with the rows that are done"),
                "{stderr}"
            );
        }
        let text = fs::read_to_string(&file).unwrap();
        assert!(whole.starts_with(&text) && text.len() < whole.len());
    }
    stdout(path, &format!("{line} --out t.csv --quiet"));
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
}

#[test]
fn what_cannot_be_tabulated_or_searched_is_refused() {
    let folder = folder();
    let path = folder.path();
    let made = format!("{PAIRS} --limit 1 --out t.csv");
    stdout(path, &made);
    for (line, words) in [
        (
            "tabulate --out x.csv",
            "the space fashion-small holds 8916100448256 architectures, and a table has at most 100000",
        ),
        (
            &format!("{} --out t.csv", PAIRS.replace("--batch 8", "--batch 16")),
            "t.csv: was made with other settings: `batch = 8`, and here `batch = 16`",
        ),
        (
            &format!(
                "{} --out y.csv",
                PAIRS.replace("--memory 8MiB", "--memory 10KiB")
            ),
            "too small: training this architecture",
        ),
        (
            "compare --table t.csv --methods random --budget 1e12",
            "the first of 1 of 2 architectures without one",
        ),
    ] {
        let output = radars(path, line);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {stderr}");
        assert!(stderr.contains(words), "{line}: {stderr}");
    }
    stdout(path, &format!("{PAIRS} --out t.csv"));
    for (flags, words) in [
        (
            "--methods random",
            "name what each search may spend with --budget",
        ),
        ("--methods dnas --budget 1e12", "does not offer SuperNets"),
        (
            "--methods random --budget 1e12 --at 3",
            "--at is for tables of accuracies",
        ),
        (
            "--methods random --budget 1e12 --width 0.5",
            "--width and --cells",
        ),
        (
            "--methods random --budget 1e12 --max-aops 1",
            "every architecture is over",
        ),
        ("--methods random --budget 1", "too small"),
    ] {
        let output = radars(path, &format!("compare --table t.csv {flags}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {stderr}");
        assert!(stderr.contains(words), "{flags}: {stderr}");
    }
    // A table of the other form has its own flags.
    fs::write(path.join("acc.csv"), "arch,val_acc\n0,1\n1,2\n").unwrap();
    for flag in [
        "--budget 1e12",
        "--space pair.toml",
        "--alpha 0.5",
        "--seed-list 1",
    ] {
        let output = radars(path, &format!("compare --table acc.csv {flag}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}: {stderr}");
        assert!(
            stderr.contains("cannot be used with a table of accuracies"),
            "{stderr}"
        );
    }
}
