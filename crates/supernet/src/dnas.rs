//! The first-order DNAS step: network weights on one batch, architecture weights on another.

use crate::architecture_loss::Objective;
use crate::batch::DeviceBatch;
use crate::layouts::{LaidOut, Layouts, rehearsed, step_laid_out};
use crate::micro_batch::{Batch, Gathered, gather};
use crate::supernet::Mixture;
use crate::trainer::LossSum;
use crate::{
    ArchitectureLoss, Images, Mixing, Recompute, Relaxation, Result, SuperNet, WeightSettings,
};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Layout, Meta};
use radars_nn::{Adam, AdamSettings, Mode, Parameters, Pass, Sgd, Trains, loss};
use radars_space::{Architecture, Candidate, ImageShape, Reward, Space};
use serde::{Deserialize, Serialize};

/// How a SuperNet is trained, the rates of each step aside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DnasSettings {
    /// Training of the network weights.
    pub weights: WeightSettings,
    /// Adam for the architecture weights.
    pub alpha: AdamSettings,
    /// What the steps of the architecture weights descend.
    #[serde(default)]
    pub loss: ArchitectureLoss,
}

/// What a SuperNet is made from.
#[derive(Clone, Copy, Debug)]
pub struct SuperNetPlan<'a> {
    /// The space.
    pub space: &'a Space,
    /// The candidates of every layer.
    pub candidates: &'a [Vec<Candidate>],
    /// How the mixtures are held.
    pub mixing: Mixing,
    /// The trade-off of accuracy and cost.
    pub reward: Reward,
}

/// A [`SuperNetPlan`] to keep, for the twin that rehearses a step.
struct Spanned {
    space: Space,
    candidates: Vec<Vec<Candidate>>,
    mixing: Mixing,
    reward: Reward,
}

impl Spanned {
    fn new(of: SuperNetPlan<'_>) -> Self {
        Spanned {
            space: of.space.clone(),
            candidates: of.candidates.to_vec(),
            mixing: of.mixing,
            reward: of.reward,
        }
    }

    fn plan(&self) -> SuperNetPlan<'_> {
        SuperNetPlan {
            space: &self.space,
            candidates: &self.candidates,
            mixing: self.mixing,
            reward: self.reward,
        }
    }
}

/// What a SuperNet's trainer runs by a layout.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    WeightStep(usize),
    AlphaStep(usize),
}

/// A SuperNet in training: weights, architecture weights, their optimizers, the losses so far.
pub struct DnasTrainer<B: Backend> {
    network: SuperNet<B>,
    pub(crate) parameters: Parameters<B>,
    pub(crate) weight_optimizer: Sgd<B>,
    pub(crate) alpha_optimizer: Adam<B>,
    pub(crate) weight_losses: LossSum<B>,
    pub(crate) alpha_losses: LossSum<B>,
    settings: DnasSettings,
    objective: Objective,
    input: ImageShape,
    micro_batch: usize,
    recompute: Recompute,
    of: Spanned,
    layouts: Layouts<Program>,
}

impl<B: Backend> DnasTrainer<B> {
    /// Builds the SuperNet in `arena`; initial weights are a function of `seed`.
    ///
    /// # Errors
    /// As [`SuperNet::new`].
    pub fn new(
        arena: &Arena<B>,
        of: SuperNetPlan<'_>,
        settings: DnasSettings,
        seed: Seed,
    ) -> Result<Self> {
        let mut parameters = Parameters::new(arena);
        let slope = settings.loss.cost_slope(of.reward);
        let network = SuperNet::new(
            &mut parameters,
            of.space,
            of.candidates,
            of.mixing,
            slope,
            seed,
        )?;
        Ok(DnasTrainer {
            network,
            weight_optimizer: Sgd::new(settings.weights.sgd, &parameters, Trains::Weights)?,
            alpha_optimizer: Adam::new(settings.alpha, &parameters, Trains::Architecture)?,
            weight_losses: LossSum::new(arena)?,
            alpha_losses: LossSum::new(arena)?,
            parameters,
            settings,
            objective: Objective::new(settings.loss, of.reward, of.space)?,
            input: of.space.input()?,
            micro_batch: usize::MAX,
            recompute: Recompute::NONE,
            of: Spanned::new(of),
            layouts: Layouts::default(),
        })
    }

