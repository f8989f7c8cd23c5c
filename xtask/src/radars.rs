//! Builds the `radars` binary in release mode and becomes it.

use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Message, MetadataCommand};

const PACKAGE: &str = "radars-cli";
const BINARY: &str = "radars";

/// Builds `radars` and runs it with `arguments` in the caller's folder, on the caller's streams.
///
/// Cargo's progress goes to stderr, so stdout carries what the binary writes and nothing else.
///
/// # Errors
/// Cargo or the binary could not be started. A failed build is not an error here: cargo has said
/// why, and its exit code is returned.
pub fn hand_on(root: &Path, arguments: &[OsString]) -> Result<ExitCode> {
    match build(root)? {
        Ok(executable) => {
            let mut command = Command::new(executable);
            command.args(arguments);
            become_process(command)
        }
        Err(code) => Ok(code),
    }
}

/// Replaces this process by `command`, so that signals and the exit status are the command's own:
/// Ctrl-C reaches `radars` alone, which ends with the best so far.
///
/// # Errors
/// The command could not be started.
#[cfg(unix)]
pub fn become_process(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().display()))
}

/// Runs `command` to its end and returns its exit code; Ctrl-C is left to the command.
///
/// # Errors
/// The command could not be started.
#[cfg(not(unix))]
pub fn become_process(mut command: Command) -> Result<ExitCode> {
    ctrlc::set_handler(|| {}).context("cannot leave Ctrl-C to the command")?;
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    Ok(exit_code(status.code()))
}

/// The cargo that runs this task, so that nested calls use the same toolchain.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Where cargo builds, and packages are installed.
///
/// # Errors
/// Cargo does not say.
pub fn target_folder(root: &Path) -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("where does cargo build?")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// The executable's path as cargo reports it (which respects `CARGO_TARGET_DIR` and every other
/// setting of the target folder), or cargo's exit code if the build failed.
///
/// # Errors
/// Cargo could not be started, or what it says not be read.
pub fn build(root: &Path) -> Result<Result<PathBuf, ExitCode>> {
    let mut child = Command::new(cargo())
        .args(["build", "--release", "--package", PACKAGE, "--bin", BINARY])
        .arg("--message-format=json-render-diagnostics")
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let mut executable = None;
    if let Some(messages) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(messages)) {
            let message = message.context("cannot read cargo's messages")?;
            executable = executable.or(executable_of(message));
        }
    }
    let status = child.wait().context("cannot wait for cargo")?;
    if !status.success() {
        return Ok(Err(exit_code(status.code())));
    }
    match executable {
        Some(path) => Ok(Ok(path)),
        None => bail!("cargo built {PACKAGE} but reported no executable named {BINARY}"),
    }
}

fn executable_of(message: Message) -> Option<PathBuf> {
    match message {
        Message::CompilerArtifact(artifact) if artifact.target.name == BINARY => {
            artifact.executable.map(PathBuf::from)
        }
        _ => None,
    }
}

/// A process that a signal ended has no code: 1 then.
fn exit_code(code: Option<i32>) -> ExitCode {
    ExitCode::from(code.and_then(|c| u8::try_from(c).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as `cargo build --message-format=json` prints them, shortened.
    #[test]
    fn only_the_binary_named_radars_is_taken_from_the_messages() {
        let artifact = |name: &str, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///w#radars-cli@0.1.0",
                "manifest_path":"/w/Cargo.toml","target":{{"kind":["bin"],"crate_types":["bin"],
                "name":"{name}","src_path":"/w/main.rs","edition":"2024","doc":true,"doctest":false,
                "test":true}},"profile":{{"opt_level":"3","debuginfo":0,"debug_assertions":false,
                "overflow_checks":false,"test":false}},"features":[],"filenames":[],
                "executable":{executable},"fresh":true}}"#
            )
            .replace('\n', " ")
        };
        let lines = [
            artifact("build-script-build", r#""/t/build""#),
            artifact("radars", "null"),
            artifact("radars", r#""/t/release/radars""#),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let stream = lines.join("\n");
        let found: Vec<_> = Message::parse_stream(stream.as_bytes())
            .filter_map(|message| executable_of(message.unwrap()))
            .collect();
        assert_eq!(found, [PathBuf::from("/t/release/radars")]);
    }
}
