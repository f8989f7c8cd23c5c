//! A trained network, in whatever form it lies on the disk: what is evaluated and what predicts.

pub mod engine;
mod fake_quantised;

use crate::failure::Result;
use crate::{configuration, model};
use radars_export::Model;
use radars_export::onnx::OnnxNetwork;
use radars_search::{Config, config_file};
use radars_space::ImageShape;
use std::path::Path;

/// The file that an hls4ml project is made of.
const HLS4ML: &str = "model.onnx";
/// What tells such a project from other folders.
const HLS4ML_CONFIG: &str = "hls4ml_config.yml";

/// A trained network and the configuration it was trained under.
pub struct Trained {
    pub network: Form,
    /// That of its run; none of a file that lies elsewhere.
    pub config: Option<Config>,
}

/// The forms.
pub enum Form {
    /// The model file.
    Model(Box<Model>),
    /// One of the ONNX files.
    Onnx(OnnxNetwork),
}

impl Trained {
    /// Reads a run folder, a model file, an ONNX file or an hls4ml project.
    pub fn read(path: &Path) -> Result<Self> {
        let onnx = match path.is_dir() {
            // Beside it lies the run.
            true if path.join(HLS4ML_CONFIG).is_file() => Some((path.join(HLS4ML), path.parent())),
            true => None,
            false => {
                let is_onnx = path.extension().is_some_and(|end| end == "onnx");
                is_onnx.then(|| (path.to_path_buf(), path.parent()))
            }
        };
        let (network, folder) = match onnx {
            Some((file, folder)) => (
                Form::Onnx(OnnxNetwork::read(&file)?),
                folder.map(Path::to_path_buf),
            ),
            None => {
                let (model, file) = model::read(path)?;
                let folder = file.parent().map(Path::to_path_buf);
                (Form::Model(Box::new(model)), folder)
            }
        };
        let file = folder.map(|folder| config_file(&folder));
        let file = file.filter(|file| file.is_file());
        let config = file.map(|file| configuration::from_file(&file));
        Ok(Trained {
            network,
            config: config.transpose()?,
        })
    }

    /// Shape of the images that it sees.
    pub fn input(&self) -> Result<ImageShape> {
        Ok(match &self.network {
            Form::Model(model) => model.space.input()?,
            Form::Onnx(network) => network.input(),
        })
    }

    /// What its classes are called; where nobody says, they have their numbers.
    pub fn class_names(&self) -> Vec<String> {
        match &self.network {
            Form::Model(model) => model.class_names.clone(),
            Form::Onnx(network) if network.class_names().len() == network.classes() => {
                network.class_names().to_vec()
            }
            Form::Onnx(network) => (0..network.classes()).map(|c| c.to_string()).collect(),
        }
    }

    /// What it is, in a word.
    pub fn form(&self) -> &'static str {
        match &self.network {
            Form::Model(_) => "model",
            Form::Onnx(_) => "onnx",
        }
    }
}
