//! The files of a checkpoint: to bytes, and from bytes that are known to be those written.

use super::Checkpoint;
use super::finite::check_finite;
use crate::{Error, Result};
use radars_supernet::nn::SavedParameter;
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

/// The form of checkpoints; raised with every change that makes earlier ones unreadable or mean another thing.
const SCHEMA: u32 = 2;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const STATE: &str = "state.json";
pub(super) const TENSORS: &str = "tensors.safetensors";

/// `manifest.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    schema: u32,
    program: String,
    files: BTreeMap<String, Mark>,
}

/// What tells a file from all others.
#[derive(PartialEq, Serialize, Deserialize)]
struct Mark {
    bytes: u64,
    blake3: String,
}

impl Mark {
    fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
        }
    }
}

/// `state.json`. The tensors are named here in order, for safetensors sorts them.
#[derive(Serialize, Deserialize)]
struct State<S> {
    tensors: BTreeMap<String, Vec<String>>,
    state: S,
}

/// The bytes of a checkpoint that are what was written.
pub(super) struct Files {
    state: Vec<u8>,
    tensors: Vec<u8>,
}

/// Makes the files of a checkpoint, the manifest last. `path` is where they go, for messages.
pub(super) fn encode<S: Serialize>(
    checkpoint: &Checkpoint<S>,
    path: &Path,
) -> Result<[(&'static str, Vec<u8>); 3]> {
    check_finite(&checkpoint.state).map_err(|found| Error::NotFinite {
        path: path.join(STATE),
        field: found.field,
        value: found.value,
    })?;
    let tensors = encode_tensors(&checkpoint.tensors)?;
    let names_of = |saved: &Vec<SavedParameter>| saved.iter().map(|s| s.name.clone()).collect();
    let groups = checkpoint.tensors.iter();
    let state = to_json(
        &State {
            tensors: groups.map(|(k, v)| (k.clone(), names_of(v))).collect(),
            state: &checkpoint.state,
        },
        &path.join(STATE),
    )?;
    let marks = [(STATE, &state), (TENSORS, &tensors)];
    let manifest = Manifest {
        schema: SCHEMA,
        program: env!("CARGO_PKG_VERSION").into(),
        files: marks
            .map(|(name, bytes)| (name.into(), Mark::of(bytes)))
            .into(),
    };
    let manifest = to_json(&manifest, &path.join(MANIFEST))?;
    Ok([(STATE, state), (TENSORS, tensors), (MANIFEST, manifest)])
}

fn to_json<T: Serialize>(value: &T, path: &Path) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|source| Error::Json {
        path: path.to_path_buf(),
        source,
    })
}

/// A tensor as safetensors wants to see it.
struct Stored<'a>(&'a SavedParameter);

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        for value in &self.0.values {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bytes.into()
    }

    fn data_len(&self) -> usize {
        self.0.values.len() * size_of::<f32>()
    }
}

fn encode_tensors(tensors: &BTreeMap<String, Vec<SavedParameter>>) -> Result<Vec<u8>> {
    let mut views = BTreeMap::new();
    for (group, saved) in tensors {
        for tensor in saved {
            let refused = |reason| Error::CheckpointTensor {
                group: group.clone(),
                name: tensor.name.clone(),
                reason,
            };
            let (shape, values) = (&tensor.shape, tensor.values.len());
            let elements = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
            if elements != Some(values) {
                return Err(refused(format!("shape {shape:?} and {values} values")));
            }
            if group.contains('/') {
                return Err(refused("the name of the group holds a `/`".into()));
            }
            let name = stored_name(group, &tensor.name);
            if views.insert(name, Stored(tensor)).is_some() {
                return Err(refused("the name is there twice".into()));
            }
        }
    }
    safetensors::serialize(views, None).map_err(|error| Error::CheckpointTensor {
        group: "all".into(),
        name: "all".into(),
        reason: error.to_string(),
    })
}

fn stored_name(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

impl Manifest {
    /// Reads a manifest of this form.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        /// What manifests of every form have.
        #[derive(Deserialize)]
        struct Versions {
            schema: u32,
            program: String,
        }
        let unreadable = |error| format!("{MANIFEST} cannot be read: {error}");
        let versions: Versions = serde_json::from_slice(bytes).map_err(unreadable)?;
        if versions.schema != SCHEMA {
            return Err(format!(
                "version {} of the form, written by radars {}; this program reads version {SCHEMA}",
                versions.schema, versions.program
            ));
        }
        serde_json::from_slice(bytes).map_err(unreadable)
    }

    /// The files it speaks of, when they are what was written; and the version of the program that did.
    pub(super) fn check(
        self,
        mut read: impl FnMut(&'static str) -> Result<Vec<u8>, String>,
    ) -> Result<(Files, String), String> {
        let mut checked = |name: &'static str| {
            let mark = self.files.get(name);
            let mark = mark.ok_or_else(|| format!("{MANIFEST} does not list {name}"))?;
            let bytes = read(name)?;
            if bytes.len() as u64 != mark.bytes {
                let (found, written) = (bytes.len(), mark.bytes);
                return Err(format!("{name} has {found} of {written} bytes"));
            }
            if Mark::of(&bytes) != *mark {
                return Err(format!("{name} is damaged: its hash is another"));
            }
            Ok(bytes)
        };
        let files = Files {
            state: checked(STATE)?,
            tensors: checked(TENSORS)?,
        };
        Ok((files, self.program))
    }
}

/// Makes a checkpoint of its files, or says what is wrong with them.
pub(super) fn decode<S: DeserializeOwned>(files: &Files) -> Result<Checkpoint<S>, String> {
    let state: State<S> = serde_json::from_slice(&files.state)
        .map_err(|error| format!("{STATE} is not a state of this program: {error}"))?;
    let stored = SafeTensors::deserialize(&files.tensors)
        .map_err(|error| format!("{TENSORS} cannot be read: {error}"))?;
    let load = |group: &str, name: String| {
        let tensor = stored
            .tensor(&stored_name(group, &name))
            .map_err(|error| format!("{TENSORS}: {error}"))?;
        if tensor.dtype() != Dtype::F32 {
            let dtype = tensor.dtype();
            return Err(format!("{TENSORS}: {group}/{name} is {dtype}, not F32"));
        }
        let (values, _) = tensor.data().as_chunks();
        Ok(SavedParameter {
            name,
            shape: tensor.shape().to_vec(),
            values: values.iter().map(|v| f32::from_le_bytes(*v)).collect(),
        })
    };
    let mut tensors = BTreeMap::new();
    for (group, names) in state.tensors {
        let saved: Result<_, String> = names.into_iter().map(|name| load(&group, name)).collect();
        tensors.insert(group, saved?);
    }
    Ok(Checkpoint {
        state: state.state,
        tensors,
    })
}
