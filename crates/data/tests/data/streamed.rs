//! Streamed image folders: the same batches on any number of threads, whatever is cached, within stated buffers.

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use radars_data::{
    Augment, Batch, ColourJitter, Data, Dataset, Error, ImageShape, LoadOptions, Loader,
    LoaderOptions, ResizedCrop, Streaming,
};
use radars_tensor::random::Seed;
use rand::RngExt;
use tempfile::{TempDir, tempdir};

use crate::files::{rgb, write_idx};

const SEED: Seed = Seed(4);

const STREAMING: Streaming = Streaming {
    image_size: 14,
    short_side: None,
    cache_bytes: 0,
    bad_images: None,
};

const AUGMENT: Augment = Augment {
    crop_padding: 0,
    flip: true,
    resized_crop: Some(ResizedCrop { min_scale: 0.08 }),
    colour: Some(ColourJitter {
        brightness: 0.4,
        contrast: 0.4,
        saturation: 0.4,
    }),
};

/// An image of noise.
fn noise(height: u32, width: u32, number: u64) -> RgbImage {
    let mut random = Seed(9).stream("noise", number);
    RgbImage::from_fn(width, height, |_, _| Rgb(random.random()))
}

/// Two classes with 12 images each to train and 3 to test, of many sizes, every third a JPEG file.
pub fn folder() -> TempDir {
    let folder = tempdir().unwrap();
    for (set, count) in [("train", 12), ("val", 3)] {
        for class in 0..2_u64 {
            let path = folder.path().join(set).join(format!("class{class}"));
            fs::create_dir_all(&path).unwrap();
            for number in 0..count {
                let number = number + 100 * class;
                let (height, width) = (10 + number as u32 % 17, 9 + number as u32 % 23);
                let name = match number % 3 {
                    0 => format!("{number:03}.JPEG"),
                    _ => format!("{number:03}.png"),
                };
                let file = path.join(name);
                noise(height, width, number).save(file).unwrap();
            }
        }
    }
    folder
}

fn open(folder: &Path, streaming: Streaming) -> Data {
    let options = LoadOptions {
        stream: Some(streaming),
        ..LoadOptions::default()
    };
    Data::open(folder, &options).unwrap()
}

fn loader(set: &std::sync::Arc<Dataset>, options: LoaderOptions) -> Loader {
    Loader::new(set.clone(), set.indices(), options).unwrap()
}

fn training(batch_size: usize) -> LoaderOptions {
    LoaderOptions {
        augment: Some(AUGMENT),
        drop_last: false,
        ..LoaderOptions::training("weights", batch_size)
    }
}

fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(work)
}

#[test]
fn threads_caches_and_prefetching_change_nothing() {
    let folder = folder();
    let data = open(folder.path(), STREAMING);
    let epochs = |data: &Data, options: LoaderOptions| -> Vec<Batch> {
        let loader = loader(&data.train, options);
        (0..3)
            .flat_map(|epoch| loader.epoch(SEED, epoch))
            .map(Result::unwrap)
            .collect()
    };
    let reference = epochs(&data, training(5));
    assert_eq!(reference.len(), 3 * 5);
    assert_ne!(reference[0].bytes, reference[5].bytes);
    // Of 24 images of about 14x16 pixels, none, some or all are kept.
    for (threads, prefetch, cache_bytes) in [(1, 0, 0), (2, 1, 6000), (8, 3, 1 << 20)] {
        let data = on_threads(threads, || {
            open(
                folder.path(),
                Streaming {
                    cache_bytes,
                    ..STREAMING
                },
            )
        });
        let options = LoaderOptions {
            prefetch,
            ..training(5)
        };
        assert_eq!(epochs(&data, options), reference);
        let usage = data.stream_usage().unwrap();
        assert_eq!(usage.workers, threads);
        assert!(usage.cached_bytes <= cache_bytes);
        assert_eq!(usage.decoded + usage.from_cache, 3 * 24);
        match cache_bytes {
            0 => assert_eq!(usage.decoded, 72),
            6000 => assert!((25..72).contains(&usage.decoded), "{usage:?}"),
            _ => assert_eq!(usage.decoded, 24),
        }
    }
}

