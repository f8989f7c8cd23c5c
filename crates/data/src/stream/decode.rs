//! Decoding one file to three channels of 8 bits, whatever is in it.

use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

use image::{ImageDecoder, ImageReader};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::error::{Error, Result};
use crate::format::ending;

/// Most pixels of an image: 192 MiB decoded.
const MOST_PIXELS: u64 = 1 << 26;

/// Most bytes of a file.
const MOST_BYTES: u64 = 1 << 28;

/// Why a file gives no image: it is bad, which the file itself is to blame for.
pub(super) struct Bad(pub(super) String);

/// Reads a file into `bytes`, whose content is replaced.
///
/// # Errors
/// [`Error::Io`] where the system could not read it for another reason than the file itself.
pub(super) fn read(path: &Path, bytes: &mut Vec<u8>) -> Result<std::result::Result<(), Bad>> {
    bytes.clear();
    let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(bytes));
    match read {
        Ok(_) if bytes.len() as u64 > MOST_BYTES => {
            Ok(Err(Bad(format!("more than {MOST_BYTES} bytes"))))
        }
        Ok(_) => Ok(Ok(())),
        // A link to nowhere, a folder with the name of an image: no other attempt will do better.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory
            ) =>
        {
            Ok(Err(Bad(error.to_string())))
        }
        Err(source) => Err(Error::io(path)(source)),
    }
}

/// Decodes a file's content into `pixels`, whose content is replaced: `[height, width, 3]`.
///
/// Grey becomes three equal channels, 16 bits become 8, CMYK becomes RGB without a colour profile, transparency is
/// dropped, and the orientation that a camera noted is not followed, as usual.
pub(super) fn decode(
    bytes: &[u8],
    pixels: &mut Vec<u8>,
) -> std::result::Result<(usize, usize), Bad> {
    if bytes.is_empty() {
        return Err(Bad("an empty file".into()));
    }
    if let Some(marker) = ending::missing_end(bytes) {
        return Err(Bad(format!(
            "truncated: no {marker} up to offset {}, where the file ends",
            bytes.len()
        )));
    }
    // The content decides the format: files with the wrong ending are common.
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(bytes, pixels)
    } else {
        other(bytes, pixels)
    }
}

fn jpeg(bytes: &[u8], pixels: &mut Vec<u8>) -> std::result::Result<(usize, usize), Bad> {
    let bad = |error| Bad(format!("not a readable image: {error}"));
    let options = DecoderOptions::default()
        .set_max_width(1 << 16)
        .set_max_height(1 << 16)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(bad)?;
    let info = decoder
        .info()
        .ok_or_else(|| Bad("a JPEG file without a size".into()))?;
    let (height, width) = (info.height.into(), info.width.into());
    check_size(height as u64, width as u64)?;
    let len = decoder.output_buffer_size();
    if len != Some(height * width * 3) {
        return Err(Bad("a JPEG file of an unknown kind of colours".into()));
    }
    pixels.resize(height * width * 3, 0);
    decoder.decode_into(pixels).map_err(bad)?;
    Ok((height, width))
}

fn other(bytes: &[u8], pixels: &mut Vec<u8>) -> std::result::Result<(usize, usize), Bad> {
    let bad = |error: image::ImageError| Bad(format!("not a readable image: {error}"));
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| Bad(error.to_string()))?;
    let decoder = reader.into_decoder().map_err(bad)?;
    let (width, height) = decoder.dimensions();
    check_size(height.into(), width.into())?;
    let image = image::DynamicImage::from_decoder(decoder).map_err(bad)?;
    pixels.clear();
    pixels.extend_from_slice(&image.into_rgb8());
    Ok((height as usize, width as usize))
}

fn check_size(height: u64, width: u64) -> std::result::Result<(), Bad> {
    if height == 0 || width == 0 || height * width > MOST_PIXELS {
        return Err(Bad(format!(
            "{height}x{width} pixels, of at least 1 and at most {MOST_PIXELS} that are decoded"
        )));
    }
    Ok(())
}
