//! What each method spent of its budget.

use super::{named, or_dash};
use crate::compare::document::Document;
use crate::quantity::macs;
use crate::table::{Column, Table};
use radars_search::comparison::Summary;

/// The least share of a budget that a method has to spend to be compared on equal terms.
const EQUAL: f64 = 0.98;

/// What the methods may spend.
pub fn terms(document: &Document) -> String {
    let plain = document
        .runs
        .iter()
        .filter(|run| run.budget_factor.is_none());
    let mut budgets: Vec<Option<u64>> = plain.map(|run| run.budget_macs).collect();
    budgets.sort_unstable();
    budgets.dedup();
    match budgets[..] {
        [Some(budget)] => format!(
            "each search may spend {} training MACs",
            macs(budget as f64)
        ),
        [None] | [] => "no budget: each method does its own iterations and episodes".to_owned(),
        _ => "the others may spend what RADARS spent with the same seed".to_owned(),
    }
}

/// MACs by method, with a warning for every method that left some of its budget.
pub fn table(document: &Document) -> String {
    let spent = || {
        document
            .methods
            .iter()
            .filter(|row| row.mean_spent_macs.is_some())
    };
    if spent().next().is_none() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("spent by"),
        Column::right("training MACs"),
        Column::right("share of its budget"),
        Column::right("least"),
    ]);
    let percent = |share: Option<f64>| or_dash(share.map(|s| format!("{:.1} %", 100.0 * s)));
    for row in spent() {
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            or_dash(row.mean_spent_macs.map(macs)),
            percent(row.mean_budget_share),
            percent(row.least_budget_share),
        ]);
    }
    let mut text = format!("\n{table}means over seeds, final trainings and judging aside\n");
    for warning in spent().filter_map(warning) {
        text.push_str(&warning);
    }
    for run in &document.runs {
        let spent = run.result.as_ref().map(|result| result.search.spent);
        if let Some((spent, budget)) = spent.zip(run.budget_macs).filter(|(s, b)| s > b) {
            text.push_str(&format!(
                "warning: {}, seed {}: spent {} training MACs, more than its budget of {}\n",
                named(&run.method, run.reward_alpha, &run.settings),
                run.seed,
                macs(spent as f64),
                macs(budget as f64)
            ));
        }
    }
    text
}

fn warning(row: &Summary) -> Option<String> {
    let least = row.least_budget_share.filter(|&least| least < EQUAL)?;
    Some(format!(
        "warning: {} spent as little as {:.1} % of its budget: it could have searched more than it did\n",
        named(&row.method, row.reward_alpha, &row.settings),
        100.0 * least
    ))
}
