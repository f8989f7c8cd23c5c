//! Files that turn out not to be usable images: named, counted, and too many of them an error.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};

/// Bad images that an error names.
const NAMED: usize = 5;

/// A file of an image folder that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BadImage {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for BadImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// The bad images of a training and a test set that were found so far.
#[derive(Debug)]
pub(crate) struct BadImages {
    found: Mutex<Vec<BadImage>>,
    limit: usize,
    images: usize,
}

impl BadImages {
    /// None yet, of `images`.
    pub(crate) fn new(limit: Option<usize>, images: usize) -> Self {
        BadImages {
            found: Mutex::default(),
            limit: limit.unwrap_or(images / 100),
            images,
        }
    }

    /// Notes another one.
    pub(crate) fn add(&self, image: BadImage) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.push(image);
    }

    /// Those that were found, by path.
    pub(crate) fn found(&self) -> Vec<BadImage> {
        let mut found = self
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        found.sort_unstable();
        found
    }

    /// Whether there are no more than allowed.
    ///
    /// # Errors
    /// [`Error::TooManyBad`].
    pub(crate) fn check(&self) -> Result<()> {
        let count = self
            .found
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        if count <= self.limit {
            return Ok(());
        }
        let mut first = self.found();
        first.truncate(NAMED);
        Err(Error::TooManyBad {
            limit: self.limit,
            images: self.images,
            first,
        })
    }
}
