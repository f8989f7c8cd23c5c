//! IDX files, the form of MNIST and its relatives: `magic, sizes (big-endian u32), bytes`, perhaps gzipped.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::{Decoded, Part};
use crate::apportion::limited;
use crate::dataset::ImageShape;
use crate::error::{Error, Result};
use crate::load::LoadOptions;

/// Unsigned bytes in three dimensions: images, rows, columns.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// Unsigned bytes in one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// Where the labels begin in their file.
const LABELS_OFFSET: u64 = 8;
/// Memory reserved on a header's word; a larger file grows as it is read.
const TRUSTED_BYTES: u64 = 64 << 20;

/// One IDX file.
pub(crate) enum IdxSource {
    /// On disk.
    File(PathBuf),
    /// Part of this library.
    Embedded {
        name: &'static Path,
        bytes: &'static [u8],
    },
}

/// The images and labels of a training or test set.
pub(crate) struct IdxPair {
    pub(crate) images: IdxSource,
    pub(crate) labels: IdxSource,
}

/// The training and test files among `entries`, or `None` where the folder is of another kind.
pub(crate) fn find(folder: &Path, entries: &[PathBuf]) -> Result<Option<(IdxPair, IdxPair)>> {
    let train_images = in_role(entries, &["train-images"])?;
    let train_labels = in_role(entries, &["train-labels"])?;
    let test_images = in_role(entries, &["t10k-images", "test-images"])?;
    let test_labels = in_role(entries, &["t10k-labels", "test-labels"])?;
    if train_images.is_none()
        && train_labels.is_none()
        && test_images.is_none()
        && test_labels.is_none()
    {
        return Ok(None);
    }
    let require = |file: Option<PathBuf>, missing| {
        file.map(IdxSource::File).ok_or(Error::Missing {
            folder: folder.to_path_buf(),
            kind: "IDX",
            missing,
        })
    };
    let train = IdxPair {
        images: require(train_images, "train-images*")?,
        labels: require(train_labels, "train-labels*")?,
    };
    let test = IdxPair {
        images: require(test_images, "t10k-images*")?,
        labels: require(test_labels, "t10k-labels*")?,
    };
    Ok(Some((train, test)))
}

/// The file whose name contains one of `patterns`; a file and its compressed twin count as one.
fn in_role(entries: &[PathBuf], patterns: &[&'static str]) -> Result<Option<PathBuf>> {
    let name = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let fits = |path: &&PathBuf| {
        patterns.iter().any(|pattern| name(path).contains(pattern)) && path.is_file()
    };
    let mut fitting = entries.iter().filter(fits);
    let Some(first) = fitting.next() else {
        return Ok(None);
    };
    let stem = |path: &Path| name(path).trim_end_matches(".gz").to_string();
    match fitting.find(|path| stem(path) != stem(first)) {
        Some(second) => Err(Error::Ambiguous {
            role: patterns[0],
            first: first.clone(),
            second: second.clone(),
        }),
        None => Ok(Some(first.clone())),
    }
}

/// Reads both sets. Without `class_names`, the classes are the numbers up to the largest training label.
pub(crate) fn read(
    train: &IdxPair,
    test: &IdxPair,
    class_names: Option<Vec<String>>,
    options: &LoadOptions<'_>,
) -> Result<Decoded> {
    let train_labels = read_labels(&train.labels)?;
    let class_names = class_names.unwrap_or_else(|| {
        (0..class_count(&train_labels))
            .map(|c| c.to_string())
            .collect()
    });
    let (train, shape) = read_pair(train, train_labels, class_names.len(), options.limit_train)?;
    let test_path = test.images.path();
    let (test, test_shape) = read_pair(
        test,
        read_labels(&test.labels)?,
        class_names.len(),
        options.limit_test,
    )?;
    if test_shape != shape {
        return Err(Error::ImageSize {
            path: test_path.to_path_buf(),
            expected: (shape.height, shape.width),
            found: (test_shape.height, test_shape.width),
        });
    }
    let total = train.labels.len() + test.labels.len();
    if let Some(progress) = options.progress {
        progress(total, total);
    }
    Ok(Decoded {
        train,
        test,
        shape,
        class_names,
    })
}

/// The number of classes that training labels speak of.
///
/// The file does not say it, so one damaged label would invent classes; labels must therefore be used
/// without a gap. They need not begin at 0 (the letters of EMNIST begin at 1).
fn class_count(labels: &[u8]) -> usize {
    let mut used = [false; 256];
    for &label in labels {
        used[usize::from(label)] = true;
    }
    let first = used.iter().position(|&used| used).unwrap_or(0);
    used[first..]
        .iter()
        .position(|&used| !used)
        .map_or(256, |run| first + run)
}

fn read_pair(
    pair: &IdxPair,
    labels: Vec<u8>,
    classes: usize,
    limit: Option<usize>,
) -> Result<(Part, ImageShape)> {
    if let Some(index) = labels
        .iter()
        .position(|&label| usize::from(label) >= classes)
    {
        return Err(Error::LabelOutOfRange {
            path: pair.labels.path().to_path_buf(),
            offset: LABELS_OFFSET + index as u64,
            label: u32::from(labels[index]),
            classes,
        });
    }
    let (images, shape) = read_images(&pair.images, &pair.labels, labels.len())?;
    let labels: Vec<u16> = labels.into_iter().map(u16::from).collect();
    let kept = limited(&labels, classes, limit);
    if kept.len() == labels.len() {
        return Ok((Part { images, labels }, shape));
    }
    let mut part = Part {
        images: Vec::with_capacity(kept.len() * shape.len()),
        labels: Vec::new(),
    };
    for index in kept {
        part.images
            .extend_from_slice(&images[index * shape.len()..][..shape.len()]);
        part.labels.push(labels[index]);
    }
    Ok((part, shape))
}

fn read_labels(source: &IdxSource) -> Result<Vec<u8>> {
    let mut reader = source.open()?;
    let [count] = reader.header(LABELS_MAGIC)?;
    if count == 0 {
        return Err(Error::Empty {
            path: source.path().to_path_buf(),
            what: "labels",
        });
    }
    reader.rest(u64::from(count))
}

/// The pixels, after checking that there are as many images as labels.
fn read_images(
    source: &IdxSource,
    labels: &IdxSource,
    label_count: usize,
) -> Result<(Vec<u8>, ImageShape)> {
    let mut reader = source.open()?;
    let [count, height, width] = reader.header(IMAGES_MAGIC)?;
    let path = || source.path().to_path_buf();
    if count == 0 {
        return Err(Error::Empty {
            path: path(),
            what: "images",
        });
    }
    if count as usize != label_count {
        return Err(Error::CountMismatch {
            images: path(),
            image_count: count as usize,
            labels: labels.path().to_path_buf(),
            label_count,
        });
    }
    let pixels = u64::from(height)
        .checked_mul(u64::from(width))
        .and_then(|n| n.checked_mul(u64::from(count)));
    let pixels = pixels.filter(|&pixels| pixels > 0 && pixels <= isize::MAX as u64);
    let pixels = pixels.ok_or_else(|| Error::BadHeader {
        path: path(),
        count,
        height,
        width,
    })?;
    let shape = ImageShape {
        height: height as usize,
        width: width as usize,
        channels: 1,
    };
    Ok((reader.rest(pixels)?, shape))
}

impl IdxSource {
    pub(crate) fn path(&self) -> &Path {
        match self {
            IdxSource::File(path) => path,
            IdxSource::Embedded { name, .. } => name,
        }
    }

    /// Opens the file, decompressing it if it begins as a gzip file does.
    fn open(&self) -> Result<IdxReader<'_>> {
        let path = self.path();
        let mut raw: Box<dyn BufRead> = match self {
            IdxSource::File(path) => {
                Box::new(BufReader::new(File::open(path).map_err(Error::io(path))?))
            }
            IdxSource::Embedded { bytes, .. } => Box::new(*bytes),
        };
        let compressed = raw
            .fill_buf()
            .map_err(Error::io(path))?
            .starts_with(&[0x1f, 0x8b]);
        let content: Box<dyn Read> = if compressed {
            Box::new(MultiGzDecoder::new(raw))
        } else {
            raw
        };
        Ok(IdxReader {
            path,
            content,
            offset: 0,
        })
    }
}

