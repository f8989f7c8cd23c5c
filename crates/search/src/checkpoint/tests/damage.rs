//! Checkpoints that were damaged after they were written, or are of another form, are refused with a reason.

use super::*;

const FILES: [&str; 3] = ["manifest.json", "state.json", "tensors.safetensors"];

/// A run with two checkpoints, and the newer one's folder.
fn run_of_two() -> (tempfile::TempDir, PathBuf) {
    let run = tempfile::tempdir().unwrap();
    write_samples(run.path(), 2);
    let newest = run.path().join("checkpoint/00000002");
    (run, newest)
}

/// Reads a run whose newest checkpoint is damaged: the one before has to come back. Says why.
fn reason(run: &Path) -> String {
    let restored = read(run);
    assert_eq!(restored.checkpoint, sample(1));
    assert!(restored.path.ends_with("checkpoint/00000001"));
    let [refused] = &restored.refused[..] else {
        panic!("{:?}", restored.refused);
    };
    assert!(refused.path.ends_with("checkpoint/00000002"));
    refused.reason.clone()
}

#[test]
fn a_file_cut_short_or_grown_is_refused() {
    let (run, newest) = run_of_two();
    for file in FILES {
        let path = newest.join(file);
        let whole = fs::read(&path).unwrap();
        for length in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            let reason = reason(run.path());
            assert!(reason.contains(file), "{reason}");
            if file != "manifest.json" {
                let expected = format!("has {length} of {} bytes", whole.len());
                assert!(reason.contains(&expected), "{reason}");
            }
        }
        fs::write(&path, [&whole[..], b"}"].concat()).unwrap();
        assert!(reason(run.path()).contains(file));
        fs::write(&path, &whole).unwrap();
        assert_eq!(read(run.path()).checkpoint, sample(2));
    }
}

#[test]
fn no_flipped_bit_changes_what_is_read() {
    let (run, newest) = run_of_two();
    for file in FILES {
        let path = newest.join(file);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            fs::write(&path, &flipped).unwrap();
            // The version of the program in the manifest is for people: it alone may differ.
            let restored = read(run.path());
            let unharmed = file == "manifest.json" && restored.checkpoint == sample(2);
            if !unharmed {
                let reason = reason(run.path());
                // A damaged manifest may blame what it speaks of.
                assert!(file == "manifest.json" || reason.contains(file), "{reason}");
            } else {
                assert_ne!(restored.program, env!("CARGO_PKG_VERSION"), "byte {at}");
            }
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn missing_files_are_named() {
    for file in FILES {
        let (run, newest) = run_of_two();
        fs::remove_file(newest.join(file)).unwrap();
        assert_eq!(reason(run.path()), format!("{file} is missing"));
    }
    let (run, newest) = run_of_two();
    fs::remove_dir_all(&newest).unwrap();
    fs::write(&newest, "a file").unwrap();
    assert!(reason(run.path()).starts_with("manifest.json cannot be read"));
}

#[test]
fn another_version_is_refused_whatever_else_its_manifest_has() {
    let (run, newest) = run_of_two();
    let manifest = r#"{"schema": 3, "program": "9.1.0", "something": "new"}"#;
    fs::write(newest.join("manifest.json"), manifest).unwrap();
    let expected = "version 3 of the form, written by radars 9.1.0; this program reads version 2";
    assert_eq!(reason(run.path()), expected);
}

#[test]
fn a_state_of_another_type_is_refused() {
    let (run, _) = run_of_two();
    let error = Checkpoints::read::<Vec<u64>>(run.path()).unwrap_err();
    let Error::NoWholeCheckpoint { refused, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(refused.len(), 2);
    let message = error.to_string();
    for part in ["00000002: state.json is not", "00000001: state.json is not"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn when_none_is_whole_every_reason_is_given() {
    let (run, newest) = run_of_two();
    fs::remove_file(newest.join("state.json")).unwrap();
    fs::write(
        newest
            .with_file_name("00000001")
            .join("tensors.safetensors"),
        "",
    )
    .unwrap();
    let message = Checkpoints::read::<State>(run.path())
        .unwrap_err()
        .to_string();
    for part in [
        "00000002: state.json is missing",
        "00000001: tensors.safetensors has 0 of ",
        "none of its checkpoints can be used",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_damaged_one_gives_way_to_the_next_and_the_whole_one_before_stays() {
    let (run, newest) = run_of_two();
    fs::write(newest.join("state.json"), "{").unwrap();
    let mut checkpoints = Checkpoints::open(run.path()).unwrap();
    let folder = run.path().join("checkpoint");
    assert_eq!(names(&folder), ["00000001", "00000002", "lock"]);
    checkpoints.write(&sample(3)).unwrap();
    assert_eq!(names(&folder), ["00000001", "00000003", "lock"]);
    assert_eq!(read(run.path()).checkpoint, sample(3));
}

#[test]
fn opening_removes_temporary_folders_and_nothing_else() {
    let (run, _) = run_of_two();
    let folder = run.path().join("checkpoint");
    fs::create_dir(folder.join("00000003.tmp")).unwrap();
    fs::write(folder.join("00000003.tmp/state.json"), "{").unwrap();
    fs::create_dir(folder.join("mine.tmp")).unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(folder.join("7"), "mine").unwrap();
    assert_eq!(read(run.path()).refused, []);
    Checkpoints::open(run.path()).unwrap();
    let expected = ["00000001", "00000002", "7", "lock", "mine.tmp", "notes.txt"];
    assert_eq!(names(&folder), expected);
}
