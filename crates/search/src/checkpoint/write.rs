//! Writing checkpoints, and removing those that newer ones replace.

use super::disk::{Disk, SystemDisk};
use super::form::encode;
use super::read::{numbers, verified};
use super::{Checkpoint, folder_of};
use crate::{Error, Result};
use serde::Serialize;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many whole checkpoints are kept.
const KEPT: usize = 2;

/// How long a lock is waited for: a process that was just killed, or a child that it was starting then, may
/// not have let go of it yet.
const PATIENCE: Duration = Duration::from_millis(500);

/// The checkpoints of a run that this process goes on with; one process at a time.
#[derive(Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    /// The number of the next one; those of failed writes are not used again.
    next: u64,
    /// Those that are whole, oldest first.
    whole: Vec<u64>,
    /// Locked as long as it is open; the system unlocks it whichever way a process ends.
    _lock: File,
}

impl Checkpoints {
    /// Opens or makes `run/checkpoint` and removes what interrupted writes left there.
    ///
    /// Damaged checkpoints stay until the next one is written.
    ///
    /// # Errors
    /// [`Error::CheckpointsInUse`] while another process, or another value of this one, has it open;
    /// [`Error::File`] when the system refuses.
    pub fn open(run: &Path) -> Result<Self> {
        Self::open_on(&mut SystemDisk, run)
    }

    pub(super) fn open_on(disk: &mut dyn Disk, run: &Path) -> Result<Self> {
        let folder = folder_of(run);
        match disk.create_folder(&folder) {
            Ok(()) => disk.sync_folder(run).map_err(at(run))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at(&folder)(error)),
        }
        let lock = lock(&folder)?;
        let found = numbers(&folder).map_err(at(&folder))?;
        let is_whole = |number: &u64| verified(&numbered(&folder, *number)).is_ok();
        let checkpoints = Self {
            next: found.last().map_or(1, |last| last.saturating_add(1)),
            whole: found.iter().copied().filter(is_whole).collect(),
            folder,
            _lock: lock,
        };
        checkpoints.sweep(disk, |_| true)?;
        Ok(checkpoints)
    }

    /// Writes a checkpoint; when this returns it is on the disk, and older ones than it and the one before
    /// are gone.
    ///
    /// # Errors
    /// [`Error::NotFinite`], [`Error::CheckpointTensor`] or [`Error::Json`] when it cannot be written down;
    /// nothing is touched then. [`Error::CheckpointWrite`] when the disk is full or fails: those before it
    /// are as they were, and writing again is possible. [`Error::File`] when older ones cannot be removed.
    pub fn write<S: Serialize>(&mut self, checkpoint: &Checkpoint<S>) -> Result<()> {
        self.write_on(&mut SystemDisk, checkpoint)
    }

    pub(super) fn write_on<S: Serialize>(
        &mut self,
        disk: &mut dyn Disk,
        checkpoint: &Checkpoint<S>,
    ) -> Result<()> {
        let number = self.next;
        let path = numbered(&self.folder, number);
        let temporary = temporary(&self.folder, number);
        let files = encode(checkpoint, &path)?;
        self.next = number.saturating_add(1);
        if let Err(source) = place(disk, &temporary, &path, &files) {
            // Best effort: what cannot be removed now goes with the next write or the next opening.
            let _ = disk.remove_folder(&temporary);
            return Err(Error::CheckpointWrite { path, source });
        }
        self.whole.push(number);
        self.whole.drain(..self.whole.len().saturating_sub(KEPT));
        self.sweep(disk, |number| self.whole.contains(&number))
    }

    /// Removes temporary folders, and checkpoints that are not to be kept.
    fn sweep(&self, disk: &mut dyn Disk, keep: impl Fn(u64) -> bool) -> Result<()> {
        for number in numbers(&self.folder).map_err(at(&self.folder))? {
            if !keep(number) {
                // Renamed first, so that a half-removed one is never taken for a damaged one.
                let (from, to) = (
                    numbered(&self.folder, number),
                    temporary(&self.folder, number),
                );
                disk.rename(&from, &to).map_err(at(&from))?;
            }
        }
        for entry in fs::read_dir(&self.folder).map_err(at(&self.folder))? {
            let path = entry.map_err(at(&self.folder))?.path();
            if is_temporary(&path) {
                disk.remove_folder(&path).map_err(at(&path))?;
            }
        }
        Ok(())
    }
}

/// Puts files into a folder under a temporary name, and gives it its own when all is on the disk.
fn place(
    disk: &mut dyn Disk,
    temporary: &Path,
    path: &Path,
    files: &[(&'static str, Vec<u8>)],
) -> io::Result<()> {
    disk.create_folder(temporary)?;
    for (name, bytes) in files {
        let path = temporary.join(name);
        let file = disk.write(&path, bytes)?;
        disk.sync(&path, &file)?;
    }
    disk.sync_folder(temporary)?;
    disk.rename(temporary, path)?;
    disk.sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let mut options = File::options();
    let file = options.write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(at(&path))?;
    let patience = Instant::now() + PATIENCE;
    let mut locked = file.try_lock();
    while matches!(locked, Err(TryLockError::WouldBlock)) && Instant::now() < patience {
        std::thread::sleep(PATIENCE / 20);
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::CheckpointsInUse {
            path: folder.to_path_buf(),
        }),
        // Some network file systems have no locks: then nothing keeps two processes apart.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

fn temporary(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.tmp"))
}

/// The folder of one checkpoint.
pub(super) fn numbered(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}"))
}

/// Whether this is the temporary name of a checkpoint; other things in the folder are left alone.
fn is_temporary(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    path.extension().is_some_and(|extension| extension == "tmp")
        && stem.is_some_and(|stem| stem.bytes().all(|byte| byte.is_ascii_digit()))
        && path.is_dir()
}

/// For `map_err`: an I/O error of `path`.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { path, source }
}
