//! What can be among the files of a streamed image folder: each kind is an image or is replaced, none crashes.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder};
use radars_data::{Data, Error, LoadOptions, Loader, LoaderOptions, Streaming};
use radars_tensor::random::Seed;
use rand::RngExt;
use tempfile::{TempDir, tempdir};

use crate::files::rgb;

const SEED: Seed = Seed(4);
const SIZE: usize = 7;

/// A folder of one class: good images of the reds that `reds` names, in order; the test set is one good image.
fn folder(reds: &[u8]) -> TempDir {
    let folder = tempdir().unwrap();
    for (set, reds) in [("train", reds), ("test", &[1])] {
        let path = folder.path().join(set).join("only");
        fs::create_dir_all(&path).unwrap();
        for &red in reds {
            rgb(red, 0, 0)
                .save(path.join(format!("{red:03}.png")))
                .unwrap();
        }
    }
    folder
}

fn open(folder: &Path, bad_images: Option<usize>) -> Data {
    let options = LoadOptions {
        stream: Some(Streaming {
            bad_images,
            ..Streaming::new(SIZE)
        }),
        ..LoadOptions::default()
    };
    Data::open(folder, &options).unwrap()
}

fn in_order(data: &Data) -> Loader {
    let options = LoaderOptions {
        prefetch: 0,
        ..LoaderOptions::evaluation(64)
    };
    Loader::new(Arc::clone(&data.train), data.train.indices(), options).unwrap()
}

/// The first pixel of every training image in order.
fn pixels(data: &Data) -> Result<Vec<[u8; 3]>, Error> {
    let batch = in_order(data).step(SEED, 0)?;
    let images = batch.bytes.chunks(SIZE * SIZE * 3);
    Ok(images.map(|image| [image[0], image[1], image[2]]).collect())
}

fn jpeg(pixels: &[u8], colour: ColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = Encoder::new(&mut bytes, 95);
    encoder.encode(pixels, 16, 16, colour).unwrap();
    bytes
}

/// Files that are images, if unusual ones, and the colour that they are.
fn unusual() -> Vec<(&'static str, Vec<u8>, [u8; 3])> {
    let png = |image: DynamicImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let deep: ImageBuffer<Rgb<u16>, Vec<u16>> =
        ImageBuffer::from_pixel(9, 9, Rgb([0x4040, 0x8080, 0xc0c0]));
    let deep_grey: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_pixel(9, 9, Luma([0x5050]));
    let grey_alpha = ImageBuffer::<LumaA<u8>, Vec<u8>>::from_pixel(9, 9, LumaA([50, 0]));
    let transparent = RgbaImage::from_pixel(9, 9, Rgba([10, 20, 30, 0]));
    vec![
        ("16-bit.png", png(deep.into()), [64, 128, 192]),
        ("16-bit grey.png", png(deep_grey.into()), [80; 3]),
        (
            "grey.png",
            png(GrayImage::from_pixel(9, 9, Luma([90])).into()),
            [90; 3],
        ),
        ("transparent.png", png(transparent.into()), [10, 20, 30]),
        ("transparent grey.png", png(grey_alpha.into()), [50; 3]),
        (
            "1x1.png",
            png(DynamicImage::from(image::RgbImage::from_pixel(
                1,
                1,
                Rgb([1, 2, 3]),
            ))),
            [1, 2, 3],
        ),
        ("grey.jpg", jpeg(&[120; 256], ColorType::Luma), [120; 3]),
        // A PNG file that is called a JPEG file, as ImageNet has one.
        ("png.jpg", png(rgb(7, 8, 9).into()), [7, 8, 9]),
        // C, M, Y, K as bytes of ink, 255 the most: (1 - C)(1 - K) of red, and so on.
        (
            "cmyk.jpg",
            jpeg(&[0, 255, 255, 0].repeat(256), ColorType::Cmyk),
            [255, 0, 0],
        ),
        (
            "ycck.jpg",
            jpeg(&[0, 255, 255, 0].repeat(256), ColorType::CmykAsYcck),
            [255, 0, 0],
        ),
    ]
}

#[test]
fn unusual_images_are_images() {
    for (name, bytes, colour) in unusual() {
        let folder = folder(&[]);
        fs::write(folder.path().join("train/only").join(name), bytes).unwrap();
        let data = open(folder.path(), Some(0));
        let found = pixels(&data).unwrap()[0];
        // JPEG keeps one colour to within a few steps.
        let close = found.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 4);
        assert!(close, "{name}: {found:?} for {colour:?}");
        assert!(data.bad_images().is_empty());
    }
}

/// Files that are no images.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let whole = jpeg(&[9; 768], ColorType::Rgb);
    let huge = {
        // A PNG header alone, of 65536x65536 pixels; its checksum is right, by the PNG specification's algorithm.
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\0\0\0\x01\0\0\x08\x02\0\0\0".to_vec();
        bytes.extend(crc32(&bytes[12..]).to_be_bytes());
        bytes.extend(b"\0\0\0\0IEND\xae\x42\x60\x82");
        bytes
    };
    vec![
        ("text.jpg", b"not an image at all".to_vec()),
        ("empty.jpg", Vec::new()),
        ("cut.jpg", whole[..whole.len() / 2].to_vec()),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0".to_vec()),
        ("no scan.jpg", [&whole[..20], &[0xff, 0xd9]].concat()),
        ("gif.jpg", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ("huge.png", huge),
    ]
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc: u32, _| {
            (crc >> 1) ^ (0xedb8_8320 * (crc & 1))
        })
    })
}

