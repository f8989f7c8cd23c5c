//! A search space: its fixed part, its choices, and what the data still has to say.

use crate::choices::check_candidates;
use crate::geometry::{MAX_DIMENSION, check_dimension};
use crate::shape::{LayerShape, chain, check_blocks};
use crate::{Decision, Error, ImageShape, Layer, Precision, Problem, Result, Reward};

/// A search space.
///
/// A chain of [`Layer`]s, then global average pooling and a linear classifier. The shape of the
/// images and the number of classes may be left to the data: decisions and architectures work
/// without them, costs want [`Space::resolve`] first. Padding is half the kernel, so a layer's
/// output is `ceil(input / stride)`.
///
/// What a space states of images and classes is binding, and data that contradict it are refused;
/// in a space of [`Space::any_data`] it is what holds as long as no data say otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    name: String,
    input: Option<ImageShape>,
    classes: Option<usize>,
    any_data: bool,
    layers: Vec<Layer>,
    stated_reward: Option<Reward>,
    decisions: Vec<Decision>,
    /// One entry a layer where the input is known, else empty.
    pub(crate) shapes: Vec<LayerShape>,
}

/// What [`Space::assemble`] puts together.
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) input: Option<ImageShape>,
    pub(crate) classes: Option<usize>,
    pub(crate) any_data: bool,
    pub(crate) layers: Vec<Layer>,
    pub(crate) stated_reward: Option<Reward>,
}

/// A problem, and the layer to blame where there is one.
pub(crate) struct Fault {
    pub(crate) layer: Option<usize>,
    pub(crate) problem: Problem,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self {
            layer: None,
            problem,
        }
    }
}

impl From<Fault> for Error {
    fn from(Fault { layer, problem }: Fault) -> Self {
        Self::Invalid { layer, problem }
    }
}

impl Space {
    /// Precision of the classifier's input (unsigned) and weights (signed) in a quantised space.
    pub const CLASSIFIER: Precision = Precision {
        integer: 3,
        fraction: 6,
    };

    /// A space built in code; images and classes come from [`Space::resolve`].
    ///
    /// # Errors
    /// [`Error::Invalid`] for no layers, more candidates than can be listed, a zero dimension, groups that
    /// do not divide the channels, or a mixture of float and quantised layers.
    pub fn new(name: impl Into<String>, layers: Vec<Layer>) -> Result<Self> {
        Ok(Self::assemble(Parts {
            name: name.into(),
            input: None,
            classes: None,
            any_data: false,
            layers,
            stated_reward: None,
        })?)
    }

    /// The same space with a reward of its own.
    #[must_use]
    pub fn with_reward(self, reward: Reward) -> Self {
        Self {
            stated_reward: Some(reward),
            ..self
        }
    }

    /// What the space was put together from.
    pub(crate) fn parts(&self) -> Parts {
        Parts {
            name: self.name.clone(),
            input: self.input,
            classes: self.classes,
            any_data: self.any_data,
            layers: self.layers.clone(),
            stated_reward: self.stated_reward,
        }
    }

    pub(crate) fn assemble(parts: Parts) -> Result<Self, Fault> {
        let Parts {
            name,
            input,
            classes,
            any_data,
            layers,
            stated_reward,
        } = parts;
        if layers.is_empty() {
            return Err(Problem::NoLayers.into());
        }
        if let Some(classes) = classes {
            check_dimension("classes", classes)?;
        }
        let counts = layers.iter().map(|layer| layer.choices.candidate_count());
        check_candidates(counts.fold(0, usize::saturating_add))?;
        let quantised = layers[0].choices.is_quantised();
        for (index, layer) in layers.iter().enumerate() {
            check_layer(
                layer,
                index.checked_sub(1).map(|before| &layers[before]),
                quantised,
            )
            .map_err(|problem| Fault {
                layer: Some(index),
                problem,
            })?;
        }
        let shapes = input
            .map(|input| chain(input, &layers))
            .transpose()?
            .unwrap_or_default();
        let decisions = Decision::of(&layers);
        Ok(Self {
            name,
            input,
            classes,
            any_data,
            layers,
            stated_reward,
            decisions,
            shapes,
        })
    }

    /// The space with what the data says filled in.
    ///
    /// # Errors
    /// [`Error::Images`] or [`Error::Classes`] where the space states one thing and the data
    /// another; [`Error::Invalid`] where the images do not suit the layers (groups that do not
    /// divide their channels).
    pub fn resolve(&self, images: ImageShape, classes: usize) -> Result<Self> {
        let binding = !self.any_data;
        if let Some(expected) = self.input.filter(|&stated| binding && stated != images) {
            return Err(Error::Images {
                expected,
                found: images,
            });
        }
        if let Some(expected) = self.classes.filter(|&stated| binding && stated != classes) {
            return Err(Error::Classes {
                expected,
                found: classes,
            });
        }
        Ok(Self::assemble(Parts {
            input: Some(images),
            classes: Some(classes),
            ..self.parts()
        })?)
    }

    /// Whether what the space states of images and classes gives way to what the data say.
    #[must_use]
    pub fn any_data(&self) -> bool {
        self.any_data
    }

    /// The same space for another number of classes, whatever it states: what its architectures are on a part of
    /// the data.
    ///
    /// # Errors
    /// [`Error::Unresolved`] without the size of images; those of a number of classes that cannot be.
    pub fn with_classes(&self, classes: usize) -> Result<Self> {
        let images = self.input()?;
        let any = Space {
            classes: None,
            ..self.clone()
        };
        any.resolve(images, classes)
    }

