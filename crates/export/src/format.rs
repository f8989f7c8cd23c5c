//! The forms that a model is exported in, and their files.

use crate::onnx::{BatchNormForm, Dialect, OnnxOptions};
use crate::{Error, Model, Result, files};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A form that a model is exported in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `model.qonnx.onnx`: [`Dialect::Qonnx`].
    Qonnx,
    /// `model.qdq.onnx`: [`Dialect::Qdq`].
    OnnxQdq,
    /// `model.onnx`: [`Dialect::Plain`].
    Onnx,
    /// `model.safetensors`: the model file.
    Safetensors,
    /// `hls4ml/`: a project for hls4ml.
    Hls4ml,
    /// `model.json`: the network in words.
    Json,
    /// `model.dot`: a graph for Graphviz.
    Dot,
    /// `model.svg`: a picture.
    Svg,
    /// `model.md`: the model card.
    Card,
}

impl Format {
    /// All forms.
    pub const ALL: [Format; 9] = [
        Format::Safetensors,
        Format::Qonnx,
        Format::OnnxQdq,
        Format::Onnx,
        Format::Hls4ml,
        Format::Json,
        Format::Dot,
        Format::Svg,
        Format::Card,
    ];

    /// Its name, as on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Qonnx => "qonnx",
            Format::OnnxQdq => "onnx-qdq",
            Format::Onnx => "onnx",
            Format::Safetensors => "safetensors",
            Format::Hls4ml => "hls4ml",
            Format::Json => "json",
            Format::Dot => "dot",
            Format::Svg => "svg",
            Format::Card => "card",
        }
    }

    /// Whether it is for quantised networks alone.
    #[must_use]
    pub fn wants_quantised(self) -> bool {
        matches!(self, Format::Hls4ml)
    }

    fn content(
        self,
        model: &Model,
        batch_norm: BatchNormForm,
    ) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let onnx = |dialect| {
            model.to_onnx(OnnxOptions {
                batch_norm,
                ..OnnxOptions::new(dialect)
            })
        };
        let (name, bytes) = match self {
            Format::Hls4ml => return model.to_hls4ml(),
            Format::Qonnx => ("model.qonnx.onnx", onnx(Dialect::Qonnx)?),
            Format::OnnxQdq => ("model.qdq.onnx", onnx(Dialect::Qdq)?),
            Format::Onnx => ("model.onnx", onnx(Dialect::Plain)?),
            Format::Safetensors => ("model.safetensors", model.to_bytes()?),
            Format::Json => ("model.json", model.to_json()?.into_bytes()),
            Format::Dot => ("model.dot", model.to_dot()?.into_bytes()),
            Format::Svg => ("model.svg", model.to_svg()?.into_bytes()),
            Format::Card => ("model.md", model.to_card()?.into_bytes()),
        };
        Ok(vec![(name, bytes)])
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |format: &Format| format.name() == text;
        Format::ALL.into_iter().find(named).ok_or_else(|| {
            let names = Format::ALL.map(Format::name);
            format!("the formats are {}", names.join(", "))
        })
    }
}

impl Model {
    /// Writes the model into `folder`, which is made, in these forms; each file whole, or not at all. Gives the files.
    ///
    /// # Errors
    /// As [`crate::Network::new`]; [`Error::Unsupported`] for a form that such a network has not; [`Error::File`].
    pub fn export(
        &self,
        folder: &Path,
        formats: &[Format],
        batch_norm: BatchNormForm,
    ) -> Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        for format in formats {
            for (name, bytes) in format.content(self, batch_norm)? {
                let path = folder.join(name);
                let parent = path.parent().unwrap_or(folder);
                std::fs::create_dir_all(parent).map_err(Error::at(parent))?;
                files::place(&path, &bytes)?;
                written.push(path);
            }
        }
        Ok(written)
    }
}
