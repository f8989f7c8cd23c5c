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

/// What the browser makes of a file and what its console says.
fn open(browser: &str, file: &Path) -> (String, Vec<String>) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .args([
            "--enable-logging=stderr",
            "--v=0",
            "--virtual-time-budget=2000",
        ])
        .arg("--window-size=1400,1000")
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

/// Put into a copy of a page: writes down what sticks out of the page, or of its picture.
const MEASURE: &str = r#"<script>
const out = [];
for (const of of document.querySelectorAll('body *')) {
  const box = of.getBoundingClientRect();
  if (box.width > 0 && (box.left < -1 || box.right > innerWidth + 1))
    out.push(`${of.tagName} ${of.className.baseVal ?? of.className} from ${box.left} to ${box.right}`);
}
for (const of of document.querySelectorAll('.block div, .tile div, .bars span, dd, figcaption, pre'))
  if (of.scrollWidth > of.clientWidth + 1 && of.clientWidth > 0) out.push(`${of.textContent} leaves its box`);
for (const text of document.querySelectorAll('svg text')) {
  const box = text.getBoundingClientRect(), frame = text.closest('svg').getBoundingClientRect();
  if (box.width > 0 && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 2
      || box.bottom > frame.bottom + 2)) out.push(`${text.textContent} leaves its picture`);
  if (box.width > 0 && box.height < 9) out.push(`${text.textContent} is ${box.height} pixels high`);
}
for (const picture of document.querySelectorAll('figure svg'))
  if (picture.getBoundingClientRect().width > 0 && !picture.querySelector('path, circle, line, rect'))
    out.push('an empty picture');
const words = document.createElement('p');
words.id = 'measured';
words.textContent = `width ${innerWidth}: [${out.join('; ')}]`;
document.body.append(words);
</script>"#;

/// On wide and on narrow screens nothing is cut, empty or too small to read.
#[test]
fn everything_has_its_place_on_wide_and_narrow_screens() {
    let Some(browser) = chromium() else { return };
    for result in [Some(result()), None] {
        let folder = run_folder(&events(), result.as_deref());
        let page = std::fs::read_to_string(write(folder.path()).unwrap()).unwrap();
        let page = page.replace("</body>", &format!("{MEASURE}</body>"));
        let inner = page.replace('&', "&amp;").replace('"', "&quot;");
        for width in [1280, 960, 390, 350] {
            // A window is never narrower than 500 pixels; a frame is as narrow as one likes.
            let outer = format!(
                "<body><iframe width={width} height=900 style='border:0' srcdoc=\"{inner}\"></iframe><p></p><script>\
                 onload = () => {{ const inner = document.querySelector('iframe').contentDocument;\
                 document.querySelector('p').textContent = inner.querySelector('#measured').textContent }};</script>"
            );
            let file = folder.path().join("measured.html");
            std::fs::write(&file, outer).unwrap();
            let (dom, console) = open(browser, &file);
            let said = dom.rsplit_once("<p>").unwrap().1;
            let said = said.split_once("</p>").unwrap().0;
            assert_eq!(said, format!("width {width}: []"));
            assert_eq!(console, Vec::<String>::new());
        }
    }
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
