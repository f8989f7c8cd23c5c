//! `Pass`: one forward pass over a network, and the way back.

use crate::{Error, ParameterId, Parameters, Result, Trains};
use radars_autograd::tensor::{Arena, Backend, Tensor};
use radars_autograd::{Tape, Var, VarId};
use std::collections::BTreeMap;

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch normalisation uses the batch's own statistics, and gradients flow.
    Train {
        /// Whose gradients are wanted; everything else is a constant and costs nothing.
        trains: Trains,
        /// Whether the running statistics move towards the batch's.
        update_statistics: bool,
    },
    /// Batch normalisation uses the running statistics; nothing is recorded.
    Evaluate,
}

impl Mode {
    /// A training step of the network weights.
    pub const WEIGHTS: Mode = Mode::Train {
        trains: Trains::Weights,
        update_statistics: true,
    };
    /// A training step of the architecture weights; the running statistics stay as the steps of the
    /// network weights left them, since they see another split of the data.
    pub const ARCHITECTURE: Mode = Mode::Train {
        trains: Trains::Architecture,
        update_statistics: false,
    };

    /// Whose gradients are wanted.
    pub fn trains(self) -> Trains {
        match self {
            Mode::Train { trains, .. } => trains,
            Mode::Evaluate => Trains::Nothing,
        }
    }
}

/// The part of a step's images that a pass sees: all of them, or one of several micro-batches whose gradients
/// add up to the step's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Images of the pass.
    pub images: usize,
    /// Images of the whole step.
    pub of: usize,
}

impl Share {
    /// A pass over all images of a step.
    pub const WHOLE: Share = Share { images: 1, of: 1 };

    /// What the pass's mean loss, and its gradients, weigh in the step's.
    pub fn weight(self) -> f32 {
        self.fraction() as f32
    }

    /// The momentum of a running statistic in this pass, such that after all passes of the step what was
    /// there before weighs `1 - momentum`, as it does after one pass over all: `1 - (1 - momentum)^weight`.
    pub fn momentum(self, momentum: f32) -> f32 {
        if self.images == self.of {
            return momentum;
        }
        (1.0 - libm::pow(1.0 - f64::from(momentum), self.fraction())) as f32
    }

    fn fraction(self) -> f64 {
        match self.images == self.of {
            true => 1.0,
            false => self.images as f64 / self.of as f64,
        }
    }
}

/// The gradients of parameters, in the order of the parameters; those that the loss does not depend on
/// are left out.
pub type ParameterGradients<B> = Vec<(ParameterId, Tensor<B>)>;

/// One forward pass: the tape, the parameters, and what is to be trained.
///
/// Layers ask it for their parameters, so they are the same code in training and in evaluation.
pub struct Pass<'a, B: Backend> {
    pub(crate) tape: Tape<B>,
    /// None in a segment that is computed again, whose `leaves` are all that it gets.
    parameters: Option<&'a mut Parameters<B>>,
    pub(crate) mode: Mode,
    pub(crate) share: Share,
    /// The variables handed out so far, so that a parameter that is used twice gets the sum of both gradients.
    leaves: BTreeMap<ParameterId, Var<B>>,
    /// What is asked for meanwhile, where a segment is computed that will be so again: all of it as constants.
    pub(crate) asked_for: Option<Vec<ParameterId>>,
}

impl<'a, B: Backend> Pass<'a, B> {
    /// A pass that has computed nothing yet.
    pub fn new(parameters: &'a mut Parameters<B>, mode: Mode) -> Self {
        Pass::of_share(parameters, mode, Share::WHOLE)
    }

    /// A pass over a part of a step's images.
    pub fn of_share(parameters: &'a mut Parameters<B>, mode: Mode, share: Share) -> Self {
        Pass {
            tape: Tape::new(parameters.arena()),
            parameters: Some(parameters),
            mode,
            share,
            leaves: BTreeMap::new(),
            asked_for: None,
        }
    }

    /// A pass over a segment that asks for no parameters but those of `leaves`, which are on `tape`.
    pub(crate) fn again(
        tape: Tape<B>,
        leaves: BTreeMap<ParameterId, Var<B>>,
        mode: Mode,
        share: Share,
    ) -> Self {
        Pass {
            tape,
            parameters: None,
            mode,
            share,
            leaves,
            asked_for: None,
        }
    }

    /// What the pass is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The part of a step's images that the pass sees.
    pub fn share(&self) -> Share {
        self.share
    }

    /// The arena that values are allocated in.
    pub fn arena(&self) -> &Arena<B> {
        self.tape.arena()
    }

