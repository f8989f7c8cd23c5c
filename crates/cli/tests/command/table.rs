//! `radars compare --table`.

use super::{radars, stdout};
use std::fs;

/// Two decisions; the trainings of each architecture agree, so a search finds what it draws.
const CSV: &str =
    "arch,val_acc_0,val_acc_1\n00,10,10\n01,20,20\n02,30,\n10,40,40\n11,,50\n12,60,60\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), CSV).unwrap();
    folder
}

/// After 100 random evaluations of 6 architectures, all but one in 10^8 searches have found the best.
#[test]
fn figures_are_told_on_the_way_and_at_the_end() {
    let folder = folder();
    let line = "compare --table t.csv --seeds 4 --at 1 --episodes 100 --json";
    let text = stdout(folder.path(), line);
    assert_eq!(text, stdout(folder.path(), &format!("{line} --threads 1")));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["searches"], 4);
    assert_eq!(document["optimum"]["architecture"], "12");
    assert_eq!(document["optimum"]["accuracy"], 0.6);
    let rows = document["methods"].as_array().unwrap();
    let named = rows.iter().map(|row| {
        (
            row["method"].as_str().unwrap(),
            row["evaluations"].as_u64().unwrap(),
        )
    });
    assert_eq!(
        named.collect::<Vec<_>>(),
        [
            ("quantnas", 1),
            ("quantnas", 100),
            ("random", 1),
            ("random", 100),
            ("evolution", 1),
            ("evolution", 100),
        ]
    );
    assert_eq!(rows[3]["mean_accuracy"], 0.6);
    assert_eq!(rows[3]["std_accuracy"], 0.0);
    let differences = document["differences"].as_array().unwrap();
    assert_eq!(differences.len(), 4);
    assert_eq!(differences[1]["minus"], "random");
    assert_eq!(differences[1]["accuracy"]["pairs"], 4);
}

#[test]
fn the_table_names_methods_and_the_optimum() {
    let folder = folder();
    let text = stdout(
        folder.path(),
        "compare --table t.csv --methods random,evolution --seeds 2 --at 5 --quiet",
    );
    for words in [
        "random - evolution",
        "the best of t.csv is 12 with 60.000 %",
        "over 2 searches",
    ] {
        assert!(text.contains(words), "lacks {words}:\n{text}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_a_table_cannot_do_is_refused() {
    let folder = folder();
    fs::write(folder.path().join("bad.csv"), "arch,val_acc\n0,1\n1,x\n").unwrap();
    for (flags, words) in [
        (
            "--table t.csv --methods random,dnas",
            "does not offer SuperNets",
        ),
        ("--table t.csv --episodes 0", "between 1 and 1000000"),
        ("--table t.csv --episodes 10 --at 20", "--at 20 is beyond"),
        ("--table t.csv --memory 1GiB", "cannot be used with"),
        ("--table t.csv --resume runs/x", "cannot be used with"),
        ("--at 20", "--table"),
        ("--table bad.csv", "bad.csv: line 3: `val_acc` is `x`"),
        ("--table missing.csv", "missing.csv"),
    ] {
        let output = radars(folder.path(), &format!("compare {flags}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {stderr}");
        assert!(stderr.contains(words), "{flags}: {stderr}");
    }
}
