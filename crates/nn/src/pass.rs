//! `Pass`: one forward pass over a network, and the way back.

use crate::{Error, ParameterId, Parameters, Result, Trains};
use radars_autograd::tensor::{Arena, Backend, Tensor};
use radars_autograd::{Tape, Var, VarId};

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
    tape: Tape<B>,
    parameters: &'a mut Parameters<B>,
    mode: Mode,
    share: Share,
    /// The variables handed out so far, by position of the parameter, so that a parameter that is used
    /// twice gets the sum of both gradients.
    leaves: Vec<Option<Var<B>>>,
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
            leaves: (0..parameters.len()).map(|_| None).collect(),
            parameters,
            mode,
            share,
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
        self.parameters.arena()
    }

    /// The tape, for the operations of [`radars_autograd::ops`].
    pub fn tape(&mut self) -> &mut Tape<B> {
        &mut self.tape
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters<B> {
        self.parameters
    }

    /// The parameters, for layers that keep statistics in them.
    pub fn parameters_mut(&mut self) -> &mut Parameters<B> {
        self.parameters
    }

    /// A parameter as an operand: a leaf when its role is trained in this pass, else a constant.
    pub fn parameter(&mut self, id: ParameterId) -> Var<B> {
        let parameter = self.parameters.get(id);
        if !self.mode.trains().includes(parameter.role()) {
            return Var::constant(parameter.value().clone());
        }
        let leaf = &mut self.leaves[id.index()];
        leaf.get_or_insert_with(|| self.tape.leaf(parameter.value().clone()))
            .clone()
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
        let ids: Vec<(ParameterId, VarId)> = parameters
            .iter()
            .zip(&leaves)
            .filter_map(|((id, _), leaf)| Some((id, leaf.as_ref()?.id()?)))
            .collect();
        let of_leaf = |(id, gradient)| match ids.iter().find(|(leaf, _)| *leaf == id) {
            Some(&(_, leaf)) => Ok((leaf, gradient)),
            None => Err(Error::NotTrained {
                name: parameters.name(id).to_owned(),
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
