//! Image files: read as a whole, and streamed.

use super::Reader;
use image::{DynamicImage, ImageFormat};
use radars_data::{ImageFiles, ImageShape, Streaming};
use std::io::Cursor;

pub(super) const READER: Reader = Reader {
    name: "image",
    read,
    seeds,
};

/// Pixels of an image that is worth the time of decoding.
const FEW: usize = 1 << 18;

fn read(bytes: &[u8]) {
    if stated_sizes(bytes).any(|(height, width)| height * width > FEW) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder for the image");
    let file = folder.path().join("image.png");
    std::fs::write(&file, bytes).expect("an image to read");
    for (channels, streaming) in [(1, None), (3, None), (3, Some(Streaming::new(8)))] {
        let shape = ImageShape {
            height: 8,
            width: 8,
            channels,
        };
        let files = ImageFiles::new(vec![file.clone()], shape, streaming);
        match files.expect("a small shape").read(0) {
            Ok(pixels) => assert_eq!(pixels.len(), shape.len()),
            Err(error) => assert!(error.to_string().contains("image.png"), "{error}"),
        }
    }
}

/// What may be the height and the width in the header of a PNG or the frame of a JPEG.
fn stated_sizes(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let number = |bytes: &[u8]| {
        let places = bytes.iter().map(|&byte| usize::from(byte));
        places.fold(0, |number, byte| number << 8 | byte)
    };
    let png = bytes.windows(12).filter(|w| w.starts_with(b"IHDR"));
    let png = png.map(move |w| (number(&w[8..12]), number(&w[4..8])));
    let frame = |w: &&[u8]| w[0] == 0xff && (0xc0..=0xcf).contains(&w[1]);
    let jpeg = bytes.windows(9).filter(frame);
    let jpeg = jpeg.map(move |w| (number(&w[5..7]), number(&w[7..9])));
    png.chain(jpeg)
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (format, height, width) in [
        (ImageFormat::Png, 5, 7),
        (ImageFormat::Jpeg, 8, 8),
        (ImageFormat::Jpeg, 17, 33),
    ] {
        seeds.push(encoded(format, height, width));
    }
    let grey = DynamicImage::new_luma16(4, 3);
    let mut png = Cursor::new(Vec::new());
    if grey.write_to(&mut png, ImageFormat::Png).is_ok() {
        seeds.push(png.into_inner());
    }
    seeds
}

/// An image with something in it.
fn encoded(format: ImageFormat, height: u32, width: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| image::Rgb([(x * 9) as u8, (y * 13) as u8, (x * y) as u8]);
    let image = image::RgbImage::from_fn(width, height, pixel);
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).expect("a vector grows");
    file.into_inner()
}
