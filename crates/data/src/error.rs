//! What can be wrong with a data set, said with the file, the offset and the numbers.

use std::path::{Path, PathBuf};

use crate::stream::BadImage;

/// The result of everything fallible in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of reading, splitting or batching a data set.
///
/// Offsets are bytes from the start of the file; in a gzip-compressed file, of its decompressed content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    /// A name that is neither a built-in data set nor a folder.
    #[error("`{name}` is neither a built-in data set ({}) nor a folder", known.join(", "))]
    UnknownName {
        /// What was asked for.
        name: String,
        /// The names that would do.
        known: &'static [&'static str],
    },

    /// A folder that holds no known kind of data set.
    #[error(
        "{}: no data set found among its {entries} entries; looked for IDX files (train-images*, train-labels*, \
         t10k-images*, t10k-labels*), CIFAR-10 binary files (data_batch_*.bin, test_batch.bin) and class \
         folders (train/<class>/*.jpg or *.png beside test/ or val/)",
        path.display()
    )]
    Unrecognised {
        /// The folder.
        path: PathBuf,
        /// How many files and folders it holds.
        entries: usize,
    },

    /// A part of a data set whose kind was recognised is not there.
    #[error("{}: looks like a data set in {kind} form, but has no {missing}", folder.display())]
    Missing {
        /// The folder that was searched.
        folder: PathBuf,
        /// The kind that was recognised.
        kind: &'static str,
        /// What was looked for.
        missing: &'static str,
    },

    /// Two files fit one role.
    #[error("{} and {} could both be the {role}; keep one data set a folder", first.display(), second.display())]
    Ambiguous {
        /// The role, as a file name pattern.
        role: &'static str,
        /// The first file, by name.
        first: PathBuf,
        /// The second one.
        second: PathBuf,
    },

    /// A folder or a file that holds no images.
    #[error("{}: no {what}", path.display())]
    Empty {
        /// The folder or file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },

    /// A file ends too early.
    #[error("{}: truncated: {expected} bytes expected from offset {offset} on, {found} found", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where the incomplete part begins.
        offset: u64,
        /// The bytes that part should have.
        expected: u64,
        /// The bytes it has.
        found: u64,
    },

    /// A compressed file whose content is damaged.
    #[error("{}: cannot be decompressed beyond offset {offset}: {source}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// How far the decompressed content could be read.
        offset: u64,
        /// What the decompressor said.
        source: std::io::Error,
    },

    /// A file goes on after the end its header announces.
    #[error("{}: should end at offset {offset}, but goes on", path.display())]
    Trailing {
        /// The file.
        path: PathBuf,
        /// Where it should end.
        offset: u64,
    },

    /// A file does not begin as its kind must.
    #[error("{}: magic number {found:#010x} at offset 0, expected {expected:#010x}", path.display())]
    BadMagic {
        /// The file.
        path: PathBuf,
        /// The number its kind begins with.
        expected: u32,
        /// The number found.
        found: u32,
    },

    /// A header announces an impossible amount of data.
    #[error("{}: {count} images of {height}x{width} pixels at offset 4 is not a possible size", path.display())]
    BadHeader {
        /// The file.
        path: PathBuf,
        /// The number of images announced.
        count: u32,
        /// Their height.
        height: u32,
        /// Their width.
        width: u32,
    },

    /// A label names no class.
    #[error("{}: label {label} at offset {offset}, but there are {classes} classes", path.display())]
    LabelOutOfRange {
        /// The file.
        path: PathBuf,
        /// Where the label stands.
        offset: u64,
        /// The label.
        label: u32,
        /// The number of classes; labels run from 0 to one less.
        classes: usize,
    },

    /// Images and labels do not pair up.
    #[error("{}: {image_count} images, but {}: {label_count} labels", images.display(), labels.display())]
    CountMismatch {
        /// The file of images.
        images: PathBuf,
        /// How many it holds.
        image_count: usize,
        /// The file of labels.
        labels: PathBuf,
        /// How many it holds.
        label_count: usize,
    },

    /// An image is not of the size of those before it, and no common size was asked for.
    #[error(
        "{}: {}x{} pixels (height x width), but the images before it have {}x{}",
        path.display(), found.0, found.1, expected.0, expected.1
    )]
    ImageSize {
        /// The first odd file.
        path: PathBuf,
        /// Height and width of the images before it.
        expected: (usize, usize),
        /// Its own height and width.
        found: (usize, usize),
    },

    /// An image file that cannot be decoded.
    #[error("{}: not a readable image: {source}", path.display())]
    Undecodable {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },

    /// An image file without its end: the rest was cut off.
    #[error("{}: truncated: no {marker} up to offset {found}, where the file ends", path.display())]
    NoEnd {
        /// The file.
        path: PathBuf,
        /// What should mark the end.
        marker: &'static str,
        /// The length of the file in bytes.
        found: u64,
    },

    /// A class that the training set does not have.
    #[error("{}: no class of the training set is called `{class}` (it has {classes} classes)", path.display())]
    UnknownClass {
        /// The folder of the class in the test set.
        path: PathBuf,
        /// Its name.
        class: String,
        /// The number of classes of the training set.
        classes: usize,
    },

    /// More classes than a label can name.
    #[error("{}: {classes} classes, at most 65536 are possible", path.display())]
    TooManyClasses {
        /// The folder.
        path: PathBuf,
        /// The number of class folders in it.
        classes: usize,
    },

    /// Pixels and labels handed over by the caller do not fit together.
    #[error("{pixels} pixel values are not {labels} images of {height}x{width}x{channels}")]
    Pixels {
        /// The number of values.
        pixels: usize,
        /// The number of labels.
        labels: usize,
        /// Height of an image.
        height: usize,
        /// Width of an image.
        width: usize,
        /// Channels of an image.
        channels: usize,
    },

    /// A label handed over by the caller names no class.
    #[error("image {image} has label {label}, but there are {classes} classes")]
    Label {
        /// The position of the image.
        image: usize,
        /// Its label.
        label: u16,
        /// The number of classes.
        classes: usize,
    },

    /// Fractions that are not positive or sum to more than one.
    #[error(
        "split fractions {weights}, {alpha} and {rewards} must be positive and sum to at most 1"
    )]
    Fractions {
        /// The fraction for the network weights.
        weights: f64,
        /// The fraction for the architecture weights.
        alpha: f64,
        /// The fraction for rewards.
        rewards: f64,
    },

    /// A split that would hold no image.
    #[error("{images} training images are too few: the {split} split would be empty")]
    EmptySplit {
        /// The split.
        split: &'static str,
        /// The images there are to divide.
        images: usize,
    },

    /// A part of the classes that is no part.
    #[error("{count} of the {classes} classes cannot be told apart; take 2 to {classes}")]
    ClassSubset {
        /// The classes asked for.
        count: usize,
        /// The classes there are.
        classes: usize,
    },

    /// A loader that could not produce a single batch.
    #[error("no batch of {batch_size} images can be made of {images} images")]
    NoBatch {
        /// The images a batch should have.
        batch_size: usize,
        /// The images there are.
        images: usize,
    },

    /// An index beyond the data set.
    #[error("index {index} is outside the data set of {images} images")]
    Index {
        /// The index.
        index: usize,
        /// The images there are.
        images: usize,
    },

    /// Crop padding that could move a whole image out of sight.
    #[error("crop padding {padding} is not smaller than an image of {height}x{width}")]
    CropPadding {
        /// The padding asked for.
        padding: usize,
        /// Height of the images.
        height: usize,
        /// Width of the images.
        width: usize,
    },

    /// More pixels than there is memory for.
    #[error("no memory for {images} images of {height}x{width}x{channels}")]
    TooLarge {
        /// The number of images.
        images: usize,
        /// Height of an image.
        height: usize,
        /// Width of an image.
        width: usize,
        /// Channels of an image.
        channels: usize,
    },

    /// More files of a streamed image folder cannot be used than is allowed.
    #[error(
        "more than {limit} of {images} image files cannot be used: {}, ...; repair or remove them, or allow more",
        first.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    TooManyBad {
        /// How many are allowed.
        limit: usize,
        /// The files of both sets.
        images: usize,
        /// Some of them, by path.
        first: Vec<BadImage>,
    },

    /// A file is no image that can be used.
    #[error("{0}")]
    BadImage(BadImage),

    /// None of the files that a loader of a streamed image folder is for can be used.
    #[error("none of the {images} image files of a split can be used")]
    NoGoodImage {
        /// The number of files.
        images: usize,
    },

    /// The threads that decode images cannot be had.
    #[error("cannot start {threads} threads to decode images: {source}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system said.
        source: rayon::ThreadPoolBuildError,
    },

    /// An augmentation that makes no sense.
    #[error("{setting} is {value}, but has to be {expected}")]
    Augmentation {
        /// What was set.
        setting: &'static str,
        /// To what.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },

    /// A common size that no image can have.
    #[error("images cannot be resized to {height}x{width}")]
    ResizeTo {
        /// The height asked for.
        height: usize,
        /// The width asked for.
        width: usize,
    },
}

impl Error {
    /// For `map_err`: an I/O error of `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::Io { path, source }
    }
}
