//! Algorithm 1 of the paper: explore, re-train the best, prune to SN, exploit, over and over.

use crate::evaluator::{Evaluator, Exploitation, Training, Watch};
use crate::state::{Score, SearchState};
use crate::{Error, Event, Fidelity, Memory, Refusal, Result, Stop, Task, candidates_of};
use radars_controller::Controller;
use radars_space::Architecture;
use radars_supernet::Plan;
use radars_tensor::Cpu;
use std::time::Instant;

/// A search in progress.
pub(crate) struct Search<'a, E: Evaluator> {
    pub task: &'a Task,
    pub evaluator: E,
    pub controller: Controller<Cpu>,
    pub state: SearchState,
}

/// What became of a phase.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Done,
    /// It was asked to stop; run again, it goes on with the episode or training that it did not finish.
    Stopped,
}

/// A finished training.
struct Trained {
    score: Score,
    memory: Memory,
}

impl<E: Evaluator> Search<'_, E> {
    /// Runs to the end of the iterations, the target, or the wish to stop; says which.
    pub fn run(&mut self, watch: &mut Watch<'_>) -> Result<Stop> {
        let config = self.task.config.search;
        while self.state.iterations < config.iterations {
            for phase in [Self::explore, Self::retrain, Self::exploit] {
                if phase(self, watch)? == Phase::Stopped {
                    return Ok(watch.stop.reason().unwrap_or(Stop::Interrupted));
                }
            }
            self.state.iterations += 1;
            let best = self
                .state
                .best
                .and_then(|best| self.state.records[best].exact);
            if let (Some(target), Some(best)) = (config.target, best)
                && best.reward >= target
            {
                return Ok(Stop::Target);
            }
        }
        Ok(Stop::Iterations)
    }

    /// Line 3: episodes, each a sampled architecture, a brief training, and a lesson for the controller.
    fn explore(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        let started = Instant::now();
        let phase = self.episodes(watch);
        self.state.time.exploration_seconds += started.elapsed().as_secs_f64();
        phase
    }

    fn episodes(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        let config = self.task.config.search;
        let iteration = self.state.iterations;
        while self.state.episodes < (iteration + 1) * config.episodes {
            // Episodes that train nothing pass no other place where they could be stopped.
            if watch.stop.reason().is_some() {
                return Ok(Phase::Stopped);
            }
            let started = Instant::now();
            let number = self.state.episodes;
            let sample = self.controller.sample(number as u64)?;
            let architecture = self.task.space.architecture(&sample.choices)?;
            let index = self.meet(&architecture)?;
            let repeated = self.state.records[index].proxy.is_some();
            let mut memory = None;
            if !repeated
                && self.state.records[index].refused.is_none()
                && let Some(plan) = self.admit(index)?
            {
                let Some(trained) = self.train(index, Fidelity::Proxy, plan, watch)? else {
                    return Ok(Phase::Stopped);
                };
                self.state.records[index].proxy = Some(trained.score);
                memory = Some(trained.memory);
            }
            let record = &self.state.records[index];
            let reward = record.proxy.map_or(config.penalty, |score| score.reward);
            let update = self.controller.update(&sample.choices, reward)?;
            self.state.fingerprint.add("episode", &architecture, reward);
            self.state.episodes += 1;
            watch.event(Event::Episode {
                iteration,
                episode: number - iteration * config.episodes,
                accuracy: record.proxy.map(|score| score.accuracy),
                aops: record.aops,
                refused: record.refused.clone(),
                architecture,
                repeated,
                reward,
                entropy: sample.entropy,
                baseline: update.baseline,
                memory,
                seconds: started.elapsed().as_secs_f64(),
            })?;
        }
        if self.state.best_by(Fidelity::Proxy, 1).is_empty() {
            return Err(Error::NothingTrained {
                episodes: self.state.episodes,
            });
        }
        Ok(Phase::Done)
    }

    /// Line 4: the best by proxy reward are trained to convergence, those that are not yet.
    fn retrain(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        let started = Instant::now();
        let phase = self.trainings_to_convergence(watch);
        self.state.time.retraining_seconds += started.elapsed().as_secs_f64();
        phase
    }

    fn trainings_to_convergence(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        for (rank, index) in self.most_promising().into_iter().enumerate() {
            let record = &self.state.records[index];
            let (Some(proxy), None) = (record.proxy, record.exact) else {
                continue;
            };
            let began = Instant::now();
            let plan = self.evaluator.plan(&record.architecture)?;
            let Some(trained) = self.train(index, Fidelity::Exact, plan, watch)? else {
                return Ok(Phase::Stopped);
            };
            let Trained { score, memory } = trained;
            self.state.records[index].exact = Some(score);
            self.state.retrained += 1;
            let record = &self.state.records[index];
            self.state
                .fingerprint
                .add("retrained", &record.architecture, score.reward);
            watch.event(Event::Retrained {
                iteration: self.state.iterations,
                rank,
                architecture: record.architecture.clone(),
                proxy_reward: proxy.reward,
                accuracy: score.accuracy,
                reward: score.reward,
                memory,
                seconds: began.elapsed().as_secs_f64(),
            })?;
            self.note_best(index, watch)?;
        }
        Ok(Phase::Done)
    }

    /// The `P` best records of all by proxy reward, best first.
    fn most_promising(&self) -> Vec<usize> {
        let count = self.task.config.search.retrain;
        self.state.best_by(Fidelity::Proxy, count)
    }

    /// Lines 5-6: SN is chosen, its SuperNet trained, the derived architecture trained to convergence.
    fn exploit(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        let started = Instant::now();
        let phase = self.differentiable_search(watch);
        self.state.time.exploitation_seconds += started.elapsed().as_secs_f64();
        phase
    }

    fn differentiable_search(&mut self, watch: &mut Watch<'_>) -> Result<Phase> {
        let iteration = self.state.iterations;
        let Some((architectures, plan)) = self.prune(watch)? else {
            return Ok(Phase::Done);
        };
        let began = Instant::now();
        let candidates = candidates_of(&architectures);
        let exploitation = Exploitation {
            candidates: &candidates,
            iteration,
            plan,
        };
        let Some(found) = self.evaluator.exploit(exploitation, watch)? else {
            return Ok(Phase::Stopped);
        };
        let seconds = began.elapsed().as_secs_f64();
        self.state.memory.include(found.memory);
        let index = self.meet(&found.architecture)?;
        let mut memory = None;
        if self.state.records[index].exact.is_none()
            && self.state.records[index].refused.is_none()
            && let Some(plan) = self.admit(index)?
        {
            let Some(trained) = self.train(index, Fidelity::Exact, plan, watch)? else {
                return Ok(Phase::Stopped);
            };
            self.state.records[index].exact = Some(trained.score);
            self.state.retrained += 1;
            memory = Some(trained.memory);
        }
        // Not before the phase is sure to end: one that is stopped is run again from its beginning.
        for architecture in &architectures {
            self.state.fingerprint.add("spans", architecture, 0.0);
        }
        self.state
            .fingerprint
            .add(&found.weights, &found.architecture, 0.0);
        let record = &self.state.records[index];
        if let Some(score) = record.exact {
            self.state
                .fingerprint
                .add("derived", &record.architecture, score.reward);
        }
        watch.event(Event::Derived {
            iteration,
            architecture: record.architecture.clone(),
            refused: record.refused.clone(),
            accuracy: record.exact.map(|score| score.accuracy),
            reward: record.exact.map(|score| score.reward),
            supernet_memory: found.memory,
            memory,
            seconds,
        })?;
        if record.exact.is_some() {
            self.note_best(index, watch)?;
        }
        Ok(Phase::Done)
    }

    /// SN by the paper's rule: the longest prefix of the re-trained, best exact reward first, whose SuperNet
    /// fits the bound. None when not even the first one's does.
    fn prune(&self, watch: &mut Watch<'_>) -> Result<Option<(Vec<Architecture>, Plan)>> {
        let mut best = self.most_promising();
        let exact = |index: &usize| {
            self.state.records[*index]
                .exact
                .map_or(f64::NEG_INFINITY, |s| s.reward)
        };
        best.sort_by(|a, b| exact(b).total_cmp(&exact(a)));
        let mut chosen: Option<(Vec<Architecture>, Plan)> = None;
        let mut refused_bytes = None;
        for index in best {
            let mut spanned = chosen
                .as_ref()
                .map_or_else(Vec::new, |(architectures, _)| architectures.clone());
            spanned.push(self.state.records[index].architecture.clone());
            let plan = self.evaluator.plan_supernet(&candidates_of(&spanned))?;
            if !plan.fits(self.evaluator.bound_bytes()) {
                refused_bytes = Some(plan.high_water_bytes);
                break;
            }
            chosen = Some((spanned, plan));
        }
        let (architectures, planned_peak_bytes) = match &chosen {
            Some((architectures, plan)) => (architectures.clone(), plan.peak_bytes),
            None => (Vec::new(), 0),
        };
        let candidates = candidates_of(&architectures);
        let paths = match &chosen {
            Some(_) => self.evaluator.paths(&candidates),
            None => 0.0,
        };
        watch.event(Event::Pruned {
            iteration: self.state.iterations,
            architectures,
            candidates: candidates.iter().map(Vec::len).collect(),
            mixing: self.task.config.mixing,
            paths,
            planned_peak_bytes,
            refused_bytes,
        })?;
        Ok(chosen)
    }

    /// The record of an architecture, with its cost.
    fn meet(&mut self, architecture: &Architecture) -> Result<usize> {
        let cost = self.task.space.cost(architecture)?;
        let index = self.state.meet(architecture, cost.aops);
        if let Err(limit) = self.task.config.limits.check(&cost) {
            self.state.records[index].refused = Some(Refusal::OverLimit {
                what: limit.what.into(),
                value: limit.value,
                limit: limit.limit,
            });
        }
        Ok(index)
    }

    /// The plan of a record's training within the search when it fits the bound; else the refusal is
    /// noted. Its final training has to fit too, since it may win.
    fn admit(&mut self, index: usize) -> Result<Option<Plan>> {
        let architecture = &self.state.records[index].architecture;
        let plan = self.evaluator.plan(architecture)?;
        let last = self.evaluator.plan_final(architecture)?;
        let needed_bytes = plan.high_water_bytes.max(last.high_water_bytes);
        let bound_bytes = self.evaluator.bound_bytes();
        if needed_bytes > bound_bytes {
            self.state.records[index].refused = Some(Refusal::OverBound {
                needed_bytes,
                bound_bytes,
            });
            return Ok(None);
        }
        Ok(Some(plan))
    }

    /// Trains and measures a record; none when it was asked to stop.
    fn train(
        &mut self,
        index: usize,
        fidelity: Fidelity,
        plan: Plan,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Trained>> {
        let record = &self.state.records[index];
        let training = Training {
            architecture: &record.architecture,
            fidelity,
            number: index as u64,
            plan,
        };
        let Some(measured) = self.evaluator.train(training, watch)? else {
            return Ok(None);
        };
        self.state.memory.include(measured.memory);
        let reward = self
            .task
            .reward
            .reward(measured.accuracy, record.aops as f64);
        self.state
            .fingerprint
            .add(&measured.weights, &record.architecture, measured.accuracy);
        Ok(Some(Trained {
            score: Score {
                accuracy: measured.accuracy,
                reward,
            },
            memory: measured.memory,
        }))
    }

    /// Takes a record with an exact reward as the best, if it is.
    fn note_best(&mut self, index: usize, watch: &mut Watch<'_>) -> Result<()> {
        let record = &self.state.records[index];
        let Some(score) = record.exact else {
            return Ok(());
        };
        let best = self
            .state
            .best
            .and_then(|best| self.state.records[best].exact);
        if best.is_some_and(|best| best.reward >= score.reward) {
            return Ok(());
        }
        self.state.best = Some(index);
        watch.event(Event::Best {
            iteration: self.state.iterations,
            architecture: record.architecture.clone(),
            reward: score.reward,
            accuracy: score.accuracy,
            aops: record.aops,
        })
    }
}

#[cfg(test)]
mod tests;
