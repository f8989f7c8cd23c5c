//! Which crate may depend on which: the table, and the rule that reads it.
//!
//! A crate may depend on the crates of its row and on all that they may depend on; development
//! dependencies keep to the same set, so a test looks down the graph and never up.

use std::collections::BTreeSet;

use super::Finding;
use super::workspace::Member;

/// What a crate may depend on directly.
enum May {
    Use(&'static [&'static str]),
    UseAll,
}

struct Row {
    package: &'static str,
    folder: &'static str,
    may: May,
}

const fn row(package: &'static str, folder: &'static str, may: May) -> Row {
    Row {
        package,
        folder,
        may,
    }
}

use May::{Use, UseAll};

/// The crate graph of ARCHITECTURE.md, bottom up. Rows without a crate yet are checked from the
/// day the crate arrives.
const TABLE: [Row; 17] = [
    row("radars-tensor", "crates/tensor", Use(&[])),
    row("radars-kernels", "kernels", Use(&[])),
    row(
        "radars-cuda",
        "crates/cuda",
        Use(&["radars-tensor", "radars-kernels"]),
    ),
    row(
        "radars-autograd",
        "crates/autograd",
        Use(&["radars-tensor"]),
    ),
    row("radars-nn", "crates/nn", Use(&["radars-autograd"])),
    row("radars-space", "crates/space", Use(&[])),
    row("radars-data", "crates/data", Use(&["radars-tensor"])),
    row(
        "radars-controller",
        "crates/controller",
        Use(&["radars-nn", "radars-space"]),
    ),
    row(
        "radars-supernet",
        "crates/supernet",
        Use(&["radars-nn", "radars-space"]),
    ),
    row(
        "radars-search",
        "crates/search",
        Use(&["radars-supernet", "radars-controller", "radars-data"]),
    ),
    row("radars-report", "crates/report", Use(&["radars-space"])),
    row(
        "radars-export",
        "crates/export",
        Use(&["radars-space", "radars-nn"]),
    ),
    row("radars-cli", "crates/cli", UseAll),
    row("radars-benches", "benches", UseAll),
    row("radars-tests", "tests", UseAll),
    row("radars-fuzz", "tests/fuzz", Use(&["radars-tests"])),
    row("xtask", "xtask", UseAll),
];

const THIS_FILE: &str = "xtask/src/tidy/crate_graph.rs";

/// Compares every member's place and internal dependencies with the table.
pub fn check(members: &[Member]) -> Vec<Finding> {
    members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Finding> {
    let manifest = member.manifest();
    let Some(row) = row_of(&member.name) else {
        let what = format!("`{}` has no row in the table of crates", member.name);
        let remedy = format!("add one to {THIS_FILE} and to ARCHITECTURE.md, or fold the crate in");
        return vec![Finding::new(&manifest, 1, what, remedy)];
    };
    let mut findings = Vec::new();
    if member.folder != row.folder {
        let what = format!("`{}` lies in `{}`", member.name, member.folder);
        let remedy = format!("move it to `{}`, its place in the table", row.folder);
        findings.push(Finding::new(&manifest, 1, what, remedy));
    }
    let Some(allowed) = closure(row) else {
        return findings;
    };
    for dependency in member
        .dependencies
        .iter()
        .filter(|dependency| dependency.internal)
    {
        if !allowed.contains(dependency.name.as_str()) {
            let what = format!("`{}` may not depend on `{}`", member.name, dependency.name);
            let remedy = format!(
                "it may use {}: move the code that needs more",
                named(&allowed)
            );
            findings.push(Finding::new(&manifest, dependency.line, what, remedy));
        }
    }
    findings
}

fn row_of(package: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.package == package)
}

/// All that a row allows, directly or through others; `None` where everything is allowed.
fn closure(row: &Row) -> Option<BTreeSet<&'static str>> {
    let Use(direct) = row.may else { return None };
    let mut reached = BTreeSet::new();
    let mut open = direct.to_vec();
    while let Some(package) = open.pop() {
        if reached.insert(package)
            && let Some(Row { may: Use(next), .. }) = row_of(package)
        {
            open.extend_from_slice(next);
        }
    }
    Some(reached)
}

fn named(packages: &BTreeSet<&str>) -> String {
    if packages.is_empty() {
        return "no crate of the workspace".to_owned();
    }
    let quoted: Vec<String> = packages.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Dependency;
    use super::*;

    fn member(name: &str, folder: &str, internal: &[&str]) -> Member {
        let dependencies = internal.iter().enumerate().map(|(index, name)| Dependency {
            name: (*name).to_owned(),
            line: 10 + index,
            internal: true,
        });
        Member {
            name: name.into(),
            folder: folder.into(),
            dependencies: dependencies.collect(),
        }
    }

    fn lines(member: Member) -> Vec<usize> {
        check(&[member])
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    fn reach(package: &str) -> BTreeSet<&'static str> {
        row_of(package).and_then(closure).unwrap()
    }

    #[test]
    fn a_dependency_that_the_table_lacks_is_found_at_its_line() {
        let up = ["radars-nn", "radars-supernet"];
        assert_eq!(
            lines(member("radars-controller", "crates/controller", &up)),
            [11]
        );
        assert_eq!(
            lines(member("radars-space", "crates/space", &["radars-tensor"])),
            [10]
        );
        assert_eq!(
            lines(member("radars-tensor", "crates/tensor", &["xtask"])),
            [10]
        );
    }

    #[test]
    fn what_lies_below_a_row_is_allowed_and_the_top_may_use_all() {
        let below = [
            "radars-nn",
            "radars-autograd",
            "radars-tensor",
            "radars-space",
        ];
        assert!(lines(member("radars-supernet", "crates/supernet", &below)).is_empty());
        assert!(lines(member("radars-tests", "tests", &["xtask", "radars-cli"])).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_or_in_another_folder_is_found() {
        assert_eq!(lines(member("radars-misc", "crates/misc", &[])), [1]);
        assert_eq!(lines(member("radars-kernels", "crates/kernels", &[])), [1]);
    }

    #[test]
    fn the_table_itself_keeps_the_invariants() {
        assert!(!reach("radars-controller").contains("radars-supernet"));
        assert!(!reach("radars-supernet").contains("radars-controller"));
        assert!(reach("radars-space").is_empty());
        assert!(reach("radars-tensor").is_empty());
        assert_eq!(reach("radars-report"), BTreeSet::from(["radars-space"]));
        for row in &TABLE {
            let own = closure(row).is_some_and(|reached| reached.contains(row.package));
            assert!(!own, "{} reaches itself", row.package);
        }
    }
}
