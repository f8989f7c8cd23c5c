//! Building small data sets on disk.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{GrayImage, Luma, Rgb, RgbImage};

/// An IDX file of labels.
pub fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 1];
    bytes.extend((labels.len() as u32).to_be_bytes());
    bytes.extend(labels);
    bytes
}

/// An IDX file of `count` images.
pub fn idx_images(count: u32, height: u32, width: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3];
    for size in [count, height, width] {
        bytes.extend(size.to_be_bytes());
    }
    bytes.extend(pixels);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub const TRAIN_LABELS: [u8; 6] = [2, 0, 1, 1, 0, 2];
pub const TEST_LABELS: [u8; 3] = [0, 1, 2];

/// Six training and three test images of 2x3 pixels; training pixels count up from 0, test pixels from 100.
pub fn write_idx(folder: &Path) {
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).unwrap();
    write(
        "train-images-idx3-ubyte",
        idx_images(6, 2, 3, &(0..36).collect::<Vec<u8>>()),
    );
    write(
        "train-labels-idx1-ubyte.gz",
        gzip(&idx_labels(&TRAIN_LABELS)),
    );
    write(
        "t10k-images-idx3-ubyte.gz",
        gzip(&idx_images(3, 2, 3, &(100..118).collect::<Vec<u8>>())),
    );
    write("t10k-labels-idx1-ubyte", idx_labels(&TEST_LABELS));
}

/// A CIFAR-10 record whose red, green and blue planes are told apart by `base`.
pub fn cifar_record(label: u8, base: u8) -> Vec<u8> {
    let mut bytes = vec![label];
    for plane in 0..3u8 {
        bytes.extend(
            (0..1024u32).map(|i| base.wrapping_add(plane * 50).wrapping_add((i % 7) as u8)),
        );
    }
    bytes
}

/// Two training files of three and two records and a test file of two.
pub fn write_cifar(folder: &Path) {
    let records = |labels: &[u8], base: u8| -> Vec<u8> {
        labels
            .iter()
            .zip(base..)
            .flat_map(|(&label, base)| cifar_record(label, base))
            .collect()
    };
    fs::write(folder.join("data_batch_1.bin"), records(&[3, 9, 0], 0)).unwrap();
    fs::write(folder.join("data_batch_2.bin"), records(&[1, 3], 10)).unwrap();
    fs::write(folder.join("test_batch.bin"), records(&[5, 4], 20)).unwrap();
}

/// An 8x6 (height x width) image of one colour.
pub fn rgb(red: u8, green: u8, blue: u8) -> RgbImage {
    RgbImage::from_pixel(6, 8, Rgb([red, green, blue]))
}

/// An 8x6 (height x width) grey image.
pub fn grey(value: u8) -> GrayImage {
    GrayImage::from_pixel(6, 8, Luma([value]))
}

/// Classes `cat` and `dog` with two PNG and one JPEG image each to train, one PNG each to test.
pub fn write_image_folder(folder: &Path) {
    for (class, red) in [("dog", 200), ("cat", 10)] {
        for set in ["train", "test"] {
            fs::create_dir_all(folder.join(set).join(class)).unwrap();
        }
        let train = folder.join("train").join(class);
        rgb(red, 1, 2).save(train.join("b.png")).unwrap();
        rgb(red + 1, 1, 2).save(train.join("a.PNG")).unwrap();
        rgb(red + 2, 1, 2).save(train.join("c.jpg")).unwrap();
        fs::write(train.join("notes.txt"), "not an image").unwrap();
        rgb(red + 3, 1, 2)
            .save(folder.join("test").join(class).join("a.png"))
            .unwrap();
    }
}
