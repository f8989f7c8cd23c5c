//! The rules that every tracked file and every crate of the workspace keeps.
//!
//! One module a rule. A rule is a function from what it looks at to [`Finding`]s, without any
//! input of its own, so each is tested on a few lines of text that break it.

mod absolute_paths;
mod crate_graph;
mod external_crates;
mod file_form;
mod forbidden_code;
mod rust_source;
mod top_level;
mod tree;
mod workspace;

use std::fmt;
use std::path::{Path, PathBuf};

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the workspace's root, with forward slashes.
    pub file: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    fn new(file: &str, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (what, remedy) = (what.into(), remedy.into());
        Self {
            file: file.to_owned(),
            line,
            what,
            remedy,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            what,
            remedy,
        } = self;
        write!(f, "{file}:{line}: {what}; {remedy}")
    }
}

/// Why the rules could not be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tracked file or a folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `cargo metadata` failed.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
}

/// Checks every rule on the workspace at `root`; the findings come sorted by file and line.
///
/// # Errors
/// [`Error`] if the tree or the crate graph cannot be read; broken rules are findings, not errors.
pub fn check(root: &Path) -> Result<Vec<Finding>, Error> {
    let files = tree::tracked_files(root)?;
    let members = workspace::members(root)?;
    let mut findings = crate_graph::check(&members);
    findings.extend(external_crates::check(&members, &files));
    findings.extend(top_level::check(&files));
    for file in &files {
        findings.extend(file_form::check(file));
        findings.extend(forbidden_code::check(file));
        findings.extend(absolute_paths::check(file));
    }
    findings.sort();
    Ok(findings)
}
