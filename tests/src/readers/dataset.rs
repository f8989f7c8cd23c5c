//! Data sets of numbered files: IDX and CIFAR-10's own form.

use super::{Reader, files};
use radars_data::{Data, LoadOptions, Loader, LoaderOptions};
use radars_tensor::random::Seed;

pub(super) const READER: Reader = Reader {
    name: "dataset",
    read,
    seeds,
};

/// Four files are IDX, fewer are CIFAR-10: training, test, names of classes.
fn read(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder for the data");
    let [first, second, third, fourth] = files::split(bytes);
    let files = match fourth {
        Some(_) => [
            ("train-images-idx3-ubyte", first),
            ("train-labels-idx1-ubyte", second),
            ("t10k-images-idx3-ubyte", third),
            ("t10k-labels-idx1-ubyte", fourth),
        ],
        None => [
            ("data_batch_1.bin", first),
            ("test_batch.bin", second),
            ("batches.meta.txt", third),
            ("readme.html", None),
        ],
    };
    files::place(folder.path(), &files).expect("data to read");
    for limit_train in [None, Some(2)] {
        let options = LoadOptions {
            limit_train,
            ..LoadOptions::default()
        };
        match Data::open(folder.path(), &options) {
            Ok(data) => every_image(&data),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

/// Loads each image of both sets once, and looks at its label.
fn every_image(data: &Data) {
    for set in [&data.train, &data.test] {
        let options = LoaderOptions {
            prefetch: 0,
            ..LoaderOptions::evaluation(16)
        };
        let Ok(loader) = Loader::new(set.clone(), set.indices(), options) else {
            continue;
        };
        for batch in loader.epoch(Seed(0), 0) {
            match batch {
                Ok(batch) => assert_eq!(batch.bytes.len(), batch.len() * set.shape().len()),
                Err(error) => return assert!(!error.to_string().is_empty()),
            }
        }
        let counts = set.class_counts();
        assert_eq!(counts.len(), set.classes());
        assert_eq!(counts.iter().sum::<usize>(), set.len());
    }
}

fn seeds() -> Vec<Vec<u8>> {
    use data_files::*;
    let pixels: Vec<u8> = (0..36).collect();
    let idx = [
        idx_images(6, 2, 3, &pixels),
        idx_labels(&TRAIN_LABELS),
        idx_images(3, 2, 3, &pixels[..18]),
        idx_labels(&TEST_LABELS),
    ];
    let compressed = idx.each_ref().map(|file| gzip(file));
    let records = |labels: &[u8]| -> Vec<u8> {
        let records = labels.iter().map(|&label| cifar_record(label, 7));
        records.flatten().collect()
    };
    let cifar = [
        records(&[3, 1]),
        records(&[5]),
        b"a\nb\nc\nd\ne\nf\n".to_vec(),
    ];
    vec![
        files::joined(&idx),
        files::joined(&compressed),
        files::joined(&cifar),
        files::joined(&cifar[..2]),
    ]
}

#[path = "../../../crates/data/tests/data/files.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    missing_docs,
    reason = "the small data sets that another crate's tests are about"
)]
mod data_files;
