//! What writing asks of a disk: a seam, so that tests can let any step fail.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// The steps that change a disk. Reading needs no seam: tests damage the files themselves.
pub(super) trait Disk {
    /// Makes a folder that is not there yet.
    fn create_folder(&mut self, path: &Path) -> io::Result<()>;
    /// Writes a file that is not there yet.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<File>;
    /// Returns when the contents of a file are on the disk.
    fn sync(&mut self, path: &Path, file: &File) -> io::Result<()>;
    /// Returns when the names in a folder are on the disk.
    fn sync_folder(&mut self, path: &Path) -> io::Result<()>;
    /// Gives a file or a folder another name, in one step.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a folder and all that is in it.
    fn remove_folder(&mut self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&mut self, path: &Path) -> io::Result<()>;
}

/// The disk of the system.
pub(super) struct SystemDisk;

impl Disk for SystemDisk {
    fn create_folder(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        Ok(file)
    }

    fn sync(&mut self, _: &Path, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Only Unix can open a folder to sync it; elsewhere the file system orders renames by itself.
    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        if cfg!(unix) {
            File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}
