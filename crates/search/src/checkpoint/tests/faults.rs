//! Every step of writing fails, or is the last before a crash or a power cut: what was there stays.

use super::*;
use crate::checkpoint::disk::{Disk, SystemDisk};
use crate::checkpoint::lines::keep_lines_on;
use crate::checkpoint::read::verified;
use std::fs::File;
use std::io;

/// What happens at the step that fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The machine stops halfway through it, and forgets the contents of files that were not synced.
    PowerCut,
    /// The same, and it forgets new names in folders that were not synced, too.
    PowerCutWithNames,
    /// The process dies halfway through it.
    Crash,
    /// It fails halfway through; the ones after it work.
    Once,
}

const FAULTS: [Fault; 4] = [
    Fault::PowerCut,
    Fault::PowerCutWithNames,
    Fault::Crash,
    Fault::Once,
];

/// A disk that fails at one step.
pub(super) struct FaultyDisk {
    fault: Fault,
    fails_at: usize,
    step: usize,
    /// Files whose contents are not on the disk yet.
    unsynced: Vec<PathBuf>,
    /// New names in folders that are not on the disk yet.
    unnamed: Vec<PathBuf>,
}

impl FaultyDisk {
    fn new(fault: Fault, fails_at: usize) -> Self {
        Self {
            fault,
            fails_at,
            step: 0,
            unsynced: Vec::new(),
            unnamed: Vec::new(),
        }
    }

    /// A disk on which everything works, and nothing takes the time of a sync.
    pub(super) fn quick() -> Self {
        Self::new(Fault::Once, usize::MAX)
    }

