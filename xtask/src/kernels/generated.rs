//! The generated files of `kernels/`: written, or compared with what is there.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use radars_kernels::Arch;

/// What the sources give: file names from the package's folder, and contents.
pub struct Files(BTreeMap<String, String>);

impl Files {
    /// The table alone.
    pub fn new(table: String) -> Self {
        Self(BTreeMap::from([("src/table.rs".to_owned(), table)]))
    }

    /// Adds the PTX of a family for a target.
    pub fn add_ptx(&mut self, family: &str, arch: Arch, ptx: String) {
        self.0.insert(ptx_name(family, arch), ptx);
    }

    /// Writes what differs, and removes PTX that belongs to none of `families`.
    ///
    /// # Errors
    /// A file cannot be read, written or removed.
    pub fn write(&self, package: &Path, families: &[&str]) -> Result<()> {
        for (name, contents) in &self.0 {
            let path = package.join(name);
            if std::fs::read_to_string(&path).is_ok_and(|present| present == *contents) {
                continue;
            }
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create {}", folder.display()))?;
            }
            std::fs::write(&path, contents)
                .with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("wrote kernels/{name}");
        }
        for name in present_ptx(package)? {
            let belongs = |family: &&str| Arch::ALL.iter().any(|&a| ptx_name(family, a) == name);
            if !families.iter().any(belongs) {
                std::fs::remove_file(package.join(&name))
                    .with_context(|| format!("cannot remove kernels/{name}"))?;
                eprintln!("removed kernels/{name}");
            }
        }
        Ok(())
    }

    /// What differs from the files in `package`, a line each, with the way out.
    ///
    /// # Errors
    /// The folder of the PTX cannot be read.
    pub fn differences(&self, package: &Path) -> Result<Vec<String>> {
        let remedy = "run `cargo xtask kernels` and commit what it writes";
        let differs = |(name, contents): (&String, &String)| match std::fs::read_to_string(
            package.join(name),
        ) {
            Ok(present) if present == *contents => None,
            Ok(_) => Some(format!(
                "kernels/{name} is not what the sources give; {remedy}"
            )),
            Err(error) => Some(format!("kernels/{name}: {error}; {remedy}")),
        };
        let mut found: Vec<String> = self.0.iter().filter_map(differs).collect();
        for name in present_ptx(package)? {
            if !self.0.contains_key(&name) {
                found.push(format!("kernels/{name} belongs to no source; {remedy}"));
            }
        }
        Ok(found)
    }
}

fn ptx_name(family: &str, arch: Arch) -> String {
    format!("ptx/{arch}/{family}.ptx")
}

/// Every file under `ptx/`, by name from the package's folder.
fn present_ptx(package: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for arch in Arch::ALL {
        let folder = format!("ptx/{arch}");
        let path = package.join(&folder);
        if !path.is_dir() {
            continue;
        }
        let at = || format!("cannot read {}", path.display());
        for entry in std::fs::read_dir(&path).with_context(at)? {
            let name = entry.with_context(at)?.file_name();
            names.push(format!("{folder}/{}", name.to_string_lossy()));
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differing_missing_and_left_over_files_are_found_and_mended() {
        let package = std::env::temp_dir().join(format!("xtask-kernels-{}", std::process::id()));
        std::fs::create_dir_all(package.join("ptx/sm_75")).unwrap();
        std::fs::create_dir_all(package.join("src")).unwrap();
        std::fs::write(package.join("src/table.rs"), "old").unwrap();
        std::fs::write(package.join("ptx/sm_75/gone.ptx"), "old").unwrap();

        let mut files = Files::new("new".to_owned());
        files.add_ptx("fill", Arch::Sm80, "ptx".to_owned());
        let found = files.differences(&package).unwrap();
        let starts: Vec<&str> = found
            .iter()
            .map(|f| f.split([' ', ':']).next().unwrap())
            .collect();
        assert_eq!(
            starts,
            [
                "kernels/ptx/sm_80/fill.ptx",
                "kernels/src/table.rs",
                "kernels/ptx/sm_75/gone.ptx"
            ]
        );

        files.write(&package, &["fill"]).unwrap();
        assert!(files.differences(&package).unwrap().is_empty());
        std::fs::remove_dir_all(package).unwrap();
    }
}
