//! Writing files.

use crate::{Error, Result};
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Writes a file: whole, on the disk, and only then under its name.
pub(crate) fn place(path: &Path, content: &[u8]) -> Result<()> {
    let mut temporary = OsString::from(path);
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let mut file = File::create(temporary).map_err(Error::at(temporary))?;
    file.write_all(content).map_err(Error::at(temporary))?;
    file.sync_all().map_err(Error::at(temporary))?;
    drop(file);
    std::fs::rename(temporary, path).map_err(Error::at(path))
}
