//! A source file says at its head what it is for, and does one thing in few lines.

use super::Finding;
use super::tree::File;

const MOST_LINES: usize = 400;

/// Checks the header of Rust, CUDA and C++ files, and the length of all source files.
pub fn check(file: &File) -> Vec<Finding> {
    let Some(text) = &file.text else {
        return Vec::new();
    };
    header(file, text)
        .into_iter()
        .chain(length(file, text))
        .collect()
}

fn header(file: &File, text: &str) -> Option<Finding> {
    let mark = match file.extension() {
        "rs" => "//!",
        "cu" | "cuh" | "cpp" | "h" => "//",
        _ => return None,
    };
    let first = text.lines().next().unwrap_or("");
    let says_something = first
        .strip_prefix(mark)
        .is_some_and(|rest| !rest.trim().is_empty());
    (!says_something).then(|| {
        let what = format!("no `{mark}` header");
        Finding::new(
            &file.path,
            1,
            what,
            format!("begin with `{mark} What this file is for.`"),
        )
    })
}

fn length(file: &File, text: &str) -> Option<Finding> {
    if !matches!(file.extension(), "rs" | "cu" | "cuh" | "cpp" | "h" | "py") {
        return None;
    }
    let lines = text.lines().count();
    (lines > MOST_LINES).then(|| {
        let what = format!("{lines} lines, over the limit of {MOST_LINES}");
        Finding::new(
            &file.path,
            MOST_LINES + 1,
            what,
            "split it where it does two things",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&File::of(path, text)).len()
    }

    #[test]
    fn a_file_without_its_header_is_found() {
        assert_eq!(
            findings("crates/nn/build.rs", "// Builds.\nfn main() {}\n"),
            1
        );
        assert_eq!(findings("crates/nn/src/a.rs", "\n//! Late.\n"), 1);
        assert_eq!(findings("crates/nn/src/a.rs", "//!\n"), 1);
        assert_eq!(findings("crates/nn/src/a.rs", ""), 1);
        assert_eq!(findings("kernels/src/a.cu", "#include <mma.h>\n"), 1);
        assert_eq!(findings("tests/simulator/a.cpp", "#include <mma.h>\n"), 1);
        assert_eq!(findings("tests/simulator/a.h", "#pragma once\n"), 1);
        assert_eq!(findings("crates/nn/src/a.rs", "//! Layers.\n"), 0);
        assert_eq!(
            findings("kernels/src/a.cu", "// mixed_op.cu: weighting.\n"),
            0
        );
        assert_eq!(findings("Cargo.toml", "[workspace]\n"), 0);
    }

    #[test]
    fn the_line_after_the_last_allowed_one_is_found() {
        let lines = |n: usize| format!("//! Head.\n{}", "\n".repeat(n - 1));
        assert_eq!(findings("a.rs", &lines(400)), 0);
        assert_eq!(findings("a.rs", &lines(401)), 1);
        assert_eq!(findings("a.py", &lines(401)), 1);
        assert_eq!(findings("a.h", &format!("{}//", lines(400))), 1);
        assert_eq!(findings("a.toml", &lines(401)), 0);
    }
}
