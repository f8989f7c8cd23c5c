//! Where the images of a set are: all that is known of them before they are needed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The files of a set by class folder and name; paths would repeat the folder for each of a million files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    folders: Vec<PathBuf>,
    /// Folder and name of each image.
    names: Vec<(u32, Box<OsStr>)>,
}

impl Files {
    /// The files of these paths, in order.
    pub(crate) fn new(paths: &[PathBuf]) -> Self {
        let mut files = Files::default();
        for path in paths {
            let folder = path.parent().unwrap_or(Path::new(""));
            // Files come folder by folder.
            if files.folders.last().is_none_or(|last| last != folder) {
                files.folders.push(folder.to_path_buf());
            }
            let name = path.file_name().unwrap_or(path.as_os_str());
            let folder = (files.folders.len() - 1) as u32;
            files.names.push((folder, name.into()));
        }
        files
    }

    /// The number of files.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The path of a file.
    pub(crate) fn path(&self, index: usize) -> PathBuf {
        let (folder, name) = &self.names[index];
        self.folders[*folder as usize].join(&**name)
    }

    /// Host memory that the paths take.
    pub(crate) fn bytes(&self) -> usize {
        let names = self
            .names
            .iter()
            .map(|(_, name)| name.len() + size_of::<(u32, Box<OsStr>)>());
        let folders = self.folders.iter().map(|path| path.as_os_str().len());
        names.sum::<usize>() + folders.sum::<usize>()
    }
}