    /// The tape, for the operations of [`radars_autograd::ops`].
    pub fn tape(&mut self) -> &mut Tape<B> {
        &mut self.tape
    }

    /// A parameter as an operand: a leaf when its role is trained in this pass, else a constant.
    ///
    /// # Panics
    /// When `id` comes from a larger store; in a [`Segment`](crate::Segment) that is computed again, when it is not
    /// among those that the segment asked for the first time.
    pub fn parameter(&mut self, id: ParameterId) -> Var<B> {
        if let Some(asked_for) = &mut self.asked_for {
            if !asked_for.contains(&id) {
                asked_for.push(id);
            }
            return Var::constant(self.value(id).clone());
        }
        if let Some(leaf) = self.leaves.get(&id) {
            return leaf.clone();
        }
        let value = self.value(id).clone();
        let trains = self.mode.trains();
        let role = self.parameters.as_ref().map(|store| store.role(id));
        if !role.is_some_and(|role| trains.includes(role)) {
            return Var::constant(value);
        }
        let leaf = self.tape.leaf(value);
        self.leaves.insert(id, leaf.clone());
        leaf
    }

    /// The value of a running statistic, to be moved; none in a segment that is computed again, which has moved
    /// it already.
    pub(crate) fn statistic(&mut self, id: ParameterId) -> Option<&mut Tensor<B>> {
        self.parameters.as_mut().map(|store| store.value_mut(id))
    }

    fn value(&self, id: ParameterId) -> &Tensor<B> {
        match &self.parameters {
            Some(store) => store.value(id),
            None => self.leaves[&id].value(),
        }
    }

    /// Bytes that the recorded operations keep alive for the way back.
    pub fn saved_bytes(&self) -> usize {
        self.tape.saved_bytes()
    }

    /// Goes back from the one-element `loss`, the mean over the images of the pass; gradients weigh what the
    /// pass's [`Share`] does.
    ///
    /// When it returns, nothing of the pass holds a parameter any more, so an optimizer can update them
    /// in place; a [`Var`] that the caller kept would stand in its way.
    ///
    /// # Errors
    /// Those of the operations, above all [`crate::tensor::Error::OverBound`].
    pub fn backward(self, loss: Var<B>) -> Result<ParameterGradients<B>> {
        self.backward_onto(loss, Vec::new())
    }

    /// [`Pass::backward`], onto the gradients that the passes before it over the same step `gathered`.
    ///
    /// # Errors
    /// As [`Pass::backward`].
    pub fn backward_onto(
        self,
        loss: Var<B>,
        gathered: ParameterGradients<B>,
    ) -> Result<ParameterGradients<B>> {
        let weight = self.share.weight();
        let seed = Tensor::full(self.arena(), loss.value().shape(), weight)?;
        self.go_back(loss, seed, gathered)
    }

    /// Goes back from `output`, whose gradient is `seed`.
    ///
    /// # Errors
    /// As [`Pass::backward`].
    pub fn backward_from(self, output: Var<B>, seed: Tensor<B>) -> Result<ParameterGradients<B>> {
        self.go_back(output, seed, Vec::new())
    }

    fn go_back(
        self,
        output: Var<B>,
        seed: Tensor<B>,
        gathered: ParameterGradients<B>,
    ) -> Result<ParameterGradients<B>> {
        let Pass {
            tape,
            parameters,
            leaves,
            ..
        } = self;
        let ids: Vec<(ParameterId, VarId)> = leaves
            .into_iter()
            .filter_map(|(id, leaf)| Some((id, leaf.id()?)))
            .collect();
        let of_leaf = |(id, gradient)| match ids.iter().find(|(leaf, _)| *leaf == id) {
            Some(&(_, leaf)) => Ok((leaf, gradient)),
            None => Err(Error::NotTrained {
                name: parameters
                    .as_ref()
                    .map_or_else(String::new, |store| store.name(id).to_owned()),
            }),
        };
        let gathered = gathered.into_iter().map(of_leaf);
        let gathered = gathered.collect::<Result<Vec<_>>>()?;
        let mut gradients = tape.backward_onto(output, seed, gathered)?;
        Ok(ids
            .into_iter()
            .filter_map(|(id, leaf)| Some((id, gradients.take(leaf)?)))
            .collect())
    }

    /// Refuses an operation that would cut the gradient of `x` off.
    pub(crate) fn expect_constant(&self, op: &'static str, x: &Var<B>) -> Result<()> {
        match x.requires_gradient() {
            true => Err(Error::NoGradient { op }),
            false => Ok(()),
        }
    }
}
