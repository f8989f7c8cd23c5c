//! `cargo xtask export-check`: exported networks in onnxruntime, qonnx and hls4ml.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};

use crate::{pip, radars};

/// What is installed: versions.
const REQUIREMENTS: &str = include_str!("requirements.txt");

const HELP: &str = "\
Usage: cargo xtask export-check [RUN...]

Trains three small networks briefly on the embedded images, exports them, and compares the exported files with radars'
own evaluation over the 1,000 embedded test images: the QDQ and the plain ONNX file in onnxruntime, at all levels of
optimisation; the QONNX file in qonnx's executor, and qonnx's count of MACs and bit operations with ours; the smallest
network as an hls4ml project, its precisions and its C++ emulation. Also checks the RUN folders that are named, of
networks for the embedded images.

The Python packages come from PyPI by way of pip, once, into the target folder (72 MB to fetch). Exits with 1 where a
check fails, and with 3 where the packages cannot be had.";

/// The exit code where the packages cannot be had; nothing was looked at then.
const NO_PACKAGES: u8 = 3;

/// The networks, each a space with an architecture; and whether it is small enough for hls4ml.
const NETWORKS: [(&str, bool); 3] = [("plain", false), ("blocks", false), ("small", true)];

/// Runs the command with what follows `export-check` on its line.
///
/// # Errors
/// `radars` or Python cannot be run. What the checks find is no error but an exit code, and so are packages that cannot
/// be had.
pub fn run(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    if arguments.iter().any(|a| a == "--help" || a == "-h") {
        println!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(flag) = arguments
        .iter()
        .find(|a| a.to_string_lossy().starts_with('-'))
    {
        let flag = flag.to_string_lossy();
        eprintln!("error: `export-check` takes no `{flag}`\n\n{HELP}");
        return Ok(ExitCode::from(2));
    }
    let work = radars::target_folder(root)?.join("export-check");
    let packages = work.join("python");
    if !pip::is_installed(&packages, REQUIREMENTS) {
        let what = ("the Python packages of export-check", 72);
        if let Err(error) = pip::install(&packages, REQUIREMENTS, what, || Ok(())) {
            eprintln!("xtask: {error:#}");
            return Ok(ExitCode::from(NO_PACKAGES));
        }
    }
    let radars = match radars::build(root)? {
        Ok(executable) => executable,
        Err(code) => return Ok(code),
    };
    let check = Check {
        here: root.join("xtask/src/export_check"),
        images: root.join("crates/data/assets/fashion-mnist"),
        work,
        packages,
        radars,
    };
    let mut failed = Vec::new();
    for (name, hls4ml) in NETWORKS {
        let run = check.train(name)?;
        println!("{name}");
        if !check.network(&run, name, hls4ml)? {
            failed.push(name.to_owned());
        }
    }
    for (number, run) in arguments.iter().map(PathBuf::from).enumerate() {
        println!("{}", run.display());
        // A folder of our own: what is exported replaces what is there.
        if !check.network(&run, &format!("run-{number}"), false)? {
            failed.push(run.display().to_string());
        }
    }
    match failed.is_empty() {
        true => Ok(ExitCode::SUCCESS),
        false => {
            eprintln!(
                "error: exported otherwise than evaluated: {}",
                failed.join(", ")
            );
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Where everything is.
struct Check {
    here: PathBuf,
    images: PathBuf,
    work: PathBuf,
    packages: PathBuf,
    radars: PathBuf,
}

impl Check {
    /// Trains a network; gives its run folder.
    fn train(&self, name: &str) -> Result<PathBuf> {
        let run = self.work.join(name);
        if run.exists() {
            std::fs::remove_dir_all(&run)
                .with_context(|| format!("cannot remove {}", run.display()))?;
        }
        let networks = self.here.join("networks");
        eprintln!("training {name}");
        self.radars(&[
            "train".as_ref(),
            "--space".as_ref(),
            networks.join(format!("{name}.toml")).as_ref(),
            "--architecture".as_ref(),
            networks.join(format!("{name}.json")).as_ref(),
            "--epochs".as_ref(),
            "4".as_ref(),
            "--out".as_ref(),
            run.as_ref(),
            "--quiet".as_ref(),
        ])?;
        Ok(run)
    }

    /// Exports a network into the folder `into` of those that are exported, and checks the files; whether all is well.
    fn network(&self, run: &Path, into: &str, hls4ml: bool) -> Result<bool> {
        let exported = self.work.join("exported").join(into);
        if exported.exists() {
            std::fs::remove_dir_all(&exported)
                .with_context(|| format!("cannot remove {}", exported.display()))?;
        }
        let logits = exported.join("logits.csv");
        self.radars(&[
            "export".as_ref(),
            run.as_ref(),
            "--out".as_ref(),
            exported.as_ref(),
        ])?;
        self.radars(&[
            "eval".as_ref(),
            run.as_ref(),
            "--logits".as_ref(),
            logits.as_ref(),
        ])?;
        let mut command = Command::new(pip::python());
        command
            .arg(self.here.join("check.py"))
            .arg(&exported)
            .arg(&logits);
        for kind in ["images-idx3", "labels-idx1"] {
            command.arg(
                self.images
                    .join(format!("fmnist-small-t10k-{kind}-ubyte.gz")),
            );
        }
        if hls4ml {
            command.arg("--hls4ml");
        }
        command
            .env("PYTHONPATH", &self.packages)
            .env("PYTHONWARNINGS", "ignore");
        let status = command.status().context("cannot start Python")?;
        Ok(status.success())
    }

    fn radars(&self, arguments: &[&OsStr]) -> Result<()> {
        let mut command = Command::new(&self.radars);
        // stdout is for the findings.
        command.args(arguments).stdout(Stdio::null());
        let status = command.status().context("cannot start radars")?;
        ensure!(status.success(), "`{command:?}` failed ({status})");
        Ok(())
    }
}
