//! Finding a data set: by name, or by what a folder holds.

use std::fmt;
use std::path::Path;

use crate::dataset::Data;
use crate::embedded;
use crate::error::{Error, Result};
use crate::format::{cifar, folder, idx};
use crate::stream::Streaming;

/// The names that [`Data::load`] knows without a folder.
pub const BUILT_IN: &[&str] = &[embedded::NAME];

/// How to read a data set.
#[derive(Clone, Copy, Default)]
pub struct LoadOptions<'a> {
    /// Height and width to bring every image to (stretched, bilinear); `None` demands that all agree.
    pub resize: Option<(usize, usize)>,
    /// Index an image folder only, and decode its images when they are needed; `resize` is not for those. Data
    /// sets in the other forms are read as a whole all the same, and brought to the image size unless `resize`
    /// names another.
    pub stream: Option<Streaming>,
    /// Keep at most this many training images: a class-stratified choice, the same in every run, made before
    /// anything is decoded where the form allows it.
    pub limit_train: Option<usize>,
    /// Keep at most this many test images, likewise.
    pub limit_test: Option<usize>,
    /// Called with (images decoded, images in all) from the decoding threads, in no particular order.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl fmt::Debug for LoadOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadOptions")
            .field("resize", &self.resize)
            .field("stream", &self.stream)
            .field("limit_train", &self.limit_train)
            .field("limit_test", &self.limit_test)
            .finish_non_exhaustive()
    }
}

impl LoadOptions<'_> {
    /// How to read what is read as a whole.
    fn resident(&self) -> Self {
        let streamed = self
            .stream
            .map(|stream| (stream.image_size, stream.image_size));
        LoadOptions {
            resize: self.resize.or(streamed),
            ..*self
        }
    }
}

impl Data {
    /// A built-in data set by its name (see [`BUILT_IN`]), or else the folder of that path.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for what is neither; otherwise as [`Data::open`].
    pub fn load(name_or_folder: &str, options: &LoadOptions<'_>) -> Result<Data> {
        if name_or_folder == embedded::NAME {
            return embedded::embedded(&options.resident());
        }
        let path = Path::new(name_or_folder);
        if !path.exists() {
            return Err(Error::UnknownName {
                name: name_or_folder.to_string(),
                known: BUILT_IN,
            });
        }
        Data::open(path, options)
    }

    /// Reads the data set in a folder, in whichever of these forms it is:
    ///
    /// - **IDX**, as MNIST and its relatives come: files whose names contain `train-images`, `train-labels`,
    ///   `t10k-images` and `t10k-labels` (or `test-...`), plain or gzip-compressed. There are as many classes as
    ///   the largest training label says.
    /// - **CIFAR-10 binary**: `data_batch_*.bin` and `test_batch.bin`, class names in `batches.meta.txt`.
    /// - **image folder**: `train/<class>/` and `test/<class>/` (or `val/`, or `validation/`: the first of them that
    ///   has class folders) with JPEG and PNG files. Classes and files are ordered by name. Images stay grey only if
    ///   all are; transparency is dropped. With [`LoadOptions::stream`] the files are only listed, and always give
    ///   three channels.
    ///
    /// # Errors
    /// [`Error::Unrecognised`] for a folder of another kind; anything wrong with a file names it.
    pub fn open(path: &Path, options: &LoadOptions<'_>) -> Result<Data> {
        if let Some(size) = options.resize {
            crate::resize::target_size(size)?;
        }
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let entries = folder::sorted_entries(path)?;
        let resident = &options.resident();
        let decoded = if let Some((train, test)) = idx::find(path, &entries)? {
            idx::read(&train, &test, None, resident)?
        } else if let Some(files) = cifar::find(path, &entries)? {
            cifar::read(&files, resident)?
        } else if let Some(folders) = folder::find(path)? {
            let listing = folder::list(&folders, options)?;
            match options.stream {
                Some(streaming) => return listing.stream(name, streaming),
                None => listing.decode(&folders, options)?,
            }
        } else {
            return Err(Error::Unrecognised {
                path: path.to_path_buf(),
                entries: entries.len(),
            });
        };
        decoded.into_data(name, resident)
    }
}