    /// Whether the step that begins is the one that fails; after a crash all do.
    fn fails(&mut self, halfway: impl FnOnce()) -> io::Result<()> {
        let step = self.step;
        self.step += 1;
        if step == self.fails_at {
            halfway();
        }
        if step == self.fails_at || (step > self.fails_at && self.fault != Fault::Once) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn has_failed(&self) -> bool {
        self.step > self.fails_at
    }

    /// What the machine finds when it is on again, at worst.
    fn cut_power(&self) {
        if [Fault::PowerCut, Fault::PowerCutWithNames].contains(&self.fault) {
            for path in &self.unsynced {
                // One that was removed since is no loss.
                let _ = File::options().write(true).truncate(true).open(path);
            }
        }
        if self.fault == Fault::PowerCutWithNames {
            for path in &self.unnamed {
                let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
            }
        }
    }
}

impl Disk for FaultyDisk {
    fn create_folder(&mut self, path: &Path) -> io::Result<()> {
        self.fails(|| ())?;
        self.unnamed.push(path.into());
        SystemDisk.create_folder(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<File> {
        self.unnamed.push(path.into());
        self.unsynced.push(path.into());
        self.fails(|| fs::write(path, &bytes[..bytes.len() / 2]).unwrap())?;
        SystemDisk.write(path, bytes)
    }

    fn sync(&mut self, path: &Path, _: &File) -> io::Result<()> {
        self.fails(|| ())?;
        self.unsynced.retain(|unsynced| unsynced != path);
        Ok(())
    }

    fn sync_folder(&mut self, path: &Path) -> io::Result<()> {
        self.fails(|| ())?;
        self.unnamed.retain(|name| name.parent() != Some(path));
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.fails(|| ())?;
        // Names inside follow; over an existing file the old contents are what a power cut may bring back,
        // which is no fault, so only new names count.
        let is_new = !to.exists();
        for path in self.unsynced.iter_mut().chain(&mut self.unnamed) {
            if let Ok(inner) = path.strip_prefix(from) {
                *path = if inner == Path::new("") {
                    to.into()
                } else {
                    to.join(inner)
                };
            }
        }
        if is_new {
            self.unnamed.push(to.into());
        } else {
            self.unnamed.retain(|name| name != to);
        }
        SystemDisk.rename(from, to)
    }

    fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        self.fails(|| {
            if let Some(first) = fs::read_dir(path).unwrap().next() {
                fs::remove_file(first.unwrap().path()).unwrap();
            }
        })?;
        SystemDisk.remove_folder(path)
    }

    fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        self.fails(|| ())?;
        SystemDisk.remove_file(path)
    }
}

fn has_temporary(folder: &Path) -> bool {
    names(folder).iter().any(|name| name.ends_with(".tmp"))
}

#[test]
fn whichever_step_of_writing_fails_what_was_there_stays_and_the_next_write_works() {
    let mut counts = Vec::new();
    for fault in FAULTS {
        let mut steps = 0;
        loop {
            let run = tempfile::tempdir().unwrap();
            let folder = run.path().join("checkpoint");
            write_samples(run.path(), 3);
            let mut disk = FaultyDisk::new(fault, steps);
            let mut checkpoints = Checkpoints::open(run.path()).unwrap();
            let result = checkpoints.write_on(&mut disk, &sample(4));
            disk.cut_power();
            let at = format!("{fault:?} at step {steps}: {result:?}");
            if !disk.has_failed() {
                assert!(result.is_ok(), "{at}");
                break;
            }
            // Nothing that can be read is damaged, and it is the new one or the one before.
            let restored = read(run.path());
            assert_eq!(restored.refused, [], "{at}");
            let episode = restored.checkpoint.state.episode;
            assert_eq!(restored.checkpoint, sample(episode), "{at}");
            match result.unwrap_err() {
                error @ Error::CheckpointWrite { .. } => {
                    assert!([3, 4].contains(&episode), "{at}");
                    for number in ["00000002", "00000003"] {
                        assert!(verified(&folder.join(number)).is_ok(), "{at}");
                    }
                    let message = error.to_string();
                    for part in ["00000004", "storage", "make room", "--resume"] {
                        assert!(message.contains(part), "{message}");
                    }
                    let left = has_temporary(&folder);
                    assert!(fault != Fault::Once || !left, "{at}");
                }
                // The new one is on the disk; an old one could not be removed.
                Error::File { .. } => assert_eq!(episode, 4, "{at}"),
                other => panic!("{at}: {other:?}"),
            }
            if fault != Fault::Once {
                drop(checkpoints);
                checkpoints = Checkpoints::open(run.path()).unwrap();
                assert!(!has_temporary(&folder), "{at}");
            }
            let mut mended = FaultyDisk::quick();
            checkpoints.write_on(&mut mended, &sample(5)).unwrap();
            assert_eq!(read(run.path()).checkpoint, sample(5), "{at}");
            assert_eq!(names(&folder).len(), 3, "{at}: {:?}", names(&folder));
            steps += 1;
        }
        counts.push(steps);
    }
    // A folder, three files, their syncs, that of the folder, a rename, its sync, and the removal of the
    // oldest, which is a rename and a removal.
    assert_eq!(counts, [1 + 3 + 3 + 1 + 1 + 1 + 2; FAULTS.len()]);
}

#[test]
fn whichever_step_of_the_first_write_fails_there_is_nothing_or_the_whole() {
    for fault in FAULTS {
        let mut steps = 0;
        loop {
            let run = tempfile::tempdir().unwrap();
            let mut disk = FaultyDisk::new(fault, steps);
            let result = Checkpoints::open_on(&mut disk, run.path())
                .and_then(|mut checkpoints| checkpoints.write_on(&mut disk, &sample(1)));
            disk.cut_power();
            if !disk.has_failed() {
                assert!(result.is_ok());
                break;
            }
            let at = format!("{fault:?} at step {steps}: {result:?}");
            assert!(result.is_err(), "{at}");
            match Checkpoints::read::<State>(run.path()) {
                Ok(restored) => assert_eq!(restored.checkpoint, sample(1), "{at}"),
                Err(error) => assert!(matches!(error, Error::NoCheckpoint { .. }), "{at}: {error}"),
            }
            let mut checkpoints = Checkpoints::open(run.path()).unwrap();
            let mut mended = FaultyDisk::quick();
            checkpoints.write_on(&mut mended, &sample(2)).unwrap();
            assert_eq!(read(run.path()).checkpoint, sample(2), "{at}");
            steps += 1;
        }
        assert!(steps > 10, "{steps}");
    }
}

#[test]
fn whichever_step_of_opening_fails_what_is_whole_stays() {
    let mut steps = 0;
    loop {
        let run = tempfile::tempdir().unwrap();
        write_samples(run.path(), 3);
        let folder = run.path().join("checkpoint");
        for leftover in ["00000004.tmp", "00000001.tmp"] {
            fs::create_dir(folder.join(leftover)).unwrap();
            fs::write(folder.join(leftover).join("state.json"), "{").unwrap();
        }
        let mut disk = FaultyDisk::new(Fault::Crash, steps);
        let result = Checkpoints::open_on(&mut disk, run.path());
        assert_eq!(read(run.path()).checkpoint, sample(3));
        if !disk.has_failed() {
            result.unwrap();
            break;
        }
        assert!(matches!(result, Err(Error::File { .. })), "{result:?}");
        Checkpoints::open(run.path()).unwrap();
        assert_eq!(names(&folder), ["00000002", "00000003", "lock"]);
        steps += 1;
    }
    assert_eq!(steps, 3);
}

const LOG: &str = "{\"a\":1}\n\n{\"b\":2}\n{\"c\":3}\n{\"torn";

#[test]
fn only_whole_and_wanted_lines_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let kept = |log: &[u8], keep: fn(&str) -> bool| {
        fs::write(&path, log).unwrap();
        keep_lines(&path, keep).unwrap();
        assert_eq!(names(folder.path()), ["events.jsonl"]);
        fs::read(&path).unwrap()
    };
    assert_eq!(kept(LOG.as_bytes(), |l| l.contains('b')), b"{\"b\":2}\n");
    assert_eq!(
        kept(LOG.as_bytes(), |_| true),
        b"{\"a\":1}\n\n{\"b\":2}\n{\"c\":3}\n"
    );
    assert_eq!(kept(LOG.as_bytes(), |_| false), b"");
    assert_eq!(kept(b"", |_| true), b"");
    assert_eq!(kept(b"a\r\n\xff\xfe\nb\n", |_| true), b"a\r\nb\n");

