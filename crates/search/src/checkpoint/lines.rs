//! Taking lines out of a log, as a whole or not at all.

use super::disk::{Disk, SystemDisk};
use super::write::at;
use crate::Result;
use std::fs;
use std::io;
use std::path::Path;

/// Rewrites a file of lines with those that `keep` wants, in order, every byte of them as it was.
///
/// A last line without its newline, and lines that are not UTF-8, are torn: they go without asking. Whatever
/// happens on the way, the file is either the old one or the new one. Files opened before still write to the
/// old one: open them afterwards.
///
/// # Errors
/// [`Error::File`](crate::Error::File) when it cannot be read or rewritten: then it is as it was.
pub fn keep_lines(path: &Path, keep: impl FnMut(&str) -> bool) -> Result<()> {
    keep_lines_on(&mut SystemDisk, path, keep)
}

pub(super) fn keep_lines_on(
    disk: &mut dyn Disk,
    path: &Path,
    mut keep: impl FnMut(&str) -> bool,
) -> Result<()> {
    let mut kept = fs::read(path).map_err(at(path))?;
    let old = std::mem::take(&mut kept);
    for line in old.split_inclusive(|&byte| byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        let text = whole.and_then(|line| std::str::from_utf8(line).ok());
        if text.is_some_and(&mut keep) {
            kept.extend_from_slice(line);
        }
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    replace(disk, path, temporary, &kept).map_err(|error| {
        // Best effort: one that stays is removed the next time.
        let _ = disk.remove_file(temporary);
        at(path)(error)
    })
}

fn replace(disk: &mut dyn Disk, path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    if temporary.exists() {
        disk.remove_file(temporary)?;
    }
    let file = disk.write(temporary, bytes)?;
    disk.sync(temporary, &file)?;
    disk.rename(temporary, path)?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    disk.sync_folder(parent.unwrap_or(Path::new(".")))
}
