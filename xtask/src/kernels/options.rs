//! The command line of `cargo xtask kernels`.

use std::ffi::OsString;

/// What `cargo xtask kernels --help` prints.
pub const HELP: &str = "\
Usage: cargo xtask kernels [--check | --family NAME]

Compiles kernels/cuda/*.cu with NVRTC to PTX for sm_75 and sm_80, writes kernels/ptx/ and
kernels/src/table.rs, and prints what every kernel takes of the hardware: registers, bytes spilled,
bytes of shared memory, tensor-core instructions (HMMA); for sm_90 as the driver makes it of sm_80.

The compiler comes from PyPI by way of pip, once, into the target folder (65 MB to fetch); no GPU,
driver or CUDA toolkit is needed. Conflicts in generated files are resolved by running this again.

  --check         Write nothing; fail if a checked-in file is not what the sources give, if a kernel
                  spills or keeps a stack, or if one that is meant for tensor cores uses none
  --family NAME   Compile kernels/cuda/NAME.cu alone

Exits with 1 for what is wrong with the kernels, and with 3 where the compiler cannot be had.";

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Compare with what is checked in instead of writing it.
    pub check: bool,
    /// Compile this family alone.
    pub family: Option<String>,
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
    /// Reads what follows `cargo xtask kernels`.
    pub fn parse(arguments: &[OsString]) -> Self {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.to_str() {
                Some("--help" | "-h") => return Self::Help,
                Some("--check") => options.check = true,
                Some("--family") => match rest.next().and_then(|name| name.to_str()) {
                    Some(name) => options.family = Some(name.to_owned()),
                    None => return Self::Wrong("`--family` needs a name".to_owned()),
                },
                _ => {
                    let argument = argument.to_string_lossy();
                    return Self::Wrong(format!("`kernels` takes no `{argument}`"));
                }
            }
        }
        if options.check && options.family.is_some() {
            return Self::Wrong("`--check` looks at every family".to_owned());
        }
        Self::Run(options)
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
        let check = Options {
            check: true,
            family: None,
        };
        assert_eq!(parse("--check"), Request::Run(check));
        let family = Options {
            check: false,
            family: Some("fill".to_owned()),
        };
        assert_eq!(parse("--family fill"), Request::Run(family));
        assert_eq!(parse("--check -h"), Request::Help);
        for line in ["--family", "--check --family fill", "--chekc", "fill"] {
            assert!(matches!(parse(line), Request::Wrong(_)), "{line}");
        }
    }
}
