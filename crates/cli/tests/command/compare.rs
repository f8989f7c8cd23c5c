//! `radars compare` from its start to its end.

use super::{command, folder, radars, stdout};
use radars_search::comparison::Comparison;
use radars_search::{Config, SpaceSource};
use serde_json::Value;
use std::path::Path;

/// A comparison over the tiny space that takes seconds.
pub const TINY: &str = "compare --space tiny.toml --limit-train 200 --batch 8 --memory 2MiB --iterations 1 --episodes 2 \
                    --retrain 2 --proxy-epochs 1 --exact-epochs 1 --final-epochs 1 --dnas-epochs 1 --oot 1000000";

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_comparison_prints_its_table_and_writes_its_files() {
    let folder = folder();
    let text = stdout(
        folder.path(),
        &format!("{TINY} --methods radars,random --seeds 1 --preset-table 2"),
    );
    for word in [
        "accuracy %",
        "true reward",
        "the mean of 3 trainings from scratch with seeds that no search had",
        "optimism",
        "share of its budget",
        "RADARS minus",
        "not worse",
        "to reach RADARS's reward",
        "RADARS reached the reward of",
        "no difference shown",
        "arXiv:2109.05691",
        "here, test",
        "QuantNAS",
        "22.9",
        "88.33",
        "OOT *",
        "a slip of the paper's",
        "written to runs/compare-tiny",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let out = folder.path().join("runs/compare-tiny");
    assert_eq!(read(&out, "compare.csv").lines().count(), 1 + 2);
    let architectures = read(&out, "architectures.csv");
    // Two episodes and at least one training to convergence of RADARS.
    assert!(architectures.lines().count() > 3, "{architectures}");
    for picture in [
        "pareto.svg",
        "searched.svg",
        "reward-over-macs.svg",
        "reward-over-seconds.svg",
    ] {
        assert!(read(&out, picture).starts_with("<svg"), "{picture}");
    }
    assert!(out.join("radars-0/result.json").is_file());
    assert!(out.join("random-0/events.jsonl").is_file());
    assert!(read(&out, "pareto.svg").contains("error on test images"));
    // Three trainings for each winner, or three in all where both found the same one.
    let judged = std::fs::read_dir(out.join("judge")).unwrap().count();
    assert!(judged == 6 || judged == 3, "{judged}");

    let shown = stdout(
        folder.path(),
        "compare --show runs/compare-tiny/compare.json",
    );
    assert!(text.starts_with(&shown), "{shown}");
}

/// What the paper says of ImageNet beside what was measured, and networks of the literature on the images of the task.
#[test]
fn the_paper_s_imagenet_is_set_beside() {
    let folder = folder();
    let line = format!("{TINY} --methods radars --seeds 1 --preset-table");
    let methods = stdout(folder.path(), &format!("{line} 4"));
    for word in [
        "Table IV",
        "0.409",
        ">740",
        "DNAS 58.2 GB, RADARS 11.0 GB",
        "54 %",
        "radars",
    ] {
        assert!(methods.contains(word), "{word}: {methods}");
    }
    let accuracy = stdout(folder.path(), &format!("{line} 5"));
    for word in [
        "Table V",
        "MobileNetV2",
        "ResNet-34",
        "top 5",
        "Proxyless-GPU",
        "3.600",
        "9.3",
        "ShuffleNet",
        "radars, seed 0",
    ] {
        assert!(accuracy.contains(word), "{word}: {accuracy}");
    }
    // Those are CIFAR-10's.
    assert!(!accuracy.contains("3.41"), "{accuracy}");
}

/// The keys that the README promises, the bound, and equal budgets, over all methods and two seeds.
#[test]
fn json_has_a_row_for_every_method() {
    let folder = folder();
    // No flag says how many paths a one-shot search measures, which alone would cost more than the budget.
    let mut config = Config::preset("fashion-small").unwrap();
    config.space = SpaceSource::File("tiny.toml".into());
    config.baselines.one_shot_paths = 5;
    std::fs::write(folder.path().join("few.toml"), config.to_toml().unwrap()).unwrap();
    let line = TINY.replacen("--space tiny.toml", "--config few.toml", 1);
    let methods = "radars,quantnas,dnas,one-shot,random,evolution,uniform";
    let line =
        format!("{line} --methods {methods} --seeds 2 --budget 4e7 --json --quiet --out out");
    let document = json(&stdout(folder.path(), &line));
    assert_eq!(
        json(&read(&folder.path().join("out"), "compare.json")),
        document
    );
    let rows = document["methods"].as_array().unwrap();
    let names: Vec<&str> = rows
        .iter()
        .map(|row| row["method"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "radars",
            "quantnas",
            "dnas",
            "dnas (merged)",
            "dnas (factorised)",
            "one-shot",
            "random",
            "evolution",
            "uniform"
        ]
    );
    for row in rows {
        for key in [
            "method",
            "outcome",
            "mean_accuracy",
            "std_accuracy",
            "mean_reward",
            "mean_aops",
            "mean_search_seconds",
            "peak_bytes",
        ] {
            assert!(row.get(key).is_some(), "{key}: {row}");
        }
    }
    assert_eq!(rows[0]["outcome"], "done");
    assert!(rows[0]["std_accuracy"].is_f64());
    let runs = document["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 18);
    for run in runs.iter().filter(|run| !run["result"].is_null()) {
        let result = &run["result"];
        let memory = &result["memory"];
        assert!(memory["actual_peak_bytes"].as_u64() <= memory["bound_bytes"].as_u64());
        assert_eq!(memory["bound_bytes"], 2 << 20);
        assert!(
            result["search"]["spent"].as_u64().unwrap() <= 40_000_000,
            "{run}"
        );
    }
}

/// A bound of 180 KiB holds each path, and not what DNAS needs to hold all of them.
#[test]
fn what_does_not_fit_is_out_of_memory_with_its_bytes() {
    let folder = folder();
    let line = format!("{TINY} --methods dnas --seeds 1 --judge 0 --no-final --json --quiet");
    let line = line.replacen("--memory 2MiB", "--memory 180KiB", 1);
    let document = json(&stdout(folder.path(), &line));
    let row = &document["methods"][0];
    assert_eq!(row["outcome"], "OOM");
    assert!(row["needed_bytes"].as_u64().unwrap() > 180 << 10);
    assert!(row["peak_bytes"].is_null());
}

#[test]
fn sweeps_and_trade_offs_have_rows_of_their_own() {
    let folder = folder();
    let line = format!(
        "{TINY} --methods radars --seed-list 3,5 --reward-alphas 0.7,0.9 --sweep retrain=1,2 --judge 0 --no-final \
         --json --quiet"
    );
    let line = line.replacen("--retrain 2 ", "", 1);
    let document = json(&stdout(folder.path(), &line));
    let rows = document["methods"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3]["reward_alpha"], 0.9);
    assert_eq!(rows[3]["settings"]["retrain"], "2");
    assert_eq!(rows[0]["accuracy_on"], "validation");
    assert_eq!(document["ablations"].as_array().unwrap().len(), 2);
    assert_eq!(document["runs"][0]["seed"], 3);
}

#[cfg(unix)]
#[test]
fn an_interrupted_comparison_goes_on() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let folder = folder();
    let line = format!("{TINY} --methods radars,random --seeds 40 --judge 0 --no-final --out out");
    let child = command(folder.path(), &line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let first = folder.path().join("out/radars-0/result.json");
    let patience = Instant::now() + Duration::from_secs(120);
    while !first.is_file() {
        assert!(Instant::now() < patience);
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.contains("ended early") && text.contains("--resume"),
        "{text}"
    );

    // The rest is too long for a test: fewer seeds are left when the settings say so.
    let out = folder.path().join("out");
    let mut settings = Comparison::read(&out).unwrap();
    settings.seeds = vec![0];
    settings.write(&out).unwrap();
    let before = std::fs::metadata(&first).unwrap().modified().unwrap();
    let document = json(&stdout(
        folder.path(),
        "compare --resume out --json --quiet",
    ));
    assert_eq!(document["runs"].as_array().unwrap().len(), 2);
    assert_eq!(document["left_out"].as_array().unwrap().len(), 0);
    let after = std::fs::metadata(&first).unwrap().modified().unwrap();
    assert_eq!(before, after, "a run that was over was done again");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = folder();
    for (flags, words) in [
        ("--methods radars,darts", "the methods are radars"),
        ("--sweep epochs=1,2", "controller-rate"),
        ("--sweep episodes=0,2", "episodes is 0"),
        ("--seed-list 1,1", "each once"),
        ("--seeds 0", "--seeds"),
        ("--oot 0.5", "at least 1"),
        ("--method radars", "--methods"),
        ("--seed 3", "--seeds"),
        ("--reward-alphas 1.5", "0 to 1"),
        ("--preset-table 3", "--preset-table"),
        ("--reward-gammas 0", "positive"),
        ("--reward-gammas 1e8 --gamma 1e8", "--gamma"),
        ("--margin -0.1", "at least 0"),
        ("--budget-factor 1", "above 1"),
        ("--methods random --budget-factor 3", "--budget"),
        ("--show old.json", "--show"),
    ] {
        let output = radars(folder.path(), &format!("compare --space tiny.toml {flags}"));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags}: {stderr}");
        assert!(
            stderr.contains(words),
            "{flags} does not say `{words}`: {stderr}"
        );
    }
    let nothing = radars(folder.path(), "compare --resume nowhere");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(!folder.path().join("runs").exists());
}
