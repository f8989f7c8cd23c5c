//! Image folders: `train/<class>/*.jpg` beside `test/<class>/*.jpg` or `val/<class>/*.jpg`.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{DynamicImage, ImageReader};
use rayon::prelude::*;

use super::{Decoded, Part, ending};
use crate::apportion::limited;
use crate::dataset::ImageShape;
use crate::error::{Error, Result};
use crate::load::LoadOptions;
use crate::resize::{resize, target_size};

/// The folders of training and test classes.
pub(crate) struct SetFolders {
    train: PathBuf,
    test: PathBuf,
}

/// The set folders in `folder`, or `None` where it is of another kind.
pub(crate) fn find(folder: &Path) -> Result<Option<SetFolders>> {
    let train = folder.join("train");
    if !train.is_dir() {
        return Ok(None);
    }
    let test = ["test", "val"]
        .map(|name| folder.join(name))
        .into_iter()
        .find(|path| path.is_dir());
    let missing = Error::Missing {
        folder: folder.to_path_buf(),
        kind: "image-folder",
        missing: "test/ or val/ folder",
    };
    Ok(Some(SetFolders {
        train,
        test: test.ok_or(missing)?,
    }))
}

/// What a folder holds, hidden entries aside, ordered by name.
pub(crate) fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// Reads both sets: chooses files first, then decodes only those.
pub(crate) fn read(folders: &SetFolders, options: &LoadOptions<'_>) -> Result<Decoded> {
    let class_folders = class_folders(&folders.train)?;
    if class_folders.len() > 1 << 16 {
        return Err(Error::TooManyClasses {
            path: folders.train.clone(),
            classes: class_folders.len(),
        });
    }
    let class_names: Vec<String> = class_folders.iter().map(|path| file_name(path)).collect();
    let mut train = FileList::default();
    for (class, folder) in class_folders.iter().enumerate() {
        train.add_class(folder, class as u16)?;
    }
    let mut test = FileList::default();
    for folder in self::class_folders(&folders.test)? {
        let name = file_name(&folder);
        match class_names.binary_search(&name) {
            Ok(class) => test.add_class(&folder, class as u16)?,
            Err(_) => {
                return Err(Error::UnknownClass {
                    path: folder,
                    class: name,
                    classes: class_names.len(),
                });
            }
        }
    }
    train.limit(class_names.len(), options.limit_train);
    test.limit(class_names.len(), options.limit_test);
    let train_len = train.files.len();
    train.files.append(&mut test.files);
    let files = train.files;

    let mut decoded = decode_all(&files, options)?;
    let grey = decoded
        .iter()
        .all(|image| image.color().channel_count() == 1);
    let first = decoded
        .first()
        .map_or((0, 0), |image| (image.height(), image.width()));
    let shape = ImageShape {
        height: first.0 as usize,
        width: first.1 as usize,
        channels: if grey { 1 } else { 3 },
    };
    let test_images = decoded.split_off(train_len);
    let part = |images: Vec<DynamicImage>, labels| {
        let mut pixels = Vec::with_capacity(images.len() * shape.len());
        // Each image is freed as its pixels are copied, so that memory holds the set once, not twice.
        for image in images {
            match grey {
                true => pixels.extend_from_slice(&image.into_luma8()),
                false => pixels.extend_from_slice(&image.into_rgb8()),
            }
        }
        Part {
            images: pixels,
            labels,
        }
    };
    Ok(Decoded {
        train: part(decoded, train.labels),
        test: part(test_images, test.labels),
        shape,
        class_names,
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The class folders of a set, ordered by name.
fn class_folders(set: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = sorted_entries(set)?;
    folders.retain(|path| path.is_dir());
    if folders.is_empty() {
        return Err(Error::Empty {
            path: set.to_path_buf(),
            what: "class folders",
        });
    }
    Ok(folders)
}

/// Image files and their classes.
#[derive(Default)]
struct FileList {
    files: Vec<PathBuf>,
    labels: Vec<u16>,
}

impl FileList {
    fn add_class(&mut self, folder: &Path, class: u16) -> Result<()> {
        let mut files = sorted_entries(folder)?;
        files.retain(|path| {
            let extension = path.extension().unwrap_or_default();
            ["jpg", "jpeg", "png"]
                .iter()
                .any(|known| extension.eq_ignore_ascii_case(known))
        });
        if files.is_empty() {
            return Err(Error::Empty {
                path: folder.to_path_buf(),
                what: "JPEG or PNG files",
            });
        }
        self.labels.resize(self.labels.len() + files.len(), class);
        self.files.append(&mut files);
        Ok(())
    }

    fn limit(&mut self, classes: usize, limit: Option<usize>) {
        let kept = limited(&self.labels, classes, limit);
        self.labels = kept.iter().map(|&index| self.labels[index]).collect();
        self.files = kept
            .iter()
            .map(|&index| std::mem::take(&mut self.files[index]))
            .collect();
    }
}

/// Decodes all files, in parallel and in order.
///
/// The error, if any, is that of the first bad file in order, however many threads there are: files before
/// the first known bad one are never skipped.
fn decode_all(files: &[PathBuf], options: &LoadOptions<'_>) -> Result<Vec<DynamicImage>> {
    let target = options.resize.map(target_size).transpose()?;
    let Some(first) = files.first() else {
        return Ok(Vec::new());
    };
    let expected = match target {
        Some(size) => size,
        None => decode(first).map(|image| (image.height(), image.width()))?,
    };
    let first_bad = AtomicUsize::new(usize::MAX);
    let error = Mutex::new(None);
    let done = AtomicUsize::new(0);
    let images: Vec<DynamicImage> = (0..files.len())
        .into_par_iter()
        .filter_map(|index| {
            if first_bad.load(Ordering::Relaxed) < index {
                return None;
            }
            let image =
                decode(&files[index]).and_then(|image| fit(image, &files[index], target, expected));
            if let Some(progress) = options.progress {
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
            }
            image
                .map_err(|found| {
                    let mut error = error.lock().unwrap_or_else(PoisonError::into_inner);
                    if index < first_bad.fetch_min(index, Ordering::Relaxed) {
                        *error = Some(found);
                    }
                })
                .ok()
        })
        .collect();
    match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(images),
    }
}

/// Brings an image to the size asked for, or demands the size of the first one; sizes are (height, width).
fn fit(
    image: DynamicImage,
    path: &Path,
    target: Option<(u32, u32)>,
    expected: (u32, u32),
) -> Result<DynamicImage> {
    let size = (image.height(), image.width());
    if size == expected {
        return Ok(image);
    }
    match target {
        Some((height, width)) => Ok(resize(&image, height, width)),
        None => Err(Error::ImageSize {
            path: path.to_path_buf(),
            expected: (expected.0 as usize, expected.1 as usize),
            found: (size.0 as usize, size.1 as usize),
        }),
    }
}

/// Decodes one file to 8 bits a channel, grey or colour, without transparency.
fn decode(path: &Path) -> Result<DynamicImage> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    if let Some(marker) = ending::missing_end(&bytes) {
        let found = bytes.len() as u64;
        return Err(Error::NoEnd {
            path: path.to_path_buf(),
            marker,
            found,
        });
    }
    let undecodable = |source| Error::Undecodable {
        path: path.to_path_buf(),
        source,
    };
    // The content decides the format: files with the wrong ending are common.
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(Error::io(path))?;
    let image = reader.decode().map_err(undecodable)?;
    Ok(if image.color().has_color() {
        image.into_rgb8().into()
    } else {
        image.into_luma8().into()
    })
}
