//! A data set: pixels, or where they are, labels and the names of its classes.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::stream::{BadImage, Images, StreamUsage};

/// Height, width and channels that all images of a data set share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Values of a pixel: 1 (grey) or 3 (red, green, blue) for everything this crate reads.
    pub channels: usize,
}

impl ImageShape {
    /// Values in one image.
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether an image has no values at all.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// Black pixels for `images` images of `shape`.
///
/// # Errors
/// [`Error::TooLarge`] where the memory is not to be had; a plain `vec!` would abort the process.
pub(crate) fn blank_images(images: usize, shape: ImageShape) -> Result<Vec<u8>> {
    let ImageShape {
        height,
        width,
        channels,
    } = shape;
    let mut pixels = Vec::new();
    let len = height
        .checked_mul(width)
        .and_then(|n| n.checked_mul(channels)?.checked_mul(images));
    match len.map(|len| (len, pixels.try_reserve_exact(len))) {
        Some((len, Ok(()))) => pixels.resize(len, 0),
        _ => {
            return Err(Error::TooLarge {
                images,
                height,
                width,
                channels,
            });
        }
    }
    Ok(pixels)
}

/// Where the pixels of a data set are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pixels {
    /// In memory.
    Resident(Vec<u8>),
    /// In their files, until they are needed.
    Streamed(Images),
}

/// Images of one size with their labels: decoded and in host memory, or, where
/// [`LoadOptions::stream`](crate::LoadOptions::stream) asked for it, in their files until a batch wants them.
///
/// # Shapes
/// Pixels are `[images, height, width, channels]`, contiguous, one byte each: 0 black, 255 white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    pixels: Pixels,
    labels: Vec<u16>,
    shape: ImageShape,
    class_names: Vec<String>,
}

impl Dataset {
    /// A data set of decoded pixels; `class_names[label]` is what a label means.
    ///
    /// # Errors
    /// [`Error::Pixels`] where pixels and labels do not pair up, [`Error::Label`] for a label without a name.
    pub fn new(
        images: Vec<u8>,
        labels: Vec<u16>,
        shape: ImageShape,
        class_names: Vec<String>,
    ) -> Result<Self> {
        let ImageShape {
            height,
            width,
            channels,
        } = shape;
        let expected = height
            .checked_mul(width)
            .and_then(|n| n.checked_mul(channels)?.checked_mul(labels.len()));
        if shape.is_empty() || expected != Some(images.len()) {
            return Err(Error::Pixels {
                pixels: images.len(),
                labels: labels.len(),
                height,
                width,
                channels,
            });
        }
        Self::labelled(Pixels::Resident(images), labels, shape, class_names)
    }

    /// A data set of files, one for each label.
    pub(crate) fn streamed(
        images: Images,
        labels: Vec<u16>,
        class_names: Vec<String>,
    ) -> Result<Self> {
        let size = images.image_size();
        let shape = ImageShape {
            height: size,
            width: size,
            channels: 3,
        };
        Self::labelled(Pixels::Streamed(images), labels, shape, class_names)
    }

