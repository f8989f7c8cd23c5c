//! `radars compare --table`: methods that search a table of measured architectures, each many times.

use super::fidelity;
use super::tables::{difference, verdict};
use crate::arguments::CompareArgs;
use crate::failure::{Failure, Result};
use crate::table::{Column, Table as Text};
use crate::{configuration, interrupt};
use anyhow::anyhow;
use indicatif::{ProgressBar, ProgressStyle};
use radars_search::comparison::{Paired, Sample};
use radars_search::tabular::fidelity::is_fidelity_table;
use radars_search::tabular::{Studied, Study, Table};
use radars_search::{QuantnasController, StopSignal};
use serde::Serialize;
use std::io::{IsTerminal, stderr};
use std::path::Path;

/// Evaluations of a search, where nothing else is said.
const EVALUATIONS: usize = 300;

/// What came of it.
#[derive(Debug, Serialize)]
struct Document {
    /// Version of this form.
    schema: u32,
    /// The file of the table.
    table: String,
    /// Searches of each method.
    searches: u64,
    /// What a perfect search finds.
    optimum: Optimum,
    /// One row for every method and number of evaluations.
    methods: Vec<Row>,
    /// The first method minus each of the others, paired by seed.
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Optimum {
    architecture: String,
    accuracy: f64,
}

/// The mean accuracy of the architecture with the best draw, over the searches.
#[derive(Debug, Serialize)]
struct Row {
    method: &'static str,
    evaluations: usize,
    mean_accuracy: f64,
    std_accuracy: Option<f64>,
    /// The standard error of the mean.
    error_accuracy: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Difference {
    method: &'static str,
    minus: &'static str,
    evaluations: usize,
    accuracy: Option<Paired>,
}

/// Searches the table `file` as the flags say, and prints what came of it.
pub fn run(arguments: &CompareArgs, file: &Path) -> Result<String> {
    let CompareArgs {
        what,
        table,
        algorithm,
        ..
    } = arguments;
    if is_fidelity_table(file).map_err(Failure::bad_input)? {
        return fidelity::run(arguments, file);
    }
    refuse_others(arguments)?;
    let mut config = configuration::of_flags(&arguments.task, algorithm, &arguments.epochs)?;
    if algorithm.originals.controller.is_none() && arguments.task.config.is_none() {
        // A table is for the study of samplers: RADARS's is what is asked about.
        config.baselines.quantnas_controller = QuantnasController::Own;
    }
    let searched = Table::read(file).map_err(Failure::bad_input)?;
    let last = (algorithm.episodes).or_else(|| table.at.iter().max().copied());
    let last = last.unwrap_or(EVALUATIONS);
    if let Some(beyond) = table.at.iter().find(|&&at| at > last) {
        let message = anyhow!("--at {beyond} is beyond the end of a search: --episodes is {last}");
        return Err(Failure::bad_input(message));
    }
    let mut at = table.at.clone();
    at.push(last);
    at.sort_unstable();
    at.dedup();
    let study = Study {
        table: &searched,
        config,
        methods: what.methods.clone(),
        searches: what.seeds,
        at,
    };
    let stop = StopSignal::default();
    interrupt::handle_saying(&stop, "ending without figures").map_err(Failure::running)?;
    let searches = study.methods.len() as u64 * study.searches;
    let bar = bar(searches, arguments.output.quiet);
    let studied = study.run(arguments.device.threads(), &stop, &|| bar.inc(1));
    bar.finish_and_clear();
    let Some(studied) = studied? else {
        let message = anyhow!("interrupted before the last search was over");
        return Err(Failure::running(message));
    };
    let document = Document::new(file, &study, &studied);
    match arguments.output.json {
        true => document.json(),
        false => Ok(document.text()),
    }
}

/// Refuses flags that say something of tables of `radars tabulate` alone.
fn refuse_others(arguments: &CompareArgs) -> Result<()> {
    let CompareArgs {
        task,
        algorithm,
        reward,
        what,
        ..
    } = arguments;
    let given = [
        ("--space", task.space.is_some()),
        ("--width", task.width.is_some()),
        ("--cells", task.cells.is_some()),
        ("--seed-list", what.seed_list.is_some()),
        ("--sweep", !what.sweep.is_empty()),
        ("--budget-factor", !what.budget_factor.is_empty()),
        ("--iterations", algorithm.iterations.is_some()),
        ("--retrain", algorithm.retrain.is_some()),
        ("--sn-rule", algorithm.sn_rule.is_some()),
        ("--target", algorithm.target.is_some()),
        ("--budget", algorithm.budget.is_some()),
        ("--max-aops", algorithm.max_aops.is_some()),
        ("--max-params", algorithm.max_params.is_some()),
        ("--reward", reward.named.is_some()),
        ("--alpha", reward.alpha.is_some()),
        ("--beta", reward.beta.is_some()),
        ("--gamma", reward.gamma.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::bad_input(anyhow!(
            "{flag} cannot be used with a table of accuracies alone: it is for those of `radars tabulate`"
        ))),
    }
}

/// Shows how many searches are done, on a terminal.
pub(super) fn bar(searches: u64, quiet: bool) -> ProgressBar {
    let bar = match !quiet && stderr().is_terminal() {
        true => ProgressBar::new(searches),
        false => ProgressBar::hidden(),
    };
    let style = ProgressStyle::with_template("[{bar:24}] {pos}/{len} searches, {eta} left");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("=> "));
    bar
}

impl Document {
    const SCHEMA: u32 = 1;

