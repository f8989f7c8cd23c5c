//! No text names a place that exists on one machine only.

use super::Finding;
use super::tree::File;

/// Beginnings of such paths, in two pieces so that this file keeps its own rule.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "Users/"),
    concat!("C:", "\\Users"),
];

/// Finds absolute paths of somebody's machine in a text file.
pub fn check(file: &File) -> Vec<Finding> {
    let Some(text) = &file.text else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for path in MACHINE_PATHS {
            if line
                .match_indices(path)
                .any(|(at, _)| starts_a_path(&line[..at]))
            {
                let what = format!("`{path}` is a path of one machine");
                let remedy = "make it relative, or take it from the environment";
                findings.push(Finding::new(&file.path, index + 1, what, remedy));
            }
        }
    }
    findings
}

/// Whether an absolute path may begin after `before`: not inside a longer path or after a variable,
/// but after a quote, a space or the slashes of a `file:` address.
fn starts_a_path(before: &str) -> bool {
    let last = before.chars().next_back();
    !last.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | ')'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check(&File::of("a.md", text))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        for path in MACHINE_PATHS {
            assert_eq!(
                lines(&format!("first\nread `{path}me/file`\n")),
                [2],
                "{path}"
            );
            assert_eq!(lines(&format!("{path}me\n")), [1], "{path}");
        }
    }

    #[test]
    fn a_relative_path_with_such_a_folder_is_not() {
        let work = MACHINE_PATHS[2];
        for before in ["crates", "..", "~", "${HOME}", "a_b"] {
            assert!(lines(&format!("{before}{work}x")).is_empty(), "{before}");
        }
    }

    #[test]
    fn a_binary_file_is_not_read() {
        assert!(
            check(&File {
                path: "a.gz".into(),
                text: None
            })
            .is_empty()
        );
    }
}
