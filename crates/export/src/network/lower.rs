//! From an architecture and its trained parameters to a network.

use super::{BatchNorm, Classifier, Convolution, Layer, Network, Shortcut};
use crate::{Error, Result};
use radars_nn::tensor::FixedPoint;
use radars_nn::{BatchNorm2d, SavedParameter};
use radars_space::{self as space, Architecture, Precision, Space, Stage};
use std::collections::BTreeMap;

impl Network {
    /// The network of `architecture` with the parameters of its trained child: `layer0.conv.weight`,
    /// `layer0.norm.gamma` and so on, as `radars-supernet` names them.
    ///
    /// # Errors
    /// [`Error::Space`] when the architecture is not one of the space or the space is not resolved;
    /// [`Error::Parameter`] for a parameter that is missing, has another shape, is left over or is not finite.
    pub fn new(
        space: &Space,
        architecture: &Architecture,
        parameters: &[SavedParameter],
    ) -> Result<Self> {
        // The architecture has to be one of the space: what is read from a file may be anything.
        space.indices(architecture)?;
        let mut parameters = Remaining::new(parameters)?;
        let blocks = space.blocks(architecture)?;
        let mut layers = Vec::with_capacity(blocks.len());
        for (index, (block, candidate)) in blocks.iter().zip(architecture.layers()).enumerate() {
            let name = format!("layer{index}");
            let signed = space.has_signed_input(index);
            let weight_format = candidate.weight().map(weight_format);
            let mut convolution = |stage: &Stage, signed: bool| {
                let input_format = candidate
                    .activation()
                    .map(|precision| input_format(signed, precision));
                convolution(&mut parameters, &name, stage, [input_format, weight_format])
            };
            let mut path = Vec::with_capacity(block.path.len());
            for (place, stage) in block.path.iter().enumerate() {
                // What is inside a block follows an activation.
                path.push(convolution(stage, signed && place == 0)?);
            }
            let shortcut = match &block.shortcut {
                space::Shortcut::Projection(stage) => {
                    Shortcut::Projection(Box::new(convolution(stage, signed)?))
                }
                space::Shortcut::Identity => Shortcut::Identity,
                _ => Shortcut::None,
            };
            layers.push(Layer {
                name,
                path,
                shortcut,
                activation: block.activation,
            });
        }
        let classifier = classifier(&mut parameters, space)?;
        parameters.end()?;
        Ok(Network {
            input: space.input()?,
            layers,
            classifier,
        })
    }
}

/// Weights are signed.
fn weight_format(precision: Precision) -> FixedPoint {
    FixedPoint::signed(precision.integer, precision.fraction)
}

fn input_format(signed: bool, precision: Precision) -> FixedPoint {
    FixedPoint {
        signed,
        integer: precision.integer,
        fraction: precision.fraction,
    }
}

fn convolution(
    parameters: &mut Remaining<'_>,
    layer: &str,
    stage: &Stage,
    [input_format, weight_format]: [Option<FixedPoint>; 2],
) -> Result<Convolution> {
    let name = match stage.name {
        // The only stage of a layer.
        "conv" => layer.to_owned(),
        name => format!("{layer}.{name}"),
    };
    let channels = stage.geometry.output.channels;
    let mut conv = Convolution {
        geometry: stage.geometry,
        kernel: stage.kernel,
        input_format,
        weight_format,
        weight: Vec::new(),
        norm: BatchNorm {
            gamma: parameters.take(&format!("{name}.norm.gamma"), &[channels])?,
            beta: parameters.take(&format!("{name}.norm.beta"), &[channels])?,
            mean: parameters.take(&format!("{name}.norm.mean"), &[channels])?,
            variance: parameters.take(&format!("{name}.norm.variance"), &[channels])?,
            epsilon: BatchNorm2d::EPSILON,
        },
        activation: stage.activation,
        name,
    };
    let weight = format!("{}.conv.weight", conv.name);
    conv.weight = parameters.take(&weight, &conv.weight_shape())?;
    if let Some(negative) = conv.norm.variance.iter().find(|variance| **variance < 0.0) {
        return Err(Error::Parameter {
            name: format!("{}.norm.variance", conv.name),
            what: format!("holds {negative}, and a variance is not negative"),
        });
    }
    Ok(conv)
}

fn classifier(parameters: &mut Remaining<'_>, space: &Space) -> Result<Classifier> {
    let shapes = space.shapes()?;
    let in_features = shapes.last().map_or(0, |last| last.output.channels);
    let out_features = space.classes()?;
    let signed = space.has_signed_input(space.layers().len());
    let is_quantised = space.is_quantised();
    Ok(Classifier {
        in_features,
        out_features,
        weight: parameters.take("classifier.weight", &[out_features, in_features])?,
        bias: parameters.take("classifier.bias", &[out_features])?,
        input_format: is_quantised.then(|| input_format(signed, Space::CLASSIFIER)),
        weight_format: is_quantised.then(|| weight_format(Space::CLASSIFIER)),
    })
}

/// Parameters that nobody has taken yet.
struct Remaining<'a>(BTreeMap<&'a str, &'a SavedParameter>);

impl<'a> Remaining<'a> {
    fn new(parameters: &'a [SavedParameter]) -> Result<Self> {
        let mut remaining = BTreeMap::new();
        for parameter in parameters {
            if remaining.insert(&*parameter.name, parameter).is_some() {
                return Err(Error::Parameter {
                    name: parameter.name.clone(),
                    what: "is there twice".into(),
                });
            }
        }
        Ok(Remaining(remaining))
    }

    /// The values of a parameter.
    fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let refuse = |what: String| Error::Parameter {
            name: name.into(),
            what,
        };
        let found = self.0.remove(name);
        let found = found.ok_or_else(|| refuse("is missing".into()))?;
        if found.shape != shape {
            let found = &found.shape;
            return Err(refuse(format!("has the shape {found:?}, not {shape:?}")));
        }
        let elements = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        if elements != Some(found.values.len()) {
            let values = found.values.len();
            return Err(refuse(format!(
                "has {values} values and the shape {shape:?}"
            )));
        }
        if let Some(value) = found.values.iter().find(|value| !value.is_finite()) {
            return Err(refuse(format!("holds {value}")));
        }
        Ok(found.values.clone())
    }

    /// Refuses what is left.
    fn end(self) -> Result<()> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::Parameter {
                name: name.into(),
                what: "is none of this architecture's".into(),
            }),
        }
    }
}
