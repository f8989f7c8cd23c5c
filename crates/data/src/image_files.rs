//! Single image files, brought to the images of a network as evaluation brings those of an image folder.

use std::path::{Path, PathBuf};

use crate::dataset::ImageShape;
use crate::error::{Error, Result};
use crate::format::decode;
use crate::resize::{resize, target_size};
use crate::stream::{Files, Images, Shared, Streaming};
use crate::view::central;

/// Image files that belong to no data set.
///
/// The way of an image is the one that it would take in evaluation as part of a folder: as a whole and stretched to the
/// size of the network's images, if need be; or, with [`Streaming`], shrunk to its short side and the centre of it
/// scaled. Grey becomes three equal channels where the network sees colour, and colour grey where it does not.
#[derive(Debug)]
pub struct ImageFiles {
    paths: Vec<PathBuf>,
    shape: ImageShape,
    streamed: Option<Images>,
}

impl ImageFiles {
    /// Files that become images of this shape; nothing is read yet.
    ///
    /// # Errors
    /// [`Error::ResizeTo`] for a shape that no image can have, one or three channels aside, or that streaming, which gives
    /// squares of three channels, does not give.
    pub fn new(
        paths: Vec<PathBuf>,
        shape: ImageShape,
        streaming: Option<Streaming>,
    ) -> Result<Self> {
        let ImageShape {
            height,
            width,
            channels,
        } = shape;
        target_size((height, width))?;
        let streamed = match streaming {
            None => None,
            Some(settings) => {
                let image_size = settings.image_size;
                if (height, width, channels) != (image_size, image_size, 3) {
                    return Err(Error::ResizeTo { height, width });
                }
                let shared = Shared::new(settings, paths.len())?;
                Some(Images::new(Files::new(&paths), shared))
            }
        };
        Ok(ImageFiles {
            paths,
            shape,
            streamed,
        })
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// The pixels of a file, `[height, width, channels]`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Undecodable`], [`Error::NoEnd`], [`Error::BadImage`]: each names the file.
    ///
    /// # Panics
    /// If `index` is not below the number of files, as indexing a slice does.
    pub fn read(&self, index: usize) -> Result<Vec<u8>> {
        match &self.streamed {
            None => self.stretched(&self.paths[index]),
            Some(images) => self.centre(images, index),
        }
    }

    fn stretched(&self, path: &Path) -> Result<Vec<u8>> {
        let (height, width) = target_size((self.shape.height, self.shape.width))?;
        let mut image = decode(path)?;
        if (image.height(), image.width()) != (height, width) {
            image = resize(&image, height, width);
        }
        Ok(match self.shape.channels {
            3 => image.into_rgb8().into_raw(),
            _ => image.into_luma8().into_raw(),
        })
    }

    fn centre(&self, images: &Images, index: usize) -> Result<Vec<u8>> {
        let size = self.shape.height;
        let mut pixels = vec![0; self.shape.len()];
        let out = &mut pixels[..];
        let shown = images.run(|| {
            images.with(index, |view, scaler| {
                let area = central(view.height, view.width, size);
                scaler.scale(view, area, (size, size), out);
            })
        })?;
        if shown.is_some() {
            return Ok(pixels);
        }
        let bad = images.shared().bad_images();
        let bad = bad.into_iter().find(|bad| bad.path == self.paths[index]);
        Err(bad.map_or(Error::NoGoodImage { images: 1 }, Error::BadImage))
    }
}
