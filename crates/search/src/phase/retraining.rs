//! Re-training, lines 9-11 of Algorithm 1: the best of what exploration found are trained to convergence.

use super::{Exploiter, Promising, selection};
use crate::lab::{Attempt, Lab};
use crate::{Evaluator, Event, Fidelity, Result, Stop, Watch};
use std::time::Instant;

impl Exploiter {
    /// Lines 9-11 of Algorithm 1: selects from the promising, and trains those to convergence that are not yet. As
    /// many as the budget pays for.
    pub fn retrain<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        promising: &[Promising],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Stop>> {
        let selected = match &self.state.selected {
            Some(selected) => selected.clone(),
            None => {
                let selected = selection::to_retrain(lab, &self.state.findings, promising)?;
                self.state.selected = Some(selected.clone());
                self.keep(watch)?;
                selected
            }
        };
        self.train_all(lab, &selected, watch)
    }

    /// Trains all of the promising to convergence that the budget pays for, the most worth first: what is left of a
    /// budget when a method has come to its end is spent on what it found.
    pub fn spend_the_rest<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        promising: &[Promising],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Stop>> {
        if lab.problem.config.search.budget.is_none() {
            return Ok(None);
        }
        let ranked = selection::by_worth(lab, &self.state.findings, promising)?;
        self.train_all(lab, &ranked, watch)
    }

    fn train_all<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        promising: &[Promising],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Stop>> {
        let started = Instant::now();
        let stopped = self.train_to_convergence(lab, promising, watch);
        self.state.retraining_seconds += started.elapsed().as_secs_f64();
        stopped
    }

    fn train_to_convergence<E: Evaluator>(
        &mut self,
        lab: &mut Lab<'_, E>,
        promising: &[Promising],
        watch: &mut Watch<'_>,
    ) -> Result<Option<Stop>> {
        // What is left of a budget is spent when the last iteration is over: it counts as a part of it.
        let last = lab.problem.config.search.iterations - 1;
        let iteration = self.state.iterations.min(last);
        for (rank, candidate) in promising.iter().enumerate() {
            let began = Instant::now();
            let findings = &mut self.state.findings;
            let index = lab.meet(findings, &candidate.architecture)?;
            findings.records[index].proxy = Some(candidate.score);
            if findings.records[index].exact.is_some() {
                continue;
            }
            let measured = lab.measure(findings, index, Fidelity::Exact, 0, watch)?;
            let (score, memory) = match measured {
                Attempt::Done(Some(measured)) => measured,
                Attempt::Done(None) => continue,
                // It may pay for one that costs less.
                Attempt::Stopped(Stop::Budget) => continue,
                Attempt::Stopped(stop) => return Ok(Some(stop)),
            };
            let architecture = &candidate.architecture;
            (findings.fingerprint).add("retrained", architecture, score.reward);
            watch.event(Event::Retrained {
                iteration,
                rank,
                architecture: architecture.clone(),
                proxy_reward: candidate.score.reward,
                accuracy: score.accuracy,
                reward: score.reward,
                aops: findings.records[index].aops,
                memory,
                spent: findings.spent + lab.spent_elsewhere,
                seconds: began.elapsed().as_secs_f64(),
            })?;
            lab.note_best(findings, index, iteration, watch)?;
            self.keep(watch)?;
        }
        Ok(None)
    }
}
