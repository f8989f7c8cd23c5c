//! What happened in a run, put together from its events.

use super::{
    Derived, DnasEpoch, DnasSkipped, Episode, Event, Fidelity, Memory, Pruned, Retrained, Run,
    Screened,
};
use crate::run::event::Started;
use radars_space::Architecture;

/// An architecture and what was measured of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub aops: f64,
    pub accuracy: f64,
    /// Whether it was trained to convergence.
    pub exact: bool,
}

/// The best architecture that a run knows of.
#[derive(Clone, Debug)]
pub struct Best {
    pub architecture: Architecture,
    /// None of an architecture that was given.
    pub reward: Option<f64>,
    pub accuracy: Option<f64>,
    pub test_accuracy: Option<f64>,
    pub aops: u64,
    pub macs: Option<u64>,
    pub params: Option<u64>,
}

/// One DNAS in a pruned subspace.
#[derive(Debug, Default)]
pub struct Exploitation<'a> {
    pub iteration: usize,
    pub pruned: Option<&'a Pruned>,
    /// Why it has no differentiable search.
    pub skipped: Option<&'a DnasSkipped>,
    pub epochs: Vec<&'a DnasEpoch>,
    pub derived: Option<&'a Derived>,
}

impl Exploitation<'_> {
    /// What the SuperNet took, once its DNAS is over.
    pub fn memory(&self) -> Option<Memory> {
        self.derived.and_then(|derived| derived.supernet_memory)
    }
}

impl Run {
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.lines.iter().map(|line| &line.event)
    }

    pub(crate) fn started_event(&self) -> Option<&Started> {
        self.events().find_map(|event| match event {
            Event::Started(started) => Some(started),
            _ => None,
        })
    }

    /// The episodes, in the order they were done.
    pub(crate) fn episodes(&self) -> Vec<&Episode> {
        let episodes = self.events().filter_map(|event| match event {
            Event::Episode(episode) => Some(episode),
            _ => None,
        });
        episodes.collect()
    }

    pub(crate) fn retrained(&self) -> Vec<&Retrained> {
        let retrained = self.events().filter_map(|event| match event {
            Event::Retrained(retrained) => Some(retrained),
            _ => None,
        });
        retrained.collect()
    }

    /// What a one-shot SuperNet was asked, once its weights were trained.
    pub(crate) fn screened(&self) -> Option<&Screened> {
        self.events().find_map(|event| match event {
            Event::Screened(screened) => Some(screened),
            _ => None,
        })
    }

    /// One entry an iteration that pruned, trained or derived from a SuperNet. Lines of two phases may lie
    /// between each other, so they are told apart by their iteration.
    pub(crate) fn exploitations(&self) -> Vec<Exploitation<'_>> {
        let mut all: Vec<Exploitation<'_>> = Vec::new();
        let at = |all: &mut Vec<_>, iteration| {
            let known = all
                .iter()
                .position(|e: &Exploitation<'_>| e.iteration == iteration);
            known.unwrap_or_else(|| {
                all.push(Exploitation {
                    iteration,
                    ..Exploitation::default()
                });
                all.len() - 1
            })
        };
        for event in self.events() {
            match event {
                Event::Pruned(pruned) => {
                    let index = at(&mut all, pruned.iteration);
                    all[index].pruned = Some(pruned);
                }
                Event::DnasSkipped(skipped) => {
                    let index = at(&mut all, skipped.iteration);
                    all[index].skipped = Some(skipped);
                }
                Event::DnasEpoch(epoch) => {
                    let index = at(&mut all, epoch.iteration);
                    all[index].epochs.push(epoch);
                }
                Event::Derived(derived) => {
                    let index = at(&mut all, derived.iteration);
                    all[index].derived = Some(derived);
                }
                _ => {}
            }
        }
        all.sort_by_key(|exploitation| exploitation.iteration);
        all
    }

    /// The winner, or the best so far of a run that is not over.
    pub(crate) fn best(&self) -> Option<Best> {
        if let Some(winner) = self
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.best.clone())
        {
            return Some(Best {
                architecture: winner.architecture,
                reward: winner.reward,
                accuracy: winner.val_accuracy,
                test_accuracy: winner.test_accuracy,
                aops: winner.aops,
                macs: winner.macs,
                params: winner.params,
            });
        }
        let last = self.events().filter_map(|event| match event {
            Event::Best(best) => Some(best),
            _ => None,
        });
        let cost = |of: &Architecture| self.space.as_ref().and_then(|s| s.cost(of).ok());
        if let Some(given) = &self.config.architecture {
            let cost = cost(given)?;
            return Some(Best {
                architecture: given.clone(),
                reward: None,
                accuracy: None,
                test_accuracy: self.tested_accuracy(),
                aops: cost.aops,
                macs: Some(cost.macs),
                params: Some(cost.params),
            });
        }
        let best = last.last()?;
        let cost = cost(&best.architecture);
        Some(Best {
            architecture: best.architecture.clone(),
            reward: Some(best.reward),
            accuracy: best.accuracy,
            test_accuracy: self.tested_accuracy(),
            aops: best.aops,
            macs: cost.as_ref().map(|cost| cost.macs),
            params: cost.as_ref().map(|cost| cost.params),
        })
    }

    /// Whether it only trains an architecture, without a search.
    pub(crate) fn is_given(&self) -> bool {
        self.config.architecture.is_some()
    }

    fn tested_accuracy(&self) -> Option<f64> {
        self.events().find_map(|event| match event {
            Event::Tested(tested) => tested.test_accuracy,
            _ => None,
        })
    }

    /// Why the search ended, in the words of its log.
    pub(crate) fn stop(&self) -> Option<&str> {
        let of_result = self.outcome.as_ref().and_then(|o| o.search.stop.as_deref());
        of_result.or_else(|| {
            self.events().find_map(|event| match event {
                Event::SearchEnded(ended) => ended.stop.as_deref(),
                _ => None,
            })
        })
    }

    /// The memory bound.
    pub(crate) fn bound_bytes(&self) -> Option<u64> {
        let of_result = self.outcome.as_ref().and_then(|outcome| outcome.memory);
        let started = || self.started_event().and_then(|started| started.bound_bytes);
        of_result.map(|memory| memory.bound_bytes).or_else(started)
    }

    /// Every architecture that was measured and whose AOPS are known, in order; a repeated one once.
    pub(crate) fn measured(&self) -> Vec<Measured> {
        let aops = |of: &Architecture, stated: Option<u64>| {
            let cost = || self.space.as_ref()?.cost(of).ok();
            stated.or_else(|| cost().map(|cost| cost.aops))
        };
        let measured = self.events().filter_map(|event| {
            let (aops, accuracy, exact) = match event {
                Event::Episode(e) if !e.repeated => {
                    (e.aops, e.accuracy, e.fidelity == Some(Fidelity::Exact))
                }
                Event::Retrained(r) => (aops(&r.architecture, r.aops), r.accuracy, true),
                Event::Derived(d) => (aops(&d.architecture, d.aops), d.accuracy, true),
                _ => return None,
            };
            Some(Measured {
                aops: aops? as f64,
                accuracy: accuracy?,
                exact,
            })
        });
        measured.collect()
    }
}
