//! The workspace's members and what their manifests ask for.

use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand, Package};

use super::Error;

/// One package of the workspace.
#[derive(Debug)]
pub struct Member {
    /// Package name.
    pub name: String,
    /// Folder from the workspace's root, with forward slashes.
    pub folder: String,
    /// Normal, build and development dependencies: every optional and target-specific one too.
    pub dependencies: Vec<Dependency>,
}

/// One dependency as a manifest names it.
#[derive(Debug)]
pub struct Dependency {
    /// Package name.
    pub name: String,
    /// Line of the manifest that names it, from 1.
    pub line: usize,
    /// Whether it is a package of this workspace.
    pub internal: bool,
}

impl Member {
    /// Path of the manifest from the workspace's root.
    pub fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

/// Manifests of workspaces: that of the repository, and that of what is built in another way.
const WORKSPACES: [&str; 2] = ["Cargo.toml", "tests/fuzz/Cargo.toml"];

/// Asks cargo for the members (`cargo metadata --no-deps`, which needs no network).
pub fn members(root: &Path) -> Result<Vec<Member>, Error> {
    let metadata = |manifest: &&str| {
        MetadataCommand::new()
            .manifest_path(root.join(manifest))
            .no_deps()
            .exec()
    };
    let workspaces: Vec<Metadata> = (WORKSPACES.iter().map(metadata)).collect::<Result<_, _>>()?;
    let top = &workspaces[0].workspace_root;
    let packages = workspaces.iter().flat_map(Metadata::workspace_packages);
    let packages: Vec<&Package> = packages.collect();
    let is_member = |name: &str| packages.iter().any(|package| package.name.as_str() == name);
    packages
        .iter()
        .map(|package| {
            let manifest = package.manifest_path.as_std_path();
            let text = std::fs::read_to_string(manifest).map_err(|source| Error::Read {
                path: manifest.to_owned(),
                source,
            })?;
            let folder = package.manifest_path.parent().unwrap_or(top);
            let folder = folder.strip_prefix(top).unwrap_or(folder);
            let dependencies = package.dependencies.iter().map(|dependency| Dependency {
                line: line_naming(
                    &text,
                    dependency.rename.as_deref().unwrap_or(&dependency.name),
                ),
                internal: is_member(&dependency.name),
                name: dependency.name.clone(),
            });
            Ok(Member {
                name: package.name.to_string(),
                folder: folder.as_str().replace('\\', "/"),
                dependencies: dependencies.collect(),
            })
        })
        .collect()
}

/// The first line that starts with `key` as a TOML key (or ends a table header with it), else 1.
fn line_naming(manifest: &str, key: &str) -> usize {
    let names_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            || line.trim_end().ends_with(&format!("dependencies.{key}]"))
    };
    manifest
        .lines()
        .position(names_it)
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_found_on_its_own_line() {
        let manifest = "[dependencies]\nrand_distr = \"1\"\nrand.workspace = true\n\n\
                        [dependencies.rayon]\nversion = \"1\"\n";
        assert_eq!(line_naming(manifest, "rand"), 3);
        assert_eq!(line_naming(manifest, "rand_distr"), 2);
        assert_eq!(line_naming(manifest, "rayon"), 5);
        assert_eq!(line_naming(manifest, "absent"), 1);
    }
}
