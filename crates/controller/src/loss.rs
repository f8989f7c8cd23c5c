//! What a policy's loss is made of.

use crate::policy::Network;
use crate::{Error, Result};
use radars_nn::Pass;
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::{Backend, Tensor};

/// `-sum ln p(choice_t)` and `sum H_t` along choices; one element each.
pub(crate) fn sums<B: Backend>(
    network: &Network,
    pass: &mut Pass<'_, B>,
    choices: &[usize],
) -> Result<(Var<B>, Var<B>)> {
    let mut sums: Option<(Var<B>, Var<B>)> = None;
    network.walk(pass, &mut |pass, decision, logits| {
        let choice = choices[decision];
        let (surprise, entropy) = terms(pass, logits, choice)?;
        sums = Some(match sums.take() {
            None => (surprise, entropy),
            Some((surprises, entropies)) => (
                ops::add(pass.tape(), surprises, surprise)?,
                ops::add(pass.tape(), entropies, entropy)?,
            ),
        });
        Ok(choice)
    })?;
    sums.ok_or(Error::NoDecisions)
}

/// `-ln p(choice)` and the entropy of `softmax(logits)`, for `logits [1, choices]`; one element each.
///
/// The entropy is `lse - <p, logits>` with `lse = ln sum exp(logits) = logits[choice] - ln p(choice)`: no
/// logarithm of a probability that may have become 0.
fn terms<B: Backend>(
    pass: &mut Pass<'_, B>,
    logits: Var<B>,
    choice: usize,
) -> Result<(Var<B>, Var<B>)> {
    let label = [choice as i32];
    let label = Tensor::from_slice(pass.arena(), [1], &label)?;
    let tape = pass.tape();
    let surprise = ops::cross_entropy(tape, logits.clone(), &label, 0.0)?;
    let probabilities = ops::softmax(tape, logits.clone())?;
    let mean = ops::dot(tape, probabilities, logits.clone())?;
    let chosen = ops::narrow(tape, logits, choice, 1)?;
    let log_sum = ops::add(tape, chosen, surprise.clone())?;
    let entropy = ops::sub(tape, log_sum, mean)?;
    Ok((surprise, entropy))
}
