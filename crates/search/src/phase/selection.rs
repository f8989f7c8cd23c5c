//! Which architectures exploitation trains to convergence, and which span SN.

use super::Promising;
use crate::lab::Lab;
use crate::worth::Worth;
use crate::{Evaluator, Findings, Record, Result, Rewards, Score};
use radars_space::Architecture;

/// Lines 9-10 of Algorithm 1: the best `P` of the promising, or the best `P` of those that are not trained to
/// convergence yet.
pub(super) fn to_retrain<E: Evaluator>(
    lab: &Lab<'_, E>,
    findings: &Findings,
    promising: &[Promising],
) -> Result<Vec<Promising>> {
    let search = &lab.problem.config.search;
    let mut selected = match search.rewards {
        Rewards::Proxy => promising.to_vec(),
        Rewards::Updated => updated(findings, promising),
        Rewards::Pooled => by_worth(lab, findings, promising)?,
    };
    selected.truncate(search.retrain);
    Ok(selected)
}

/// Line 13: the architectures that span SN, in the order in which they are added, at most `P`.
pub(super) fn to_span<E: Evaluator>(
    lab: &Lab<'_, E>,
    findings: &Findings,
    promising: &[Promising],
) -> Result<Vec<Architecture>> {
    let search = &lab.problem.config.search;
    let exact = |architecture: &Architecture| Some(record(findings, architecture)?.exact?.reward);
    let mut ranked: Vec<(f64, Architecture)> = match search.rewards {
        Rewards::Proxy => (promising.iter())
            .filter_map(|p| Some((exact(&p.architecture)?, p.architecture.clone())))
            .collect(),
        Rewards::Updated => (promising.iter())
            .map(|p| {
                let reward = exact(&p.architecture).unwrap_or(p.score.reward);
                (reward, p.architecture.clone())
            })
            .collect(),
        Rewards::Pooled => {
            let worth = worth(lab, findings, promising)?;
            let exact = findings.records.iter();
            let exact = exact.filter_map(|record| Some((record, record.exact?)));
            let of = |(record, score): (&Record, Score)| {
                let worth = worth.of(&record.architecture, record.aops, score)?;
                Ok((worth.reward, record.architecture.clone()))
            };
            exact.map(of).collect::<Result<_>>()?
        }
    };
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    ranked.truncate(search.retrain);
    Ok(ranked.into_iter().map(|(_, a)| a).collect())
}

/// Those of the promising that are not trained to convergence yet, the most worth first.
pub(super) fn by_worth<E: Evaluator>(
    lab: &Lab<'_, E>,
    findings: &Findings,
    promising: &[Promising],
) -> Result<Vec<Promising>> {
    let worth = worth(lab, findings, promising)?;
    let is_new = |p: &&Promising| {
        record(findings, &p.architecture).is_none_or(|r| r.exact.is_none() && r.refused.is_none())
    };
    let of = |p: &Promising| {
        let aops = lab.problem.space.cost(&p.architecture)?.aops;
        let worth = worth.of(&p.architecture, aops, p.score)?;
        Ok((worth.reward, p.clone()))
    };
    let new = promising.iter().filter(is_new);
    let mut ranked = new.map(of).collect::<Result<Vec<_>>>()?;
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(ranked.into_iter().map(|(_, promising)| promising).collect())
}

/// All of the promising by what R says of them now, best first; the first of equals.
fn updated(findings: &Findings, promising: &[Promising]) -> Vec<Promising> {
    let reward = |p: &Promising| {
        let exact = record(findings, &p.architecture).and_then(|record| record.exact);
        exact.unwrap_or(p.score).reward
    };
    let mut ranked = promising.to_vec();
    ranked.sort_by(|a, b| reward(b).total_cmp(&reward(a)));
    ranked
}

/// By all that both phases measured, as far as exploitation knows it.
fn worth<'a, E: Evaluator>(
    lab: &Lab<'a, E>,
    findings: &Findings,
    promising: &[Promising],
) -> Result<Worth<'a>> {
    let proxies: Vec<Record> = (promising.iter())
        .map(|p| Record {
            architecture: p.architecture.clone(),
            aops: 0,
            proxy: Some(p.score),
            exact: None,
            refused: None,
        })
        .collect();
    let records = proxies.iter().chain(&findings.records);
    Worth::new(lab.problem, lab.evaluator.data(), records)
}

fn record<'a>(findings: &'a Findings, architecture: &Architecture) -> Option<&'a Record> {
    let mut records = findings.records.iter();
    records.find(|record| record.architecture == *architecture)
}