#[test]
fn any_batch_can_be_reached_directly() {
    let folder = folder();
    let data = open(folder.path(), STREAMING);
    let direct = loader(&data.train, training(5));
    let batches: Vec<Batch> = direct.steps(SEED, 0).take(12).map(Result::unwrap).collect();
    // As after a resume: another process knows nothing of the steps before.
    let resumed = open(folder.path(), STREAMING);
    let resumed = loader(&resumed.train, training(5));
    let later: Vec<Batch> = resumed.steps(SEED, 7).take(5).map(Result::unwrap).collect();
    assert_eq!(later, batches[7..]);
    assert_eq!(resumed.batch(SEED, 1, 3).unwrap().unwrap(), batches[5 + 3],);
}

/// Every thread works in one set of buffers, however many loaders want batches at once; a loader has as many
/// batches as it may prefetch, one in the making and one in use.
#[test]
fn buffers_are_as_many_as_stated() {
    let folder = folder();
    for threads in [1, 3] {
        let data = on_threads(threads, || open(folder.path(), STREAMING));
        let loaders = [4, 7].map(|batch_size| {
            let options = LoaderOptions {
                drop_last: true,
                ..training(batch_size)
            };
            loader(&data.train, options)
        });
        std::thread::scope(|scope| {
            for loader in &loaders {
                scope.spawn(move || {
                    let mut places = std::collections::BTreeSet::new();
                    for batch in loader.steps(SEED, 0).take(60) {
                        places.insert(batch.unwrap().bytes.as_ptr());
                    }
                    assert!(places.len() <= 2 + 2, "{}", places.len());
                });
            }
        });
        let usage = data.stream_usage().unwrap();
        assert!(usage.buffers <= threads, "{usage:?}");
        assert!(usage.buffer_bytes > 0);
        assert_eq!(usage.cached_bytes, 0);
    }
}

/// A loader without a thread of its own, asked for batches on the only thread of a pool, while another one
/// prefetches: nobody waits for a thread that waits.
#[test]
fn decoding_within_a_pool_of_one_thread_goes_on() {
    let folder = folder();
    let count = on_threads(1, || {
        let data = open(folder.path(), STREAMING);
        let direct = LoaderOptions {
            prefetch: 0,
            ..training(6)
        };
        let direct = loader(&data.train, direct);
        let ahead = loader(&data.test, LoaderOptions::evaluation(2));
        let pairs = direct.steps(SEED, 0).zip(ahead.steps(SEED, 0));
        pairs
            .take(20)
            .map(|(one, other)| one.unwrap().len() + other.unwrap().len())
            .sum::<usize>()
    });
    assert_eq!(count, 20 * 8);
}

/// 16x20 pixels need no scaling for 14x14 (256/224 of 14 is 16): rows 1..15 and columns 3..17.
#[test]
fn evaluation_takes_the_centre() {
    let folder = tempdir().unwrap();
    let image = noise(16, 20, 1);
    for set in ["train", "validation"] {
        fs::create_dir_all(folder.path().join(set).join("only")).unwrap();
        image
            .save(folder.path().join(set).join("only/a.png"))
            .unwrap();
    }
    let data = open(folder.path(), STREAMING);
    let batch = loader(&data.test, LoaderOptions::evaluation(1)).step(SEED, 0);
    let batch = batch.unwrap();
    let centre = image::imageops::crop_imm(&image, 3, 1, 14, 14).to_image();
    assert_eq!(batch.bytes, centre.into_raw());
    assert_eq!(batch.placements, [[0; 3]]);
}

/// Shrinking, then cropping an image of one colour leaves the colour, whatever the sizes.
#[test]
fn images_of_all_sizes_and_proportions_are_scaled() {
    let folder = tempdir().unwrap();
    for set in ["train", "test"] {
        fs::create_dir_all(folder.path().join(set).join("only")).unwrap();
        for (height, width) in [(1, 1), (1, 300), (300, 1), (200, 170), (15, 2000)] {
            let file = format!("{set}/only/{height}x{width}.png");
            RgbImage::from_pixel(width, height, Rgb([30, 60, 90]))
                .save(folder.path().join(file))
                .unwrap();
        }
    }
    let data = open(folder.path(), STREAMING);
    let cropped = Augment {
        colour: None,
        ..AUGMENT
    };
    for options in [
        LoaderOptions::evaluation(5),
        LoaderOptions {
            augment: Some(cropped),
            ..training(5)
        },
    ] {
        let batch = loader(&data.train, options).step(SEED, 0).unwrap();
        assert_eq!(batch.len(), 5);
        let (pixels, _) = batch.bytes.as_chunks::<3>();
        assert!(pixels.iter().all(|pixel| *pixel == [30, 60, 90]));
    }
}