    fn labelled(
        pixels: Pixels,
        labels: Vec<u16>,
        shape: ImageShape,
        class_names: Vec<String>,
    ) -> Result<Self> {
        let classes = class_names.len();
        if let Some(image) = labels
            .iter()
            .position(|&label| usize::from(label) >= classes)
        {
            return Err(Error::Label {
                image,
                label: labels[image],
                classes,
            });
        }
        Ok(Self {
            pixels,
            labels,
            shape,
            class_names,
        })
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The size that all images have.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Rows of pixels of an image.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// Pixels in a row of an image.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// Values of a pixel.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// All pixels that are in memory, `[images, height, width, channels]`; none of a streamed set.
    pub fn images(&self) -> &[u8] {
        match &self.pixels {
            Pixels::Resident(images) => images,
            Pixels::Streamed(_) => &[],
        }
    }

    /// The pixels of one image that is in memory, `[height, width, channels]`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len), as indexing a slice does; for any image of a streamed set.
    pub fn image(&self, index: usize) -> &[u8] {
        let len = self.shape.len();
        &self.images()[index * len..][..len]
    }

    /// The images of a streamed set.
    pub(crate) fn files(&self) -> Option<&Images> {
        match &self.pixels {
            Pixels::Resident(_) => None,
            Pixels::Streamed(images) => Some(images),
        }
    }

    /// The class of each image.
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The number of classes, whether or not each of them has images.
    pub fn classes(&self) -> usize {
        self.class_names.len()
    }

    /// The name of each class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The number of images in each class.
    pub fn class_counts(&self) -> Vec<usize> {
        crate::apportion::class_counts(&self.labels, self.classes())
    }

    /// Every index of the data set, for a [`Loader`](crate::Loader) over all of it.
    pub fn indices(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// Host memory held by the pixels and labels, in bytes; by the labels and paths of a streamed set.
    ///
    /// This is outside the memory bound of a search, which governs device memory.
    pub fn bytes(&self) -> usize {
        let pixels = match &self.pixels {
            Pixels::Resident(images) => images.len(),
            Pixels::Streamed(images) => images.bytes(),
        };
        pixels + self.labels.len() * size_of::<u16>()
    }
}

/// A training set and the test set that belongs to it.
///
/// Both have the same image size and the same classes.
#[derive(Clone, Debug)]
pub struct Data {
    /// The name of the built-in data set, or the last part of the folder's path.
    pub name: String,
    /// The images to search and train with; see [`Splits`](crate::Splits).
    pub train: Arc<Dataset>,
    /// The images that only the final network sees.
    pub test: Arc<Dataset>,
}

impl Data {
    /// Host memory held by both sets, in bytes, with all that the cache of a streamed folder may take.
    pub fn bytes(&self) -> usize {
        let streamed = self.train.files();
        let cache = streamed.map_or(0, |images| images.shared().cache_bytes());
        self.train.bytes() + self.test.bytes() + cache
    }

    /// What streaming did so far, and the host memory it holds; none for images that were read as a whole.
    pub fn stream_usage(&self) -> Option<StreamUsage> {
        Some(self.train.files()?.shared().usage())
    }

    /// The files of a streamed folder that could not be used so far, by path: others stood in for them.
    pub fn bad_images(&self) -> Vec<BadImage> {
        let streamed = self.train.files();
        streamed.map_or_else(Vec::new, |images| images.shared().bad_images())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(height: usize, width: usize, channels: usize) -> ImageShape {
        ImageShape {
            height,
            width,
            channels,
        }
    }

    #[test]
    fn more_memory_than_there_can_be_is_an_error() {
        assert_eq!(blank_images(2, shape(2, 3, 1)).unwrap(), [0; 12]);
        // 2^56 bytes are beyond a 48-bit address space; the others overflow before that.
        for (images, shape) in [
            (1 << 40, shape(256, 256, 1)),
            (usize::MAX, shape(1, 1, 2)),
            (1, shape(usize::MAX, 2, 1)),
        ] {
            assert!(matches!(
                blank_images(images, shape),
                Err(Error::TooLarge { .. })
            ));
        }
    }

    #[test]
    fn pixels_and_labels_must_fit_together() {
        let names = || vec!["a".to_string(), "b".to_string()];
        let made = Dataset::new((0..12).collect(), vec![1, 0], shape(1, 2, 3), names()).unwrap();
        assert_eq!(
            (made.image(1), made.class_counts(), made.bytes()),
            (&[6, 7, 8, 9, 10, 11][..], vec![1, 1], 16)
        );
        assert!(matches!(
            Dataset::new(vec![0; 11], vec![1, 0], shape(1, 2, 3), names()),
            Err(Error::Pixels { .. })
        ));
        assert!(matches!(
            Dataset::new(vec![], vec![], shape(0, 2, 3), names()),
            Err(Error::Pixels { .. })
        ));
        match Dataset::new(vec![0; 3], vec![0, 2, 1], shape(1, 1, 1), names()) {
            Err(Error::Label {
                image: 1,
                label: 2,
                classes: 2,
            }) => {}
            other => panic!("{other:?}"),
        }
    }
}
