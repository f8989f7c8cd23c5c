//! Opens pages and pictures in a headless Chromium, where there is one, and listens to its console.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_folder;

use radars_report::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg, write};
use run_folder::{events, result, run_folder};
use std::path::Path;
use std::process::{Command, Stdio};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

fn chromium() -> Option<&'static str> {
    let found = NAMES.into_iter().find(|name| {
        let mut version = Command::new(name);
        let quiet = version
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    });
    if found.is_none() {
        eprintln!(
            "NOT CHECKED: none of {} is installed, so no page was opened",
            NAMES.join(", ")
        );
    }
    found
}

/// What the browser makes of a file, and what its console says.
fn open(browser: &str, file: &Path) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args([
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=2000",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8_lossy(&output.stderr);
    let console = log.lines().filter(|line| line.contains("CONSOLE"));
    let console = console.map(str::to_owned).collect();
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        console,
    )
}

#[test]
fn a_page_opens_without_console_errors() {
    let Some(browser) = chromium() else { return };
    for result in [Some(result()), None] {
        let folder = run_folder(&events(), result.as_deref());
        let page = write(folder.path()).unwrap();
        let (dom, console) = open(browser, &page);
        assert!(
            dom.contains("Error against AOPS") && dom.contains("</html>"),
            "{dom}"
        );
        assert_eq!(console, Vec::<String>::new());
    }
    // The listening itself: an error that a page does make is heard.
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.html");
    std::fs::write(&bad, "<script>throw new Error('heard')</script>").unwrap();
    let (_, console) = open(browser, &bad);
    assert!(
        console.iter().any(|line| line.contains("heard")),
        "{console:?}"
    );
}

/// A picture that is no XML would be shown as an error.
#[test]
fn pictures_open_as_files_of_their_own() {
    let Some(browser) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let series = [Series {
        name: "a < b & c".into(),
        points: vec![(1e6, 0.5), (1e9, 0.1)],
        winners: vec![(1e9, 0.1)],
    }];
    let point = |x: f64, mean: f64| CurvePoint {
        x,
        mean,
        low: mean - 0.1,
        high: mean + 0.1,
    };
    let curves = [Curve {
        name: "a < b & c".into(),
        points: vec![point(1.0, 0.5), point(60.0, 0.75)],
    }];
    let pictures = [
        pareto_svg(&series, &PlotText::pareto()),
        curves_svg(&curves, &PlotText::reward_over_seconds()),
        curves_svg(&[], &PlotText::reward_over_macs()),
    ];
    for picture in pictures {
        let file = folder.path().join("picture.svg");
        std::fs::write(&file, &picture).unwrap();
        let (dom, console) = open(browser, &file);
        assert!(
            dom.contains("<svg") && !dom.contains("parsererror"),
            "{dom}"
        );
        assert_eq!(console, Vec::<String>::new());
    }
}
