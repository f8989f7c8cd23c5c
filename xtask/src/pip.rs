//! Python packages, installed into the target folder by whatever pip there is.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

/// The file in a folder that says what was installed there, once all of it was.
const STAMP: &str = "requirements.txt";

/// The Python that `PYTHON` names, or the one that is on the path.
pub fn python() -> OsString {
    std::env::var_os("PYTHON").unwrap_or_else(|| OsString::from("python3"))
}

/// Whether `folder` has exactly these packages.
pub fn is_installed(folder: &Path, requirements: &str) -> bool {
    std::fs::read_to_string(folder.join(STAMP)).is_ok_and(|text| text == requirements)
}

/// Has pip install `requirements`, all of them and nothing else, into `folder`, which is emptied first; then lets
/// `complete` do what else there is. `what` and `megabytes` are for messages. Mirrors and proxies are pip's own settings.
///
/// # Errors
/// Pip is missing, or it fails; those of `complete`.
pub fn install(
    folder: &Path,
    requirements: &str,
    (what, megabytes): (&str, usize),
    complete: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let wanted = folder.join("wanted.txt");
    std::fs::write(&wanted, requirements)
        .with_context(|| format!("cannot write {}", wanted.display()))?;
    eprintln!("installing {what} into {}", folder.display());
    run_pip(folder, &wanted, requirements.contains("--hash"))
        .with_context(|| format!("{what} could not be installed ({megabytes} MB from PyPI, or from the mirror that PIP_INDEX_URL names)"))?;
    complete()?;
    // The stamp is written last, so what was interrupted is begun again.
    let stamp = folder.join(STAMP);
    std::fs::rename(&wanted, &stamp).with_context(|| format!("cannot write {}", stamp.display()))
}

fn run_pip(folder: &Path, requirements: &Path, hashes: bool) -> Result<()> {
    let python = python();
    let pip = |arguments: &[&str]| {
        let mut command = Command::new(&python);
        command.args(["-m", "pip", "--disable-pip-version-check"]);
        command.args(arguments).stdin(Stdio::null());
        command
    };
    let has_pip = pip(&["--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    ensure!(
        has_pip,
        "`{} -m pip` does not run: install Python 3 with pip (Debian and Ubuntu: \
         apt-get install python3-pip), or name another in the variable PYTHON",
        python.display()
    );
    let mut command = pip(&[
        "install",
        "--no-deps",
        "--no-compile",
        "--no-input",
        "--quiet",
    ]);
    command
        .args(["--only-binary=:all:", "--target"])
        .arg(folder);
    command.arg("--requirement").arg(requirements);
    if hashes {
        command.arg("--require-hashes");
    }
    // Older versions have no such option, but none minds the variable.
    command.env("PIP_ROOT_USER_ACTION", "ignore");
    // stdout is for the table.
    command.stdout(std::io::stderr());
    let status = command.status().context("cannot start pip")?;
    if !status.success() {
        bail!("pip failed ({status}), for the reason above");
    }
    Ok(())
}
