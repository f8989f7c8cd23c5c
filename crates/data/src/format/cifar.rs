//! CIFAR-10's own binary form: records of one label byte and 3 x 32 x 32 pixels, one colour plane after the other.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Decoded, Part};
use crate::apportion::limited;
use crate::dataset::ImageShape;
use crate::error::{Error, Result};
use crate::load::LoadOptions;

const SHAPE: ImageShape = ImageShape {
    height: 32,
    width: 32,
    channels: 3,
};
const PLANE_BYTES: usize = 32 * 32;
const RECORD_BYTES: usize = 1 + 3 * PLANE_BYTES;

/// The ten classes, for folders without `batches.meta.txt`.
const CLASS_NAMES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

/// The files of one folder.
pub(crate) struct CifarFiles {
    train: Vec<PathBuf>,
    test: PathBuf,
    names: Option<PathBuf>,
}

/// The CIFAR-10 files among `entries`, or `None` where the folder is of another kind.
pub(crate) fn find(folder: &Path, entries: &[PathBuf]) -> Result<Option<CifarFiles>> {
    let name = |path: &PathBuf| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let is_batch =
        |path: &&PathBuf| name(path).starts_with("data_batch_") && name(path).ends_with(".bin");
    let train: Vec<PathBuf> = entries.iter().filter(is_batch).cloned().collect();
    let named = |wanted| entries.iter().find(|path| name(path) == wanted).cloned();
    let missing = |missing| Error::Missing {
        folder: folder.to_path_buf(),
        kind: "CIFAR-10 binary",
        missing,
    };
    match (train.is_empty(), named("test_batch.bin")) {
        (true, None) => Ok(None),
        (true, Some(_)) => Err(missing("data_batch_*.bin")),
        (false, None) => Err(missing("test_batch.bin")),
        (false, Some(test)) => Ok(Some(CifarFiles {
            train,
            test,
            names: named("batches.meta.txt"),
        })),
    }
}

/// Reads both sets.
pub(crate) fn read(files: &CifarFiles, options: &LoadOptions<'_>) -> Result<Decoded> {
    let class_names = match &files.names {
        Some(path) => read_names(path)?,
        None => CLASS_NAMES.map(String::from).to_vec(),
    };
    let train = read_part(&files.train, class_names.len(), options.limit_train)?;
    let test = read_part(
        std::slice::from_ref(&files.test),
        class_names.len(),
        options.limit_test,
    )?;
    let total = train.labels.len() + test.labels.len();
    if let Some(progress) = options.progress {
        progress(total, total);
    }
    Ok(Decoded {
        train,
        test,
        shape: SHAPE,
        class_names,
    })
}

/// One class a line; blank lines (the original ends in one) do not count.
fn read_names(path: &Path) -> Result<Vec<String>> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(String::from)
        .collect();
    if names.is_empty() {
        return Err(Error::Empty {
            path: path.to_path_buf(),
            what: "class names",
        });
    }
    Ok(names)
}

/// The images that `limit` keeps, from all of `paths` in order.
///
/// Files are read twice, first for the labels, so that no more than one of them is in memory beside the result.
fn read_part(paths: &[PathBuf], classes: usize, limit: Option<usize>) -> Result<Part> {
    let mut all_labels = Vec::new();
    let mut ends = Vec::with_capacity(paths.len());
    for path in paths {
        let bytes = read_records(path)?;
        for (record, bytes) in bytes.chunks_exact(RECORD_BYTES).enumerate() {
            let label = u16::from(bytes[0]);
            if usize::from(label) >= classes {
                let offset = (record * RECORD_BYTES) as u64;
                return Err(Error::LabelOutOfRange {
                    path: path.clone(),
                    offset,
                    label: label.into(),
                    classes,
                });
            }
            all_labels.push(label);
        }
        ends.push(all_labels.len());
    }
    let kept = limited(&all_labels, classes, limit);
    let mut images = vec![0; kept.len() * SHAPE.len()];
    let labels = kept.iter().map(|&index| all_labels[index]).collect();

    let mut places = kept
        .iter()
        .zip(images.chunks_exact_mut(SHAPE.len()))
        .peekable();
    let mut start = 0;
    for (path, end) in paths.iter().zip(ends) {
        if places.peek().is_some_and(|(index, _)| **index < end) {
            let bytes = read_records(path)?;
            while let Some((index, out)) = places.next_if(|(index, _)| **index < end) {
                let offset = (index - start) * RECORD_BYTES;
                // The file was this long a moment ago; if it has been cut since, say so.
                let record = bytes
                    .get(offset..offset + RECORD_BYTES)
                    .ok_or(Error::Truncated {
                        path: path.clone(),
                        offset: offset as u64,
                        expected: RECORD_BYTES as u64,
                        found: bytes.len().saturating_sub(offset) as u64,
                    })?;
                interleave(&record[1..], out);
            }
        }
        start = end;
    }
    Ok(Part { images, labels })
}

/// The bytes of a file of whole records.
fn read_records(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let remainder = bytes.len() % RECORD_BYTES;
    if remainder != 0 {
        return Err(Error::Truncated {
            path: path.to_path_buf(),
            offset: (bytes.len() - remainder) as u64,
            expected: RECORD_BYTES as u64,
            found: remainder as u64,
        });
    }
    if bytes.is_empty() {
        return Err(Error::Empty {
            path: path.to_path_buf(),
            what: "images",
        });
    }
    Ok(bytes)
}

/// Three colour planes to `[height, width, 3]`.
fn interleave(planes: &[u8], out: &mut [u8]) {
    let (red, rest) = planes.split_at(PLANE_BYTES);
    let (green, blue) = rest.split_at(PLANE_BYTES);
    for (pixel, ((&r, &g), &b)) in out.chunks_exact_mut(3).zip(red.iter().zip(green).zip(blue)) {
        pixel.copy_from_slice(&[r, g, b]);
    }
}
