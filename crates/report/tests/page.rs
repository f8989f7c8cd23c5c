//! The page of a small run: what it has to say, and what it must not do.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_folder;

use radars_report::{Error, REPORT, Run, write};
use run_folder::{CONFIG, events, result, run_folder};
use std::path::Path;

fn page(folder: &Path) -> String {
    radars_report::html(&Run::open(folder).unwrap())
}

/// The text between tags, spaces run together.
fn text(page: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    // Styles and titles of the head are not read.
    let (_, body) = page.split_once("</head>").unwrap();
    for c in body.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            _ if !in_tag => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is missing: {text}");
    }
}

#[test]
fn a_finished_run_is_told_whole() {
    let folder = run_folder(&events(), Some(&result()));
    let text = text(&page(folder.path()));
    let of_the_result = [
        "test accuracy 0.6000 0.6250 in search",
        "reward 0.6600 alpha 0.9",
        "AOPS 111 k 2.90 k MACs",
        "winner k3 a3.6 w1.3 | k1 a3.3 w1.6",
        "AOPS 110,928",
        "MACs 2,896",
        "parameters 212",
        "memory peak 30.0 MiB, planned 30.0 MiB, bound 64.0 MiB",
        "31.0 MiB would have done",
        "1 iteration, 3 episodes, 1 trained to convergence",
        "resumed 1 time mixing",
        "stopped by all iterations are done",
        "search time 8.00 s",
        "final training 1.30 s",
        "0.9 x accuracy + 0.1 x (1 - AOPS / 3.00 G)",
        "60 weights, 20 alpha, 20 rewards, 10 test",
        "device cpu isa=portable",
        "fingerprint 0123456789abcdef",
        "exploration 3.00 s",
    ];
    check(&text, &of_the_result);
    let plots = [
        "Reward",
        "Accuracy",
        "AOPS",
        "Controller entropy",
        "Best reward over time",
        "DNAS loss",
        "Error against AOPS",
        "Kernel size share 0",
        "Activations, fraction bits",
        "Weights, fraction bits",
        "Memory, planned and actual",
    ];
    check(&text, &plots);
    // The layers: 3 * 3 * 1 * 4 weights at 8 x 8 pixels are 2304 MACs; 1 * 4 * 8 at 4 x 4 are 512; 8 * 10 are 80;
    // 2304 of 2896 are 79.6 %.
    check(
        &text,
        &[
            "conv 1 3×3",
            "8×8×4",
            "79.6 % of MACs",
            "1×1, stride 2",
            "4×4×8",
            "classifier",
            "10 classes",
        ],
    );
    let of_sn = [
        "candidates 2 · 1 by layer",
        "paths 2",
        "planned 30.0 MiB",
        "with one more: refused 70.0 MiB",
        "derived reward 0.6600, accuracy 0.6250",
        "0.81", // the last mixing weight of the first candidate, 0.8125
        "No map for layer 2: a single candidate",
        "Epoch 1 is warm-up",
    ];
    check(&text, &of_sn);
    // Two episodes, one re-training, one SuperNet, one final training.
    check(
        &text,
        &["In all of 5 trainings the peak was the planned one, to the byte."],
    );
    check(
        &text,
        &[
            "radars search --config",
            "refused: over the bound or a limit",
        ],
    );
    // A type with a single choice has no plot, and nothing is said of a run that goes on.
    assert!(!text.contains("Activations, integer bits"));
    assert!(!text.contains("still going"));
}

#[test]
fn a_page_loads_nothing_and_escapes_everything() {
    let folder = run_folder(&events(), Some(&result()));
    let page = page(folder.path());
    for forbidden in [
        "<script", "http://", "https://", "src=", "@import", "url(", "<b>", "onload",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("some &lt;b&gt;images&lt;/b&gt;"));
    assert!(page.contains("later_setting = &quot;&lt;b&gt;&amp;amp;&quot;"));
    // What is empty is no plot: every path has more than its beginning.
    assert!(!page.contains("d=\"\""));
    assert!(!page.contains("NaN") && !page.contains("inf\""));
    let opened = page.matches("<svg").count();
    assert_eq!(opened, page.matches("</svg>").count());
    assert!(opened > 10, "{opened}");
}

/// Cut anywhere, the log of a run still makes a page that says what it is.
#[test]
fn a_run_that_goes_on_has_a_page_at_every_moment() {
    let all = events();
    for cut in (0..all.len()).step_by(97) {
        let folder = run_folder(&all[..cut], None);
        let page = page(folder.path());
        assert!(
            page.contains("still going") || page.contains("The search is over"),
            "{cut}"
        );
        assert!(!page.contains("d=\"\"") && !page.contains("NaN"), "{cut}");
        let torn = cut > 0 && !all[..cut].ends_with('\n');
        assert_eq!(page.contains("not whole"), torn, "{cut}");
        assert!(page.contains("radars search --resume"), "{cut}");
    }
}