/// Reads an IDX file from its start, knowing where it is.
struct IdxReader<'a> {
    path: &'a Path,
    content: Box<dyn Read>,
    offset: u64,
}

impl IdxReader<'_> {
    /// The magic number, checked, and the `N` sizes behind it.
    fn header<const N: usize>(&mut self, magic: u32) -> Result<[u32; N]> {
        let found = self.number()?;
        if found != magic {
            return Err(Error::BadMagic {
                path: self.path.to_path_buf(),
                expected: magic,
                found,
            });
        }
        let mut sizes = [0; N];
        for size in &mut sizes {
            *size = self.number()?;
        }
        Ok(sizes)
    }

    fn number(&mut self) -> Result<u32> {
        let bytes = self.bytes(4)?;
        Ok(bytes
            .iter()
            .fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    /// The last `len` bytes of the file; it is an error for it to go on.
    fn rest(&mut self, len: u64) -> Result<Vec<u8>> {
        let bytes = self.bytes(len)?;
        let mut beyond = [0];
        // This read also makes the decoder compare its checksum.
        match self.content.read(&mut beyond) {
            Ok(0) => Ok(bytes),
            Ok(_) => Err(Error::Trailing {
                path: self.path.to_path_buf(),
                offset: self.offset,
            }),
            Err(source) => Err(self.failed(source)),
        }
    }

    /// Exactly `len` bytes.
    fn bytes(&mut self, len: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len.min(TRUSTED_BYTES) as usize);
        let outcome = self.content.by_ref().take(len).read_to_end(&mut bytes);
        let (start, found) = (self.offset, bytes.len() as u64);
        self.offset += found;
        match outcome {
            Err(source) if source.kind() != ErrorKind::UnexpectedEof => Err(self.failed(source)),
            _ if found < len => Err(Error::Truncated {
                path: self.path.to_path_buf(),
                offset: start,
                expected: len,
                found,
            }),
            _ => Ok(bytes),
        }
    }

    fn failed(&self, source: std::io::Error) -> Error {
        let path = self.path.to_path_buf();
        match source.raw_os_error() {
            Some(_) => Error::Io { path, source },
            None => Error::Corrupt {
                path,
                offset: self.offset,
                source,
            },
        }
    }
}