    fn new(file: &Path, study: &Study<'_>, studied: &[Studied]) -> Self {
        let optimum = study.table.optimum();
        let figures = |of: &Studied| {
            let figures = of.figures.iter();
            figures
                .filter_map(|figure| Some((figure.at, figure.sample()?)))
                .collect::<Vec<(usize, Sample)>>()
        };
        let methods = studied.iter().flat_map(|of| {
            figures(of).into_iter().map(|(evaluations, sample)| Row {
                method: of.method.name(),
                evaluations,
                mean_accuracy: sample.mean,
                std_accuracy: sample.deviation,
                error_accuracy: sample.error,
            })
        });
        Document {
            schema: Document::SCHEMA,
            table: file.display().to_string(),
            searches: study.searches,
            optimum: Optimum {
                architecture: optimum.name.clone(),
                accuracy: optimum.mean(),
            },
            methods: methods.collect(),
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
            Column::right("evaluations"),
            Column::right("accuracy %"),
            Column::right("std error"),
            Column::right("std deviation"),
        ]);
        let percent = |value: f64| format!("{:.3}", 100.0 * value);
        let or_dash = |value: Option<f64>| value.map_or("-".to_owned(), percent);
        for row in &self.methods {
            table.row([
                row.method.to_owned(),
                row.evaluations.to_string(),
                percent(row.mean_accuracy),
                or_dash(row.error_accuracy),
                or_dash(row.std_accuracy),
            ]);
        }
        let mut text = format!(
            "{table}mean accuracy of the architecture with the best draw, over {} searches; the best of {} is {} with \
             {} %\n",
            self.searches,
            self.table,
            self.optimum.architecture,
            percent(self.optimum.accuracy)
        );
        if let Some(first) = self.differences.first() {
            let who = first.method;
            text.push_str(&format!("\n{}", self.differences_from(who)));
            text.push_str(
                "paired by seed, ± the standard error; ahead or behind where p < 0.05 in a paired t-test, two-sided\n",
            );
        }
        text
    }

    fn differences_from(&self, who: &str) -> Text {
        let mut table = Text::new(&[
            Column::left("difference"),
            Column::right("evaluations"),
            Column::right("accuracy points"),
            Column::left(""),
        ]);
        for row in &self.differences {
            table.row([
                format!("{} - {}", row.method, row.minus),
                row.evaluations.to_string(),
                difference(&row.accuracy, 100.0, 3),
                verdict(&row.accuracy, who),
            ]);
        }
        table
    }
}

/// The first method minus each of the others.
fn differences(studied: &[Studied]) -> Vec<Difference> {
    let Some((first, others)) = studied.split_first() else {
        return Vec::new();
    };
    let against = |other: &Studied| {
        let figures = first.figures.iter().zip(&other.figures);
        let differences = figures.map(|(own, theirs)| {
            let pairs = own.found.iter().copied().zip(theirs.found.iter().copied());
            Difference {
                method: first.method.name(),
                minus: other.method.name(),
                evaluations: own.at,
                accuracy: Paired::of(&pairs.collect::<Vec<_>>()),
            }
        });
        differences.collect::<Vec<_>>()
    };
    others.iter().flat_map(against).collect()
}