#[test]
fn a_torn_last_line_is_left_out() {
    let all = events();
    let third = all.match_indices("\"event\":\"episode\"").nth(2).unwrap().0;
    let folder = run_folder(&all[..third + 40], None);
    let text = text(&page(folder.path()));
    check(
        &text,
        &[
            "2 of 3 episodes, 0 trained to convergence, last event after 3.00 s",
            "The last line of events.jsonl is not whole; it was left out.",
            "No architecture has been trained to convergence yet.",
        ],
    );
}

#[test]
fn damaged_lines_are_counted_and_a_lost_space_is_said() {
    let folder = run_folder(&format!("{{]\n{}", events()), Some(&result()));
    std::fs::remove_file(folder.path().join("space.toml")).unwrap();
    let text = text(&page(folder.path()));
    check(
        &text,
        &[
            "1 line of events.jsonl could not be understood",
            "There is no space.toml",
            "0.6600",
        ],
    );
}

/// Without a space, a controller or a SuperNet, sections are missing, not empty.
#[test]
fn a_method_without_a_controller_has_no_plot_of_one() {
    let kept = ["\"started\"", "\"episode\"", "\"best\""];
    let lines: String = events()
        .lines()
        .filter(|line| {
            kept.iter()
                .any(|event| line.contains(&format!("\"event\":{event}")))
        })
        .map(|line| line.replace("\"entropy\":", "\"was\":") + "\n")
        .collect();
    let folder = run_folder(&lines, None);
    let text = text(&page(folder.path()));
    check(&text, &["Reward", "Error against AOPS"]);
    for absent in [
        "Controller entropy",
        "SN and its SuperNet",
        "Architecture weights",
        "DNAS loss",
    ] {
        assert!(!text.contains(absent), "{absent}");
    }
}

/// The events of methods without a controller: one-shot ranks paths, DNAS holds the whole space.
#[test]
fn other_methods_have_their_own_sections() {
    let one_shot = concat!(
        r#"{"elapsed_seconds":1.0,"event":"shared-epoch","epoch":0,"epochs":2,"loss":2.25,"seconds":1.0}"#,
        "\n",
        r#"{"elapsed_seconds":3.0,"event":"screened","paths":1200,"accuracy":0.3125,"reward":0.5,"memory":"#,
        r#"{"planned_peak_bytes":1048576,"actual_peak_bytes":1048576,"high_water_bytes":1048576},"#,
        r#""traffic":{"uploaded_bytes":2097152,"downloaded_bytes":1048576},"spent":7,"seconds":3.0}"#,
        "\n",
    );
    let folder = run_folder(one_shot, None);
    let said = text(&page(folder.path()));
    check(
        &said,
        &[
            "One-shot loss",
            "Shared weights",
            "paths 1,200 were measured",
            "0.3125, with inherited weights",
            "2.0 MiB of weights to the device, 1.0 MiB back",
            "In all of 1 training the peak was the planned one",
        ],
    );
    // Eight candidates a layer (2 kernels, 2 activations, 2 weights), named as the space lists them.
    let alpha = ["0.125"; 8].join(",");
    let dnas = format!(
        "{}\n{}\n",
        r#"{"event":"pruned","iteration":0,"architectures":[],"candidates":[8,8],"mixing":"materialised","recompute":[0,1]}"#,
        format_args!(r#"{{"event":"dnas-epoch","iteration":0,"alpha":[[[{alpha}]],[[{alpha}]]]}}"#),
    );
    let folder = run_folder(&dnas, None);
    let said = text(&page(folder.path()));
    check(
        &said,
        &[
            "The SuperNet It holds every candidate",
            "recomputed layers 1, 2",
            "k1 a3.3 w1.3 0.12",
            "k3 a3.6 w1.6 0.12",
        ],
    );
    assert!(!said.contains("SN and its SuperNet"));
}

#[test]
fn what_is_not_a_run_is_refused_with_what_was_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Run::open(&folder.path().join("nowhere")).unwrap_err();
    assert!(matches!(missing, Error::NoFolder { .. }));
    let message = Run::open(folder.path()).unwrap_err().to_string();
    check(
        &message,
        &["not a run folder", "no config.toml", "events.jsonl"],
    );
    std::fs::write(folder.path().join("config.toml"), CONFIG).unwrap();
    let message = Run::open(folder.path()).unwrap_err().to_string();
    check(&message, &["no events.jsonl"]);
    std::fs::write(folder.path().join("config.toml"), "seed = \"one\"").unwrap();
    let error = Run::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Config { .. }) && error.is_bad_input());
}

#[test]
fn a_page_is_written_into_its_run_and_replaced() {
    let folder = run_folder(&events(), None);
    let file = write(folder.path()).unwrap();
    assert_eq!(file, folder.path().join(REPORT));
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("The search is over")
    );
    std::fs::write(folder.path().join("result.json"), result()).unwrap();
    write(folder.path()).unwrap();
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .contains("0123456789abcdef")
    );
    assert!(!folder.path().join("report.html.tmp").exists());
}
