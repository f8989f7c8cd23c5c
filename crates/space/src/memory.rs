//! The literature's estimate of a SuperNet's memory, Eq. 3-5, to stand beside an exact plan.

use crate::{Candidate, Result, Space};
use serde::{Deserialize, Serialize};

/// Size of one f32.
pub const BYTES_PER_ELEMENT: u64 = 4;

/// What a SuperNet that holds every candidate would take, by the literature's formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryEstimate {
    /// `NW`, Eq. 3: convolution weights of all candidates of all layers.
    pub weight_elements: u64,
    /// `NA`, Eq. 4: output activations of all candidates of all layers, for the whole batch.
    pub activation_elements: u64,
    /// Copies of each weight.
    pub eta: u64,
    /// Copies of each activation.
    pub theta: u64,
    /// Eq. 5: `4 * (eta * NW + theta * NA)`.
    pub bytes: u64,
}

impl MemoryEstimate {
    /// Copies of each weight: the weight, its gradient, its momentum.
    pub const ETA: u64 = 3;
    /// Copies of each activation: the output and the quantised input.
    pub const THETA: u64 = 2;
}

impl Space {
    /// Eq. 3-5 for the SuperNet of the whole space at this batch size.
    ///
    /// # Errors
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    pub fn memory_estimate(&self, batch: usize) -> Result<MemoryEstimate> {
        let all: Vec<Vec<Candidate>> = self
            .layers()
            .iter()
            .map(|layer| layer.choices.candidates())
            .collect();
        self.memory_estimate_of(&all, batch)
    }

    /// Eq. 3-5 for the SuperNet of these candidates, one list per layer. Counts saturate at
    /// `u64::MAX`.
    ///
    /// # Errors
    /// [`Error::Depth`](crate::Error::Depth) for another number of layers,
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    ///
    /// # Source
    /// Eq. 3: `NW = sum over layers of Ci x Co x sum over candidates of K^2`; Eq. 4: `NA = batch x
    /// sum over layers of candidates x Ho x Wo x Co`; Eq. 5 weighs the two with eta and theta.
    pub fn memory_estimate_of(
        &self,
        candidates: &[Vec<Candidate>],
        batch: usize,
    ) -> Result<MemoryEstimate> {
        self.check_depth(candidates.len())?;
        let (mut weight_elements, mut activation_elements) = (0_u64, 0_u64);
        for (layer, candidates) in candidates.iter().enumerate() {
            for candidate in candidates {
                let block = self.block(layer, candidate)?;
                for stage in block.convolutions() {
                    let weights = stage.geometry.weights(stage.kernel);
                    weight_elements = weight_elements.saturating_add(weights);
                    let output = stage.geometry.output.elements();
                    activation_elements =
                        activation_elements.saturating_add(output.saturating_mul(batch as u64));
                }
            }
        }
        let (eta, theta) = (MemoryEstimate::ETA, MemoryEstimate::THETA);
        let elements = eta
            .saturating_mul(weight_elements)
            .saturating_add(theta.saturating_mul(activation_elements));
        let bytes = BYTES_PER_ELEMENT.saturating_mul(elements);
        Ok(MemoryEstimate {
            weight_elements,
            activation_elements,
            eta,
            theta,
            bytes,
        })
    }
}
