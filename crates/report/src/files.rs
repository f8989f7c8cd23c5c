//! Writing a page where it is asked for.

use crate::error::at;
use crate::{Result, Run, html};
use std::path::{Path, PathBuf};

/// The page's name in a run folder.
pub const REPORT: &str = "report.html";

/// Makes the page of the run in `folder` and writes it there as [`REPORT`], in place of an older one. Gives
/// its path.
///
/// # Errors
/// Those of [`Run::open`], and [`Error::File`](crate::Error::File) when the system refuses to write.
pub fn write(folder: &Path) -> Result<PathBuf> {
    let file = folder.join(REPORT);
    write_to(&Run::open(folder)?, &file)?;
    Ok(file)
}

/// Makes the page of a run and writes it to `file`: whole, or not at all.
///
/// # Errors
/// [`Error::File`](crate::Error::File) when the system refuses to write.
pub fn write_to(run: &Run, file: &Path) -> Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    std::fs::write(&temporary, html(run)).map_err(at(&temporary))?;
    // Whoever has the page open, and loads it again while a run goes on, never sees half of it.
    std::fs::rename(&temporary, file).map_err(at(file))
}