    let absent = keep_lines(&folder.path().join("absent"), |_| true).unwrap_err();
    assert!(absent.to_string().contains("absent"), "{absent}");
}

#[test]
fn whichever_step_fails_a_log_is_the_old_or_the_new_one() {
    for fault in FAULTS {
        let mut steps = 0;
        loop {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            fs::write(&path, LOG).unwrap();
            fs::write(folder.path().join("events.jsonl.tmp"), "of a crash").unwrap();
            let mut disk = FaultyDisk::new(fault, steps);
            let result = keep_lines_on(&mut disk, &path, |line| line.contains('b'));
            disk.cut_power();
            let found = fs::read_to_string(&path).unwrap();
            let at = format!("{fault:?} at step {steps}: {result:?}, {found:?}");
            if !disk.has_failed() {
                assert!(result.is_ok() && found == "{\"b\":2}\n", "{at}");
                break;
            }
            assert!(result.is_err(), "{at}");
            assert!(found == LOG || found == "{\"b\":2}\n", "{at}");
            keep_lines(&path, |line| line.contains('b')).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "{\"b\":2}\n", "{at}");
            assert_eq!(names(folder.path()), ["events.jsonl"], "{at}");
            steps += 1;
        }
        // Removal of the leftover, a file, its sync, a rename, its sync.
        assert_eq!(steps, 5, "{fault:?}");
    }
}
