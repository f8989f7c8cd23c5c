//! `radars compare --table`, of a table that `radars tabulate` made: searches that spend a budget each.

use super::study::bar;
use super::tables::{difference, named, or_dash, signed_interval, verdict};
use crate::arguments::{CompareArgs, Retrain, WhatArgs};
use crate::failure::{Failure, Result};
use crate::quantity::{count, macs};
use crate::table::{Column, Table as Text};
use crate::{configuration, interrupt};
use anyhow::anyhow;
use radars_search::comparison::{Entrant, Paired, Sample, Setting, Sweep};
use radars_search::tabular::fidelity::{FidelityStudy, FidelityTable, Known, Winner};
use radars_search::{Config, Fidelity, Method, SpaceSource, StopSignal, read_space};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What came of it.
#[derive(Debug, Serialize)]
struct Document {
    /// Version of this form.
    schema: u32,
    /// The file of the table.
    table: String,
    /// Searches of each method.
    searches: usize,
    /// What each may spend, in multiply-accumulates of training; `quantnas x3` three times as much.
    budget: u64,
    /// What a perfect search finds.
    optimum: Optimum,
    methods: Vec<Row>,
    /// The first row of RADARS (or the first of all, where it is not among them) minus each other row, paired by seed.
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Optimum {
    architecture: String,
    accuracy: f64,
    aops: u64,
    reward: f64,
}

/// Whose searches a row sums up.
#[derive(Clone, Debug, Serialize)]
struct Who {
    /// `quantnas`, or `quantnas x3` with three times the budget.
    method: String,
    /// The values of the settings that are swept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, String>,
}

impl Who {
    fn name(&self) -> String {
        named(&self.method, None, &self.settings)
    }
}

/// What all searches of a row came to.
struct Searched {
    who: Who,
    method: Method,
    winners: Vec<Winner>,
}

impl Searched {
    fn rewards(&self) -> Vec<f64> {
        self.winners.iter().map(|winner| winner.reward).collect()
    }

    /// The mean of a figure of the winners, and how far it is to be trusted; none without searches.
    fn sample(&self, figure: impl Fn(&Winner) -> f64) -> Option<Sample> {
        Sample::of(&self.winners.iter().map(figure).collect::<Vec<_>>())
    }
}

/// Means over the searches of a row.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(flatten)]
    who: Who,
    /// The true reward of the winner: that of its mean accuracy on the test set.
    mean_reward: f64,
    /// The standard error of the mean.
    error_reward: Option<f64>,
    std_reward: Option<f64>,
    /// How much the optimum is above that.
    mean_regret: f64,
    /// How many searches found the optimum.
    found_optimum: usize,
    /// How much the reward that the winner was chosen by is above its true one.
    mean_optimism: Option<f64>,
    mean_accuracy: f64,
    mean_aops: f64,
    mean_spent_macs: f64,
}

#[derive(Debug, Serialize)]
struct Difference {
    #[serde(flatten)]
    who: Who,
    minus: Who,
    reward: Option<Paired>,
}

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
        searched.extend(studied.into_iter().zip(who).map(|(studied, who)| Searched {
            who: who.clone(),
            method: studied.method,
            winners: studied.winners,
        }));
    }
    bar.finish_and_clear();
    let document = Document::new(file, &study, optimum, &searched);
    match arguments.output.json {
        true => document.json(),
        false => Ok(document.text()),
    }
}

