//! One reader, fed by libFuzzer for a while.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::options::Options;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Inputs that were tried.
    pub runs: u64,
    /// Edges of the program that an input led through.
    pub coverage: u64,
    /// Inputs that are kept, because each led somewhere new.
    pub corpus: u64,
    pub peak_rss_mib: u64,
    /// Inputs that it did not get past.
    pub crashes: Vec<PathBuf>,
    /// Whether libFuzzer ended as it does when there was nothing to find.
    pub is_clean: bool,
}

/// Lets libFuzzer look for inputs that `reader` does not get past. What it says goes to `fuzz/log/READER.txt`.
///
/// # Errors
/// A folder cannot be made, or the program not be started.
pub fn run(fuzz: &Path, programs: &Path, reader: &str, options: &Options) -> Result<Outcome> {
    let folder = |kind: &str| -> Result<PathBuf> {
        let folder = fuzz.join(kind).join(reader);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    };
    let (corpus, artifacts) = (folder("corpus")?, folder("artifacts")?);
    let (log, scratch) = (folder("log")?.with_extension("txt"), folder("scratch")?);
    let output = File::create(&log).with_context(|| log.display().to_string())?;
    let mut target = Command::new(programs.join(reader));
    target
        .arg(format!("-max_total_time={}", options.seconds))
        .arg(format!("-rss_limit_mb={}", options.rss_mib))
        .args(["-timeout=20", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-dict={}", scratch.join("words.dict").display()))
        .arg(&corpus)
        // Where the target puts the seeds and their words before it begins, and all that it writes.
        .env("RADARS_SEEDS", &corpus)
        .env("RADARS_WORDS", scratch.join("words.dict"))
        .env("TMPDIR", &scratch)
        .stdout(output.try_clone()?)
        .stderr(output);
    let status = target.status().with_context(|| reader.to_owned())?;
    let _ = fs::remove_dir_all(&scratch);
    let text = fs::read(&log).with_context(|| log.display().to_string())?;
    let mut outcome = read_log(&String::from_utf8_lossy(&text));
    outcome.is_clean = status.success();
    Ok(outcome)
}

/// What libFuzzer says in the end.
fn read_log(text: &str) -> Outcome {
    let mut outcome = Outcome::default();
    for line in text.lines() {
        if let Some((name, value)) = line
            .strip_prefix("stat::")
            .and_then(|line| line.split_once(':'))
        {
            let value = value.trim().parse().unwrap_or_default();
            match name {
                "number_of_executed_units" => outcome.runs = value,
                "peak_rss_mb" => outcome.peak_rss_mib = value,
                _ => {}
            }
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            outcome.crashes.push(PathBuf::from(path.trim()));
        } else if line.starts_with('#') {
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                let number =
                    |word: Option<&str>| -> Option<u64> { word?.split('/').next()?.parse().ok() };
                match word {
                    "cov:" => outcome.coverage = number(words.next()).unwrap_or_default(),
                    "corp:" => outcome.corpus = number(words.next()).unwrap_or_default(),
                    _ => {}
                }
            }
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as libFuzzer prints them.
    #[test]
    fn figures_and_findings_are_read_from_the_log() {
        let text = "\
INFO: Running with entropic power schedule (0xFF, 100).
#2\tINITED cov: 27 ft: 28 corp: 1/1b exec/s: 0 rss: 44Mb
#8192\tNEW    cov: 410 ft: 990 corp: 77/4096b lim: 80 exec/s: 4096 rss: 51Mb L: 4/80 MS: 1 CrossOver-
==12== ERROR: libFuzzer: deadly signal
artifact_prefix='f/'; Test unit written to f/crash-0a
stat::number_of_executed_units: 9000
stat::peak_rss_mb:              51
";
        let outcome = Outcome {
            runs: 9000,
            coverage: 410,
            corpus: 77,
            peak_rss_mib: 51,
            crashes: vec!["f/crash-0a".into()],
            is_clean: false,
        };
        assert_eq!(read_log(text), outcome);
    }
}
