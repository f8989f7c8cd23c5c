//! What an architecture costs: MACs, AOPS and parameters.

use crate::block::{Block, Stage};
use crate::{Architecture, Candidate, Result, Space, linear_macs};
use serde::{Deserialize, Serialize};

/// The cost of one layer for one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCost {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Adjusted operations: MACs x activation bits x weight bits; plain MACs in a float space.
    pub aops: u64,
    /// Trained values: weights, biases, and batch norm's scale and shift.
    pub params: u64,
}

/// The cost of an architecture for one image.
///
/// Counts saturate at `u64::MAX` instead of overflowing, so that limits hold for any space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Multiply-accumulates of all layers and the classifier.
    pub macs: u64,
    /// Adjusted operations of all layers and the classifier.
    pub aops: u64,
    /// Trained values of all layers and the classifier.
    pub params: u64,
    /// The cost of each convolution layer, first one first.
    pub layers: Vec<LayerCost>,
    /// The cost of the classifier, the same for every architecture.
    pub classifier: LayerCost,
}

impl LayerCost {
    fn of_block(block: &Block, candidate: &Candidate) -> Self {
        let mut cost = Self::default();
        for Stage {
            geometry, kernel, ..
        } in block.convolutions()
        {
            let batch_norm = 2 * geometry.output.channels as u64;
            let params = geometry.weights(*kernel).saturating_add(batch_norm);
            cost.macs = cost.macs.saturating_add(geometry.macs(*kernel));
            cost.params = cost.params.saturating_add(params);
        }
        cost.aops = cost.macs.saturating_mul(candidate.aops_per_mac());
        cost
    }
}

impl Space {
    /// The cost of an architecture, its candidates being of this space or not (so a baseline can be
    /// counted too).
    ///
    /// # Errors
    /// [`Error::Depth`](crate::Error::Depth) for another number of layers,
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    ///
    /// # Source
    /// Eq. 1 of the paper: `AOPS = sum over layers of MACs x activation bits x weight bits`, the
    /// classifier included at [`Space::CLASSIFIER`] precision.
    pub fn cost(&self, architecture: &Architecture) -> Result<Cost> {
        self.check_depth(architecture.layers().len())?;
        let blocks = self.blocks(architecture)?;
        let layers: Vec<LayerCost> = blocks
            .iter()
            .zip(architecture.layers())
            .map(|(block, candidate)| LayerCost::of_block(block, candidate))
            .collect();
        let classifier = self.classifier_cost()?;
        let total = |count: fn(&LayerCost) -> u64| {
            layers
                .iter()
                .chain([&classifier])
                .fold(0_u64, |sum, layer| sum.saturating_add(count(layer)))
        };
        Ok(Cost {
            macs: total(|l| l.macs),
            aops: total(|l| l.aops),
            params: total(|l| l.params),
            layers,
            classifier,
        })
    }

    /// The cost of the classifier, the same for every architecture.
    ///
    /// # Errors
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    pub fn classifier_cost(&self) -> Result<LayerCost> {
        let classes = self.classes()?;
        let features = self.shapes()?.last().map_or(0, |last| last.output.channels);
        let macs = linear_macs(features, classes);
        let width = u64::from(Self::CLASSIFIER.width());
        let per_mac = if self.is_quantised() {
            width * width
        } else {
            1
        };
        Ok(LayerCost {
            macs,
            aops: macs.saturating_mul(per_mac),
            params: macs.saturating_add(classes as u64),
        })
    }

    /// What one candidate would add to the AOPS in this layer: `geometry()[layer].macs(kernel)`
    /// times [`Candidate::aops_per_mac`], the term that a SuperNet's expected cost weighs.
    ///
    /// # Errors
    /// [`Error::Layer`](crate::Error::Layer) for a layer that is not there,
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    pub fn candidate_aops(&self, layer: usize, candidate: &Candidate) -> Result<u64> {
        Ok(LayerCost::of_block(&self.block(layer, candidate)?, candidate).aops)
    }

    /// The AOPS of the cheapest and of the dearest architecture, exact since AOPS are a sum over
    /// layers.
    ///
    /// # Errors
    /// [`Error::Unresolved`](crate::Error::Unresolved) before [`Space::resolve`].
    pub fn aops_range(&self) -> Result<(u64, u64)> {
        let fixed = self.classifier_cost()?.aops;
        let mut range = (fixed, fixed);
        for (index, layer) in self.layers().iter().enumerate() {
            let candidates = layer.choices.candidates();
            let aops = candidates
                .iter()
                .map(|candidate| self.candidate_aops(index, candidate))
                .collect::<Result<Vec<_>>>()?;
            range.0 = range
                .0
                .saturating_add(aops.iter().copied().min().unwrap_or(0));
            range.1 = range.1.saturating_add(aops.into_iter().max().unwrap_or(0));
        }
        Ok(range)
    }
}
