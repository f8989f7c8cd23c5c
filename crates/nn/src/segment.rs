//! Segments: parts of a network that keep their inputs alone and are computed again on the way back.

use crate::{Error, Mode, ParameterId, Pass, Result, Share};
use radars_autograd::tensor::{self, Backend, Tensor};
use radars_autograd::{Tape, Var, ops};

/// A part of a network, any number of layers, that can be computed twice ([`Pass::recomputed`]).
///
/// The second time has to give what the first gave, from the same parameters: `forward` may depend on its inputs,
/// on the pass, and on what the segment itself holds, and on nothing that a training step changes. Its inputs are
/// kept, so an operation that consumes its operand (batch normalisation does) can take what the segment computed,
/// but not an input.
pub trait Segment<B: Backend> {
    /// The output.
    ///
    /// # Errors
    /// Those of the layers and operations it runs.
    fn forward(&self, pass: &mut Pass<'_, B>, inputs: Vec<Var<B>>) -> Result<Var<B>>;
}

impl<B: Backend> Pass<'_, B> {
    /// What `segment` makes of `inputs`. In training, of all that it computes these inputs alone are kept for the way
    /// back; there it is computed once more and goes back right after: the same gradients, to the bit, for
    /// another forward pass. Running statistics move the first time alone. In evaluation it is
    /// [`Segment::forward`].
    ///
    /// Parameters that the segment asks the pass for get their gradients as if they were inputs; those that others
    /// use too get the sum. Segments may contain segments.
    ///
    /// # Errors
    /// Those of the segment.
    ///
    /// # Source
    /// Chen et al. 2016, "Training deep nets with sublinear memory cost".
    ///
    /// # Examples
    /// ```
    /// use radars_nn::autograd::{Var, ops};
    /// use radars_nn::tensor::Backend;
    /// use radars_nn::{BatchNorm2d, Conv2d, Pass, Result, Segment};
    ///
    /// /// `x + norm(conv(x))`.
    /// #[derive(Clone, Copy)]
    /// struct Residual { conv: Conv2d, norm: BatchNorm2d }
    ///
    /// impl<B: Backend> Segment<B> for Residual {
    ///     fn forward(&self, pass: &mut Pass<'_, B>, inputs: Vec<Var<B>>) -> Result<Var<B>> {
    ///         let x = inputs[0].clone();
    ///         let y = self.conv.forward(pass, x.clone())?;
    ///         let y = self.norm.forward(pass, y)?;
    ///         Ok(ops::add(pass.tape(), y, x)?)
    ///     }
    /// }
    ///
    /// fn cell<B: Backend>(pass: &mut Pass<'_, B>, cell: Residual, x: Var<B>) -> Result<Var<B>> {
    ///     pass.recomputed(cell, vec![x])
    /// }
    /// ```
    pub fn recomputed(
        &mut self,
        segment: impl Segment<B> + 'static,
        mut inputs: Vec<Var<B>>,
    ) -> Result<Var<B>> {
        let Mode::Train { trains, .. } = self.mode else {
            return segment.forward(self, inputs);
        };
        // On a tape without leaves nothing is recorded, so whatever an operation would save is gone at once.
        let unrecorded = Tape::new(self.arena());
        let tape = std::mem::replace(&mut self.tape, unrecorded);
        let around = self.asked_for.replace(Vec::new());
        let constants = inputs.iter().map(|x| Var::constant(x.value().clone()));
        let y = segment.forward(self, constants.collect());
        self.tape = tape;
        let parameters = std::mem::replace(&mut self.asked_for, around).unwrap_or_default();
        let y = y?.into_value();

        inputs.extend(parameters.iter().map(|&id| self.parameter(id)));
        let again = Again {
            segment,
            parameters,
            mode: Mode::Train {
                trains,
                update_statistics: false,
            },
            share: self.share,
        };
        Ok(ops::record_recomputed(&mut self.tape, again, inputs, y))
    }
}

/// A segment on its second run; takes its inputs, then its parameters.
struct Again<S> {
    segment: S,
    parameters: Vec<ParameterId>,
    mode: Mode,
    share: Share,
}

impl<B: Backend, S: Segment<B>> ops::Segment<B> for Again<S> {
    fn forward(
        &self,
        tape: &mut Tape<B>,
        mut inputs: Vec<Var<B>>,
    ) -> tensor::Result<(Var<B>, Vec<Tensor<B>>)> {
        let own = inputs.len().saturating_sub(self.parameters.len());
        let operands = inputs.split_off(own);
        let leaves = self.parameters.iter().copied().zip(operands).collect();
        let empty = Tape::new(tape.arena());
        let tape_of_pass = std::mem::replace(tape, empty);
        let mut pass = Pass::again(tape_of_pass, leaves, self.mode, self.share);
        let y = self.segment.forward(&mut pass, inputs);
        *tape = pass.tape;
        match y {
            Ok(y) => Ok((y, Vec::new())),
            Err(Error::Tensor(error)) => Err(error),
            // It did not fail so the first time.
            Err(_) => Err(tensor::Error::Geometry {
                op: "recomputed",
                what: "the run of a segment that fails",
                value: 2,
                expected: "what the first was",
            }),
        }
    }
}
