//! The embedded data set: 3,000 + 1,000 images of Fashion-MNIST (see `assets/fashion-mnist/README.md`).

use std::path::Path;

use crate::dataset::Data;
use crate::error::Result;
use crate::format::idx::{IdxPair, IdxSource};
use crate::load::LoadOptions;

/// The name that [`Data::load`] knows the embedded data set by.
pub(crate) const NAME: &str = "fashion-mnist-small";

const CLASS_NAMES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

macro_rules! asset {
    ($name:literal) => {
        IdxSource::Embedded {
            name: Path::new(concat!("embedded:", $name)),
            bytes: include_bytes!(concat!("../assets/fashion-mnist/", $name)),
        }
    };
}

impl Data {
    /// The embedded data set `fashion-mnist-small`: 28x28 grey images of ten kinds of clothing, 300 a class to
    /// train and 100 a class to test with.
    ///
    /// # Errors
    /// None in practice: they would mean that the library was built with damaged assets.
    ///
    /// # Source
    /// Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017, arXiv:1708.07747; MIT licence.
    pub fn embedded() -> Result<Data> {
        embedded(&LoadOptions::default())
    }
}

/// The embedded data set, limited and resized as asked for.
pub(crate) fn embedded(options: &LoadOptions<'_>) -> Result<Data> {
    let train = IdxPair {
        images: asset!("fmnist-small-train-images-idx3-ubyte.gz"),
        labels: asset!("fmnist-small-train-labels-idx1-ubyte.gz"),
    };
    let test = IdxPair {
        images: asset!("fmnist-small-t10k-images-idx3-ubyte.gz"),
        labels: asset!("fmnist-small-t10k-labels-idx1-ubyte.gz"),
    };
    let class_names = CLASS_NAMES.map(String::from).to_vec();
    crate::format::idx::read(&train, &test, Some(class_names), options)?
        .into_data(NAME.to_string(), options)
}
