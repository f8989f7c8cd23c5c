//! CIFAR-10 binary folders, whole and damaged.

use std::fs;

use radars_data::{Data, Error, LoadOptions};
use tempfile::tempdir;

use crate::files::{cifar_record, write_cifar};

#[test]
fn planes_become_channels_last_in_the_order_of_the_files() {
    let folder = tempdir().unwrap();
    write_cifar(folder.path());
    let data = Data::open(folder.path(), &LoadOptions::default()).unwrap();
    assert_eq!(data.train.labels(), [3, 9, 0, 1, 3]);
    assert_eq!(data.test.labels(), [5, 4]);
    assert_eq!(
        (
            data.train.height(),
            data.train.width(),
            data.train.channels()
        ),
        (32, 32, 3)
    );
    // Second record of the second file: base 11; pixel 1000 has 1000 % 7 = 6 added.
    assert_eq!(data.train.image(4)[3000..3003], [17, 67, 117]);
    // The formula of `cifar_record` again, for every pixel.
    for (index, base) in [0u8, 1, 2, 10, 11].into_iter().enumerate() {
        for (i, pixel) in data.train.image(index).chunks_exact(3).enumerate() {
            let red = base + (i % 7) as u8;
            assert_eq!(pixel, [red, red + 50, red + 100]);
        }
    }
    assert_eq!(data.train.class_names()[3], "cat");
}

#[test]
fn limits_pick_the_same_pixels_as_the_whole() {
    let folder = tempdir().unwrap();
    write_cifar(folder.path());
    let whole = Data::open(folder.path(), &LoadOptions::default()).unwrap();
    for limit in 0..=5 {
        let options = LoadOptions {
            limit_train: Some(limit),
            ..LoadOptions::default()
        };
        let part = Data::open(folder.path(), &options).unwrap();
        assert_eq!(part.train.len(), limit);
        for index in 0..limit {
            let base = part.train.image(index)[0];
            let twin = (0..5).find(|&i| whole.train.image(i)[0] == base).unwrap();
            assert_eq!(part.train.image(index), whole.train.image(twin));
            assert_eq!(part.train.labels()[index], whole.train.labels()[twin]);
        }
    }
}

#[test]
fn class_names_come_from_the_meta_file() {
    let folder = tempdir().unwrap();
    write_cifar(folder.path());
    fs::write(
        folder.path().join("batches.meta.txt"),
        "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n",
    )
    .unwrap();
    let data = Data::open(folder.path(), &LoadOptions::default()).unwrap();
    assert_eq!(
        data.test.class_names(),
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    );

    // With nine names, label 9 of the second record is out of range.
    fs::write(
        folder.path().join("batches.meta.txt"),
        "a\nb\nc\nd\ne\nf\ng\nh\ni\n",
    )
    .unwrap();
    match Data::open(folder.path(), &LoadOptions::default()).unwrap_err() {
        Error::LabelOutOfRange {
            path,
            offset: 3073,
            label: 9,
            classes: 9,
        } => {
            assert!(path.ends_with("data_batch_1.bin"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn wrong_sizes_and_missing_files_are_named() {
    let folder = tempdir().unwrap();
    write_cifar(folder.path());
    let cut = [cifar_record(1, 0), cifar_record(2, 0)[..100].to_vec()].concat();
    fs::write(folder.path().join("data_batch_2.bin"), cut).unwrap();
    match Data::open(folder.path(), &LoadOptions::default()).unwrap_err() {
        Error::Truncated {
            path,
            offset: 3073,
            expected: 3073,
            found: 100,
        } => {
            assert!(path.ends_with("data_batch_2.bin"));
        }
        other => panic!("{other}"),
    }
    fs::write(folder.path().join("data_batch_2.bin"), "").unwrap();
    assert!(matches!(
        Data::open(folder.path(), &LoadOptions::default()).unwrap_err(),
        Error::Empty { .. }
    ));
    fs::remove_file(folder.path().join("test_batch.bin")).unwrap();
    match Data::open(folder.path(), &LoadOptions::default()).unwrap_err() {
        Error::Missing {
            missing: "test_batch.bin",
            ..
        } => {}
        other => panic!("{other}"),
    }
}
