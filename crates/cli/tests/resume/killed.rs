//! `kill -9` at any moment: what comes after is the same run, to the last bit and the last line.

use super::folder::{Left, lines, wait_for_lines};
use super::{Folder, SEARCH, TRAIN};
use radars_tensor::random::Seed;
use rand::RngExt;
use std::time::Duration;

fn check(flags: &str, kills: usize) {
    check_line(&format!("{SEARCH} {flags}"), kills);
}

/// Kills a search at random moments, one in each of `kills` equal parts of it; resumes it each time. Gives what the
/// search leaves behind.
pub fn check_line(line: &str, kills: usize) -> Left {
    let folder = Folder::new();
    let (whole, took) = folder.uninterrupted(line);
    let run = folder.join("run");
    let schedule = match line.find("--schedule") {
        Some(at) => &line[at..],
        None => "",
    };
    let mut rng = Seed(kills as u64).stream("moments", 0);
    let mut killed = 0;
    let mut anew = 0;
    let command = line.split(' ').next().unwrap_or_default();
    let mut next = || match run.join("config.toml").exists() {
        true => format!("{command} --resume run --quiet --threads 1 {schedule}"),
        false => {
            // Killed before it had a configuration: there is nothing to go on with.
            anew += 1;
            let _ = std::fs::remove_dir_all(&run);
            format!("{line} --out run")
        }
    };
    for part in 0..kills {
        let mut child = folder.start(&next());
        // A moment is a line of the log, so that slow machines are killed as late as fast ones; and a delay.
        let moment = whole.events.len() * part / kills;
        if !wait_for_lines(&run, moment, &mut child) {
            break;
        }
        let delay: f64 = rng.random();
        std::thread::sleep(Duration::from_secs_f64(
            delay * took.as_secs_f64() / kills as f64,
        ));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
    }
    folder.stdout(&next());
    // The last moments may come when all is over.
    assert!(
        killed + 1 + kills / 10 >= kills,
        "killed {killed} of {kills} times"
    );
    assert!(anew <= 2, "began anew {anew} times");
    let log = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
    let resumed = log.matches(r#""event":"resumed""#).count();
    // Not all of them: a search may be killed while it reads what the one before has left.
    assert!(resumed > 0, "none of {killed} kills is told of");
    assert!(lines(&run) > whole.events.len());
    Left::read(&run).assert_same(&whole, line);
    whole
}

#[test]
fn radars_one_phase_after_the_other() {
    check("--method radars", 20);
}

#[test]
fn radars_with_its_phases_side_by_side() {
    check("--exploration-memory 3MiB --schedule overlapped", 20);
}

/// Six episodes or more, so that rewards wait for the fifth.
#[test]
fn radars_to_the_letter_of_the_paper() {
    check("--paper", 20);
}

#[test]
fn quantnas() {
    check("--method quantnas", 6);
}

#[test]
fn quantnas_with_shared_logits() {
    check(
        "--method quantnas --controller logits --shared-logits 0.5",
        3,
    );
}

#[test]
fn evolution() {
    check("--method evolution", 4);
}

#[test]
fn one_shot() {
    check("--method one-shot", 6);
}

#[test]
fn one_shot_of_uniform_paths() {
    check("--method one-shot --one-shot-evaluator uniform", 3);
}

/// A batch of 8 in micro-batches of 3, 3 and 2.
#[test]
fn radars_with_what_the_planner_chooses() {
    check("--mixing auto --micro-batch 3 --sn-rule pack", 6);
}

/// A bound a little below what the largest network needs makes the planner recompute layers of that one.
#[test]
fn radars_with_layers_recomputed() {
    let (ample, _) = Folder::new().uninterrupted(SEARCH);
    let mark = ample.result["memory"]["high_water_bytes"].as_u64().unwrap();
    let bound = format!("--memory {}B --recompute auto", mark / 256 * 240);
    let line = SEARCH.replace("--memory 8MiB", &bound);
    assert_ne!(line, SEARCH);
    let whole = check_line(&line, 6);
    let sets = whole
        .events
        .iter()
        .filter_map(|e| e["recompute"].as_array());
    let sets: Vec<usize> = sets.map(Vec::len).collect();
    assert!(
        sets.contains(&0) && sets.iter().any(|&layers| layers > 0),
        "{sets:?}"
    );
    // It is the search that it is with all layers kept.
    assert_eq!(whole.result["fingerprint"], ample.result["fingerprint"]);
}

/// No search at all, and its epochs are all there is to be killed in.
#[test]
fn the_training_of_an_architecture() {
    check_line(TRAIN, 6);
}

#[test]
fn dnas_over_the_whole_space() {
    check(
        "--method dnas --mixing factorised --dnas-loss product --max-aops 1e8",
        6,
    );
}

/// Killed while it wrote the forms of its network, or between the result and the page of it: what is missing is
/// written, and nothing that was begun is left.
#[test]
fn what_comes_after_the_final_training_is_made_up_for() {
    let folder = Folder::new();
    let (whole, _) = folder.uninterrupted(SEARCH);
    let run = folder.join("whole");
    let form = run.join("model.qonnx.onnx");
    let bytes = std::fs::read(&form).unwrap();
    for missing in ["result.json", "report.html", "model.qonnx.onnx"] {
        std::fs::remove_file(run.join(missing)).unwrap();
    }
    std::fs::write(run.join("model.qonnx.onnx.tmp"), "a part of it").unwrap();
    folder.stdout("search --resume whole --quiet --threads 1");
    assert_eq!(std::fs::read(&form).unwrap(), bytes);
    Left::read(&run).assert_same(&whole, SEARCH);

    std::fs::remove_file(run.join("report.html")).unwrap();
    folder.stdout("search --resume whole --quiet --threads 1");
    assert!(run.join("report.html").is_file());
}
