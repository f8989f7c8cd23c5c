//! How to repeat the run, or to go on with it.

use super::part::section as part;
use crate::Run;
use maud::{Markup, html};
use std::path::Path;

/// The command, and the configuration it reads.
pub fn section(run: &Run) -> Markup {
    let (title, about) = if run.is_over() {
        (
            "Repeat it",
            "The same program on the same kind of device finds the same: the fingerprints agree.",
        )
    } else {
        (
            "Go on with it",
            "From the last checkpoint, to the same result as if it had never stopped.",
        )
    };
    let content = html! {
        div.card {
            pre { code { (command(run)) } }
            details {
                summary { "config.toml" }
                pre { code { (run.config_text.trim_end()) } }
            }
        }
    };
    part(title, about, &content)
}

fn command(run: &Run) -> String {
    let command = match run.is_given() {
        true => "train",
        false => "search",
    };
    let (flag, path) = match run.is_over() {
        true => ("config", run.folder().join("config.toml")),
        false => ("resume", run.folder().to_path_buf()),
    };
    format!("radars {command} --{flag} {}", quoted(&path))
}

/// A path as a word of a shell.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    if !path.is_empty() && path.chars().all(plain) {
        path.into_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_one_word() {
        let quoted = |path: &str| quoted(Path::new(path));
        assert_eq!(quoted("runs/fashion-small-0"), "runs/fashion-small-0");
        assert_eq!(quoted("my runs/it's"), r"'my runs/it'\''s'");
    }
}
