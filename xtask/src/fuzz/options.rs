//! The command line of `cargo xtask fuzz`.

use std::ffi::OsString;
use std::str::FromStr;

/// What `cargo xtask fuzz --help` prints.
pub const HELP: &str = "\
Usage: cargo xtask fuzz [READER...] [--seconds N] [--jobs N] [--rss MIB]

Feeds what reads files from outside (tests/fuzz/targets) with what libFuzzer makes of whole files:
every reader unless some are named. Builds them first, with instrumentation, by the stable compiler.

  --seconds N   How long each reader is looked at (600)
  --jobs N      So many readers side by side (as many as there are processors)
  --rss MIB     Memory that a reader may take; more is a finding (2048)

What was found to lead somewhere is kept in the target folder, in fuzz/corpus/READER, and gone on
from; what makes a reader panic, take over 20 seconds or too much memory is put into
fuzz/artifacts/READER, and the command exits with 1. To see it again:
    TARGET/fuzz/bin/READER FILE";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// The readers; empty for all.
    pub readers: Vec<String>,
    pub seconds: u64,
    /// Side by side; none for as many as there are processors.
    pub jobs: Option<usize>,
    pub rss_mib: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            readers: Vec::new(),
            seconds: 600,
            jobs: None,
            rss_mib: 2048,
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    Run(Options),
    Help,
    /// It is not understood, for this reason.
    Wrong(String),
}

impl Request {
    /// Reads what follows `cargo xtask fuzz`.
    pub fn parse(arguments: &[OsString]) -> Self {
        let mut options = Options::default();
        let mut rest = arguments.iter().map(|argument| argument.to_str());
        while let Some(argument) = rest.next() {
            let understood = match argument {
                Some("--help" | "-h") => return Self::Help,
                Some("--seconds") => set(&mut options.seconds, rest.next()),
                Some("--rss") => set(&mut options.rss_mib, rest.next()),
                Some("--jobs") => {
                    let mut jobs = 0;
                    let understood = set(&mut jobs, rest.next());
                    options.jobs = Some(jobs);
                    understood
                }
                Some(reader) if !reader.starts_with('-') => {
                    options.readers.push(reader.to_owned());
                    true
                }
                _ => {
                    let argument = argument.unwrap_or_default();
                    return Self::Wrong(format!("`fuzz` takes no `{argument}`"));
                }
            };
            if !understood {
                let argument = argument.unwrap_or_default();
                return Self::Wrong(format!("`{argument}` needs a whole number above 0"));
            }
        }
        Self::Run(options)
    }
}

/// Takes a number above zero.
fn set<N: FromStr + Default + PartialOrd>(number: &mut N, word: Option<Option<&str>>) -> bool {
    let read = word.flatten().and_then(|word| word.parse().ok());
    match read.filter(|read| *read > N::default()) {
        Some(read) => {
            *number = read;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let parse = |line: &str| {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            Request::parse(&words)
        };
        assert_eq!(parse(""), Request::Run(Options::default()));
        let some = Options {
            readers: vec!["space".into(), "table".into()],
            seconds: 5,
            jobs: Some(4),
            ..Options::default()
        };
        assert_eq!(
            parse("space --seconds 5 table --jobs 4"),
            Request::Run(some)
        );
        assert_eq!(parse("space -h"), Request::Help);
        for line in ["--seconds", "--seconds 0", "--jobs x", "--rss -1", "--fork"] {
            assert!(matches!(parse(line), Request::Wrong(_)), "{line}");
        }
    }
}
