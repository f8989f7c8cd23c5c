//! Image folders, whole and damaged.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::RgbImage;
use radars_data::{Data, Error, LoadOptions};
use tempfile::tempdir;

use crate::files::{grey, rgb, write_image_folder};

fn open(folder: &Path) -> Result<Data, Error> {
    Data::open(folder, &LoadOptions::default())
}

#[test]
fn classes_and_files_are_ordered_by_name() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    let data = open(folder.path()).unwrap();
    assert_eq!(data.train.class_names(), ["cat", "dog"]);
    assert_eq!(data.train.labels(), [0, 0, 0, 1, 1, 1]);
    assert_eq!(
        (
            data.train.height(),
            data.train.width(),
            data.train.channels()
        ),
        (8, 6, 3)
    );
    // PNG is exact: a.PNG, b.png of each class.
    for (index, red) in [(0, 11), (1, 10), (3, 201), (4, 200)] {
        assert!(
            data.train
                .image(index)
                .chunks_exact(3)
                .all(|pixel| pixel == [red, 1, 2]),
            "image {index}"
        );
    }
    // JPEG is not; one colour survives to within a few steps.
    for (index, red) in [(2, 12u8), (5, 202)] {
        let close = |pixel: &[u8]| pixel[0].abs_diff(red) <= 3 && pixel[1] <= 5 && pixel[2] <= 5;
        assert!(
            data.train.image(index).chunks_exact(3).all(close),
            "image {index}"
        );
    }
    assert_eq!(data.test.labels(), [0, 1]);
    assert_eq!(data.test.image(1)[..3], [203, 1, 2]);
}

#[test]
fn grey_stays_grey_only_if_all_images_are() {
    let folder = tempdir().unwrap();
    for set in ["train", "val"] {
        fs::create_dir_all(folder.path().join(set).join("only")).unwrap();
        grey(77)
            .save(folder.path().join(set).join("only/a.png"))
            .unwrap();
    }
    let data = open(folder.path()).unwrap();
    assert_eq!(
        (data.train.channels(), data.train.images()),
        (1, &[77; 48][..])
    );

    rgb(1, 2, 3)
        .save(folder.path().join("val/only/b.png"))
        .unwrap();
    let data = open(folder.path()).unwrap();
    assert_eq!(
        (data.train.channels(), data.train.images()),
        (3, &[77; 144][..])
    );
    assert_eq!(data.test.image(1)[..3], [1, 2, 3]);
}

#[test]
fn the_first_odd_size_is_named_unless_all_are_resized() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    for name in ["train/dog/a2.png", "train/dog/z.png", "test/cat/b.png"] {
        RgbImage::from_pixel(5, 4, image::Rgb([9, 9, 9]))
            .save(folder.path().join(name))
            .unwrap();
    }
    match open(folder.path()).unwrap_err() {
        Error::ImageSize {
            path,
            expected: (8, 6),
            found: (4, 5),
        } => assert!(path.ends_with("train/dog/a2.png")),
        other => panic!("{other}"),
    }
    let options = LoadOptions {
        resize: Some((10, 12)),
        ..LoadOptions::default()
    };
    let data = Data::open(folder.path(), &options).unwrap();
    assert_eq!(
        (data.train.height(), data.train.width(), data.train.len()),
        (10, 12, 8)
    );
    // Any average of one colour is that colour.
    assert!(data.train.image(4).iter().all(|&value| value == 9));
    for size in [(0, 4), (4, 1 << 20)] {
        let options = LoadOptions {
            resize: Some(size),
            ..LoadOptions::default()
        };
        assert!(matches!(
            Data::open(folder.path(), &options).unwrap_err(),
            Error::ResizeTo { .. }
        ));
    }
}

#[test]
fn a_limit_decodes_only_what_it_keeps() {
    let folder = tempdir().unwrap();
    for class in ["a", "b"] {
        for set in ["train", "test"] {
            fs::create_dir_all(folder.path().join(set).join(class)).unwrap();
            for index in 0..10 {
                let path = folder
                    .path()
                    .join(set)
                    .join(class)
                    .join(format!("{index}.png"));
                grey(index * 10).save(path).unwrap();
            }
        }
    }
    let calls = AtomicUsize::new(0);
    let progress = |_, total| {
        assert_eq!(total, 10);
        calls.fetch_add(1, Ordering::Relaxed);
    };
    let options = LoadOptions {
        limit_train: Some(6),
        limit_test: Some(4),
        progress: Some(&progress),
        ..LoadOptions::default()
    };
    let data = Data::open(folder.path(), &options).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 10);
    assert_eq!(data.train.class_counts(), [3, 3]);
    assert_eq!(data.test.class_counts(), [2, 2]);

    // Spoil every file that was not chosen: the result stays.
    for (class, chosen) in [("a", 0..3), ("b", 3..6)] {
        let kept: Vec<u8> = chosen.map(|i| data.train.image(i)[0] / 10).collect();
        for index in (0..10).filter(|index| !kept.contains(index)) {
            fs::write(
                folder
                    .path()
                    .join("train")
                    .join(class)
                    .join(format!("{index}.png")),
                "junk",
            )
            .unwrap();
        }
    }
    let options = LoadOptions {
        progress: None,
        ..options
    };
    assert_eq!(
        Data::open(folder.path(), &options).unwrap().train,
        data.train
    );
}

