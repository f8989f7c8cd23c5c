//! A disk that runs full in the middle of a search: a small tmpfs in a mount namespace.

#![cfg(target_os = "linux")]

use super::folder::Left;
use super::{Folder, SEARCH};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

const TEST: &str = "full_disk::a_search_that_ran_out_of_disk_goes_on_when_there_is_room";
/// Set for the process that runs inside the namespace: where the tmpfs is.
const INSIDE: &str = "RADARS_TEST_FULL_DISK";
const MOUNT: &str = r#"mount -t tmpfs -o size=4m none "$1" && shift && exec "$@""#;

#[test]
fn a_search_that_ran_out_of_disk_goes_on_when_there_is_room() {
    if let Some(disk) = std::env::var_os(INSIDE) {
        return fill(&PathBuf::from(disk));
    }
    let disk = tempfile::tempdir().unwrap();
    let inside = |flags: &[&str], program: &[&std::ffi::OsStr]| {
        Command::new("unshare")
            .args(flags)
            .args(["sh", "-c", MOUNT, "sh"])
            .arg(disk.path())
            .args(program)
            .env(INSIDE, disk.path())
            .output()
    };
    // Without root a user namespace gives the right to mount, where the system allows those.
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works = |way: &&&[&str]| inside(way, &["true".as_ref()]).is_ok_and(|o| o.status.success());
    let Some(way) = ways.iter().find(works) else {
        // Past the capture of the test runner, which hides what successful tests print.
        let notice = "NOT TESTED on a really full disk: no tmpfs can be mounted here\n";
        io::stderr().write_all(notice.as_bytes()).unwrap();
        return;
    };
    let program = std::env::current_exe().unwrap();
    let program = [program.as_os_str(), "--exact".as_ref(), TEST.as_ref()];
    let output = inside(way, &program).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// Leaves `spare` bytes of the disk.
fn take_the_rest(disk: &Path, spare: u64) -> PathBuf {
    let path = disk.join("filler");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length - spare).unwrap();
    path
}

/// Lets a search run out of space at different places, and goes on each time when there is room again.
fn fill(disk: &Path) {
    let elsewhere = Folder::new();
    let (whole, _) = elsewhere.uninterrupted(SEARCH);
    let folder = Folder::at(disk.to_path_buf());
    let mut failed = 0;
    for spare in (20..).step_by(12).map(|kibibytes| kibibytes * 1024) {
        let run = disk.join("run");
        let filler = take_the_rest(disk, spare);
        let (code, message) = folder.end(&format!("{SEARCH} --out run"));
        fs::remove_file(filler).unwrap();
        if code == Some(0) {
            break;
        }
        let what = format!("{spare} bytes: {message}");
        assert!(message.contains("No space left"), "{what}");
        assert!(message.contains("make room"), "{what}");
        assert!(!message.contains("panicked"), "{what}");
        if run.join("config.toml").exists() {
            assert_eq!(code, Some(1), "{what}");
            failed += 1;
            assert!(message.contains("--resume"), "{what}");
            folder.stdout("search --resume run --quiet --threads 1");
            Left::read(&run).assert_same(&whole, &what);
        }
        fs::remove_dir_all(&run).unwrap();
    }
    assert!(failed >= 4, "the disk was full {failed} times only");
}
