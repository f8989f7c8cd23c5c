//! A comparison as tables, in the form of the paper's Table II.

use super::document::Document;
use crate::quantity::{bytes, count, macs, seconds};
use crate::table::{Column, Table};
use radars_search::comparison::{Comparison, Difference, Paired, Summary, Verdict};
use std::collections::BTreeMap;

/// All tables, with their notes.
pub fn all(document: &Document, comparison: &Comparison) -> String {
    let mut text = methods(document);
    text.push_str(&notes(document, comparison));
    text.push_str(&differences(document));
    text.push_str(&reaches(document));
    text.push_str(&ablations(document));
    if !document.left_out.is_empty() {
        text.push_str(&format!(
            "\nended early: {} of {} runs are missing, the first of them {}; go on with --resume\n",
            document.left_out.len(),
            document.left_out.len() + document.runs.len(),
            document.left_out[0]
        ));
    }
    text
}

/// Table II.
fn methods(document: &Document) -> String {
    let mut table = Table::new(&[
        Column::left("method"),
        Column::right("accuracy %"),
        Column::right("AOPS"),
        Column::right("search time"),
        Column::right("peak memory"),
        Column::right("reward"),
        Column::right("spent MACs"),
        Column::left("outcome"),
    ]);
    for row in &document.methods {
        let percent = |value: Option<f64>| value.map(|value| value * 100.0);
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            spread(percent(row.mean_accuracy), percent(row.std_accuracy), 2),
            or_dash(row.mean_aops.map(|aops| count(aops.round() as u64))),
            or_dash(row.mean_search_seconds.map(seconds)),
            or_dash(row.peak_bytes.map(bytes)),
            spread(row.mean_reward, row.std_reward, 4),
            or_dash(row.mean_spent_macs.map(macs)),
            outcome(row),
        ]);
    }
    table.to_string()
}

fn outcome(row: &Summary) -> String {
    let what = match row.needed_bytes {
        Some(needed) => format!("{}: needs {}", row.outcome, bytes(needed)),
        None => row.outcome.clone(),
    };
    match row.finished == row.seeds || row.finished == 0 {
        true => what,
        false => format!("{what} ({} of {} done)", row.finished, row.seeds),
    }
}

/// What has to be known to read Table II.
fn notes(document: &Document, comparison: &Comparison) -> String {
    let bound = bytes(usize::try_from(comparison.config.memory.as_u64()).unwrap_or(usize::MAX));
    let budget = match comparison.budget {
        Some(budget) => format!(
            "each search may spend {} training MACs",
            macs(budget as f64)
        ),
        None if comparison.methods.contains(&radars_search::Method::Radars) => {
            "the others may spend what RADARS spent with the same seed".to_owned()
        }
        None => "no budget: each method does its own iterations and episodes".to_owned(),
    };
    let accuracy = match comparison.final_training {
        true => "on the test set, after training from scratch",
        false => "in the search, on its validation images: winners were not trained from scratch",
    };
    let seeds = comparison.seeds.len();
    let mut text = format!(
        "mean ± standard deviation over {seeds} seed{}; accuracy {accuracy}; bound {bound}; {budget}\n",
        if seeds == 1 { "" } else { "s" }
    );
    let out_of_memory = |row: &&Summary| row.outcome == "OOM";
    if document.methods.iter().any(|row| out_of_memory(&row)) {
        text.push_str("OOM: out of memory, found by planning: the smallest bound that would do\n");
    }
    if document.methods.iter().any(|row| row.outcome == "OOT") {
        let times = comparison.out_of_time;
        text.push_str(&format!(
            "OOT: out of time, over {times} times the fastest that finished\n"
        ));
    }
    for run in &document.runs {
        let spent = run.result.as_ref().map(|result| result.search.spent);
        if let Some((spent, budget)) = spent.zip(run.budget_macs).filter(|(s, b)| s > b) {
            text.push_str(&format!(
                "{}, seed {}: spent {} training MACs, more than its budget of {}\n",
                named(&run.method, run.reward_alpha, &run.settings),
                run.seed,
                macs(spent as f64),
                macs(budget as f64)
            ));
        }
    }
    for row in &document.methods {
        if let Some(message) = &row.message {
            text.push_str(&format!("{} failed: {message}\n", row.method));
        }
    }
    text
}

