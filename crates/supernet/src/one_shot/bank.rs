//! The weights of every candidate, in host memory.

use crate::block::{conv_settings, prefix, weight_shape};
use crate::format::weight_format;
use crate::supernet::check_candidates;
use crate::{Error, Result};
use radars_nn::tensor::Values;
use radars_nn::tensor::random::Seed;
use radars_nn::{Fans, Initialiser};
use radars_space::{Architecture, Block, Candidate, Space};
use std::borrow::Cow;

/// A trained parameter: its value and its velocity.
#[derive(Clone)]
pub(super) struct Trained {
    pub value: Vec<f32>,
    pub velocity: Vec<f32>,
}

/// What is trained together, in the order of a network's parameters: a candidate's weights, scale and shift,
/// or the classifier's weights and bias.
pub(super) type Group = Vec<Trained>;

/// A parameter of a group before it has values.
pub(super) struct Part {
    /// Follows the group's name and a dot.
    pub name: String,
    pub shape: Vec<usize>,
    initial: Initial,
}

enum Initial {
    Random(Initialiser, Fans),
    Constant(f32),
}

impl Part {
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    fn constant(name: String, elements: usize, value: f32) -> Self {
        Part {
            name,
            shape: vec![elements],
            initial: Initial::Constant(value),
        }
    }

    fn draw(&self, group: &str, seed: Seed) -> Trained {
        let elements = self.elements();
        let value = match self.initial {
            Initial::Constant(value) => vec![value; elements],
            Initial::Random(initialiser, fans) => {
                let mut rng = seed.stream(&format!("initialise {group}.{}", self.name), 0);
                initialiser.values(fans, elements, &mut rng)
            }
        };
        Trained {
            value,
            velocity: vec![0.0; elements],
        }
    }
}

/// The candidates of one layer, and the groups of those that were trained.
pub(super) struct Layer {
    index: usize,
    blocks: Vec<Block>,
    candidates: Vec<Candidate>,
    pub groups: Vec<Option<Group>>,
}

impl Layer {
    pub fn name(&self, candidate: usize) -> String {
        format!("layer{}.candidate{candidate}", self.index)
    }

    /// What a candidate trains, in the order of [`crate::Child`].
    pub fn parts(&self, candidate: usize) -> Vec<Part> {
        let weight = self.candidates[candidate].weight().map(weight_format);
        let initialiser = Initialiser::kaiming_for(weight);
        let mut parts = Vec::new();
        for stage in self.blocks[candidate].convolutions() {
            let settings = conv_settings(stage, Values::Float, weight);
            let (name, channels) = (prefix(stage), settings.out_channels);
            parts.extend([
                Part {
                    name: format!("{name}weight"),
                    shape: weight_shape(&settings).to_vec(),
                    initial: Initial::Random(initialiser, settings.fans()),
                },
                Part::constant(format!("{name}gamma"), channels, 1.0),
                Part::constant(format!("{name}beta"), channels, 0.0),
            ]);
        }
        parts
    }

    fn draw(&self, candidate: usize, seed: Seed) -> Group {
        draw(&self.name(candidate), &self.parts(candidate), seed)
    }
}

/// The weights of every candidate and of the classifier.
///
/// Initial weights are functions of the seed and the name, so a candidate takes memory from its first step on.
pub(super) struct Bank {
    seed: Seed,
    pub layers: Vec<Layer>,
    pub classifier: Group,
    features: usize,
    classes: usize,
}

impl Bank {
    pub const CLASSIFIER: &str = "classifier";

    pub fn new(space: &Space, candidates: &[Vec<Candidate>], seed: Seed) -> Result<Self> {
        check_candidates(space, candidates)?;
        let mut layers = Vec::with_capacity(candidates.len());
        for (index, candidates) in candidates.iter().enumerate() {
            let blocks = candidates.iter().map(|c| space.block(index, c));
            layers.push(Layer {
                index,
                blocks: blocks.collect::<Result<_, _>>()?,
                candidates: candidates.clone(),
                groups: vec![None; candidates.len()],
            });
        }
        let mut bank = Bank {
            seed,
            layers,
            classifier: Group::new(),
            features: space
                .shapes()?
                .last()
                .map_or(0, |last| last.output.channels),
            classes: space.classes()?,
        };
        bank.classifier = draw(Bank::CLASSIFIER, &bank.classifier_parts(), seed);
        Ok(bank)
    }

    /// What the classifier trains.
    pub fn classifier_parts(&self) -> Vec<Part> {
        let fans = Fans {
            fan_in: self.features,
            fan_out: self.classes,
        };
        vec![
            Part {
                name: "weight".to_owned(),
                shape: vec![self.classes, self.features],
                initial: Initial::Random(Initialiser::XavierUniform, fans),
            },
            Part::constant("bias".to_owned(), self.classes, 0.0),
        ]
    }

    /// The position of a path's candidate in every layer.
    pub fn positions(&self, path: &Architecture) -> Result<Vec<usize>> {
        if path.layers().len() != self.layers.len() {
            return Err(Error::Candidates {
                expected: self.layers.len(),
                found: path.layers().len(),
            });
        }
        let position = |(layer, candidate): (&Layer, &Candidate)| {
            let found = layer.candidates.iter().position(|c| c == candidate);
            found.ok_or(Error::Path {
                layer: layer.index,
                candidate: *candidate,
            })
        };
        self.layers
            .iter()
            .zip(path.layers())
            .map(position)
            .collect()
    }

    /// The groups of a path, in the order of its network; those without values of their own yet are drawn.
    pub fn path(&self, positions: &[usize]) -> Vec<Cow<'_, Group>> {
        let layers = self.layers.iter().zip(positions);
        let layers = layers.map(|(layer, &at)| match &layer.groups[at] {
            Some(group) => Cow::Borrowed(group),
            None => Cow::Owned(layer.draw(at, self.seed)),
        });
        layers.chain([Cow::Borrowed(&self.classifier)]).collect()
    }

    /// The parameters of a path, in the order of its network, to be trained.
    pub fn path_mut(&mut self, positions: &[usize]) -> Vec<&mut Trained> {
        let seed = self.seed;
        for (layer, &at) in self.layers.iter_mut().zip(positions) {
            if layer.groups[at].is_none() {
                layer.groups[at] = Some(layer.draw(at, seed));
            }
        }
        let layers = self.layers.iter_mut().zip(positions);
        let groups = layers.filter_map(|(layer, &at)| layer.groups[at].as_mut());
        groups.chain([&mut self.classifier]).flatten().collect()
    }

    /// Bytes of all values and velocities.
    pub fn bytes(&self) -> usize {
        let layers = self.layers.iter().flat_map(|layer| &layer.groups).flatten();
        let trained = layers.chain([&self.classifier]).flatten();
        let values = trained.map(|t| t.value.len() + t.velocity.len());
        size_of::<f32>() * values.sum::<usize>()
    }
}

fn draw(group: &str, parts: &[Part], seed: Seed) -> Group {
    parts.iter().map(|part| part.draw(group, seed)).collect()
}
