//! The forms a data set may come in, one reader each.

pub(crate) mod cifar;
mod decode;
pub(crate) mod ending;
pub(crate) mod folder;
pub(crate) mod idx;

pub(crate) use decode::decode;

use std::sync::Arc;

use crate::dataset::{Data, Dataset, ImageShape};
use crate::error::Result;
use crate::load::LoadOptions;
use crate::resize::resize_all;

/// Decoded pixels and labels of a training or a test set.
pub(crate) struct Part {
    pub(crate) images: Vec<u8>,
    pub(crate) labels: Vec<u16>,
}

/// What a reader returns: both sets as they are in the files, limits already applied.
pub(crate) struct Decoded {
    pub(crate) train: Part,
    pub(crate) test: Part,
    pub(crate) shape: ImageShape,
    pub(crate) class_names: Vec<String>,
}

impl Decoded {
    /// Brings the images to the size asked for and checks that everything fits together.
    pub(crate) fn into_data(self, name: String, options: &LoadOptions<'_>) -> Result<Data> {
        let Decoded {
            train,
            test,
            shape,
            class_names,
        } = self;
        let (height, width) = options.resize.unwrap_or((shape.height, shape.width));
        let target = ImageShape {
            height,
            width,
            ..shape
        };
        let finish = |part: Part, class_names| {
            Dataset::new(
                resize_all(part.images, shape, target)?,
                part.labels,
                target,
                class_names,
            )
            .map(Arc::new)
        };
        let train = finish(train, class_names.clone())?;
        let test = finish(test, class_names)?;
        Ok(Data { name, train, test })
    }
}
