//! `radars compare` that judges: fresh trainings of winners, files of before there were any.

use super::compare::{TINY, json, read};
use super::{command, folder, radars, stdout};
use serde_json::Value;

/// What a program released before winners were judged wrote. RADARS minus the factorised DNAS is -0.2439 with a
/// standard error of 0.0777, 3.14 times as much, which it called behind; with two degrees of freedom p is 0.088
/// (1 - t / sqrt(2 + t^2)).
#[test]
fn a_file_of_before_winners_were_judged_is_shown() {
    let folder = folder();
    let old = include_str!("compare_schema_1.json");
    assert!(old.contains(r#""verdict":"behind""#));
    std::fs::write(folder.path().join("old.json"), old).unwrap();
    let text = stdout(folder.path(), "compare --show old.json");
    let rows: Vec<&str> = text.lines().map(str::trim).collect();
    let row = |beginning: &str, word: &str| {
        let mut rows = rows.iter().filter(|row| row.starts_with(beginning));
        rows.any(|row| row.contains(word))
    };
    assert!(row("dnas (factorised)", "-0.2439 ± 0.0777"), "{text}");
    assert!(
        row("dnas (factorised)", "0.088   no difference shown"),
        "{text}"
    );
    assert!(row("dnas (merged) failed", "needs 42460544"), "{text}");
    assert!(text.contains("winners were not judged"), "{text}");
    assert!(
        text.contains("the others may spend what RADARS spent"),
        "{text}"
    );
    for (content, words) in [("{}", "not what a comparison came to"), ("", "broken.json")] {
        std::fs::write(folder.path().join("broken.json"), content).unwrap();
        let output = radars(folder.path(), "compare --show broken.json");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
    let later = old.replacen(r#""schema":1"#, r#""schema":99"#, 1);
    std::fs::write(folder.path().join("later.json"), later).unwrap();
    let output = radars(folder.path(), "compare --show later.json");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("schema 99"), "{stderr}");
}

/// Every winner has three test accuracies of its own folders, whose mean is the accuracy; Eq. 2 of it is the true
/// reward; a larger budget and several trade-offs have rows.
#[test]
fn winners_are_judged_with_their_own_trade_off() {
    let folder = folder();
    let line = format!(
        "{TINY} --methods radars,random,uniform --seeds 2 --reward-gammas 2e5,2e6 --beta 0 --alpha 0.5 \
         --budget-factor 2 --judge 2 --margin 0.5 --json --quiet --out out"
    );
    let document = json(&stdout(folder.path(), &line));
    assert_eq!(
        (&document["schema"], &document["judge"]),
        (&2.into(), &2.into())
    );
    assert_eq!(document["margin"], 0.5);
    let out = folder.path().join("out");
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2 * 2 * 5);
    let mut judged_runs = 0;
    for run in runs.iter().filter(|run| !run["judged"].is_null()) {
        judged_runs += 1;
        let (judged, best) = (&run["judged"], &run["result"]["best"]);
        let gamma: f64 = run["settings"]["gamma"].as_str().unwrap().parse().unwrap();
        let mut accuracies = Vec::new();
        for training in judged["trainings"].as_array().unwrap() {
            let result = out
                .join(training["folder"].as_str().unwrap())
                .join("result.json");
            let result = json(&std::fs::read_to_string(result).unwrap());
            assert_eq!(result["best"]["architecture"], best["architecture"]);
            assert_eq!(result["seed"], training["seed"]);
            assert_ne!(training["seed"], run["seed"]);
            accuracies.push(result["best"]["test_accuracy"].as_f64().unwrap());
        }
        assert_eq!(accuracies.len(), 2);
        let accuracy = (accuracies[0] + accuracies[1]) / 2.0;
        let cost = best["aops"].as_f64().unwrap() / gamma;
        let reward = 0.5 * accuracy + 0.5 * (1.0 - cost);
        let close =
            |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-9;
        assert!(
            close(&judged["accuracy"], accuracy) && close(&judged["reward"], reward),
            "{run}"
        );
        let selected_by = best["reward"].as_f64().unwrap();
        assert!(close(&judged["optimism"], selected_by - reward), "{run}");
        assert!(best["test_accuracy"].is_null(), "{run}");
    }
    assert!(judged_runs >= 8, "{judged_runs}");
    let names: Vec<&str> = (document["methods"].as_array().unwrap().iter())
        .map(|row| row["method"].as_str().unwrap())
        .collect();
    assert_eq!(
        names[..5],
        ["radars", "random", "uniform", "random x2", "uniform x2"]
    );
    let fronts = document["fronts"]["methods"].as_array().unwrap();
    let volume = fronts[0]["mean_hypervolume"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&volume), "{volume}");
    let head = read(&out, "compare.csv").lines().next().unwrap().to_owned();
    assert!(head.ends_with(
        "architecture,budget_factor,budget_share,true_reward,optimism,judged_test_accuracy,\
         judged_test_top5_accuracy,judge_trainings"
    ));
}

/// Everything that depends on no clock.
#[cfg(unix)]
fn without_times(document: &Value) -> Value {
    match document {
        Value::Object(entries) => {
            let timed = |key: &str| key.contains("seconds") || key == "time";
            let entries = entries.iter().filter(|(key, _)| !timed(key));
            let entries = entries.map(|(key, value)| (key.clone(), without_times(value)));
            Value::Object(entries.collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(without_times).collect()),
        value => value.clone(),
    }
}

/// Killed as it judges the second winner, and gone on with, it comes to what it would have come to.
#[cfg(unix)]
#[test]
fn a_comparison_that_was_killed_while_judging_comes_to_the_same() {
    use std::process::Stdio;
    use std::time::{Duration, Instant};
    let folder = folder();
    let line = format!("{TINY} --methods radars,random --seeds 2 --json --quiet --out");
    let whole = json(&stdout(folder.path(), &format!("{line} whole")));
    let mut child = command(folder.path(), &format!("{line} killed"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let judge = folder.path().join("killed/judge");
    let patience = Instant::now() + Duration::from_secs(120);
    while std::fs::read_dir(&judge).map_or(0, Iterator::count) < 5 {
        assert!(Instant::now() < patience && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = stdout(folder.path(), "compare --resume killed --json --quiet");
    assert_eq!(without_times(&json(&text)), without_times(&whole));

    // Another judging of the same runs: one training each, and the same winners.
    let fewer = json(&stdout(
        folder.path(),
        "compare --resume killed --judge 1 --json --quiet",
    ));
    let accuracy = |document: &Value, run: usize| {
        document["runs"][run]["judged"]["trainings"][0]["accuracy"].clone()
    };
    assert_eq!(fewer["judge"], 1);
    for run in 0..4 {
        assert_eq!(accuracy(&fewer, run), accuracy(&whole, run));
        let trainings = fewer["runs"][run]["judged"]["trainings"]
            .as_array()
            .unwrap();
        assert_eq!(trainings.len(), 1);
    }
}
