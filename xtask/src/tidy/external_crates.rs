//! Every crate from outside the workspace is explained in ARCHITECTURE.md.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::File;
use super::workspace::Member;

const PAGE: &str = "ARCHITECTURE.md";

/// Looks for `` `name` `` on the page for every direct external dependency of any member.
pub fn check(members: &[Member], files: &[File]) -> Vec<Finding> {
    let mut first_use = BTreeMap::new();
    for member in members {
        for dependency in member
            .dependencies
            .iter()
            .filter(|dependency| !dependency.internal)
        {
            let place = (member.manifest(), dependency.line);
            first_use.entry(dependency.name.as_str()).or_insert(place);
        }
    }
    let page = files
        .iter()
        .find(|file| file.path == PAGE)
        .and_then(|file| file.text.as_deref());
    let Some(page) = page else {
        let what = format!(
            "missing, so {} external crates are not explained",
            first_use.len()
        );
        return vec![Finding::new(
            PAGE,
            1,
            what,
            "write it: the graph, the flow, the invariants",
        )];
    };
    first_use
        .into_iter()
        .filter(|(name, _)| !page.contains(&format!("`{name}`")))
        .map(|(name, (manifest, line))| {
            let what = format!("the external crate `{name}` is not explained in {PAGE}");
            Finding::new(
                &manifest,
                line,
                what,
                "say there in one line what it is for",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Dependency;
    use super::*;

    fn members() -> [Member; 1] {
        let dependency = |name: &str, line, internal| Dependency {
            name: name.to_owned(),
            line,
            internal,
        };
        [Member {
            name: "radars-nn".into(),
            folder: "crates/nn".into(),
            dependencies: vec![
                dependency("rand", 7, false),
                dependency("radars-autograd", 8, true),
                dependency("serde", 9, false),
            ],
        }]
    }

    #[test]
    fn a_crate_that_the_page_does_not_name_is_found_in_its_manifest() {
        // `rand_distr` in backticks does not explain `rand`.
        let page = [File::of(
            PAGE,
            "`serde` reads files; `rand_distr` draws; rand too.",
        )];
        let findings = check(&members(), &page);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(
            (findings[0].file.as_str(), findings[0].line),
            ("crates/nn/Cargo.toml", 7)
        );
        assert!(check(&members(), &[File::of(PAGE, "`serde` and `rand`")]).is_empty());
    }

    #[test]
    fn a_missing_page_is_one_finding() {
        let findings = check(&members(), &[]);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].file, PAGE);
    }
}