/// RADARS minus each of the others.
fn differences(document: &Document) -> String {
    if document.differences.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("RADARS minus"),
        Column::right("reward"),
        Column::left(""),
        Column::right("accuracy points"),
        Column::left(""),
        Column::right("pairs"),
    ]);
    for row in &document.differences {
        let Difference {
            reward, accuracy, ..
        } = row;
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            difference(reward, 1.0, 4),
            verdict(reward, "RADARS"),
            difference(accuracy, 100.0, 2),
            verdict(accuracy, "RADARS"),
            reward.map_or(0, |paired| paired.pairs).to_string(),
        ]);
    }
    format!(
        "\n{table}paired by seed, ± the standard error; ahead or behind where the difference exceeds twice that\n"
    )
}

/// What each took to reach RADARS's reward.
fn reaches(document: &Document) -> String {
    if document.reaches.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("to reach RADARS's reward"),
        Column::right("MACs"),
        Column::right("search time"),
        Column::right("seeds that did"),
    ]);
    for row in document.reaches.iter().filter(|row| row.seeds > 0) {
        let or_not =
            |text: Option<String>| text.unwrap_or_else(|| "not within its budget".to_owned());
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            or_not(row.mean_spent_macs.map(macs)),
            or_not(row.mean_seconds.map(seconds)),
            format!("{} of {}", row.reached, row.seeds),
        ]);
    }
    format!("\n{table}means over the seeds that did\n")
}

/// Swept settings against the first ones.
fn ablations(document: &Document) -> String {
    if document.ablations.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("setting"),
        Column::left("minus"),
        Column::right("reward"),
        Column::left(""),
        Column::right("accuracy points"),
        Column::left(""),
        Column::right("pairs"),
    ]);
    for row in &document.ablations {
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            words(&row.with),
            difference(&row.reward, 1.0, 4),
            verdict(&row.reward, "").trim().to_owned(),
            difference(&row.accuracy, 100.0, 2),
            verdict(&row.accuracy, "").trim().to_owned(),
            row.reward.map_or(0, |paired| paired.pairs).to_string(),
        ]);
    }
    format!("\n{table}")
}

/// `radars, alpha 0.9, episodes=5`.
pub fn named(
    method: &str,
    reward_alpha: Option<f64>,
    settings: &BTreeMap<String, String>,
) -> String {
    let mut text = method.to_owned();
    if let Some(alpha) = reward_alpha {
        text.push_str(&format!(", alpha {alpha}"));
    }
    if !settings.is_empty() {
        text.push_str(", ");
        text.push_str(&words(settings));
    }
    text
}

fn words(settings: &BTreeMap<String, String>) -> String {
    let settings: Vec<String> = settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
    settings.join(" ")
}

/// `0.8123 ± 0.0041`; the mean alone where there is no deviation.
fn spread(mean: Option<f64>, deviation: Option<f64>, digits: usize) -> String {
    or_dash(mean.map(|mean| match deviation {
        Some(deviation) => format!("{mean:.digits$} ± {deviation:.digits$}"),
        None => format!("{mean:.digits$}"),
    }))
}

/// `+0.0123 ± 0.0041`.
pub fn difference(paired: &Option<Paired>, times: f64, digits: usize) -> String {
    or_dash(paired.as_ref().map(|paired| {
        let difference = paired.difference * times;
        match paired.error {
            Some(error) => format!("{difference:+.digits$} ± {:.digits$}", error * times),
            None => format!("{difference:+.digits$}"),
        }
    }))
}

/// Who is ahead, if that is shown.
pub fn verdict(paired: &Option<Paired>, who: &str) -> String {
    match paired.as_ref().map(|paired| paired.verdict) {
        Some(Verdict::Ahead) => format!("{who} ahead"),
        Some(Verdict::Behind) => format!("{who} behind"),
        Some(Verdict::NotShown) => "no difference shown".to_owned(),
        None => "-".to_owned(),
    }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_its_spread_where_there_is_one() {
        assert_eq!(spread(Some(87.125), Some(0.5), 1), "87.1 ± 0.5");
        assert_eq!(spread(Some(0.25), None, 4), "0.2500");
        assert_eq!(spread(None, None, 4), "-");
        let paired = Paired::of(&[(0.50, 0.25), (0.75, 0.25)]);
        assert_eq!(difference(&paired, 100.0, 1), "+37.5 ± 12.5");
        assert_eq!(verdict(&paired, "RADARS"), "RADARS ahead");
        assert_eq!(
            verdict(&Paired::of(&[(1.0, 0.0)]), "RADARS"),
            "no difference shown"
        );
    }

    #[test]
    fn a_row_is_named_by_what_was_varied() {
        let settings = BTreeMap::from([("episodes".to_owned(), "5".to_owned())]);
        assert_eq!(
            named("radars", Some(0.9), &settings),
            "radars, alpha 0.9, episodes=5"
        );
        assert_eq!(named("radars", None, &BTreeMap::new()), "radars");
    }
}
