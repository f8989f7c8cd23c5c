//! Exploration, line 3 of Algorithm 1: episodes, each a sampled architecture, a training, and a lesson.

use super::PhaseState;
use super::hopeful::hopeful;
use crate::designs::designs;
use crate::lab::{Attempt, Lab};
use crate::sampler::{Proposal, Sampler, SamplerState};
use crate::{
    Evaluator, Event, Fidelity, Findings, Fingerprint, Memory, Result, Score, Stop, Watch,
};
use radars_space::Architecture;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Episodes in a row that measured nothing, after which a search with a budget has found all it will find.
const STALE: usize = 200;

/// An architecture that exploration recommends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promising {
    /// The architecture.
    pub architecture: Architecture,
    /// What its brief training found.
    pub score: Score,
}

/// An exploration that has come to its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explored {
    /// The best of all architectures so far by proxy reward, best first: those that exploitation chooses from.
    pub promising: Vec<Promising>,
    /// Episodes until its end.
    pub episodes: usize,
    /// The fingerprint at its end.
    pub fingerprint: Fingerprint,
    /// The largest memory until its end.
    pub memory: Memory,
    /// What was spent until its end.
    pub spent: u64,
}

/// All that exploration knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExplorerState {
    /// Episodes that are done.
    pub episodes: usize,
    /// The explorations that are done, one an iteration.
    pub iterations: Vec<Explored>,
    /// What was found.
    pub findings: Findings,
    /// Episodes in a row, the last ones, that measured nothing.
    pub stale: usize,
    /// Proposals that the budget did not pay for.
    #[serde(default)]
    pub passed: usize,
    /// What the sampler has learned.
    pub sampler: SamplerState,
    /// Seconds it took.
    pub seconds: f64,
}

/// How an exploration is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How thoroughly children are trained.
    pub fidelity: Fidelity,
    /// The episode before which it ends, whatever is left of the budget.
    pub until_episode: Option<usize>,
    /// How many of the best will be trained to convergence; with a budget, it leaves enough for them.
    pub recommends: usize,
    /// How many of the best it tells of.
    pub tells: usize,
}

/// What came of an episode.
enum Episode {
    /// Something was measured.
    Measured,
    /// What was sampled was known already, or may not be trained.
    Known,
    /// There was nothing left to sample.
    NoneLeft,
}

/// Explores.
pub(crate) struct Explorer {
    state: ExplorerState,
    sampler: Box<dyn Sampler>,
}

impl Explorer {
    /// Begins, or goes on from a state.
    pub fn new(mut sampler: Box<dyn Sampler>, resumed: Option<ExplorerState>) -> Result<Self> {
        let state = match resumed {
            Some(state) => {
                sampler.restore(&state.sampler)?;
                state
            }
            None => ExplorerState {
                episodes: 0,
                iterations: Vec::new(),
                findings: Findings::default(),
                stale: 0,
                passed: 0,
                sampler: sampler.state()?,
                seconds: 0.0,
            },
        };
        Ok(Explorer { state, sampler })
    }

    /// What it knows; the sampler's part is as old as the last unit of work.
    pub fn state(&self) -> &ExplorerState {
        &self.state
    }

    /// What it found, for a method that adds to it by other means than episodes.
    pub fn findings_mut(&mut self) -> &mut Findings {
        &mut self.state.findings
    }

    /// Explores until the plan or the budget ends it: none then, else why it stopped before.
    pub fn explore<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        plan: Plan,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Stop>> {
        while self.goes_on(plan) {
            // Episodes that train nothing pass no other place where they could be stopped.
            if let Some(stop) = watch.stop() {
                return Ok(Some(stop));
            }
            let started = Instant::now();
            let measured = self.episode(lab, plan, watch);
            self.state.seconds += started.elapsed().as_secs_f64();
            match measured? {
                Attempt::Done(Episode::Measured) => self.state.stale = 0,
                Attempt::Done(Episode::Known) => self.state.stale += 1,
                Attempt::Done(Episode::NoneLeft) => break,
                // Something cheaper may come; of brief trainings the rest is for trainings to convergence.
                Attempt::Stopped(Stop::Budget) if plan.fidelity == Fidelity::Exact => {
                    self.state.passed += 1;
                    self.state.stale += 1;
                    continue;
                }
                Attempt::Stopped(Stop::Budget) => break,
                Attempt::Stopped(stop) => return Ok(Some(stop)),
            }
            self.keep(watch)?;
        }
        lab.require_measured(&self.state.findings, self.state.episodes)?;
        self.end(plan.tells, plan.fidelity, watch)?;
        Ok(None)
    }

