//! Image folders: `train/<class>/*.jpg` beside `test/<class>/*.jpg`, or `val` or `validation` instead.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::decode_all;
use super::{Decoded, Part};
use crate::apportion::limited;
use crate::dataset::{Data, Dataset};
use crate::error::{Error, Result};
use crate::load::LoadOptions;
use crate::stream::{Files, Images, Shared, Streaming};

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
    let tests = ["test", "val", "validation"].map(|name| folder.join(name));
    // ImageNet's own test set has no labels, and so no class folders; its validation set has.
    let has_classes = |path: &&PathBuf| class_folders(path).is_ok();
    let test = (tests.iter().find(has_classes)).or_else(|| tests.iter().find(|path| path.is_dir()));
    let missing = Error::Missing {
        folder: folder.to_path_buf(),
        kind: "image-folder",
        missing: "test/, val/ or validation/ folder",
    };
    Ok(Some(SetFolders {
        train,
        test: test.ok_or(missing)?.clone(),
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

/// The files of both sets, limits applied.
pub(crate) struct Listing {
    class_names: Vec<String>,
    train: FileList,
    test: FileList,
}

/// Lists both sets.
pub(crate) fn list(folders: &SetFolders, options: &LoadOptions<'_>) -> Result<Listing> {
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
    if train.files.is_empty() && test.files.is_empty() {
        return Err(Error::Empty {
            path: folders.train.clone(),
            what: "images within the limits",
        });
    }
    Ok(Listing {
        class_names,
        train,
        test,
    })
}

impl Listing {
    /// Decodes all images.
    pub(crate) fn decode(self, folders: &SetFolders, options: &LoadOptions<'_>) -> Result<Decoded> {
        let Listing {
            class_names,
            train,
            test,
        } = self;
        let (images, shape) = decode_all([&train.files, &test.files], &folders.train, options)?;
        let [train_images, test_images] = images;
        Ok(Decoded {
            train: Part {
                images: train_images,
                labels: train.labels,
            },
            test: Part {
                images: test_images,
                labels: test.labels,
            },
            shape,
            class_names,
        })
    }

    /// Leaves the images in their files until they are needed.
    pub(crate) fn stream(self, name: String, streaming: Streaming) -> Result<Data> {
        let images = self.train.files.len() + self.test.files.len();
        let shared = Shared::new(streaming, images)?;
        let set = |list: FileList| {
            let images = Images::new(Files::new(&list.files), Arc::clone(&shared));
            Dataset::streamed(images, list.labels, self.class_names.clone()).map(Arc::new)
        };
        Ok(Data {
            name,
            train: set(self.train)?,
            test: set(self.test)?,
        })
    }
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
