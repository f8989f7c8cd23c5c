//! A trained network with all that is known of it, as one file.

use crate::{Error, Network, Result, files};
use radars_nn::SavedParameter;
use radars_space::{Architecture, Cost, Space};
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// Version of the form.
const SCHEMA: u32 = 1;

/// Under what the description stands among the metadata.
const KEY: &str = "radars";

/// A trained network: what it is, its parameters, and where they come from.
///
/// As a file it is one of the form [safetensors](https://github.com/huggingface/safetensors): every parameter and
/// batch statistic under its name, as f32, and the rest as JSON under the key `radars` of the metadata. Any program
/// that reads the form has the tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// The space that the architecture is one of, resolved.
    pub space: Space,
    /// One candidate a layer.
    pub architecture: Architecture,
    /// Parameters and batch statistics, under the names that the child network gives them.
    pub parameters: Vec<SavedParameter>,
    /// What the classes are called, in the order of the logits.
    pub class_names: Vec<String>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Where a model comes from and what was measured of it; what is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Provenance {
    /// Accuracy on the test set, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_accuracy: Option<f64>,
    /// The same with the label among the five largest logits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_top5_accuracy: Option<f64>,
    /// Images of the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_images: Option<usize>,
    /// Images it was trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_images: Option<usize>,
    /// Epochs it was trained for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// The data set, by name or folder name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The method that found the architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What all randomness derived from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The fingerprint of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The device and its code path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The command that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Version of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The description among the metadata.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    schema: u32,
    /// As a space file.
    space: String,
    architecture: Architecture,
    class_names: Vec<String>,
    provenance: Provenance,
}

impl Model {
    /// The network, with every parameter checked.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn network(&self) -> Result<Network> {
        Network::new(&self.space, &self.architecture, &self.parameters)
    }

    /// Multiply-accumulates, AOPS and parameters.
    ///
    /// # Errors
    /// [`Error::Space`].
    pub fn cost(&self) -> Result<Cost> {
        Ok(self.space.cost(&self.architecture)?)
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::In`] naming the file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::at(path))?;
        Model::from_bytes(&bytes).map_err(Error::within(path))
    }

    /// Reads the content of a model file. The parameters are all there, have the shapes of the architecture and are
    /// finite.
    ///
    /// # Errors
    /// [`Error::NotAModel`], [`Error::Space`], [`Error::Parameter`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse = |what: String| Error::NotAModel(what);
        let (_, metadata) = SafeTensors::read_metadata(bytes)
            .map_err(|error| refuse(format!("no safetensors file ({error})")))?;
        let description = metadata.metadata().as_ref().and_then(|map| map.get(KEY));
        let description =
            description.ok_or_else(|| refuse(format!("the metadata say nothing under `{KEY}`")))?;
        let Description {
            schema,
            space,
            architecture,
            class_names,
            provenance,
        } = serde_json::from_str(description)
            .map_err(|error| refuse(format!("its description cannot be read: {error}")))?;
        if schema != SCHEMA {
            return Err(refuse(format!(
                "version {schema} of the form; this program reads version {SCHEMA}"
            )));
        }
        let space = Space::from_toml(&space, "space")?;
        let tensors = SafeTensors::deserialize(bytes)
            .map_err(|error| refuse(format!("damaged tensors ({error})")))?;
        let mut parameters = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors.iter() {
            if tensor.dtype() != Dtype::F32 {
                return Err(Error::Parameter {
                    name: name.into(),
                    what: format!("is {}, not F32", tensor.dtype()),
                });
            }
            let (values, _) = tensor.data().as_chunks();
            parameters.push(SavedParameter {
                name: name.into(),
                shape: tensor.shape().to_vec(),
                values: values.iter().map(|v| f32::from_le_bytes(*v)).collect(),
            });
        }
        // The file has them in an order of its own.
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        let model = Model {
            space,
            architecture,
            parameters,
            class_names,
            provenance,
        };
        model.check_classes()?;
        model.network()?;
        Ok(model)
    }

    /// The content of a model file.
    ///
    /// # Errors
    /// As [`Network::new`]: only what can be read again is written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.check_classes()?;
        self.network()?;
        let description = Description {
            schema: SCHEMA,
            space: self.space.to_toml(),
            architecture: self.architecture.clone(),
            class_names: self.class_names.clone(),
            provenance: self.provenance.clone(),
        };
        let unwritable = |error: &dyn std::error::Error| Error::NotAModel(error.to_string());
        let description = serde_json::to_string(&description).map_err(|e| unwritable(&e))?;
        let metadata = HashMap::from([(KEY.to_owned(), description)]);
        let tensors = self.parameters.iter();
        let tensors = tensors.map(|parameter| (&*parameter.name, Stored(parameter)));
        safetensors::serialize(tensors, Some(metadata)).map_err(|e| unwritable(&e))
    }

    /// Writes a model file: whole, or not at all.
    ///
    /// # Errors
    /// As [`Model::to_bytes`]; [`Error::File`].
    pub fn write(&self, path: &Path) -> Result<()> {
        files::place(path, &self.to_bytes()?)
    }

    fn check_classes(&self) -> Result<()> {
        let (named, classes) = (self.class_names.len(), self.space.classes()?);
        match named == classes {
            true => Ok(()),
            false => Err(Error::NotAModel(format!(
                "{named} names for {classes} classes"
            ))),
        }
    }
}

/// A parameter as safetensors wants to see it.
struct Stored<'a>(&'a SavedParameter);

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.0.values.iter();
        values.flat_map(|value| value.to_le_bytes()).collect()
    }

    fn data_len(&self) -> usize {
        self.0.values.len() * size_of::<f32>()
    }
}
