//! `cargo xtask COMMAND`: repository tasks; every other command goes to the `radars` binary.

mod export_check;
mod fuzz;
mod kernels;
mod pip;
mod radars;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const REPO_TASKS: &str = "\
Repository tasks: cargo xtask <TASK>

  tidy              Check the repository's own rules (crate graph, headers, lengths, ...)
  kernels           Compile the CUDA kernels, or check the compiled ones (`kernels --help`)
  export-check      Compare exported networks with onnxruntime, qonnx and hls4ml (`export-check --help`)
  fuzz [READER...]  Let libFuzzer look for files that a reader does not get past (`fuzz --help`)
  bench [FILTER]    Run the criterion benchmarks; options as for `cargo bench`

Every other command, `bench step` included, is one of `radars`, which is built in release mode
first:
";

const TIDY_HELP: &str = "\
Usage: cargo xtask tidy

Checks the tracked files against the rules of ARCHITECTURE.md. Prints one line for each finding,
`FILE:LINE: what is wrong; what to do`, and exits with 1 if there is any.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    /// `--help`, or nothing at all: the repository tasks, then what `radars` says.
    Help,
    Tidy,
    TidyHelp,
    /// `kernels` with these arguments.
    Kernels(Vec<OsString>),
    /// `export-check` with these arguments.
    ExportCheck(Vec<OsString>),
    /// `fuzz` with these arguments.
    Fuzz(Vec<OsString>),
    /// `cargo bench` on the benchmark crate with these arguments.
    Bench(Vec<OsString>),
    /// The `radars` binary with the whole command line.
    Radars,
    /// A word that a repository task does not know.
    Unknown(OsString),
}

impl Request {
    fn parse(arguments: &[OsString]) -> Self {
        let word = |index: usize| arguments.get(index).and_then(|a| a.to_str());
        match word(0) {
            Some("--help" | "-h" | "help") if arguments.len() == 1 => Self::Help,
            None if arguments.is_empty() => Self::Help,
            Some("tidy") => match (word(1), arguments.get(1)) {
                (Some("--help" | "-h"), _) => Self::TidyHelp,
                (_, Some(unknown)) => Self::Unknown(unknown.clone()),
                (_, None) => Self::Tidy,
            },
            Some("kernels") => Self::Kernels(arguments[1..].to_vec()),
            Some("export-check") => Self::ExportCheck(arguments[1..].to_vec()),
            Some("fuzz") => Self::Fuzz(arguments[1..].to_vec()),
            Some("bench") if word(1) != Some("step") => Self::Bench(arguments[1..].to_vec()),
            _ => Self::Radars,
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[OsString]) -> anyhow::Result<ExitCode> {
    let root = workspace_root();
    match Request::parse(arguments) {
        Request::Help if arguments.is_empty() => {
            eprintln!("{REPO_TASKS}");
            radars::hand_on(&root, arguments)
        }
        Request::Help => {
            println!("{REPO_TASKS}");
            radars::hand_on(&root, arguments)
        }
        Request::Tidy => tidy(&root),
        Request::TidyHelp => {
            println!("{TIDY_HELP}");
            Ok(ExitCode::SUCCESS)
        }
        Request::Kernels(options) => kernels::run(&root, &options),
        Request::ExportCheck(runs) => export_check::run(&root, &runs),
        Request::Fuzz(options) => fuzz::run(&root, &options),
        Request::Bench(options) => {
            let mut cargo = Command::new(radars::cargo());
            cargo.args(["bench", "--package", "radars-benches", "--manifest-path"]);
            cargo.arg(root.join("Cargo.toml")).args(options);
            radars::become_process(cargo)
        }
        Request::Radars => radars::hand_on(&root, arguments),
        Request::Unknown(word) => {
            let word = word.to_string_lossy();
            eprintln!("error: `tidy` takes no `{word}`\n\n{TIDY_HELP}");
            Ok(ExitCode::from(2))
        }
    }
}

fn tidy(root: &Path) -> anyhow::Result<ExitCode> {
    let findings = xtask::tidy::check(root)?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(ExitCode::SUCCESS),
        1 => {
            eprintln!("tidy: 1 finding");
            Ok(ExitCode::FAILURE)
        }
        n => {
            eprintln!("tidy: {n} findings");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The folder that holds the workspace. `cargo run` says where this package lies now, which stays
/// right when a cached binary serves a moved checkout.
fn workspace_root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Request {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Request::parse(&words)
    }

    #[test]
    fn repository_tasks_stay_here_and_all_else_goes_to_radars() {
        assert_eq!(parse(""), Request::Help);
        assert_eq!(parse("--help"), Request::Help);
        assert_eq!(parse("tidy"), Request::Tidy);
        assert_eq!(parse("tidy --help"), Request::TidyHelp);
        assert_eq!(parse("tidy twice"), Request::Unknown("twice".into()));
        assert_eq!(
            parse("kernels --check"),
            Request::Kernels(vec!["--check".into()])
        );
        assert_eq!(
            parse("export-check runs/a"),
            Request::ExportCheck(vec!["runs/a".into()])
        );
        assert_eq!(parse("fuzz space"), Request::Fuzz(vec!["space".into()]));
        assert_eq!(parse("search --preset fashion-small"), Request::Radars);
        assert_eq!(parse("search --help"), Request::Radars);
        assert_eq!(parse("help search"), Request::Radars);
        assert_eq!(parse("--version"), Request::Radars);
        assert_eq!(parse("no-such-command"), Request::Radars);
    }

    #[test]
    fn bench_is_criterion_unless_its_first_word_is_step() {
        assert_eq!(parse("bench"), Request::Bench(vec![]));
        assert_eq!(parse("bench conv"), Request::Bench(vec!["conv".into()]));
        assert_eq!(parse("bench step --json"), Request::Radars);
    }
}
