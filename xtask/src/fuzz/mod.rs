//! `cargo xtask fuzz`: lets libFuzzer search for files that a reader does not get past.

mod build;
mod options;
mod session;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Result, bail};

use self::options::{HELP, Options, Request};
use self::session::Outcome;

/// Runs the command with what follows `fuzz` on its line.
///
/// # Errors
/// The targets cannot be built or started. What they find is no error but an exit code.
pub fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    match Request::parse(arguments) {
        Request::Run(options) => fuzz(root, options),
        Request::Help => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Request::Wrong(why) => {
            eprintln!("error: {why}\n\n{HELP}");
            Ok(ExitCode::from(2))
        }
    }
}

fn fuzz(root: &Path, mut options: Options) -> Result<ExitCode> {
    let known = build::readers(root)?;
    if let Some(other) = options.readers.iter().find(|name| !known.contains(name)) {
        bail!(
            "no reader is called `{other}`: there are {}",
            known.join(", ")
        );
    }
    let readers = match options.readers.is_empty() {
        true => known,
        false => std::mem::take(&mut options.readers),
    };
    let fuzz = crate::radars::target_folder(root)?.join("fuzz");
    let programs = build::build(root, &fuzz, &readers)?;

    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or_else(processors);
    let waiting = Mutex::new(readers.iter());
    let done = Mutex::new(Vec::new());
    println!("{HEADER}");
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(readers.len()) {
            scope.spawn(|| {
                let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
                while let Some(reader) = next() {
                    let outcome = session::run(&fuzz, &programs, reader, &options);
                    if let Ok(outcome) = &outcome {
                        println!("{}", row(reader, outcome));
                    }
                    if let Ok(mut done) = done.lock() {
                        done.push(outcome);
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap_or_default();
    let outcomes: Vec<Outcome> = done.into_iter().collect::<Result<_>>()?;
    let clean = outcomes.len() == readers.len() && outcomes.iter().all(|o| o.is_clean);
    Ok(match clean {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

const HEADER: &str = "reader               runs  coverage    inputs  peak MiB  found";

/// A reader's line, and one below it for every input that it did not get past.
fn row(reader: &str, outcome: &Outcome) -> String {
    let Outcome {
        runs,
        coverage,
        corpus,
        peak_rss_mib,
        crashes,
        is_clean,
    } = outcome;
    let found = match (crashes.len(), is_clean) {
        (0, true) => "nothing".to_owned(),
        (0, false) => "it ended early: see the log".to_owned(),
        (n, _) => n.to_string(),
    };
    let crashes = crashes
        .iter()
        .map(|path| format!("\n    {}", path.display()));
    let line =
        format!("{reader:<12}{runs:>13}{coverage:>10}{corpus:>10}{peak_rss_mib:>10}  {found}");
    line + &crashes.collect::<String>()
}
