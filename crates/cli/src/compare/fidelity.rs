//! `radars compare --table`, of a table that `radars tabulate` made: searches that spend a budget each.

use super::study::bar;
use super::tables::{difference, verdict};
use crate::arguments::{CompareArgs, Retrain};
use crate::failure::{Failure, Result};
use crate::quantity::{count, macs};
use crate::table::{Column, Table as Text};
use crate::{configuration, interrupt};
use anyhow::anyhow;
use radars_search::comparison::{Paired, Sample};
use radars_search::tabular::fidelity::{
    FidelityStudied, FidelityStudy, FidelityTable, Known, Winner,
};
use radars_search::{Config, Fidelity, Method, SpaceSource, StopSignal, read_space};
use serde::Serialize;
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
    /// What each may spend, in multiply-accumulates of training.
    budget: u64,
    /// What a perfect search finds.
    optimum: Optimum,
    methods: Vec<Row>,
    /// RADARS (or the first method, where it is not among them) minus each of the others, paired by seed.
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Optimum {
    architecture: String,
    accuracy: f64,
    aops: u64,
    reward: f64,
}

/// Means over the searches of a method.
#[derive(Debug, Serialize)]
struct Row {
    method: &'static str,
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
    method: &'static str,
    minus: &'static str,
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
    let searches = (study.methods.len() * study.seeds.len()) as u64;
    let bar = bar(searches, arguments.output.quiet);
    let studied = study.run(arguments.device.threads(), &stop, &|| bar.inc(1));
    bar.finish_and_clear();
    let Some(studied) = studied? else {
        let message = anyhow!("interrupted before the last search was over");
        return Err(Failure::running(message));
    };
    let document = Document::new(file, &study, optimum, &studied);
    match arguments.output.json {
        true => document.json(),
        false => Ok(document.text()),
    }
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
        studied: &[FidelityStudied],
    ) -> Self {
        let rows = studied.iter().filter_map(|of| {
            let reward = of.sample(|winner| winner.reward)?;
            Some(Row {
                method: of.method.name(),
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
            differences: differences(studied),
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
                row.method.to_owned(),
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
            text.push_str(&format!("\n{}", self.differences_from(first.method)));
            text.push_str("true reward, paired by seed, ± the standard error\n");
        }
        text
    }

    fn differences_from(&self, who: &str) -> Text {
        let mut table = Text::new(&[
            Column::left("difference"),
            Column::right("true reward"),
            Column::left(""),
        ]);
        for row in &self.differences {
            table.row([
                format!("{} - {}", row.method, row.minus),
                difference(&row.reward, 1.0, 4),
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

/// RADARS, or the first method, minus each of the others.
fn differences(studied: &[FidelityStudied]) -> Vec<Difference> {
    let radars = studied.iter().find(|of| of.method == Method::Radars);
    let Some(first) = radars.or(studied.first()) else {
        return Vec::new();
    };
    let others = studied.iter().filter(|other| other.method != first.method);
    let against = |other: &FidelityStudied| {
        let pairs = first.rewards().into_iter().zip(other.rewards());
        Difference {
            method: first.method.name(),
            minus: other.method.name(),
            reward: Paired::of(&pairs.collect::<Vec<_>>()),
        }
    };
    others.map(against).collect()
}
