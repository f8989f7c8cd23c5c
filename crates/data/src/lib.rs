//! Image data sets for radars: readers, splits, augmentation and batches; one data set is embedded.
//!
//! Bytes become a [`Dataset`] (decoded pixels in host memory, channels last; or, with [`Streaming`], the files of an
//! image folder that are decoded when a batch wants them) by one of
//!
//! - [`Data::embedded`]: 4,000 Fashion-MNIST images compiled into the library;
//! - [`Data::open`]: a folder in IDX, CIFAR-10 binary or image-folder form, recognised by its content;
//! - [`Data::load`]: either of them by name or path, as a command line takes it.
//!
//! [`Splits`] divides the training set into the three disjoint parts a search needs, and a [`Loader`]
//! turns part of a data set into [`Batch`]es: bytes, and how the device that trains on them is to move each
//! image while it scales them to `[-1, 1]`. Nothing here holds a random generator: the order of an epoch and
//! the augmentation of an image are functions of (seed, epoch, image), so batch number *i* is the same
//! whether it is reached by iterating, by prefetching in a thread or directly after a resume. It downloads nothing
//! and knows no task but classification.
//!
//! ```
//! use radars_data::{Augment, Data, Loader, LoaderOptions, SplitFractions, Splits};
//! use radars_tensor::random::Seed;
//!
//! # fn main() -> Result<(), radars_data::Error> {
//! let data = Data::embedded()?;
//! let splits = Splits::new(&data.train, SplitFractions::default(), Seed(7))?;
//! let augment = Some(Augment { crop_padding: 2, flip: true, ..Augment::default() });
//! let options = LoaderOptions { augment, ..LoaderOptions::training("weights", 64) };
//! let loader = Loader::new(data.train.clone(), splits.weights, options)?;
//! for batch in loader.epoch(Seed(7), 0) {
//!     let batch = batch?;
//!     assert_eq!(batch.bytes.len(), batch.len() * 28 * 28);
//! }
//! # Ok(())
//! # }
//! ```

mod apportion;
mod batch;
mod classes;
mod dataset;
mod embedded;
mod error;
mod format;
mod image_files;
mod load;
mod resize;
mod splits;
mod stream;
mod view;

pub use batch::{Augment, Batch, Batches, Loader, LoaderOptions};
pub use classes::ClassSubset;
pub use dataset::{Data, Dataset, ImageShape};
pub use error::{Error, Result};
pub use image_files::ImageFiles;
pub use load::{BUILT_IN, LoadOptions};
pub use splits::{SplitFractions, Splits};
pub use stream::{BadImage, StreamUsage, Streaming};
pub use view::{ColourJitter, ResizedCrop};