/// What is searched to fill the table's rows: with every combination of the swept settings, all methods with the
/// budget, then all but RADARS with each multiple of it.
fn rows<'a>(
    what: &WhatArgs,
    study: &FidelityStudy<'a>,
) -> Result<Vec<(FidelityStudy<'a>, Vec<Who>)>> {
    let budget = study.config.search.budget.unwrap_or_default();
    let factors: Vec<Option<f64>> = (std::iter::once(None))
        .chain(what.budget_factor.iter().copied().map(Some))
        .collect();
    let mut rows = Vec::new();
    for point in Sweep::points(&what.sweep) {
        for &factor in &factors {
            let mut study = study.clone();
            for setting in &point {
                setting.apply(&mut study.config)?;
            }
            if let Some(factor) = factor {
                study.config.search.budget = Some((budget as f64 * factor).round() as u64);
                study.methods.retain(|&method| method != Method::Radars);
            }
            let settings: BTreeMap<String, String> = (point.iter())
                .map(|Setting { key, value }| (key.name().to_owned(), value.clone()))
                .collect();
            let who = study.methods.iter().map(|&method| Who {
                method: Entrant {
                    factor,
                    ..Entrant::plain(method)
                }
                .to_string(),
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

impl Document {
    const SCHEMA: u32 = 1;

    fn new(
        file: &Path,
        study: &FidelityStudy<'_>,
        (best, worth): (&Known, f64),
        searched: &[Searched],
    ) -> Self {
        let rows = searched.iter().filter_map(|of| {
            let reward = of.sample(|winner| winner.reward)?;
            Some(Row {
                who: of.who.clone(),
                mean_reward: reward.mean,
                error_reward: reward.error,
                std_reward: reward.deviation,
                mean_regret: worth - reward.mean,
                found_optimum: (of.winners.iter())
                    .filter(|winner| winner.architecture == best.architecture)
                    .count(),
                mean_optimism: optimism(&of.winners),
                mean_accuracy: of.sample(|winner| winner.accuracy)?.mean,
                mean_aops: of.sample(|winner| winner.aops as f64)?.mean,
                mean_spent_macs: of.sample(|winner| winner.spent as f64)?.mean,
            })
        });
        Document {
            schema: Document::SCHEMA,
            table: file.display().to_string(),
            searches: study.seeds.len(),
            budget: study.config.search.budget.unwrap_or_default(),
            optimum: Optimum {
                architecture: best.architecture.to_string(),
                accuracy: best.truth(),
                aops: best.aops,
                reward: worth,
            },
            methods: rows.collect(),
            differences: differences(searched),
        }
    }

    fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(Failure::running)?;
        Ok(text + "\n")
    }

    fn text(&self) -> String {
        let mut table = Text::new(&[
            Column::left("method"),
            Column::right("true reward"),
            Column::right("regret"),
            Column::right("optimum found"),
            Column::right("optimism"),
            Column::right("accuracy %"),
            Column::right("AOPS"),
            Column::right("spent MACs"),
        ]);
        for row in &self.methods {
            let error = row.error_reward;
            table.row([
                row.who.name(),
                match error {
                    Some(error) => format!("{:.4} ± {error:.4}", row.mean_reward),
                    None => format!("{:.4}", row.mean_reward),
                },
                format!("{:.4}", row.mean_regret),
                format!("{} of {}", row.found_optimum, self.searches),
                row.mean_optimism
                    .map_or("-".to_owned(), |optimism| format!("{optimism:+.4}")),
                format!("{:.2}", 100.0 * row.mean_accuracy),
                count(row.mean_aops.round() as u64),
                macs(row.mean_spent_macs),
            ]);
        }
        let Optimum {
            architecture,
            accuracy,
            aops,
            reward,
        } = &self.optimum;
        let mut text = format!(
            "{table}means over {} searches of a budget of {} MACs, ± the standard error; true: by the final trainings of \
             {}\nits best: {reward:.4} by {:.2} % with {} AOPS, {architecture}\n",
            self.searches,
            macs(self.budget as f64),
            self.table,
            100.0 * accuracy,
            count(*aops),
        );
        if let Some(first) = self.differences.first() {
            text.push_str(&format!("\n{}", self.differences_from(&first.who.method)));
            text.push_str(
                "true reward, paired by seed, ± the standard error; ahead or behind where p < 0.05, two-sided\n",
            );
        }
        text
    }

    fn differences_from(&self, who: &str) -> Text {
        let mut table = Text::new(&[
            Column::left("difference"),
            Column::right("true reward"),
            Column::right("95 % interval"),
            Column::left(""),
        ]);
        for row in &self.differences {
            table.row([
                format!("{} - {}", row.who.name(), row.minus.name()),
                difference(&row.reward, 1.0, 4),
                or_dash(
                    row.reward
                        .and_then(|r| Some(signed_interval(r.interval?, 4))),
                ),
                verdict(&row.reward, who),
            ]);
        }
        table
    }
}

/// How much higher, on average, the rewards are that winners were chosen by; none where one was not measured.
fn optimism(winners: &[Winner]) -> Option<f64> {
    let above = winners
        .iter()
        .map(|winner| Some(winner.selected? - winner.reward));
    let above: Vec<f64> = above.collect::<Option<_>>()?;
    Some(Sample::of(&above)?.mean)
}

/// The first row of RADARS, or the first of all, minus each other.
fn differences(searched: &[Searched]) -> Vec<Difference> {
    let radars = searched.iter().position(|of| of.method == Method::Radars);
    let first = radars.unwrap_or_default();
    let others = searched
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != first);
    let against = |(_, other): (usize, &Searched)| {
        let pairs = searched[first].rewards().into_iter().zip(other.rewards());
        Difference {
            who: searched[first].who.clone(),
            minus: other.who.clone(),
            reward: Paired::of(&pairs.collect::<Vec<_>>()),
        }
    };
    others.map(against).collect()
}
