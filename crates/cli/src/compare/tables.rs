//! A comparison as tables, in the form of the paper's Table II.

mod differences;
mod fronts;
mod speed;
mod spending;

pub use differences::{difference, verdict};

use super::document::Document;
use crate::quantity::{bytes, count, seconds};
use crate::table::{Column, Table};
use radars_search::comparison::Summary;
use std::collections::{BTreeMap, BTreeSet};

/// All tables, with their notes.
pub fn all(document: &Document) -> String {
    let mut text = methods(document);
    text.push_str(&notes(document));
    text.push_str(&optimism(document));
    text.push_str(&spending::table(document));
    text.push_str(&differences::tables(document));
    text.push_str(&speed::tables(document));
    text.push_str(&fronts::tables(document));
    text.push_str(&differences::ablations(document));
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

/// What rewards are called.
fn reward_name(document: &Document) -> &'static str {
    match document.is_judged() {
        true => "true reward",
        false => "reward in the search",
    }
}

/// Table II.
fn methods(document: &Document) -> String {
    let mut table = Table::new(&[
        Column::left("method"),
        Column::right("accuracy %"),
        Column::right("AOPS"),
        Column::right("search time"),
        Column::right("peak memory"),
        Column::right(reward_name(document)),
        Column::right("95 % interval"),
        Column::left("outcome"),
    ]);
    for row in &document.methods {
        let percent = |value: Option<f64>| value.map(|value| value * 100.0);
        let reward = match document.is_judged() {
            true => spread(row.mean_true_reward, row.std_true_reward, 4),
            false => spread(row.mean_reward, row.std_reward, 4),
        };
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            spread(percent(row.mean_accuracy), percent(row.std_accuracy), 2),
            or_dash(row.mean_aops.map(|aops| count(aops.round() as u64))),
            or_dash(row.mean_search_seconds.map(seconds)),
            or_dash(row.peak_bytes.map(bytes)),
            reward,
            or_dash(row.interval_true_reward.map(|i| interval(i, 4))),
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
fn notes(document: &Document) -> String {
    let bound = document.methods.first().map_or(0, |row| row.bound_bytes);
    let bound = bytes(usize::try_from(bound).unwrap_or(usize::MAX));
    let (judge, accuracy_on) = (document.judge, document.accuracy_on.as_str());
    let accuracy = match (document.is_judged(), accuracy_on) {
        (true, _) => format!(
            "on the test set, the mean of {judge} training{} from scratch with seeds that no search had",
            if judge == 1 { "" } else { "s" }
        ),
        (false, "test") => "on the test set, after training from scratch".to_owned(),
        (false, _) => {
            "in the search, on its validation images: winners were not trained from scratch"
                .to_owned()
        }
    };
    let seeds: BTreeSet<u64> = document.runs.iter().map(|run| run.seed).collect();
    let seeds = seeds.len();
    let mut text = format!(
        "mean ± standard deviation over {seeds} seed{}; accuracy {accuracy}; bound {bound}; {}\n",
        if seeds == 1 { "" } else { "s" },
        spending::terms(document)
    );
    text.push_str(match document.is_judged() {
        true => "true reward: Eq. 2 with that accuracy; intervals are those of the mean, by Student's t\n",
        false => "winners were not judged: the reward is the one that the search measured, too high on average\n",
    });
    let out_of_memory = |row: &&Summary| row.outcome == "OOM";
    if document.methods.iter().any(|row| out_of_memory(&row)) {
        text.push_str("OOM: out of memory, found by planning: the smallest bound that would do\n");
    }
    if document.methods.iter().any(|row| row.outcome == "OOT") {
        let times = document.out_of_time;
        text.push_str(&format!(
            "OOT: out of time, over {times} times the fastest that finished\n"
        ));
    }
    for row in &document.methods {
        if let Some(message) = &row.message {
            text.push_str(&format!("{} failed: {message}\n", row.method));
        }
    }
    text
}

/// What selection promised, and what it was worth.
fn optimism(document: &Document) -> String {
    if !document.is_judged() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("winners of"),
        Column::right("reward as selected by"),
        Column::right("true reward"),
        Column::right("optimism"),
        Column::right("95 % interval"),
    ]);
    for row in document.methods.iter().filter(|row| row.finished > 0) {
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            spread(row.mean_reward, row.std_reward, 4),
            spread(row.mean_true_reward, row.std_true_reward, 4),
            or_dash(row.mean_optimism.map(|optimism| format!("{optimism:+.4}"))),
            or_dash(row.interval_optimism.map(|i| signed_interval(i, 4))),
        ]);
    }
    format!("\n{table}optimism: how much more a search promised of its winner than that is worth\n")
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

/// `0.8041 to 0.8205`.
fn interval([low, high]: [f64; 2], digits: usize) -> String {
    format!("{low:.digits$} to {high:.digits$}")
}

/// `-0.0041 to +0.0205`.
pub fn signed_interval([low, high]: [f64; 2], digits: usize) -> String {
    format!("{low:+.digits$} to {high:+.digits$}")
}

pub fn or_dash(text: Option<String>) -> String {
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
        assert_eq!(signed_interval([-0.5, 0.25], 2), "-0.50 to +0.25");
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
