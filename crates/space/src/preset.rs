//! The built-in spaces.

use crate::{Error, Result, Space};

const FILES: [(&str, &str); 3] = [
    (
        "fashion-small",
        include_str!("../presets/fashion-small.toml"),
    ),
    (
        "cifar10-quant",
        include_str!("../presets/cifar10-quant.toml"),
    ),
    (
        "imagenet-mobile",
        include_str!("../presets/imagenet-mobile.toml"),
    ),
];

impl Space {
    /// The names of the built-in spaces.
    pub const PRESETS: [&str; FILES.len()] = [FILES[0].0, FILES[1].0, FILES[2].0];

    /// A built-in space; it states its images and classes, so it is resolved already.
    ///
    /// # Errors
    /// [`Error::UnknownPreset`] for a name that is not in [`Space::PRESETS`].
    pub fn preset(name: &str) -> Result<Self> {
        let Some((name, text)) = FILES.iter().find(|(preset, _)| *preset == name) else {
            return Err(Error::UnknownPreset {
                name: name.to_owned(),
                valid: Self::PRESETS.join(", "),
            });
        };
        Self::from_toml(text, &format!("preset {name}"))
    }
}