#[test]
fn garbage_is_named_and_the_next_good_image_stands_in() {
    for (name, bytes) in garbage() {
        let folder = folder(&[5, 6]);
        fs::write(
            folder.path().join("train/only").join(format!("005 {name}")),
            bytes,
        )
        .unwrap();
        let data = open(folder.path(), Some(1));
        let reds: Vec<u8> = pixels(&data).unwrap().iter().map(|p| p[0]).collect();
        // "005 ..." sorts before "005.png".
        assert_eq!(reds, [5, 5, 6], "{name}");
        let bad = data.bad_images();
        assert_eq!(bad.len(), 1, "{name}");
        assert!(bad[0].path.ends_with(format!("train/only/005 {name}")));
        assert!(!bad[0].reason.is_empty());
        // It stays one, however often it is met.
        pixels(&data).unwrap();
        assert_eq!(data.bad_images(), bad);
    }
}

/// The replacement is found among the loader's own images, by index and round the end, on any number of threads.
#[test]
fn stand_ins_depend_on_nothing_but_which_files_are_bad() {
    let reds: Vec<u8> = (0..20).collect();
    let folder = folder(&reds);
    for bad in [3, 4, 8, 19] {
        let file = format!("train/only/{bad:03}.png");
        fs::write(folder.path().join(file), "junk").unwrap();
    }
    let expected = |image: usize| match image {
        3 | 4 => 5,
        // 9 is not among the loader's images.
        8 => 10,
        19 => 0,
        good => good as u8,
    };
    let indices: Vec<usize> = (0..20).filter(|&index| index != 9).collect();
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let data = pool
            .build()
            .unwrap()
            .install(|| open(folder.path(), Some(4)));
        let options = LoaderOptions {
            shuffle: true,
            ..LoaderOptions::evaluation(4)
        };
        let loader = Loader::new(data.train.clone(), indices.clone(), options).unwrap();
        // The order is that of a set without bad files.
        let good = crate::streamed_garbage::folder(&reds);
        let good = open(good.path(), Some(0));
        let good = Loader::new(good.train.clone(), indices.clone(), options).unwrap();
        for epoch in 0..3 {
            for (batch, good) in loader.epoch(SEED, epoch).zip(good.epoch(SEED, epoch)) {
                let red = |batch: &radars_data::Batch| -> Vec<u8> {
                    batch.bytes.chunks(SIZE * SIZE * 3).map(|i| i[0]).collect()
                };
                let good = red(&good.unwrap());
                let wanted: Vec<u8> = good.iter().map(|&i| expected(usize::from(i))).collect();
                assert_eq!(red(&batch.unwrap()), wanted);
            }
        }
    }
}

#[test]
fn one_more_than_the_limit_is_an_error_and_stays_one() {
    let reds: Vec<u8> = (0..20).collect();
    let folder = folder(&reds);
    for bad in 0..8 {
        let file = format!("train/only/{bad:03}.png");
        fs::write(folder.path().join(file), "junk").unwrap();
    }
    assert!(pixels(&open(folder.path(), Some(8))).is_ok());
    let data = open(folder.path(), Some(7));
    for _ in 0..2 {
        match pixels(&data).unwrap_err() {
            Error::TooManyBad {
                limit: 7,
                images: 21,
                first,
            } => {
                assert_eq!(first.len(), 5);
                assert!(first[0].path.ends_with("train/only/000.png"));
            }
            other => panic!("{other}"),
        }
    }
    // Without a limit it is one in a hundred, which of 21 is none.
    let message = pixels(&open(folder.path(), None)).unwrap_err().to_string();
    assert!(
        message.contains("more than 0 of 21 image files"),
        "{message}"
    );
    assert!(message.contains("only/00"), "{message}");
}

#[test]
fn nothing_but_garbage_is_an_error() {
    let folder = folder(&[1, 2]);
    for name in ["001", "002"] {
        let file = format!("train/only/{name}.png");
        fs::write(folder.path().join(file), "junk").unwrap();
    }
    let error = pixels(&open(folder.path(), Some(9))).unwrap_err();
    assert!(matches!(error, Error::NoGoodImage { images: 2 }), "{error}");
}

#[test]
fn a_link_to_nowhere_and_a_folder_are_bad_images() {
    let folder = folder(&[5]);
    fs::create_dir(folder.path().join("train/only/000.png")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("train/only/001.png")).unwrap();
    let data = open(folder.path(), Some(2));
    assert!(pixels(&data).unwrap().iter().all(|pixel| pixel[0] == 5));
}

/// Every byte of a small JPEG and a small PNG file may be any other: an image or a bad one, never a panic.
#[test]
fn random_damage_never_panics() {
    let mut png = std::io::Cursor::new(Vec::new());
    rgb(1, 2, 3)
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    let noise: Vec<u8> = (0..768_u32).map(|i| (i * i % 251) as u8).collect();
    let files = [jpeg(&noise, ColorType::Rgb), png.into_inner()];
    let folder = folder(&[5]);
    for (number, whole) in files.iter().enumerate() {
        for round in 0..150 {
            let mut random = Seed(number as u64).stream("damage", round);
            let mut bytes = whole.clone();
            for _ in 0..random.random_range(1..4) {
                let place = random.random_range(0..bytes.len());
                bytes[place] = random.random();
            }
            fs::write(folder.path().join("train/only/000.jpg"), &bytes).unwrap();
            let data = open(folder.path(), Some(1));
            assert_eq!(pixels(&data).unwrap().len(), 2);
        }
    }
}
