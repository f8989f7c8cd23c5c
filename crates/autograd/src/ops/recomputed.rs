//! A part of a network that keeps its inputs alone and is computed again on the way back.

use crate::{Backward, Tape, Var};
use radars_tensor::{Backend, Result, Tensor};

/// A part of a network that can be computed twice.
///
/// The second time has to give what the first gave: `forward` may depend on its inputs and on what the
/// segment itself holds, and on nothing that a training step changes. Its inputs are kept, so an operation
/// that consumes its operand can take what the segment computed, but not an input.
pub trait Segment<B: Backend> {
    /// The output, and tensors that no gradient flows to (batch statistics, say).
    ///
    /// # Errors
    /// Those of the operations it runs.
    fn forward(&self, tape: &mut Tape<B>, inputs: Vec<Var<B>>) -> Result<(Var<B>, Vec<Tensor<B>>)>;
}

/// What `segment` makes of `inputs`, of which only the inputs are kept for the way back: there it is
/// computed once more, and its own operations go back right after.
///
/// Trades one more forward pass of the segment for everything that its operations would have saved.
///
/// # Errors
/// Those of the segment.
///
/// # Source
/// Chen et al. 2016, "Training deep nets with sublinear memory cost".
pub fn recomputed<B: Backend>(
    tape: &mut Tape<B>,
    segment: impl Segment<B> + 'static,
    inputs: Vec<Var<B>>,
) -> Result<(Var<B>, Vec<Tensor<B>>)> {
    // On a tape without leaves nothing is recorded, so whatever an operation would save is gone at once.
    let mut unrecorded = Tape::new(tape.arena());
    let constants = inputs.iter().map(|x| Var::constant(x.value().clone()));
    let (y, beside) = segment.forward(&mut unrecorded, constants.collect())?;
    Ok((
        record_recomputed(tape, segment, inputs, y.into_value()),
        beside,
    ))
}

/// Records that `y` is what `segment` makes of `inputs`, which is how [`recomputed`] ends: for who has computed it
/// already, on a tape of its own.
pub fn record_recomputed<B: Backend>(
    tape: &mut Tape<B>,
    segment: impl Segment<B> + 'static,
    inputs: Vec<Var<B>>,
    y: Tensor<B>,
) -> Var<B> {
    let ids: Vec<_> = inputs.iter().map(Var::id).collect();
    let backward = RecomputedBackward {
        segment,
        inputs: inputs.into_iter().map(Var::into_value).collect(),
        wanted: ids.iter().map(Option::is_some).collect(),
    };
    tape.record_many(backward, ids, y)
}

struct RecomputedBackward<B: Backend, S> {
    segment: S,
    inputs: Vec<Tensor<B>>,
    /// Which inputs want a gradient.
    wanted: Vec<bool>,
}

impl<B: Backend, S: Segment<B>> Backward<B> for RecomputedBackward<B, S> {
    fn backward(self: Box<Self>, dy: Tensor<B>) -> Result<Vec<Option<Tensor<B>>>> {
        let RecomputedBackward {
            segment,
            inputs,
            wanted,
        } = *self;
        let mut tape = Tape::new(dy.arena());
        let inputs: Vec<Var<B>> = (inputs.into_iter().zip(wanted))
            .map(|(value, wanted)| match wanted {
                true => tape.leaf(value),
                false => Var::constant(value),
            })
            .collect();
        let ids: Vec<_> = inputs.iter().map(Var::id).collect();
        let (y, beside) = segment.forward(&mut tape, inputs)?;
        drop(beside);
        let mut gradients = tape.backward_from(y, dy)?;
        let take = |id: Option<crate::VarId>| id.and_then(|id| gradients.take(id));
        Ok(ids.into_iter().map(take).collect())
    }

    fn saved_bytes(&self) -> usize {
        self.inputs.iter().map(Tensor::bytes).sum()
    }
}
