//! The files under version control, with their text.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// A tracked file.
#[derive(Debug)]
pub struct File {
    /// Path from the workspace's root, with forward slashes.
    pub path: String,
    /// Its contents, if they are text (UTF-8 without NUL).
    pub text: Option<String>,
}

impl File {
    /// The name's extension, or nothing.
    pub fn extension(&self) -> &str {
        Path::new(&self.path)
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or("")
    }
}

#[cfg(test)]
impl File {
    pub fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: Some(text.to_owned()),
        }
    }
}

/// Every tracked file that exists, in the order of their paths.
///
/// A source archive has no repository; there, every file counts but build output and run folders.
pub fn tracked_files(root: &Path) -> Result<Vec<File>, Error> {
    let mut paths = match listed_by_git(root) {
        Some(paths) => paths,
        None => found_by_walking(root)?,
    };
    paths.sort();
    paths
        .into_iter()
        .map(|path| read(root, path))
        .filter_map(Result::transpose)
        .collect()
}

/// `None` without git, outside a repository, or where nothing is tracked.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    // A checkout that belongs to another user is only read here, so git may trust it.
    let output = Command::new("git")
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let listing = String::from_utf8_lossy(&output.stdout);
    let paths: Vec<String> = listing.split_terminator('\0').map(str::to_owned).collect();
    (!paths.is_empty()).then_some(paths)
}

/// Names of folders that hold no source.
const NOT_SOURCE: [&str; 3] = [".git", "target", "runs"];

fn found_by_walking(root: &Path) -> Result<Vec<String>, Error> {
    let mut paths = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let absolute = root.join(&folder);
        let at = |source| Error::Read {
            path: absolute.clone(),
            source,
        };
        for entry in std::fs::read_dir(&absolute).map_err(at)? {
            let entry = entry.map_err(at)?;
            let name = entry.file_name();
            let path = folder.join(&name);
            if !entry.file_type().map_err(at)?.is_dir() {
                paths.push(path.to_string_lossy().replace('\\', "/"));
            } else if !NOT_SOURCE.iter().any(|skipped| name == *skipped) {
                folders.push(path);
            }
        }
    }
    Ok(paths)
}

/// `None` if the file is gone from the working tree, or is not a plain file.
fn read(root: &Path, path: String) -> Result<Option<File>, Error> {
    let absolute = root.join(&path);
    if !absolute.is_file() {
        return Ok(None);
    }
    let bytes = std::fs::read(&absolute).map_err(|source| Error::Read {
        path: absolute,
        source,
    })?;
    let text = String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'));
    Ok(Some(File { path, text }))
}
