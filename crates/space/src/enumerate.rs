//! Decisions and architectures: from indices to candidates, back, at random, and all of a layer.

use crate::{Architecture, Candidate, Error, HyperParameter, Layer, Result, Space};
use rand::{Rng, RngExt};

/// One decision a controller takes: a hyper-parameter type of one layer with more than one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The layer, from 0.
    pub layer: usize,
    /// What is decided.
    pub kind: HyperParameter,
    /// How many choices there are, at least 2; they are numbered from 0 in the order of the layer's
    /// list.
    pub choices: usize,
}

impl Decision {
    /// The decisions of these layers, in order.
    pub(crate) fn of(layers: &[Layer]) -> Vec<Self> {
        let all = layers.iter().enumerate().flat_map(|(layer, l)| {
            HyperParameter::ALL.map(|kind| Self {
                layer,
                kind,
                choices: l.choices.list(kind).len(),
            })
        });
        all.filter(|decision| decision.choices > 1).collect()
    }
}

impl Space {
    /// The architecture of one choice per decision.
    ///
    /// # Errors
    /// [`Error::Decisions`] for another number of indices than [`Space::decisions`] has entries,
    /// [`Error::Choice`] for an index beyond its choices.
    pub fn architecture(&self, indices: &[usize]) -> Result<Architecture> {
        let decisions = self.decisions();
        if indices.len() != decisions.len() {
            return Err(Error::Decisions {
                expected: decisions.len(),
                found: indices.len(),
            });
        }
        let mut positions = vec![[0; HyperParameter::ALL.len()]; self.layers().len()];
        for (number, (decision, &index)) in decisions.iter().zip(indices).enumerate() {
            if index >= decision.choices {
                return Err(Error::Choice {
                    decision: number,
                    index,
                    choices: decision.choices,
                });
            }
            positions[decision.layer][decision.kind.index()] = index;
        }
        let candidates = self
            .layers()
            .iter()
            .zip(positions)
            .map(|(layer, at)| layer.choices.at(at));
        Ok(Architecture(candidates.collect()))
    }

    /// The choice per decision that makes this architecture: the inverse of
    /// [`Space::architecture`].
    ///
    /// # Errors
    /// [`Error::Depth`] for another number of layers, [`Error::NotAChoice`] or
    /// [`Error::QuantisationDiffers`] for a candidate that its layer does not have.
    pub fn indices(&self, architecture: &Architecture) -> Result<Vec<usize>> {
        self.check_depth(architecture.layers().len())?;
        let mut indices = Vec::with_capacity(self.decisions().len());
        for (index, (layer, candidate)) in
            self.layers().iter().zip(architecture.layers()).enumerate()
        {
            for (kind, value) in self.values(index, candidate)? {
                let list = layer.choices.list(kind);
                let position =
                    list.iter()
                        .position(|&choice| choice == value)
                        .ok_or_else(|| Error::NotAChoice {
                            layer: index,
                            kind,
                            value,
                            valid: list.to_vec(),
                        })?;
                if list.len() > 1 {
                    indices.push(position);
                }
            }
        }
        Ok(indices)
    }

    /// A candidate's values in the order of the decisions.
    fn values(&self, layer: usize, candidate: &Candidate) -> Result<Vec<(HyperParameter, usize)>> {
        let space_quantised = self.is_quantised();
        if candidate.quantisation.is_some() != space_quantised {
            return Err(Error::QuantisationDiffers {
                layer,
                space_quantised,
            });
        }
        let mut values = vec![(HyperParameter::Kernel, candidate.kernel)];
        let inner = [
            (HyperParameter::Expansion, candidate.expansion),
            (HyperParameter::InnerChannels, candidate.inner_channels),
        ];
        for (kind, value) in inner {
            let valid = self.layer(layer)?.choices.list(kind);
            match value {
                Some(value) => values.push((kind, value)),
                None if valid.is_empty() => {}
                None => {
                    let valid = valid.to_vec();
                    return Err(Error::NotStated { layer, kind, valid });
                }
            }
        }
        if let Some(q) = candidate.quantisation {
            values.extend([
                (
                    HyperParameter::ActivationInteger,
                    usize::from(q.activation.integer),
                ),
                (
                    HyperParameter::ActivationFraction,
                    usize::from(q.activation.fraction),
                ),
                (HyperParameter::WeightInteger, usize::from(q.weight.integer)),
                (
                    HyperParameter::WeightFraction,
                    usize::from(q.weight.fraction),
                ),
            ]);
        }
        Ok(values)
    }

    /// An architecture drawn uniformly from all, one draw per decision in order.
    pub fn random(&self, rng: &mut impl Rng) -> Architecture {
        let mut positions = vec![[0; HyperParameter::ALL.len()]; self.layers().len()];
        for decision in self.decisions() {
            // u32, so that 32-bit machines draw the same.
            let drawn = rng.random_range(0..decision.choices as u32);
            positions[decision.layer][decision.kind.index()] = drawn as usize;
        }
        let candidates = self
            .layers()
            .iter()
            .zip(positions)
            .map(|(layer, at)| layer.choices.at(at));
        Architecture(candidates.collect())
    }

    /// The architecture with this candidate in every layer, but for layers with a single candidate, which have that one;
    /// none where a layer has others to choose from.
    #[must_use]
    pub fn uniform(&self, candidate: Candidate) -> Option<Architecture> {
        let of_layer = |layer: &Layer| match &layer.choices.candidates()[..] {
            [only] => Some(*only),
            all => all.contains(&candidate).then_some(candidate),
        };
        self.layers()
            .iter()
            .map(of_layer)
            .collect::<Option<_>>()
            .map(Architecture)
    }

    /// All candidates of a layer, in the order of
    /// [`Choices::candidates`](crate::Choices::candidates).
    ///
    /// # Errors
    /// [`Error::Layer`] for a layer that is not there.
    pub fn candidates(&self, layer: usize) -> Result<Vec<Candidate>> {
        Ok(self.layer(layer)?.choices.candidates())
    }

    /// All candidates of every layer: the whole space.
    #[must_use]
    pub fn all_candidates(&self) -> Vec<Vec<Candidate>> {
        let layers = self.layers().iter();
        layers.map(|layer| layer.choices.candidates()).collect()
    }

    /// How many architectures there are: exact up to 2^53, then rounded (infinite beyond 1.8e308).
    #[must_use]
    pub fn architecture_count(&self) -> f64 {
        self.decisions()
            .iter()
            .map(|decision| decision.choices as f64)
            .product()
    }
}