    /// Whether there is an episode to come, as far as what is known decides it.
    fn goes_on(&self, plan: Plan) -> bool {
        match plan.until_episode {
            Some(last) => self.state.episodes < last,
            None => self.state.stale < STALE,
        }
    }

    /// Notes that an exploration is over, and the best that it tells of.
    pub fn end(&mut self, tells: usize, fidelity: Fidelity, watch: &mut Watch<'_>) -> Result<()> {
        let findings = &self.state.findings;
        let best = findings.best_by(fidelity, tells).into_iter();
        let promising = best.filter_map(|index| {
            let record = &findings.records[index];
            Some(Promising {
                architecture: record.architecture.clone(),
                score: record.score(fidelity)?,
            })
        });
        let explored = Explored {
            promising: promising.collect(),
            episodes: self.state.episodes,
            fingerprint: findings.fingerprint.clone(),
            memory: findings.memory,
            spent: findings.spent,
        };
        self.state.iterations.push(explored);
        self.keep(watch)
    }

    fn keep(&mut self, watch: &mut Watch<'_>) -> Result<()> {
        self.state.sampler = self.sampler.state()?;
        watch.keep(&PhaseState::Exploration(self.state.clone()))
    }

    /// What an episode tries: the designs first, then what the sampler draws, or the most hopeful of what it may.
    fn propose<E: Evaluator>(
        &mut self,
        lab: &Lab<'_, E>,
        attempt: u64,
    ) -> Result<Option<Proposal>> {
        let designs = match lab.problem.explores_designs() {
            true => designs(&lab.problem.space),
            false => Vec::new(),
        };
        let design = usize::try_from(attempt).ok().and_then(|n| designs.get(n));
        if let Some(design) = design {
            return Ok(Some(Proposal {
                choices: design.clone(),
                entropy: None,
            }));
        }
        if lab.problem.predicts() {
            return hopeful(lab, &mut *self.sampler, &self.state.findings, attempt);
        }
        self.sampler.propose(attempt)
    }

    /// One episode.
    fn episode<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        plan: Plan,
        watch: &mut Watch<'_>,
    ) -> Result<Attempt<Episode>> {
        let started = Instant::now();
        let Plan { fidelity, .. } = plan;
        let iteration = self.state.iterations.len();
        let number = self.state.episodes;
        let attempt = (number + self.state.passed) as u64;
        let Some(proposal) = self.propose(lab, attempt)? else {
            return Ok(Attempt::Done(Episode::NoneLeft));
        };
        let architecture = lab.problem.space.architecture(&proposal.choices)?;
        let findings = &mut self.state.findings;
        let index = lab.meet(findings, &architecture)?;
        let known = findings.records[index].score(fidelity);
        let mut measured = None;
        if known.is_none() || lab.evaluator.measures_anew() {
            let reserve = reserve(lab, findings, plan)?;
            measured = match lab.measure(findings, index, fidelity, reserve, watch)? {
                Attempt::Done(measured) => measured,
                Attempt::Stopped(stop) => return Ok(Attempt::Stopped(stop)),
            };
        }
        let record = &findings.records[index];
        let score = measured.map(|(score, _)| score).or(known);
        let reward = match score {
            Some(score) => score.reward,
            None => lab.problem.penalty()?,
        };
        let baseline = self.sampler.learn(&proposal.choices, reward)?;
        (findings.fingerprint).add("episode", &architecture, reward);
        let first = (self.state.iterations.last()).map_or(0, |explored| explored.episodes);
        self.state.episodes += 1;
        watch.event(Event::Episode {
            iteration,
            episode: number - first,
            fidelity,
            accuracy: score.map(|score| score.accuracy),
            aops: record.aops,
            refused: record.refused.clone(),
            architecture,
            repeated: known.is_some(),
            reward,
            entropy: proposal.entropy,
            baseline,
            memory: measured.map(|(_, memory)| memory),
            spent: findings.spent + lab.spent_elsewhere,
            seconds: started.elapsed().as_secs_f64(),
        })?;
        if fidelity == Fidelity::Exact {
            lab.note_best(findings, index, iteration, watch)?;
        }
        Ok(Attempt::Done(match measured {
            Some(_) => Episode::Measured,
            None => Episode::Known,
        }))
    }
}

/// What has to be left of the budget to train the best of all so far to convergence.
fn reserve<E: Evaluator>(lab: &Lab<'_, E>, findings: &Findings, plan: Plan) -> Result<u64> {
    if plan.fidelity == Fidelity::Exact || lab.problem.config.search.budget.is_none() {
        return Ok(0);
    }
    let best = findings.best_by(plan.fidelity, plan.recommends);
    best.into_iter().try_fold(0_u64, |sum, index| {
        let architecture = &findings.records[index].architecture;
        Ok(sum + lab.cost(architecture, Fidelity::Exact)?)
    })
}
