//! IDX folders, whole and damaged.

use std::fs;
use std::path::Path;

use radars_data::{Data, Error, LoadOptions};
use tempfile::tempdir;

use crate::files::{TEST_LABELS, TRAIN_LABELS, gzip, idx_images, idx_labels, write_idx};

fn open(folder: &Path) -> Result<Data, Error> {
    Data::open(folder, &LoadOptions::default())
}

/// Opens the small data set with one file replaced.
fn with_file(name: &str, bytes: &[u8]) -> Error {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    fs::write(folder.path().join(name), bytes).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains(name),
        "{error} does not name {name}"
    );
    error
}

#[test]
fn plain_and_compressed_files_give_their_pixels() {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    let data = open(folder.path()).unwrap();
    assert_eq!(data.train.images(), (0..36).collect::<Vec<u8>>());
    assert_eq!(data.test.images(), (100..118).collect::<Vec<u8>>());
    assert_eq!(data.train.labels(), TRAIN_LABELS.map(u16::from));
    assert_eq!(data.test.labels(), TEST_LABELS.map(u16::from));
    assert_eq!(
        (
            data.train.height(),
            data.train.width(),
            data.train.channels()
        ),
        (2, 3, 1)
    );
    assert_eq!(data.train.class_names(), ["0", "1", "2"]);
    assert_eq!(
        data.name,
        folder.path().file_name().unwrap().to_str().unwrap()
    );
}

#[test]
fn a_limit_keeps_whole_images_of_every_class() {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    let options = LoadOptions {
        limit_train: Some(3),
        ..LoadOptions::default()
    };
    let data = Data::open(folder.path(), &options).unwrap();
    assert_eq!(data.train.class_counts(), [1, 1, 1]);
    for (index, &label) in data.train.labels().iter().enumerate() {
        let first = data.train.image(index)[0];
        assert_eq!(
            data.train.image(index),
            (first..first + 6).collect::<Vec<u8>>()
        );
        assert_eq!(u16::from(TRAIN_LABELS[usize::from(first) / 6]), label);
    }
    assert_eq!(data.test.len(), 3);
}

#[test]
fn a_truncated_file_is_named_with_offset_and_bytes() {
    let whole = idx_images(6, 2, 3, &[7; 36]);
    match with_file("train-images-idx3-ubyte", &whole[..16 + 20]) {
        Error::Truncated {
            offset: 16,
            expected: 36,
            found: 20,
            ..
        } => {}
        other => panic!("{other}"),
    }
    match with_file("train-images-idx3-ubyte", &whole[..10]) {
        Error::Truncated {
            offset: 8,
            expected: 4,
            found: 2,
            ..
        } => {}
        other => panic!("{other}"),
    }
    // Cut before compressing: the offset counts decompressed bytes.
    match with_file(
        "train-labels-idx1-ubyte.gz",
        &gzip(&idx_labels(&TRAIN_LABELS)[..12]),
    ) {
        Error::Truncated {
            offset: 8,
            expected: 6,
            found: 4,
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_goes_on_is_refused() {
    match with_file(
        "t10k-labels-idx1-ubyte",
        &[idx_labels(&TEST_LABELS), vec![0]].concat(),
    ) {
        Error::Trailing { offset: 11, .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn images_in_place_of_labels_have_the_wrong_magic() {
    match with_file("t10k-labels-idx1-ubyte", &idx_images(3, 2, 3, &[0; 18])) {
        Error::BadMagic {
            expected: 0x801,
            found: 0x803,
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn a_label_outside_the_classes_is_named_with_its_offset() {
    match with_file("t10k-labels-idx1-ubyte", &idx_labels(&[0, 3, 2])) {
        Error::LabelOutOfRange {
            offset: 9,
            label: 3,
            classes: 3,
            ..
        } => {}
        other => panic!("{other}"),
    }
    // A damaged training label does not invent classes.
    match with_file(
        "train-labels-idx1-ubyte.gz",
        &gzip(&idx_labels(&[2, 0, 1, 1, 255, 2])),
    ) {
        Error::LabelOutOfRange {
            offset: 12,
            label: 255,
            classes: 3,
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn counts_and_sizes_must_agree() {
    match with_file(
        "train-labels-idx1-ubyte.gz",
        &gzip(&idx_labels(&TRAIN_LABELS[..5])),
    ) {
        Error::CountMismatch {
            image_count: 6,
            label_count: 5,
            ..
        } => {}
        other => panic!("{other}"),
    }
    match with_file(
        "t10k-images-idx3-ubyte.gz",
        &gzip(&idx_images(3, 3, 2, &[0; 18])),
    ) {
        Error::ImageSize {
            expected: (2, 3),
            found: (3, 2),
            ..
        } => {}
        other => panic!("{other}"),
    }
    match with_file("t10k-images-idx3-ubyte.gz", &idx_images(3, 0, 2, &[])) {
        Error::BadHeader {
            count: 3,
            height: 0,
            width: 2,
            ..
        } => {}
        other => panic!("{other}"),
    }
    match with_file("train-labels-idx1-ubyte.gz", &idx_labels(&[])) {
        Error::Empty { .. } => {}
        other => panic!("{other}"),
    }
}

/// The header asks for 2^32 - 1 images of 2^32 - 1 pixels a side.
#[test]
fn a_huge_header_allocates_nothing() {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    fs::write(
        folder.path().join("train-images-idx3-ubyte"),
        idx_images(6, u32::MAX, u32::MAX, &[]),
    )
    .unwrap();
    assert!(matches!(
        open(folder.path()).unwrap_err(),
        Error::BadHeader { .. }
    ));
    fs::write(
        folder.path().join("train-images-idx3-ubyte"),
        idx_images(6, 1 << 20, 1 << 20, &[]),
    )
    .unwrap();
    assert!(matches!(
        open(folder.path()).unwrap_err(),
        Error::Truncated {
            expected: 0x600_0000_0000,
            found: 0,
            ..
        }
    ));
}

#[test]
fn damaged_compression_is_an_error() {
    let mut bytes = gzip(&idx_labels(&TEST_LABELS));
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    match with_file("t10k-labels-idx1-ubyte", &bytes) {
        Error::Corrupt { offset: 11, .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn missing_and_doubled_files_are_named() {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    let extra = folder.path().join("letters-train-labels-idx1-ubyte");
    fs::write(&extra, idx_labels(&TRAIN_LABELS)).unwrap();
    assert!(matches!(
        open(folder.path()).unwrap_err(),
        Error::Ambiguous {
            role: "train-labels",
            ..
        }
    ));
    fs::remove_file(extra).unwrap();
    // A compressed twin of a plain file is no second data set.
    fs::write(
        folder.path().join("t10k-labels-idx1-ubyte.gz"),
        gzip(&idx_labels(&TEST_LABELS)),
    )
    .unwrap();
    assert!(open(folder.path()).is_ok());
    fs::remove_file(folder.path().join("train-labels-idx1-ubyte.gz")).unwrap();
    assert!(matches!(
        open(folder.path()).unwrap_err(),
        Error::Missing {
            missing: "train-labels*",
            ..
        }
    ));
}

#[test]
fn a_folder_of_another_kind_is_told_what_was_looked_for() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("readme.txt"), "hello").unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::Unrecognised { entries: 1, .. }));
    for part in ["train-images*", "data_batch_*.bin", "train/<class>"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(matches!(
        open(&folder.path().join("nowhere")).unwrap_err(),
        Error::Io { .. }
    ));
    assert!(matches!(
        open(&folder.path().join("readme.txt")).unwrap_err(),
        Error::Io { .. }
    ));
}