#[test]
fn the_first_bad_file_is_named_on_any_number_of_threads() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    // The first bad file comes after many good ones, and a second thread begins among many bad ones.
    for index in 0..40 {
        rgb(1, 2, 3)
            .save(folder.path().join(format!("train/cat/c{index}.png")))
            .unwrap();
    }
    for index in 0..90 {
        fs::write(
            folder.path().join(format!("train/dog/{index}.png")),
            "no image",
        )
        .unwrap();
    }
    fs::write(folder.path().join("train/cat/d.png"), "no image either").unwrap();
    fs::write(folder.path().join("test/dog/a.png"), "").unwrap();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        match pool.install(|| open(folder.path())).unwrap_err() {
            Error::Undecodable { path, .. } => assert!(path.ends_with("train/cat/d.png")),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn the_content_decides_the_format() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    fs::rename(
        folder.path().join("train/cat/b.png"),
        folder.path().join("train/cat/b.jpg"),
    )
    .unwrap();
    assert_eq!(open(folder.path()).unwrap().train.image(1)[..3], [10, 1, 2]);
}

#[test]
fn a_cut_jpeg_is_not_filled_with_grey() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    let path = folder.path().join("train/dog/c.jpg");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
    match open(folder.path()).unwrap_err() {
        Error::NoEnd { path, found, .. } => {
            assert!(path.ends_with("train/dog/c.jpg"));
            assert_eq!(found, bytes.len() as u64 - 2);
        }
        other => panic!("{other}"),
    }
}

#[test]
fn empty_missing_and_unknown_folders_are_named() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    fs::create_dir(folder.path().join("test/eel")).unwrap();
    match open(folder.path()).unwrap_err() {
        Error::UnknownClass {
            class, classes: 2, ..
        } => assert_eq!(class, "eel"),
        other => panic!("{other}"),
    }
    fs::create_dir(folder.path().join("train/eel")).unwrap();
    match open(folder.path()).unwrap_err() {
        Error::Empty {
            path,
            what: "JPEG or PNG files",
        } => assert!(path.ends_with("train/eel")),
        other => panic!("{other}"),
    }
    fs::remove_dir_all(folder.path().join("test")).unwrap();
    assert!(matches!(
        open(folder.path()).unwrap_err(),
        Error::Missing {
            kind: "image-folder",
            ..
        }
    ));
    fs::create_dir(folder.path().join("test")).unwrap();
    fs::remove_dir(folder.path().join("train/eel")).unwrap();
    match open(folder.path()).unwrap_err() {
        Error::Empty {
            path,
            what: "class folders",
        } => assert!(path.ends_with("test")),
        other => panic!("{other}"),
    }
}

#[test]
fn colour_met_late_does_not_hide_the_first_bad_file() {
    let folder = tempdir().unwrap();
    for set in ["train", "test"] {
        fs::create_dir_all(folder.path().join(set).join("only")).unwrap();
        for name in ["a.png", "b.png", "c.png"] {
            grey(5)
                .save(folder.path().join(set).join("only").join(name))
                .unwrap();
        }
    }
    rgb(1, 2, 3)
        .save(folder.path().join("train/only/b.png"))
        .unwrap();
    assert_eq!(open(folder.path()).unwrap().train.image(2), [5; 144]);
    fs::write(folder.path().join("train/only/c.png"), "junk").unwrap();
    fs::write(folder.path().join("test/only/a.png"), "junk").unwrap();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let error = pool
            .install(|| open(folder.path()))
            .unwrap_err()
            .to_string();
        assert!(error.contains("train/only/c.png"), "{error}");
    }
}

#[test]
fn limits_of_nothing_are_refused() {
    let folder = tempdir().unwrap();
    write_image_folder(folder.path());
    let options = LoadOptions {
        limit_train: Some(0),
        limit_test: Some(0),
        ..LoadOptions::default()
    };
    assert!(matches!(
        Data::open(folder.path(), &options).unwrap_err(),
        Error::Empty { .. }
    ));
}
