//! `Controller`: samples architectures and learns from their rewards.

use crate::distribution::Distribution;
use crate::loss::sums;
use crate::optimizer::Stepper;
use crate::policy::Network;
use crate::{Baseline, ControllerSettings, ControllerState, Decisions, Error, Result, Rollout};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Meta, Tensor};
use radars_nn::{Mode, Parameters, Pass, Trains};
use rand::RngExt;

/// The largest magnitude of a reward: its square is far from the end of the numbers.
const REWARD_LIMIT: f64 = 1e15;

/// Choices drawn from the policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// One choice a decision.
    pub choices: Vec<usize>,
    /// Entropy of the policy along the way, in nats, mean over the decisions.
    pub entropy: f64,
    /// Natural logarithm of the probability of all these choices together.
    pub log_probability: f64,
}

/// What an update saw of the choices it was given, all of it from before the policy moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The moving average that the reward was compared with; the first reward is compared with itself.
    pub baseline: f64,
    /// How much better than that the reward was, see [`Baseline`].
    pub advantage: f64,
    /// Entropy of the policy along the choices, in nats, mean over the decisions.
    pub entropy: f64,
    /// The loss, see [`Controller::update`].
    pub loss: f64,
}

/// A policy over a sequence of decisions, trained by policy gradient.
pub struct Controller<B: Backend> {
    settings: ControllerSettings,
    decisions: Decisions,
    seed: Seed,
    network: Network,
    parameters: Parameters<B>,
    optimizer: Stepper<B>,
    baseline: Baseline,
    pending: Vec<Rollout>,
}

impl<B: Backend> Controller<B> {
    /// A controller that has learned nothing, for `decisions`: the number of choices of each, or [`Decisions`]
    /// that say which are alike.
    ///
    /// Its parameters, moments and values live in `arena`, of which it needs
    /// [`Controller::arena_bytes`].
    ///
    /// # Errors
    /// [`Error::NoDecisions`], [`Error::NoChoices`], [`Error::Setting`];
    /// [`radars_nn::tensor::Error::OverBound`].
    pub fn new(
        arena: &Arena<B>,
        decisions: impl Into<Decisions>,
        settings: ControllerSettings,
        seed: Seed,
    ) -> Result<Self> {
        settings.check()?;
        let decisions = decisions.into();
        let choices = decisions.choices();
        if choices.is_empty() {
            return Err(Error::NoDecisions);
        }
        if let Some(decision) = choices.iter().position(|&choices| choices == 0) {
            return Err(Error::NoChoices { decision });
        }
        let mut parameters = Parameters::new(arena);
        let weights = seed.derive("controller parameters", 0);
        let network = Network::new(&mut parameters, &decisions, &settings, weights)?;
        Ok(Controller {
            optimizer: Stepper::new(&settings, &parameters)?,
            settings,
            decisions,
            seed,
            network,
            parameters,
            baseline: Baseline::default(),
            pending: Vec::new(),
        })
    }

