//! Builds the fuzz targets with what libFuzzer needs to see where an input leads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What makes the compiler count edges and show what is compared, as cargo-fuzz has it; none of it asks for nightly.
const FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];

/// The readers that there are targets for, in order.
///
/// # Errors
/// The folder of the targets cannot be read.
pub fn readers(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("tests/fuzz/targets");
    let mut readers = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let stem = path.file_stem().unwrap_or_default();
            readers.push(stem.to_string_lossy().into_owned());
        }
    }
    readers.sort();
    Ok(readers)
}

/// Builds the targets of `readers` below `fuzz`, a folder among what is built, and gives the folder of the programs.
///
/// # Errors
/// Cargo cannot be started, or the build fails.
pub fn build(root: &Path, fuzz: &Path, readers: &[String]) -> Result<PathBuf> {
    let host = host()?;
    let mut cargo = Command::new(crate::radars::cargo());
    cargo.args(["build", "--release", "--manifest-path"]);
    cargo.arg(root.join("tests/fuzz/Cargo.toml"));
    // With a target named, the flags are for what runs there: build scripts and macros are left alone.
    cargo.args(["--target", &host, "--target-dir"]);
    cargo.arg(fuzz.join("build"));
    for reader in readers {
        cargo.args(["--bin", reader]);
    }
    cargo
        .env("RUSTFLAGS", FLAGS.join(" "))
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    let status = cargo.status().context("cannot start cargo")?;
    ensure!(status.success(), "the fuzz targets were not built");

    let built = fuzz.join("build").join(host).join("release");
    let programs = fuzz.join("bin");
    fs::create_dir_all(&programs)?;
    for reader in readers {
        let program = programs.join(reader);
        // One that is still running keeps its file.
        let _ = fs::remove_file(&program);
        fs::copy(built.join(reader), program).context(reader.clone())?;
    }
    Ok(programs)
}

/// The machine that the compiler runs on, as it names it.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output();
    let output = output.context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say its host")?.to_owned())
}
