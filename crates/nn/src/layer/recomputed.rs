//! Batch norm after what is computed again on the way back instead of being kept.

use super::BatchNorm2d;
use crate::{Mode, Pass, Result};
use radars_autograd::ops::Segment;
use radars_autograd::tensor::{self, Backend, Tensor};
use radars_autograd::{Tape, Var, ops};

/// What can be computed twice from the same operands.
pub trait Mapping<B: Backend> {
    /// The result, which nothing else owns.
    ///
    /// # Errors
    /// Those of the operations it runs.
    fn map(&self, tape: &mut Tape<B>, operands: Vec<Var<B>>) -> tensor::Result<Var<B>>;
}

impl BatchNorm2d {
    /// [`BatchNorm2d::forward`] of what `mapping` makes of `operands`. In training these alone are kept for the
    /// way back, where both are computed once more: the same gradients, to the bit, for another forward pass.
    ///
    /// # Errors
    /// Those of the mapping and of [`BatchNorm2d::forward`].
    pub fn forward_recomputed<B: Backend>(
        &self,
        pass: &mut Pass<'_, B>,
        mapping: impl Mapping<B> + 'static,
        operands: Vec<Var<B>>,
    ) -> Result<Var<B>> {
        let Mode::Train {
            update_statistics, ..
        } = pass.mode()
        else {
            let x = mapping.map(pass.tape(), operands)?;
            return self.forward(pass, x);
        };
        let mut inputs = vec![pass.parameter(self.gamma), pass.parameter(self.beta)];
        inputs.extend(operands);
        let norm = *self;
        let (y, stats) = ops::recomputed(pass.tape(), Normalised { mapping, norm }, inputs)?;
        if update_statistics {
            let rows = y.value().shape().rows();
            for stats in &stats {
                self.observe(pass, stats, rows)?;
            }
        }
        Ok(y)
    }
}

/// A mapping and the batch norm after it; takes gamma, beta and the mapping's operands.
struct Normalised<M> {
    mapping: M,
    norm: BatchNorm2d,
}

impl<B: Backend, M: Mapping<B>> Segment<B> for Normalised<M> {
    fn forward(
        &self,
        tape: &mut Tape<B>,
        inputs: Vec<Var<B>>,
    ) -> tensor::Result<(Var<B>, Vec<Tensor<B>>)> {
        let mut inputs = inputs.into_iter();
        let (Some(gamma), Some(beta)) = (inputs.next(), inputs.next()) else {
            return Err(tensor::Error::Geometry {
                op: "batch_norm",
                what: "the number of operands",
                value: 0,
                expected: "at least 2",
            });
        };
        let x = self.mapping.map(tape, inputs.collect())?;
        let (y, stats) = self.norm.normalise(tape, x, gamma, beta)?;
        Ok((y, vec![stats]))
    }
}
