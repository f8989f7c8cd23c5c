//! Single image files: what evaluation sees of the same files in a folder.

use std::fs;
use std::path::{Path, PathBuf};

use radars_data::{
    Data, Error, ImageFiles, ImageShape, LoadOptions, Loader, LoaderOptions, Streaming,
};
use radars_tensor::random::Seed;
use tempfile::tempdir;

use crate::files::{grey, rgb};
use crate::streamed::folder;

fn shape(height: usize, width: usize, channels: usize) -> ImageShape {
    ImageShape {
        height,
        width,
        channels,
    }
}

/// The test files of a folder, in the order of its test set.
fn test_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for class in fs::read_dir(folder.join("val")).unwrap() {
        let of_class = fs::read_dir(class.unwrap().path()).unwrap();
        files.extend(of_class.map(|file| file.unwrap().path()));
    }
    files.sort();
    files
}

#[test]
fn they_are_stretched_as_those_of_a_folder_that_is_read_as_a_whole() {
    let folder = folder();
    let options = LoadOptions {
        resize: Some((13, 9)),
        ..LoadOptions::default()
    };
    let data = Data::open(folder.path(), &options).unwrap();
    let paths = test_files(folder.path());
    assert_eq!(paths.len(), data.test.len());
    let files = ImageFiles::new(paths, shape(13, 9, 3), None).unwrap();
    for index in 0..data.test.len() {
        assert_eq!(
            files.read(index).unwrap(),
            data.test.image(index),
            "{index}"
        );
    }
}

#[test]
fn they_are_cut_out_as_those_of_a_folder_that_is_streamed() {
    let folder = folder();
    let streaming = Streaming::new(14);
    let options = LoadOptions {
        stream: Some(streaming),
        ..LoadOptions::default()
    };
    let data = Data::open(folder.path(), &options).unwrap();
    let evaluated = LoaderOptions::evaluation(data.test.len());
    let loader = Loader::new(data.test.clone(), data.test.indices(), evaluated).unwrap();
    let batch = loader.epoch(Seed(0), 0).next().unwrap().unwrap();
    let paths = test_files(folder.path());
    let files = ImageFiles::new(paths, shape(14, 14, 3), Some(streaming)).unwrap();
    for (index, expected) in batch.bytes.chunks(14 * 14 * 3).enumerate() {
        assert_eq!(files.read(index).unwrap(), expected, "{index}");
    }
}

#[test]
fn they_take_the_channels_of_the_network() {
    let folder = tempdir().unwrap();
    let paths = ["grey.png", "red.png"].map(|name| folder.path().join(name));
    grey(77).save(&paths[0]).unwrap();
    rgb(200, 0, 0).save(&paths[1]).unwrap();
    let read = |channels| {
        let files = ImageFiles::new(paths.to_vec(), shape(8, 6, channels), None).unwrap();
        [0, 1].map(|index| files.read(index).unwrap()[..channels].to_vec())
    };
    assert_eq!(read(3), [vec![77, 77, 77], vec![200, 0, 0]]);
    // Rec. 709's luma of red, 0.2126 * 200 = 42.52.
    let [same, luma] = read(1);
    assert_eq!(same, [77]);
    assert!((42..=43).contains(&luma[0]), "{luma:?}");
}

#[test]
fn what_is_no_image_is_named_and_the_others_are_read() {
    let folder = tempdir().unwrap();
    let [good, noise, short] =
        ["good.png", "noise.png", "short.png"].map(|n| folder.path().join(n));
    rgb(1, 2, 3).save(&good).unwrap();
    fs::write(&noise, b"no image at all").unwrap();
    let whole = fs::read(&good).unwrap();
    fs::write(&short, &whole[..whole.len() - 9]).unwrap();
    let missing = folder.path().join("missing.png");
    let paths = vec![noise, good, short, missing];
    for streaming in [None, Some(Streaming::new(8))] {
        let files = ImageFiles::new(paths.clone(), shape(8, 8, 3), streaming).unwrap();
        for (index, path) in paths.iter().enumerate() {
            match files.read(index) {
                Ok(pixels) => assert_eq!((index, &pixels[..3]), (1, &[1, 2, 3][..])),
                Err(error) => {
                    let named = error.to_string().contains(&*path.to_string_lossy());
                    assert!(index != 1 && named, "{error}");
                }
            }
        }
    }
    let squares = Some(Streaming::new(8));
    let refused = ImageFiles::new(paths, shape(8, 6, 3), squares).unwrap_err();
    assert!(matches!(refused, Error::ResizeTo { .. }));
}
