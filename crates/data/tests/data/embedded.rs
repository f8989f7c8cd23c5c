//! The embedded data set is the one it claims to be.

use radars_data::{BUILT_IN, Data, Error, LoadOptions};

/// Literals: Python, `gzip.open(f).read()[16:]` (images) and `[8:]` (labels) of the four asset files.
#[test]
fn the_embedded_set_has_the_pixels_and_labels_of_its_files() {
    let data = Data::embedded().unwrap();
    assert_eq!((data.train.len(), data.test.len()), (3000, 1000));
    assert_eq!(
        (
            data.train.height(),
            data.train.width(),
            data.train.channels()
        ),
        (28, 28, 1)
    );
    assert_eq!(data.train.labels()[..8], [7, 5, 1, 7, 0, 5, 3, 1]);
    assert_eq!(data.test.labels()[..8], [0, 0, 5, 3, 1, 8, 9, 8]);
    let sum = |images: &[u8]| images.iter().map(|&v| u64::from(v)).sum::<u64>();
    assert_eq!(sum(data.train.images()), 170_531_367);
    assert_eq!(sum(data.test.images()), 57_323_353);
    assert_eq!(data.train.class_counts(), [300; 10]);
    assert_eq!(data.test.class_counts(), [100; 10]);
    assert_eq!(data.train.class_names()[9], "Ankle boot");
    assert_eq!(data.bytes(), 4000 * (784 + 2));
}

#[test]
fn a_name_loads_it_and_options_apply() {
    let options = LoadOptions {
        limit_train: Some(50),
        limit_test: Some(20),
        resize: Some((14, 16)),
        stream: None,
        progress: None,
    };
    let data = Data::load("fashion-mnist-small", &options).unwrap();
    assert_eq!(data.name, BUILT_IN[0]);
    assert_eq!(data.train.class_counts(), [5; 10]);
    assert_eq!(data.test.class_counts(), [2; 10]);
    assert_eq!(
        (
            data.test.height(),
            data.test.width(),
            data.test.images().len()
        ),
        (14, 16, 20 * 14 * 16)
    );
}

#[test]
fn an_unknown_name_is_told_the_known_ones() {
    let error = Data::load("fashion-mnist", &LoadOptions::default()).unwrap_err();
    assert!(matches!(error, Error::UnknownName { .. }));
    let message = error.to_string();
    assert!(
        message.contains("`fashion-mnist`") && message.contains("fashion-mnist-small"),
        "{message}"
    );
}
