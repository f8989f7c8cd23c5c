//! How soon one method came as far as another.

use super::{named, or_dash};
use crate::compare::document::Document;
use crate::quantity::{macs, seconds};
use crate::table::{Column, Table};

/// What each took to reach RADARS's reward, and what RADARS took to reach theirs.
pub fn tables(document: &Document) -> String {
    let tables = [reaches(document), overtakings(document)].concat();
    match tables.is_empty() {
        true => tables,
        false => format!(
            "{tables}means over the seeds that did; rewards are the best that a training to convergence came to in the \
             search\n"
        ),
    }
}

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
    format!("\n{table}")
}

fn overtakings(document: &Document) -> String {
    let mut rows = document
        .overtakings
        .iter()
        .filter(|row| row.seeds > 0)
        .peekable();
    if rows.peek().is_none() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left("RADARS reached the reward of"),
        Column::right("with MACs"),
        Column::right("of the other's"),
        Column::right("in"),
        Column::right("of the other's time"),
        Column::right("seeds that did"),
    ]);
    let percent = |share: Option<f64>| or_dash(share.map(|s| format!("{:.1} %", 100.0 * s)));
    for row in rows {
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            or_dash(row.mean_spent_macs.map(macs)),
            percent(row.share_macs),
            or_dash(row.mean_seconds.map(seconds)),
            percent(row.share_seconds),
            format!("{} of {}", row.reached, row.seeds),
        ]);
    }
    format!("\n{table}")
}