/// ImageNet as it is unpacked: a test set without labels beside the validation set.
#[test]
fn the_set_that_has_classes_is_the_test_set() {
    let folder = tempdir().unwrap();
    for name in ["train/a", "train/b", "val/a", "val/b", "test"] {
        let path = folder.path().join(name);
        fs::create_dir_all(&path).unwrap();
        rgb(1, 2, 3).save(path.join("1.png")).unwrap();
    }
    let data = open(folder.path(), STREAMING);
    assert_eq!((data.train.len(), data.test.len()), (2, 2));
    assert_eq!(data.test.labels(), [0, 1]);
    let shape = ImageShape {
        height: 14,
        width: 14,
        channels: 3,
    };
    assert_eq!(data.train.shape(), shape);
    assert!(data.train.images().is_empty());
}

#[test]
fn other_forms_are_read_as_a_whole_and_brought_to_the_size() {
    let folder = tempdir().unwrap();
    write_idx(folder.path());
    let data = open(folder.path(), STREAMING);
    assert_eq!((data.train.height(), data.train.width()), (14, 14));
    assert_eq!(data.stream_usage(), None);
    assert_eq!(data.train.images().len(), 6 * 14 * 14);
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let folder = folder();
    for (image_size, short_side) in [(0, None), (1 << 13, None), (14, Some(0))] {
        let options = LoadOptions {
            stream: Some(Streaming {
                image_size,
                short_side,
                ..STREAMING
            }),
            ..LoadOptions::default()
        };
        let error = Data::open(folder.path(), &options).unwrap_err();
        assert!(matches!(error, Error::ResizeTo { .. }), "{error}");
    }
}

/// Images in memory can be changed in the same ways; what is drawn depends on the image alone.
#[test]
fn images_in_memory_are_cropped_and_coloured_too() {
    let shape = ImageShape {
        height: 8,
        width: 8,
        channels: 3,
    };
    let images: Vec<u8> = (0..4).flat_map(|i| noise(8, 8, i).into_raw()).collect();
    let names = vec!["only".to_string()];
    let set = Dataset::new(images, vec![0; 4], shape, names).unwrap();
    let set = std::sync::Arc::new(set);
    let changed = loader(&set, training(4)).step(SEED, 0).unwrap();
    let again = loader(&set, training(2));
    let halves: Vec<Batch> = again.epoch(SEED, 0).map(Result::unwrap).collect();
    let joined: Vec<u8> = halves.iter().flat_map(|b| b.bytes.clone()).collect();
    assert_eq!(changed.bytes, joined);
    let plain = LoaderOptions {
        augment: None,
        ..training(4)
    };
    let plain = loader(&set, plain).step(SEED, 0).unwrap();
    assert!(
        (changed.bytes.chunks(192))
            .zip(plain.bytes.chunks(192))
            .all(|(one, other)| one != other)
    );
}

#[test]
fn augmentation_that_makes_no_sense_is_refused() {
    let folder = folder();
    let data = open(folder.path(), STREAMING);
    let crops = [0.0, 1.5, f64::NAN].map(|min_scale| Augment {
        resized_crop: Some(ResizedCrop { min_scale }),
        ..Augment::default()
    });
    let colours = [-0.1, f64::INFINITY].map(|contrast| Augment {
        colour: Some(ColourJitter {
            contrast,
            ..ColourJitter::default()
        }),
        ..Augment::default()
    });
    for augment in crops.into_iter().chain(colours) {
        let options = LoaderOptions {
            augment: Some(augment),
            ..training(5)
        };
        let error = Loader::new(data.train.clone(), vec![0], options).unwrap_err();
        assert!(matches!(error, Error::Augmentation { .. }), "{error}");
    }
}
