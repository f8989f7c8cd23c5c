//! A disk that really is full: a small tmpfs in a mount namespace, which goes when the test process does.

#![cfg(target_os = "linux")]

use super::*;
use std::io::{self, Write};
use std::process::Command;

const TEST: &str =
    "checkpoint::tests::full_disk::a_full_disk_leaves_what_was_there_and_a_mended_one_goes_on";
/// Set for the process that runs inside the namespace: where the tmpfs is.
const INSIDE: &str = "RADARS_TEST_FULL_DISK";
/// 256 KiB, a small multiple of a checkpoint of [`large`].
const MOUNT: &str = r#"mount -t tmpfs -o size=256k none "$1" && shift && exec "$@""#;

#[test]
fn a_full_disk_leaves_what_was_there_and_a_mended_one_goes_on() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return fill(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let inside = |flags: &[&str], program: &[&std::ffi::OsStr]| {
        Command::new("unshare")
            .args(flags)
            .args(["sh", "-c", MOUNT, "sh"])
            .arg(folder.path())
            .args(program)
            .env(INSIDE, folder.path())
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

/// A checkpoint of some 60 KiB.
fn large(number: u64) -> Checkpoint<State> {
    let mut checkpoint = sample(number);
    let values = vec![number as f32; 15_000];
    let weights = vec![tensor("w", &[15_000], &values)];
    checkpoint.tensors.insert("weights".into(), weights);
    checkpoint
}

/// Lets a write run out of space at every 4 KiB of it, on a disk of 256 KiB.
fn fill(run: &Path) {
    let folder = run.join("checkpoint");
    let mut checkpoints = Checkpoints::open(run).unwrap();
    for number in 1..=3 {
        checkpoints.write(&large(number)).unwrap();
    }
    let before = names(&folder);
    let mut failed = 0;
    for spare in (0..).map(|pages| pages * 4096) {
        let filler = run.join("filler");
        let mut file = fs::File::create(&filler).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length - spare).unwrap();

        let result = checkpoints.write(&large(4));
        fs::remove_file(&filler).unwrap();
        match result {
            Ok(()) => break,
            Err(Error::CheckpointWrite { source, .. }) => {
                assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{source}");
            }
            Err(other) => panic!("{other:?}"),
        }
        failed += 1;
        assert_eq!(names(&folder), before);
        let restored = Checkpoints::read::<State>(run).unwrap();
        assert_eq!((restored.checkpoint, restored.refused), (large(3), vec![]));
    }
    assert!(failed > 10, "{failed}");
    assert_eq!(
        Checkpoints::read::<State>(run).unwrap().checkpoint,
        large(4)
    );
}
