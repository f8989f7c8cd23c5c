//! `radars compare --table`, of a table that `radars tabulate` made: searches that spend a budget each.

mod document;

use super::study::bar;
use crate::arguments::{CompareArgs, Retrain, WhatArgs};
use crate::failure::{Failure, Result};
use crate::quantity::macs;
use crate::{configuration, interrupt};
use anyhow::anyhow;
use document::{Document, Searched, Who};
use radars_search::comparison::{Entrant, Setting, Sweep, SweepKey};
use radars_search::tabular::fidelity::{FidelityStudy, FidelityTable};
use radars_search::{Config, Fidelity, Method, SpaceSource, StopSignal, read_space};
use std::collections::BTreeMap;
use std::path::Path;

/// Settings that searches of a table do not depend on: its trainings were made with one value, and it has no SuperNets.
const FIXED: [SweepKey; 5] = [
    SweepKey::ProxyEpochs,
    SweepKey::ExactEpochs,
    SweepKey::DnasEpochs,
    SweepKey::Mixing,
    SweepKey::DnasLoss,
];

/// Searches the table `file` as the flags say, and prints what came of it.
pub fn run(arguments: &CompareArgs, file: &Path) -> Result<String> {
    let CompareArgs {
        what,
        table,
        algorithm,
        ..
    } = arguments;
    let refuse = |message: String| Err(Failure::bad_input(anyhow!("{message}")));
    if !table.at.is_empty() {
        return refuse(
            "--at is for tables of accuracies alone: here a search ends with its --budget".into(),
        );
    }
    if algorithm.retrain == Some(Retrain::Auto) {
        return refuse(
            "a comparison takes a number for --retrain: the same for all of its runs".into(),
        );
    }
    let config = configuration::of_flags(&arguments.task, algorithm, &arguments.epochs)?;
    let searched = read(arguments, &config, file)?;
    if config.search.budget.is_none() {
        let [brief, exact] =
            [Fidelity::Proxy, Fidelity::Exact].map(|f| macs(searched.mean_macs(f)));
        return refuse(format!(
            "name what each search may spend with --budget; in this table a brief training takes {brief} MACs and \
             one to convergence {exact}, on average"
        ));
    }
    let reward = searched.space().reward()?;
    let study = FidelityStudy {
        table: &searched,
        reward: configuration::reward_of(reward, &arguments.reward)?,
        config,
        methods: what.methods.clone(),
        seeds: match &what.seed_list {
            Some(seeds) => seeds.clone(),
            None => (0..what.seeds).collect(),
        },
    };
    let optimum = study.table.optimum(study.reward, &study.config.limits)?;
    let Some(optimum) = optimum else {
        return refuse(format!(
            "{}: every architecture is over --max-aops or --max-params",
            file.display()
        ));
    };
    let stop = StopSignal::default();
    interrupt::handle_saying(&stop, "ending without figures").map_err(Failure::running)?;
    let rows = rows(what, &study)?;
    let searches = rows
        .iter()
        .map(|(study, _)| study.methods.len())
        .sum::<usize>();
    let bar = bar(
        (searches * study.seeds.len()) as u64,
        arguments.output.quiet,
    );
    let mut searched = Vec::new();
    for (study, who) in &rows {
        let studied = study.run(arguments.device.threads(), &stop, &|| bar.inc(1))?;
        let Some(studied) = studied else {
            bar.finish_and_clear();
            let message = anyhow!("interrupted before the last search was over");
            return Err(Failure::running(message));
        };
        let who = who.iter().cloned();
        searched
            .extend((studied.into_iter().zip(who)).map(|(studied, who)| Searched { who, studied }));
    }
    bar.finish_and_clear();
    let document = Document::new(file, &study, optimum, &searched);
    match arguments.output.json {
        true => document.json(),
        false => Ok(document.text()),
    }
}

/// What is searched to fill the table's rows: with every combination of the swept settings, all methods with the
/// budget, then those that a comparison gives more with each multiple of it.
fn rows<'a>(
    what: &WhatArgs,
    study: &FidelityStudy<'a>,
) -> Result<Vec<(FidelityStudy<'a>, Vec<Who>)>> {
    let fixed = |sweep: &&Sweep| FIXED.contains(&sweep.key);
    if let Some(sweep) = what.sweep.iter().find(fixed) {
        return Err(Failure::bad_input(anyhow!(
            "--sweep {}: a table was made with one value of it, and has no SuperNets; sweep what says how methods choose",
            sweep.key.name()
        )));
    }
    let budget = study.config.search.budget.unwrap_or_default();
    let factors = std::iter::once(1.0).chain(what.budget_factor.iter().copied());
    let factors: Vec<f64> = factors.collect();
    let mut rows = Vec::new();
    for point in Sweep::points(&what.sweep) {
        for (number, &factor) in factors.iter().enumerate() {
            let more = number > 0;
            let mut study = study.clone();
            for setting in &point {
                setting.apply(&mut study.config)?;
            }
            study.config.search.budget = Some((factor * budget as f64) as u64);
            study
                .methods
                .retain(|&method| !more || method != Method::Radars);
            let settings: BTreeMap<String, String> = (point.iter())
                .map(|Setting { key, value }| (key.name().to_owned(), value.clone()))
                .collect();
            let entrant = |&method: &Method| Entrant {
                factor: more.then_some(factor),
                ..Entrant::plain(method)
            };
            let who = study.methods.iter().map(|method| Who {
                method: entrant(method).to_string(),
                settings: settings.clone(),
            });
            let who = who.collect();
            rows.push((study, who));
        }
    }
    Ok(rows)
}

/// The table, with the space of --space or its own.
fn read(arguments: &CompareArgs, config: &Config, file: &Path) -> Result<FidelityTable> {
    let task = &arguments.task;
    let space = match &task.space {
        Some(named) => Some(read_space(&Config {
            space: SpaceSource::File(named.clone()),
            ..config.clone()
        })?),
        None if task.width.is_some() || task.cells.is_some() => {
            return Err(Failure::bad_input(anyhow!(
                "--width and --cells narrow the space of --space; the table's own is as narrow as it was trained"
            )));
        }
        None => None,
    };
    Ok(FidelityTable::read(file, space)?)
}