    /// Takes at most `most` images to the device at once: see [`crate::StepSize`]. The cost term of the
    /// architecture loss weighs in every part what the part does, and so counts once.
    #[must_use]
    pub fn in_micro_batches(self, most: usize) -> Self {
        DnasTrainer {
            micro_batch: most,
            layouts: Layouts::default(),
            ..self
        }
    }

    /// Computes some layers again on the way back instead of keeping them.
    #[must_use]
    pub fn recomputing(mut self, recompute: Recompute) -> Self {
        self.network.set_recompute(recompute);
        self.recompute = recompute;
        self.layouts = Layouts::default();
        self
    }

    /// One step of the network weights; gives the bytes that were saved for the way back.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn weight_step(
        &mut self,
        batch: Images<'_>,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        self.weight_step_on(&batch, relaxation, rate)
    }

    /// [`DnasTrainer::weight_step`] on any kind of batch.
    pub(crate) fn weight_step_on(
        &mut self,
        batch: &impl Batch,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        let program = Program::WeightStep(batch.images());
        let parts = self.parts(batch);
        step_laid_out(self, program, parts, |trainer| {
            trainer.step_weights(batch, relaxation, rate)
        })
    }

    fn step_weights(
        &mut self,
        batch: &impl Batch,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        let arena = self.parameters.arena().clone();
        let (input, micro_batch) = (self.input, self.micro_batch);
        let pass = |part: DeviceBatch<B>, share, gathered| {
            let DeviceBatch { images, labels } = part;
            let mut pass = Pass::of_share(&mut self.parameters, Mode::WEIGHTS, share);
            let logits = self.network.forward(&mut pass, images, relaxation)?.logits;
            let smoothing = self.settings.weights.label_smoothing;
            let loss = loss::cross_entropy(&mut pass, logits, &labels, smoothing)?;
            drop(labels);
            self.weight_losses.add(loss.value(), share)?;
            let saved_bytes = pass.saved_bytes();
            Ok((pass.backward_onto(loss, gathered)?, saved_bytes))
        };
        let Gathered {
            gradients,
            saved_bytes,
        } = gather(batch, micro_batch, &arena, input, pass)?;
        self.weight_losses.end_step();
        self.weight_optimizer
            .step(&mut self.parameters, gradients, rate)?;
        Ok(saved_bytes)
    }

    /// One step of the architecture weights; gives the bytes that were saved for the way back.
    ///
    /// # Errors
    /// [`crate::Error::Batch`], [`crate::Error::Nn`].
    pub fn alpha_step(
        &mut self,
        batch: Images<'_>,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        self.alpha_step_on(&batch, relaxation, rate)
    }

    /// [`DnasTrainer::alpha_step`] on any kind of batch.
    pub(crate) fn alpha_step_on(
        &mut self,
        batch: &impl Batch,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        let program = Program::AlphaStep(batch.images());
        let parts = self.parts(batch);
        step_laid_out(self, program, parts, |trainer| {
            trainer.step_alphas(batch, relaxation, rate)
        })
    }

    fn step_alphas(
        &mut self,
        batch: &impl Batch,
        relaxation: &Relaxation,
        rate: f32,
    ) -> Result<usize> {
        let arena = self.parameters.arena().clone();
        let (input, micro_batch) = (self.input, self.micro_batch);
        let pass = |part: DeviceBatch<B>, share, gathered| {
            let DeviceBatch { images, labels } = part;
            let mut pass = Pass::of_share(&mut self.parameters, Mode::ARCHITECTURE, share);
            let mixture = self.network.forward(&mut pass, images, relaxation)?;
            let Mixture { logits, cost } = mixture;
            let loss = self.objective.of(&mut pass, logits, labels, cost)?;
            self.alpha_losses.add(loss.value(), share)?;
            let saved_bytes = pass.saved_bytes();
            Ok((pass.backward_onto(loss, gathered)?, saved_bytes))
        };
        let Gathered {
            gradients,
            saved_bytes,
        } = gather(batch, micro_batch, &arena, input, pass)?;
        self.alpha_losses.end_step();
        self.alpha_optimizer
            .step(&mut self.parameters, gradients, rate)?;
        Ok(saved_bytes)
    }

    /// The mean losses of the weight steps and of the architecture steps since they were last asked for.
    ///
    /// # Errors
    /// [`crate::Error::Nn`].
    pub fn take_mean_losses(&mut self) -> Result<(Option<f64>, Option<f64>)> {
        Ok((
            self.weight_losses.take_mean()?,
            self.alpha_losses.take_mean()?,
        ))
    }

    /// How many micro-batches of a batch are run.
    fn parts(&self, batch: &impl Batch) -> usize {
        batch.in_micro_batches(self.micro_batch).len()
    }

    /// Temperature 1 and zeros for noise, which take the memory of any noise.
    pub(crate) fn without_noise(&self) -> Relaxation {
        let vectors = self.vectors().into_iter();
        Relaxation {
            temperature: 1.0,
            noise: vectors.map(|n| vec![0.0; n]).collect(),
        }
    }

    /// The lengths of all vectors of architecture weights, for the noise of a [`Relaxation`].
    pub fn vectors(&self) -> Vec<usize> {
        self.network.vectors(&self.parameters)
    }

    /// The mixing weights at temperature 1 and without noise, by layer and vector.
    ///
    /// # Errors
    /// [`crate::Error::Nn`].
    pub fn mixing_weights(&self) -> Result<Vec<Vec<Vec<f32>>>> {
        self.network.mixing_weights(&self.parameters)
    }

    /// The architecture with the largest mixing weights.
    ///
    /// # Errors
    /// [`crate::Error::Nn`].
    pub fn derive(&self) -> Result<Architecture> {
        self.network.derive(&self.parameters)
    }

    /// Weights, statistics and architecture weights.
    pub fn parameters(&self) -> &Parameters<B> {
        &self.parameters
    }

    /// Everything to be restored: parameters, the weights' optimizer, the architecture weights' optimizer.
    pub fn state_mut(&mut self) -> (&mut Parameters<B>, &mut Sgd<B>, &mut Adam<B>) {
        (
            &mut self.parameters,
            &mut self.weight_optimizer,
            &mut self.alpha_optimizer,
        )
    }
}

impl<B: Backend> LaidOut<B> for DnasTrainer<B> {
    type Program = Program;

    fn arena(&self) -> &Arena<B> {
        self.parameters.arena()
    }

    fn layouts(&mut self) -> &mut Layouts<Program> {
        &mut self.layouts
    }

    fn rehearse(&self, program: Program, twin: &Arena<Meta<B>>) -> Result<Layout> {
        let trainer = DnasTrainer::new(twin, self.of.plan(), self.settings, Seed(0))?;
        let trainer = trainer.in_micro_batches(self.micro_batch);
        let mut trainer = trainer.recomputing(self.recompute);
        let relaxation = trainer.without_noise();
        match program {
            Program::WeightStep(images) => rehearsed(twin, images, |batch| {
                trainer.step_weights(batch, &relaxation, 0.0).map(drop)
            }),
            Program::AlphaStep(images) => rehearsed(twin, images, |batch| {
                trainer.step_alphas(batch, &relaxation, 0.0).map(drop)
            }),
        }
    }
}
