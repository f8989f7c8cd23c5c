//! Decoding image files, many at a time, straight into the memory of the data set.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use image::{DynamicImage, ImageReader};
use rayon::prelude::*;

use super::ending;
use crate::dataset::{ImageShape, blank_images};
use crate::error::{Error, Result};
use crate::load::LoadOptions;
use crate::resize::{resize, target_size};

/// Decodes the files of both sets; `folder` is where they are from.
///
/// The size is the one asked for, or that of the first image. Images are taken to be grey if the first one
/// is; should a coloured one turn up later, all are decoded again in colour. That is rare, and knowing before
/// would mean to open every file twice or to hold every pixel twice.
pub(super) fn decode_all(
    sets: [&[PathBuf]; 2],
    folder: &Path,
    options: &LoadOptions<'_>,
) -> Result<([Vec<u8>; 2], ImageShape)> {
    let [train, test] = sets;
    let first = train.iter().chain(test).next();
    let first = first.ok_or(Error::Empty {
        path: folder.to_path_buf(),
        what: "images within the limits",
    })?;
    let image = decode(first)?;
    let (height, width) = match options.resize {
        Some(size) => target_size(size)?,
        None => (image.height(), image.width()),
    };
    let mut shape = ImageShape {
        height: height as usize,
        width: width as usize,
        channels: 1,
    };
    if !image.color().has_color() {
        let grey = Decoding::new(shape, sets, options);
        let images = [grey.set(train)?, grey.set(test)?];
        if !grey.met_colour.into_inner() {
            return Ok((images, shape));
        }
    }
    shape.channels = 3;
    let colour = Decoding::new(shape, sets, options);
    Ok(([colour.set(train)?, colour.set(test)?], shape))
}

/// What the decoding threads share.
struct Decoding<'a> {
    shape: ImageShape,
    options: &'a LoadOptions<'a>,
    /// A coloured image was found where grey ones were expected: the result will not be used.
    met_colour: AtomicBool,
    done: AtomicUsize,
    total: usize,
}

impl<'a> Decoding<'a> {
    fn new(shape: ImageShape, sets: [&[PathBuf]; 2], options: &'a LoadOptions<'a>) -> Self {
        let total = sets.iter().map(|set| set.len()).sum();
        Self {
            shape,
            options,
            met_colour: AtomicBool::new(false),
            done: AtomicUsize::new(0),
            total,
        }
    }

    /// The pixels of one set, in the order of its files.
    ///
    /// The error, if any, is that of the first bad file in order, however many threads there are: only files
    /// after a known bad one are skipped. Where colour is met, an error no longer matters, as all is repeated.
    fn set(&self, files: &[PathBuf]) -> Result<Vec<u8>> {
        let mut pixels = blank_images(files.len(), self.shape)?;
        let first_bad = AtomicUsize::new(usize::MAX);
        let error = Mutex::new(None);
        let places = pixels.par_chunks_exact_mut(self.shape.len());
        files
            .par_iter()
            .zip(places)
            .enumerate()
            .for_each(|(index, (file, out))| {
                if first_bad.load(Ordering::Relaxed) < index
                    || self.met_colour.load(Ordering::Relaxed)
                {
                    return;
                }
                if let Err(found) = self.file(file, out) {
                    let mut error = error.lock().unwrap_or_else(PoisonError::into_inner);
                    if index < first_bad.fetch_min(index, Ordering::Relaxed) {
                        *error = Some(found);
                    }
                }
                if let Some(progress) = self.options.progress {
                    progress(self.done.fetch_add(1, Ordering::Relaxed) + 1, self.total);
                }
            });
        match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) if !self.met_colour.load(Ordering::Relaxed) => Err(error),
            _ => Ok(pixels),
        }
    }

    fn file(&self, path: &Path, out: &mut [u8]) -> Result<()> {
        let ImageShape {
            height,
            width,
            channels,
        } = self.shape;
        let mut image = decode(path)?;
        let found = (image.height() as usize, image.width() as usize);
        if found != (height, width) {
            let Some(size) = self.options.resize else {
                let path = path.to_path_buf();
                return Err(Error::ImageSize {
                    path,
                    expected: (height, width),
                    found,
                });
            };
            let (height, width) = target_size(size)?;
            image = resize(&image, height, width);
        }
        if channels == 3 {
            out.copy_from_slice(&image.into_rgb8());
        } else if image.color().has_color() {
            self.met_colour.store(true, Ordering::Relaxed);
        } else {
            out.copy_from_slice(&image.into_luma8());
        }
        Ok(())
    }
}

/// Decodes one file to 8 bits a channel, grey or colour, without transparency.
pub(crate) fn decode(path: &Path) -> Result<DynamicImage> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    if let Some(marker) = ending::missing_end(&bytes) {
        return Err(Error::NoEnd {
            path: path.to_path_buf(),
            marker,
            found: bytes.len() as u64,
        });
    }
    // The content decides the format: files with the wrong ending are common.
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(Error::io(path))?;
    let image = reader.decode().map_err(|source| Error::Undecodable {
        path: path.to_path_buf(),
        source,
    })?;
    Ok(if image.color().has_color() {
        image.into_rgb8().into()
    } else {
        image.into_luma8().into()
    })
}