    /// The smallest bound of an arena that such a controller can work in, found by planning.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn arena_bytes(
        spec: B::Spec,
        decisions: impl Into<Decisions>,
        settings: ControllerSettings,
    ) -> Result<usize> {
        let unbounded = Arena::with_bound(Meta::<B>::new(spec), isize::MAX as usize)?;
        let mut planned = Controller::new(&unbounded, decisions, settings, Seed(0))?;
        // No size depends on the choices.
        let rollout = Rollout {
            choices: vec![0; planned.decisions().len()],
            advantage: 0.0,
        };
        planned.walk(&mut |decision, _| Ok(rollout.choices[decision]))?;
        planned.pending = vec![rollout.clone(); settings.rollouts - 1];
        planned.learn(&rollout)?;
        Ok(unbounded.stats().high_water_bytes)
    }

    /// The number of choices of each decision.
    pub fn decisions(&self) -> &[usize] {
        self.decisions.choices()
    }

    /// How it learns.
    pub fn settings(&self) -> ControllerSettings {
        self.settings
    }

    /// Draws one choice a decision; what is drawn depends on the seed, the episode's number and what was
    /// learned so far, and on nothing that was drawn before.
    ///
    /// # Errors
    /// [`Error::Diverged`]; [`radars_nn::tensor::Error::OverBound`].
    pub fn sample(&mut self, episode: u64) -> Result<Sample> {
        let mut rng = self.seed.stream("controller episode", episode);
        let mut sample = Sample {
            choices: Vec::with_capacity(self.decisions().len()),
            entropy: 0.0,
            log_probability: 0.0,
        };
        let rate = self.settings.rate;
        self.walk(&mut |decision, logits| {
            let distribution = distribution(logits, decision, rate)?;
            let choice = distribution.choice_at(rng.random());
            sample.choices.push(choice);
            sample.entropy += distribution.entropy();
            sample.log_probability += distribution.log_probability(choice);
            Ok(choice)
        })?;
        sample.entropy /= self.decisions().len() as f64;
        Ok(sample)
    }

    /// Learns from the reward of an architecture, sampled now or at any time before: one step of the optimizer on
    ///
    /// `loss = -advantage * sum over t of ln p(choice_t) - entropy_weight / sqrt(T) * sum over t of H_t`,
    ///
    /// or, where [`ControllerSettings::rollouts`] asks for more than one reward a step, on the mean of their losses
    /// once there are so many; those that came before wait with the advantages they had. Here `p` is the policy now, given the choices before `t`, `H_t` the entropy of that
    /// distribution, and the advantage that of [`Baseline`]. An advantage of 1 is the work of all `T`
    /// decisions together, of each about `1 / sqrt(T)`, if they add up independently: that is what the
    /// entropy of a decision is weighed against.
    ///
    /// # Errors
    /// [`Error::ChoiceCount`], [`Error::ChoiceRange`], [`Error::Reward`]: then nothing was learned;
    /// [`radars_nn::tensor::Error::OverBound`].
    ///
    /// # Source
    /// REINFORCE: Williams 1992, Eq. 11; the entropy bonus: Williams and Peng 1991.
    pub fn update(&mut self, choices: &[usize], reward: f64) -> Result<Update> {
        self.check(choices)?;
        // Not-a-number is on neither side of a limit.
        if !(-REWARD_LIMIT..=REWARD_LIMIT).contains(&reward) {
            return Err(Error::Reward {
                reward,
                limit: REWARD_LIMIT,
            });
        }
        let compared = self.baseline.compare(reward, &self.settings);
        let rollout = Rollout {
            choices: choices.to_vec(),
            advantage: compared.advantage,
        };
        let (surprise, entropy) = if self.pending.len() + 1 < self.settings.rollouts {
            let seen = self.see(choices)?;
            self.pending.push(rollout);
            seen
        } else {
            let (surprise, entropy) = self.learn(&rollout)?;
            let seen = (f64::from(surprise.item()?), f64::from(entropy.item()?));
            self.pending.clear();
            seen
        };
        self.baseline = compared.next;
        Ok(Update {
            baseline: compared.baseline,
            advantage: compared.advantage,
            entropy: entropy / self.decisions().len() as f64,
            loss: compared.advantage * surprise - self.bonus() * entropy,
        })
    }

    /// The likeliest choice of each decision, given the likeliest choices before it; of equals the first.
    ///
    /// # Errors
    /// As [`Controller::sample`].
    pub fn most_likely(&mut self) -> Result<Vec<usize>> {
        let mut choices = Vec::with_capacity(self.decisions().len());
        let rate = self.settings.rate;
        self.walk(&mut |decision, logits| {
            choices.push(distribution(logits, decision, rate)?.most_likely());
            Ok(choices[decision])
        })?;
        Ok(choices)
    }

    /// The probabilities of the choices of each decision, given the likeliest choices before it.
    ///
    /// # Errors
    /// As [`Controller::sample`].
    pub fn probabilities(&mut self) -> Result<Vec<Vec<f64>>> {
        let mut probabilities = Vec::with_capacity(self.decisions().len());
        let rate = self.settings.rate;
        self.walk(&mut |decision, logits| {
            let distribution = distribution(logits, decision, rate)?;
            let choice = distribution.most_likely();
            probabilities.push(distribution.into_probabilities());
            Ok(choice)
        })?;
        Ok(probabilities)
    }

    /// The natural logarithm of the probability of sampling `choices`.
    ///
    /// # Errors
    /// [`Error::ChoiceCount`], [`Error::ChoiceRange`]; as [`Controller::sample`].
    pub fn log_probability(&mut self, choices: &[usize]) -> Result<f64> {
        self.check(choices)?;
        let (surprise, _) = self.see(choices)?;
        Ok(-surprise)
    }

    /// Everything it has learned.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn state(&self) -> Result<ControllerState> {
        Ok(ControllerState {
            parameters: self.parameters.save()?,
            moments: self.optimizer.save()?,
            updates: self.optimizer.steps(),
            baseline: self.baseline.clone(),
            pending: self.pending.clone(),
        })
    }

    /// Goes on from a state of a controller with the same decisions and settings.
    ///
    /// # Errors
    /// [`radars_nn::Error::Saved`], [`Error::Pending`], [`Error::ChoiceCount`], [`Error::ChoiceRange`] when the
    /// state is another controller's: then nothing has changed.
    pub fn restore(&mut self, state: &ControllerState) -> Result<()> {
        let (pending, rollouts) = (state.pending.len(), self.settings.rollouts);
        if pending >= rollouts {
            return Err(Error::Pending { pending, rollouts });
        }
        for rollout in &state.pending {
            self.check(&rollout.choices)?;
        }
        let before = self.state()?;
        self.optimizer.restore(state)?;
        if let Err(error) = self.parameters.restore(&state.parameters) {
            self.optimizer.restore(&before)?;
            return Err(error.into());
        }
        self.baseline = state.baseline.clone();
        self.pending = state.pending.clone();
        Ok(())
    }

    /// Goes through the decisions without a tape; `choose` sees the logits of each.
    fn walk(&mut self, choose: &mut dyn FnMut(usize, &Tensor<B>) -> Result<usize>) -> Result<()> {
        let mut pass = Pass::new(&mut self.parameters, Mode::Evaluate);
        self.network
            .walk(&mut pass, &mut |_, decision, logits: Var<B>| {
                choose(decision, logits.value())
            })
    }

    /// `-sum ln p(choice_t)` and `sum H_t`.
    fn see(&mut self, choices: &[usize]) -> Result<(f64, f64)> {
        let (mut log_probability, mut entropy) = (0.0, 0.0);
        let rate = self.settings.rate;
        self.walk(&mut |decision, logits| {
            let distribution = distribution(logits, decision, rate)?;
            log_probability += distribution.log_probability(choices[decision]);
            entropy += distribution.entropy();
            Ok(choices[decision])
        })?;
        Ok((-log_probability, entropy))
    }

    /// One step of the optimizer on the mean loss of what is pending and of `last`; gives the latter's
    /// `-sum ln p(choice_t)` and `sum H_t`, one element each, from before it.
    fn learn(&mut self, last: &Rollout) -> Result<(Tensor<B>, Tensor<B>)> {
        let mode = Mode::Train {
            trains: Trains::Weights,
            update_statistics: false,
        };
        let rollouts = (self.pending.len() + 1) as f64;
        let bonus = (-self.bonus() / rollouts) as f32;
        let mut pass = Pass::new(&mut self.parameters, mode);
        let mut learned = None;
        for rollout in self.pending.iter().chain([last]) {
            let (surprise, entropy) = sums(&self.network, &mut pass, &rollout.choices)?;
            let values = (surprise.value().clone(), entropy.value().clone());
            let advantage = (rollout.advantage / rollouts) as f32;
            let weighted = ops::affine(pass.tape(), surprise, advantage, 0.0)?;
            let bonus = ops::affine(pass.tape(), entropy, bonus, 0.0)?;
            let mut loss = ops::add(pass.tape(), weighted, bonus)?;
            if let Some((before, _)) = learned {
                loss = ops::add(pass.tape(), before, loss)?;
            }
            learned = Some((loss, values));
        }
        let (loss, values) = learned.ok_or(Error::NoDecisions)?;
        let gradients = pass.backward(loss)?;
        let rate = self.settings.rate as f32;
        self.optimizer.step(&mut self.parameters, gradients, rate)?;
        Ok(values)
    }

    /// The weight of a decision's entropy.
    fn bonus(&self) -> f64 {
        self.settings.entropy_weight / (self.decisions().len() as f64).sqrt()
    }

    fn check(&self, choices: &[usize]) -> Result<()> {
        if choices.len() != self.decisions().len() {
            return Err(Error::ChoiceCount {
                expected: self.decisions().len(),
                got: choices.len(),
            });
        }
        for (decision, (&choice, &choices)) in choices.iter().zip(self.decisions()).enumerate() {
            if choice >= choices {
                return Err(Error::ChoiceRange {
                    decision,
                    choice,
                    choices,
                });
            }
        }
        Ok(())
    }
}

fn distribution<B: Backend>(
    logits: &Tensor<B>,
    decision: usize,
    rate: f64,
) -> Result<Distribution> {
    let diverged = Error::Diverged { decision, rate };
    Distribution::from_logits(&logits.read::<f32>()?).ok_or(diverged)
}
