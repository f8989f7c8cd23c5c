//! CUDA C++ to PTX, by NVRTC.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use cudarc::nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts};
use radars_kernels::Arch;

use super::toolchain::{Toolchain, VERSION};

/// The PTX of `cuda/NAME.cu` in the folder `sources`, for `arch`.
///
/// It depends on the sources and the compiler alone: the program goes by the file's name, not its
/// path, and no line numbers are asked for.
///
/// # Errors
/// The source cannot be read or compiled; the error holds what the compiler said.
pub fn ptx(toolchain: &Toolchain, sources: &Path, name: &str, arch: Arch) -> Result<String> {
    let file = format!("{name}.cu");
    let path = sources.join(&file);
    let source = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let headers = toolchain.headers();
    let includes = [sources]
        .into_iter()
        .chain(headers.iter().map(AsRef::as_ref));
    let includes: Option<Vec<String>> = includes
        .map(|folder| folder.to_str().map(str::to_owned))
        .collect();
    let options = CompileOptions {
        name: Some(file.clone()),
        include_paths: includes.context("the path of the headers is not UTF-8")?,
        options: vec![
            format!(
                "--gpu-architecture={}",
                arch.name().replace("sm", "compute")
            ),
            "--std=c++17".to_owned(),
        ],
        ..CompileOptions::default()
    };
    let ptx = compile_ptx_with_opts(source, options).map_err(|error| match error {
        CompileError::CompileError { log, .. } => {
            let log = log.to_string_lossy();
            anyhow!("{file} does not compile for {arch}:\n{}", log.trim_end())
        }
        other => anyhow!("{file} for {arch}: NVRTC: {other}"),
    })?;
    let ptx = ptx.to_src();
    ensure!(
        ptx.contains(VERSION),
        "another NVRTC than {VERSION} was loaded: {}",
        ptx.lines()
            .find(|line| line.contains("release"))
            .unwrap_or("of no known version")
    );
    Ok(ptx)
}
