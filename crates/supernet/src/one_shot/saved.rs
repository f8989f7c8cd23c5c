//! Everything of a single-path SuperNet, to be saved and restored.

use super::bank::{Group, Part, Trained};
use super::{Bank, OneShot, Traffic};
use crate::Result;
use radars_nn::SavedParameter;
use serde::{Deserialize, Serialize};

/// Everything of a [`OneShot`]: of the candidates, those that were trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneShotState {
    /// The classifier's parameters, then those of the candidates, layer by layer.
    pub parameters: Vec<SavedParameter>,
    /// Their velocities, in the same order.
    pub momenta: Vec<SavedParameter>,
    /// What went between host and device.
    pub traffic: Traffic,
}

impl OneShot {
    /// Everything, copied.
    pub fn state(&self) -> OneShotState {
        let mut state = OneShotState {
            parameters: Vec::new(),
            momenta: Vec::new(),
            traffic: self.traffic,
        };
        let mut save = |name: &str, parts: &[Part], group: &Group| {
            for (part, trained) in parts.iter().zip(group) {
                let Trained { value, velocity } = trained;
                let name = format!("{name}.{}", part.name);
                let saved = |name, values: &[f32]| SavedParameter {
                    name,
                    shape: part.shape.clone(),
                    values: values.to_vec(),
                };
                state
                    .momenta
                    .push(saved(format!("{name}.velocity"), velocity));
                state.parameters.push(saved(name, value));
            }
        };
        let parts = self.bank.classifier_parts();
        save(Bank::CLASSIFIER, &parts, &self.bank.classifier);
        for layer in &self.bank.layers {
            for (at, group) in layer.groups.iter().enumerate() {
                if let Some(group) = group {
                    save(&layer.name(at), &layer.parts(at), group);
                }
            }
        }
        state
    }

    /// Goes on from a state, to the bit.
    ///
    /// The SuperNet has to be made from the same candidates, and from the same seed: the candidates that were
    /// never trained are drawn from it.
    ///
    /// # Errors
    /// [`radars_nn::Error::Saved`] when the state is of another SuperNet: then nothing is restored.
    pub fn restore(&mut self, state: &OneShotState) -> Result<()> {
        let mut saved = Saved {
            values: List::new(&state.parameters),
            velocities: List::new(&state.momenta),
        };
        let classifier = saved.group(Bank::CLASSIFIER, &self.bank.classifier_parts())?;
        let mut layers = Vec::with_capacity(self.bank.layers.len());
        for layer in &self.bank.layers {
            let mut groups = Vec::with_capacity(layer.groups.len());
            for at in 0..layer.groups.len() {
                let name = layer.name(at);
                groups.push(match saved.has(&name) {
                    true => Some(saved.group(&name, &layer.parts(at))?),
                    false => None,
                });
            }
            layers.push(groups);
        }
        saved.end()?;
        self.bank.classifier = classifier;
        for (layer, groups) in self.bank.layers.iter_mut().zip(layers) {
            layer.groups = groups;
        }
        self.traffic = state.traffic;
        Ok(())
    }
}

/// A state that is being read.
struct Saved<'a> {
    values: List<'a>,
    velocities: List<'a>,
}

impl Saved<'_> {
    /// Whether a group of that name comes next.
    fn has(&self, group: &str) -> bool {
        let rest = self
            .values
            .next()
            .and_then(|saved| saved.name.strip_prefix(group));
        rest.is_some_and(|rest| rest.starts_with('.'))
    }

    fn group(&mut self, name: &str, parts: &[Part]) -> Result<Group> {
        let trained = |part: &Part| {
            let name = format!("{name}.{}", part.name);
            Ok(Trained {
                value: self.values.take(&name, part)?,
                velocity: self.velocities.take(&format!("{name}.velocity"), part)?,
            })
        };
        parts.iter().map(trained).collect()
    }

    fn end(&self) -> Result<()> {
        self.values.end()?;
        self.velocities.end()
    }
}

/// Saved parameters, read one by one.
struct List<'a> {
    saved: &'a [SavedParameter],
    read: usize,
}

impl<'a> List<'a> {
    fn new(saved: &'a [SavedParameter]) -> Self {
        List { saved, read: 0 }
    }

    fn next(&self) -> Option<&'a SavedParameter> {
        self.saved.get(self.read)
    }

    /// The values that come next, if they are of the expected parameter.
    fn take(&mut self, name: &str, part: &Part) -> Result<Vec<f32>> {
        let expected = |saved: &&SavedParameter| {
            saved.name == name && saved.shape == part.shape && saved.values.len() == part.elements()
        };
        match self.next().filter(expected) {
            Some(saved) => {
                self.read += 1;
                Ok(saved.values.clone())
            }
            None => Err(self.mismatch(format!("`{name}` of shape {:?}", part.shape))),
        }
    }

    fn end(&self) -> Result<()> {
        match self.next() {
            None => Ok(()),
            Some(_) => Err(self.mismatch("no more parameters".into())),
        }
    }

    fn mismatch(&self, expected: String) -> crate::Error {
        let found = self.next();
        crate::Error::Nn(radars_nn::Error::Saved {
            index: self.read,
            found: found.map_or_else(String::new, |saved| saved.name.clone()),
            found_shape: found.map_or_else(Vec::new, |saved| saved.shape.clone()),
            expected,
        })
    }
}
