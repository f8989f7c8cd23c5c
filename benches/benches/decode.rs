//! Streamed image folders: JPEG files of 500x375 to batches of 224x224, as training and as evaluation see them.
//!
//! `cargo bench -p radars-benches --bench decode` makes its own images, about 110 kB each, as ImageNet's are in the
//! mean; `IMAGES=FOLDER` names a folder of your own instead, with train/CLASS and val/CLASS in it. `benches/pillow.py
//! FOLDER` does the same work in Pillow, as torchvision does it. Elements are images; nothing is cached but in `cached`.

use criterion::{Criterion, Throughput};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use radars_data::{
    Augment, ColourJitter, Data, LoadOptions, Loader, LoaderOptions, ResizedCrop, Streaming,
};
use radars_tensor::random::Seed;
use rand::RngExt;
use std::error::Error;
use std::path::{Path, PathBuf};

const BATCH: usize = 64;
const THREADS: [usize; 2] = [1, 2];
const HEIGHT: u32 = 375;
const WIDTH: u32 = 500;
const JPEG_QUALITY: u8 = 90;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let made = tempfile::tempdir()?;
    let folder = match std::env::var_os("IMAGES") {
        Some(folder) => PathBuf::from(folder),
        None => {
            make_images(made.path())?;
            made.path().to_path_buf()
        }
    };
    for threads in THREADS {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        for (name, augment, cache_bytes) in [
            ("train", Some(ALL), 0),
            ("evaluation", None, 0),
            ("train, cached", Some(ALL), 1 << 30),
        ] {
            let data = pool.install(|| open(&folder, cache_bytes))?;
            let options = LoaderOptions {
                augment,
                shuffle: false,
                prefetch: 0,
                ..LoaderOptions::training("bench", BATCH)
            };
            let loader = Loader::new(data.train.clone(), data.train.indices(), options)?;
            let mut group = criterion.benchmark_group(name);
            group.throughput(Throughput::Elements(BATCH as u64));
            let mut step = 0;
            group.bench_function(format!("{threads} threads"), |bencher| {
                bencher.iter(|| {
                    step += 1;
                    loader.step(Seed(0), step)
                });
            });
            group.finish();
            if let Some(bad) = data.bad_images().first() {
                return Err(bad.to_string().into());
            }
        }
    }
    Ok(())
}

/// What ImageNet's training images go through.
const ALL: Augment = Augment {
    crop_padding: 0,
    flip: true,
    resized_crop: Some(ResizedCrop { min_scale: 0.08 }),
    colour: Some(ColourJitter {
        brightness: 0.4,
        contrast: 0.4,
        saturation: 0.4,
    }),
};

fn open(folder: &Path, cache_bytes: usize) -> radars_data::Result<Data> {
    let streaming = Streaming {
        cache_bytes,
        ..Streaming::new(224)
    };
    let options = LoadOptions {
        stream: Some(streaming),
        ..LoadOptions::default()
    };
    Data::open(folder, &options)
}

/// Two batches of images: slow waves, which the eye would take for shapes, under noise, which fills the file.
fn make_images(folder: &Path) -> Result<(), Box<dyn Error>> {
    for (set, count) in [("train", 2 * BATCH as u64), ("val", 1)] {
        let path = folder.join(set).join("only");
        std::fs::create_dir_all(&path)?;
        for number in 0..count {
            let mut random = Seed(1).stream(set, number);
            let waves: [f32; 6] = std::array::from_fn(|_| random.random_range(0.005..0.05));
            let image = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
                image::Rgb(std::array::from_fn(|channel| {
                    let phase = waves[channel] * x as f32 + waves[channel + 3] * y as f32;
                    let wave = 128.0 + 90.0 * phase.sin();
                    (wave + random.random_range(-18.0..18.0)) as u8
                }))
            });
            let mut file = std::fs::File::create(path.join(format!("{number:03}.jpg")))?;
            JpegEncoder::new_with_quality(&mut file, JPEG_QUALITY).encode(
                &image,
                WIDTH,
                HEIGHT,
                ExtendedColorType::Rgb8,
            )?;
        }
    }
    Ok(())
}
