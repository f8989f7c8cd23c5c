//! `Controller`: samples architectures and learns from their rewards.

use crate::distribution::Distribution;
use crate::policy::Network;
use crate::{Baseline, ControllerSettings, ControllerState, Error, Result};
use radars_nn::autograd::{Var, ops};
use radars_nn::tensor::random::Seed;
use radars_nn::tensor::{Arena, Backend, Meta, Tensor};
use radars_nn::{Adam, AdamSettings, Mode, Parameters, Pass, Trains};
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

/// What an update saw, all of it from before the policy moved.
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
    decisions: Vec<usize>,
    seed: Seed,
    network: Network,
    parameters: Parameters<B>,
    adam: Adam<B>,
    baseline: Baseline,
}

impl<B: Backend> Controller<B> {
    /// A controller that has learned nothing, for `decisions`, the number of choices of each.
    ///
    /// Its parameters, moments and values live in `arena`, of which it needs
    /// [`Controller::arena_bytes`].
    ///
    /// # Errors
    /// [`Error::NoDecisions`], [`Error::NoChoices`], [`Error::Setting`];
    /// [`radars_nn::tensor::Error::OverBound`].
    pub fn new(
        arena: &Arena<B>,
        decisions: &[usize],
        settings: ControllerSettings,
        seed: Seed,
    ) -> Result<Self> {
        settings.check()?;
        if decisions.is_empty() {
            return Err(Error::NoDecisions);
        }
        if let Some(decision) = decisions.iter().position(|&choices| choices == 0) {
            return Err(Error::NoChoices { decision });
        }
        let mut parameters = Parameters::new(arena);
        let weights = seed.derive("controller parameters", 0);
        let network = Network::new(&mut parameters, decisions, &settings, weights)?;
        let adam = AdamSettings {
            betas: settings.betas,
            ..AdamSettings::default()
        };
        Ok(Controller {
            settings,
            decisions: decisions.to_vec(),
            seed,
            network,
            adam: Adam::new(adam, &parameters, Trains::Weights)?,
            parameters,
            baseline: Baseline::default(),
        })
    }

    /// The smallest bound of an arena that such a controller can work in, found by planning.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn arena_bytes(
        spec: B::Spec,
        decisions: &[usize],
        settings: ControllerSettings,
    ) -> Result<usize> {
        let unbounded = Arena::with_bound(Meta::<B>::new(spec), isize::MAX as usize)?;
        let mut planned = Controller::new(&unbounded, decisions, settings, Seed(0))?;
        // No size depends on the choices.
        let choices = vec![0; decisions.len()];
        planned.walk(&mut |decision, _| Ok(choices[decision]))?;
        planned.learn(&choices, 0.0)?;
        Ok(unbounded.stats().high_water_bytes)
    }

    /// The number of choices of each decision.
    pub fn decisions(&self) -> &[usize] {
        &self.decisions
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
            choices: Vec::with_capacity(self.decisions.len()),
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
        sample.entropy /= self.decisions.len() as f64;
        Ok(sample)
    }

    /// Learns from the reward of an architecture, sampled now or at any time before: one step of Adam on
    ///
    /// `loss = -advantage * sum over t of ln p(choice_t) - entropy_weight / sqrt(T) * sum over t of H_t`,
    ///
    /// where `p` is the policy now, given the choices before `t`, `H_t` the entropy of that
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
        let ControllerSettings {
            baseline_decay,
            advantage,
            ..
        } = self.settings;
        let compared = self.baseline.compare(reward, baseline_decay, advantage);
        let (surprise, entropy) = self.learn(choices, compared.advantage as f32)?;
        let (surprise, entropy) = (f64::from(surprise.item()?), f64::from(entropy.item()?));
        self.baseline = compared.next;
        Ok(Update {
            baseline: compared.baseline,
            advantage: compared.advantage,
            entropy: entropy / self.decisions.len() as f64,
            loss: compared.advantage * surprise - self.bonus() * entropy,
        })
    }

    /// The likeliest choice of each decision, given the likeliest choices before it; of equals the first.
    ///
    /// # Errors
    /// As [`Controller::sample`].
    pub fn most_likely(&mut self) -> Result<Vec<usize>> {
        let mut choices = Vec::with_capacity(self.decisions.len());
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
        let mut probabilities = Vec::with_capacity(self.decisions.len());
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
        let mut sum = 0.0;
        let rate = self.settings.rate;
        self.walk(&mut |decision, logits| {
            sum += distribution(logits, decision, rate)?.log_probability(choices[decision]);
            Ok(choices[decision])
        })?;
        Ok(sum)
    }

    /// Everything it has learned.
    ///
    /// # Errors
    /// [`radars_nn::tensor::Error::NoValues`] on the planning backend.
    pub fn state(&self) -> Result<ControllerState> {
        Ok(ControllerState {
            parameters: self.parameters.save()?,
            moments: self.adam.state().save()?,
            updates: self.adam.steps(),
            baseline: self.baseline.clone(),
        })
    }

    /// Goes on from a state of a controller with the same decisions and settings.
    ///
    /// # Errors
    /// [`radars_nn::Error::Saved`] when the state is another controller's: then nothing has changed.
    pub fn restore(&mut self, state: &ControllerState) -> Result<()> {
        let moments = self.adam.state().save()?;
        self.adam.state_mut().restore(&state.moments)?;
        if let Err(error) = self.parameters.restore(&state.parameters) {
            self.adam.state_mut().restore(&moments)?;
            return Err(error.into());
        }
        self.adam.set_steps(state.updates);
        self.baseline = state.baseline.clone();
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

    /// One step of Adam; gives `-sum ln p(choice_t)` and `sum H_t`, one element each, from before it.
    fn learn(&mut self, choices: &[usize], advantage: f32) -> Result<(Tensor<B>, Tensor<B>)> {
        let mode = Mode::Train {
            trains: Trains::Weights,
            update_statistics: false,
        };
        let bonus = -self.bonus() as f32;
        let mut pass = Pass::new(&mut self.parameters, mode);
        let mut sums: Option<(Var<B>, Var<B>)> = None;
        self.network
            .walk(&mut pass, &mut |pass, decision, logits| {
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
        let (surprise, entropy) = sums.ok_or(Error::NoDecisions)?;
        let values = (surprise.value().clone(), entropy.value().clone());
        let weighted = ops::affine(pass.tape(), surprise, advantage, 0.0)?;
        let bonus = ops::affine(pass.tape(), entropy, bonus, 0.0)?;
        let loss = ops::add(pass.tape(), weighted, bonus)?;
        let gradients = pass.backward(loss)?;
        let rate = self.settings.rate as f32;
        self.adam.step(&mut self.parameters, gradients, rate)?;
        Ok(values)
    }

    /// The weight of a decision's entropy.
    fn bonus(&self) -> f64 {
        self.settings.entropy_weight / (self.decisions.len() as f64).sqrt()
    }

    fn check(&self, choices: &[usize]) -> Result<()> {
        if choices.len() != self.decisions.len() {
            return Err(Error::ChoiceCount {
                expected: self.decisions.len(),
                got: choices.len(),
            });
        }
        for (decision, (&choice, &choices)) in choices.iter().zip(&self.decisions).enumerate() {
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

fn distribution<B: Backend>(
    logits: &Tensor<B>,
    decision: usize,
    rate: f64,
) -> Result<Distribution> {
    let diverged = Error::Diverged { decision, rate };
    Distribution::from_logits(&logits.read::<f32>()?).ok_or(diverged)
}
