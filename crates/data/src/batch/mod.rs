//! From a data set to batches: their images, augmentation, the order of epochs, prefetching.

mod augment;
mod iter;
mod loader;
mod pool;
mod source;

pub use augment::Augment;
pub use iter::Batches;
pub use loader::{Loader, LoaderOptions};
pub use pool::Batch;
