//! The top level holds a fixed set of names and nothing else.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::File;

/// Names that must be there. Dotfiles may be there too.
const REQUIRED: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "clippy.toml",
    "crates",
    "tests",
    "xtask",
];

/// Names that may be there; the rule on external crates asks for the page.
const OPTIONAL: [&str; 2] = ["ARCHITECTURE.md", "kernels"];

/// Compares the names of the top level with the two lists.
pub fn check(files: &[File]) -> Vec<Finding> {
    let present: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .collect();
    let extra = present
        .iter()
        .filter(|name| !name.starts_with('.'))
        .filter(|name| !REQUIRED.contains(name) && !OPTIONAL.contains(name))
        .map(|name| {
            let what = "does not belong at the top level";
            Finding::new(
                name,
                1,
                what,
                "move it into a crate, `benches`, `tests` or `xtask`",
            )
        });
    let missing = REQUIRED
        .iter()
        .filter(|name| !present.contains(*name))
        .map(|name| Finding::new(name, 1, "missing or not tracked", "add it"));
    extra.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files_in(tops: &[&str]) -> Vec<File> {
        let path = |top: &&str| {
            if top.contains('.') {
                top.to_string()
            } else {
                format!("{top}/x")
            }
        };
        tops.iter().map(|top| File::of(&path(top), "")).collect()
    }

    #[test]
    fn an_unknown_folder_and_a_missing_file_are_found() {
        let mut tops = REQUIRED.to_vec();
        tops.extend(["kernels", ".ci"]);
        assert!(check(&files_in(&tops)).is_empty());

        tops.retain(|top| *top != "README.md");
        tops.push("scripts");
        let findings = check(&files_in(&tops));
        let names: Vec<&str> = findings
            .iter()
            .map(|finding| finding.file.as_str())
            .collect();
        assert_eq!(names, ["scripts", "README.md"]);
    }
}
