//! The paper's comparisons, Tables II and IV, beside the measured ones.

use super::cells::{SLIPS_2, Searched, TABLE_2};
use super::document::Document;
use super::tables::named;
use crate::table::{Column, Table};
use radars_search::comparison::Summary;

/// Whose figures a line has.
const THEIRS: &str = "the paper";

const NOTE_2: &str = "\
the paper: CIFAR-10, means of three runs on two RTX 2080 Ti, from its Table II (Yan, Jiang, Hu, Shi, IJCNN 2022,
arXiv:2109.05691); OOM out of memory, OOT out of time. Other data and machines than here: compare orders and ratios.
RADARS there has 3.41 points more accuracy and 39 % fewer AOPS than QuantNAS, in a search 2.5 times as fast, and 10.7
times less memory than DNAS; One-Shot took more than 26 times as long.
";

/// Table II.
pub fn table_2(document: &Document) -> String {
    let table = searched(document, &TABLE_2);
    format!("\nTable II: methods on CIFAR-10\n{table}{NOTE_2}{SLIPS_2}")
}

/// The paper's lines, each with the measured ones of its method; then the measured ones of other methods.
pub fn searched(document: &Document, cells: &[Searched]) -> Table {
    let with_top5 = cells.iter().any(|row| row.top5.is_some());
    let mut columns = vec![
        Column::left("method"),
        Column::left("figures of"),
        Column::right("top 1 %"),
    ];
    if with_top5 {
        columns.push(Column::right("top 5 %"));
    }
    columns.extend(["AOPS, G", "search, h", "memory, GB"].map(Column::right));
    let mut table = Table::new(&columns);
    let counterpart = |row: &Summary| cells.iter().find(|cells| is_of(row, cells.method));
    for row in cells {
        let figures = [row.top1, row.top5.unwrap_or_default(), row.aops, row.hours];
        let [top1, top5, aops, hours] = figures.map(str::to_owned);
        let top5 = with_top5.then_some(top5);
        let first = [row.model.to_owned(), THEIRS.to_owned(), top1];
        let last = [aops, hours, row.gigabytes.to_owned()];
        table.row(first.into_iter().chain(top5).chain(last));
        for measured in document.methods.iter().filter(|m| is_of(m, row.method)) {
            table.row(measured_cells(document, measured, with_top5));
        }
    }
    let others = document.methods.iter();
    for measured in others.filter(|row| counterpart(row).is_none()) {
        table.row(measured_cells(document, measured, with_top5));
    }
    table
}

/// Whether a measured row is of a method, in whatever mixing.
fn is_of(row: &Summary, method: &str) -> bool {
    row.method.split(' ').next() == Some(method)
}

fn measured_cells(document: &Document, row: &Summary, with_top5: bool) -> Vec<String> {
    // What is missing is so for a reason, where the method did not come to its end.
    let or_outcome = |figure: Option<String>| {
        figure.unwrap_or_else(|| match row.outcome.as_str() {
            "done" => "-".to_owned(),
            outcome => outcome.to_owned(),
        })
    };
    let percent = |share: Option<f64>| share.map(|share| format!("{:.2}", 100.0 * share));
    let mut cells = vec![
        named(&row.method, row.reward_alpha, &row.settings),
        format!("here, {}", row.accuracy_on),
        or_outcome(percent(top1(row))),
    ];
    if with_top5 {
        cells.push(or_outcome(percent(top5(document, row))));
    }
    cells.push(or_outcome(
        row.mean_aops.map(|aops| significant(aops / 1e9)),
    ));
    let hours = row.mean_search_seconds.map(|seconds| seconds / 3600.0);
    cells.push(or_outcome(hours.map(significant)));
    let bytes = row.needed_bytes.or(row.peak_bytes);
    cells.push(or_outcome(
        bytes.map(|bytes| significant(bytes as f64 / 1e9)),
    ));
    cells
}

/// The mean accuracy of the winners.
fn top1(row: &Summary) -> Option<f64> {
    row.mean_accuracy
}

/// The same within five classes, where there are more.
fn top5(document: &Document, row: &Summary) -> Option<f64> {
    let same = document.runs.iter().filter(|run| {
        run.method == row.method
            && run.reward_alpha == row.reward_alpha
            && run.settings == row.settings
    });
    let done = same.filter(|run| run.result.is_some());
    let shares: Option<Vec<f64>> = done.map(|run| run.tested()[1]).collect();
    let shares = shares.filter(|shares| !shares.is_empty())?;
    Some(shares.iter().sum::<f64>() / shares.len() as f64)
}

/// Three digits that say something: `112`, `10.4`, `0.386`, `3.86e-4`.
pub fn significant(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 1.0 => format!("{value:.2}"),
        _ if value >= 0.1 => format!("{value:.3}"),
        _ if value >= 0.01 => format!("{value:.4}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let figures = [112.4, 10.43, 2.504, 0.3859, 0.0386, 0.000_386_4];
        let texts = figures.map(significant);
        assert_eq!(texts, ["112", "10.4", "2.50", "0.386", "0.0386", "3.86e-4"]);
    }
}