    /// What the space is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The layers, first one first.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Whether layers quantise their input and weights; all of them do, or none.
    #[must_use]
    pub fn is_quantised(&self) -> bool {
        self.layers[0].choices.is_quantised()
    }

    /// Whether the input of a layer can be negative, so that its quantiser has a sign: the image's, and what no
    /// activation precedes. The layer after the last is the classifier.
    #[must_use]
    pub fn has_signed_input(&self, layer: usize) -> bool {
        let before = layer.checked_sub(1).and_then(|at| self.layers.get(at));
        before.is_none_or(|before| before.kind.has_linear_output())
    }

    /// The decisions that make an architecture: those with more than one choice, layer by layer, in
    /// the order of [`HyperParameter::ALL`](crate::HyperParameter::ALL).
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// Shape of the images.
    ///
    /// # Errors
    /// [`Error::Unresolved`] where it is still to come from the data.
    pub fn input(&self) -> Result<ImageShape> {
        self.input.ok_or(Error::Unresolved {
            missing: "input shape",
        })
    }

    /// Number of classes.
    ///
    /// # Errors
    /// [`Error::Unresolved`] where it is still to come from the data.
    pub fn classes(&self) -> Result<usize> {
        self.classes.ok_or(Error::Unresolved {
            missing: "number of classes",
        })
    }

    /// The reward that the space states, if it does.
    #[must_use]
    pub fn stated_reward(&self) -> Option<Reward> {
        self.stated_reward
    }

    /// The reward that the space states, or [`Reward::balanced`] for its dearest architecture.
    ///
    /// # Errors
    /// [`Error::Unresolved`] where it takes the costs to say and the space is not resolved.
    pub fn reward(&self) -> Result<Reward> {
        match self.stated_reward {
            Some(reward) => Ok(reward),
            None => Ok(Reward::balanced(self.aops_range()?.1)),
        }
    }

    /// The layer of that number.
    pub(crate) fn layer(&self, layer: usize) -> Result<&Layer> {
        self.layers.get(layer).ok_or(Error::Layer {
            layer,
            layers: self.layers.len(),
        })
    }

    /// Refuses anything that has not one entry per layer.
    pub(crate) fn check_depth(&self, found: usize) -> Result<()> {
        let expected = self.layers.len();
        if found == expected {
            Ok(())
        } else {
            Err(Error::Depth { expected, found })
        }
    }
}

/// Checks what can be checked before the images are known: all but the first layer's groups.
fn check_layer(layer: &Layer, before: Option<&Layer>, quantised: bool) -> Result<(), Problem> {
    let input = ImageShape {
        height: 1,
        width: 1,
        channels: before.map_or(layer.groups, |l| l.channels),
    };
    layer.check_lists()?;
    if !(1..=MAX_DIMENSION).contains(&layer.groups) {
        return Err(Problem::OutOfRange {
            key: "groups",
            value: layer.groups,
            max: MAX_DIMENSION,
        });
    }
    if layer.choices.is_quantised() != quantised {
        return Err(Problem::MixedSpace {
            quantised: !quantised,
        });
    }
    check_blocks(layer, input)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Choices;

    const SQUARE: ImageShape = ImageShape {
        height: 9,
        width: 9,
        channels: 3,
    };

    fn layers() -> Vec<Layer> {
        let choices = Choices::float(&[3, 5]).unwrap();
        vec![
            Layer::conv(4, 2, choices.clone()),
            Layer::conv(8, 2, choices).with_groups(4),
        ]
    }

    #[test]
    fn resolving_fills_in_the_geometry() {
        let open = Space::new("two", layers()).unwrap();
        assert!(matches!(
            open.shapes(),
            Err(Error::Unresolved {
                missing: "input shape"
            })
        ));
        let space = open.resolve(SQUARE, 7).unwrap();
        let outputs: Vec<String> = space
            .shapes()
            .unwrap()
            .iter()
            .map(|g| g.output.to_string())
            .collect();
        assert_eq!(outputs, ["5x5x4", "3x3x8"]); // ceil(9 / 2), ceil(5 / 2)
        assert_eq!(space.classes().unwrap(), 7);
    }

    #[test]
    fn the_data_may_not_contradict_the_space() {
        let space = Space::new("two", layers())
            .unwrap()
            .resolve(SQUARE, 10)
            .unwrap();
        let message = |result: Result<Space>| result.unwrap_err().to_string();
        assert_eq!(
            message(space.resolve(SQUARE, 7)),
            "10 classes expected and 7 found"
        );
        assert_eq!(
            message(space.resolve(
                ImageShape {
                    channels: 1,
                    ..SQUARE
                },
                10
            )),
            "images of 9x9x3 expected and 9x9x1 found (height x width x channels)"
        );
        assert_eq!(space.resolve(SQUARE, 10).unwrap(), space);
    }

    #[test]
    fn bad_layers_are_refused_with_their_number() {
        let message = |layers| Space::new("bad", layers).unwrap_err().to_string();
        let mut bad = layers();
        bad[1].groups = 3;
        assert_eq!(
            message(bad),
            "layer 2: `groups` 3 must divide the 4 input and the 8 output channels"
        );
        let mut bad = layers();
        bad[0].stride = 0;
        assert_eq!(
            message(bad),
            "layer 1: `stride` 0 is not valid: 1 to 65536 are"
        );
        assert!(message(vec![]).starts_with("a space needs at least one layer"));

        let mut grouped = layers();
        grouped[0].groups = 2;
        let open = Space::new("groups", grouped).unwrap();
        assert_eq!(
            open.resolve(SQUARE, 10).unwrap_err().to_string(),
            "layer 1: `groups` 2 must divide the 3 input and the 4 output channels"
        );
    }
}
