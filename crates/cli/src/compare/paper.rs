//! The paper's own figures beside the measured ones.
//!
//! # Source
//! Yan, Jiang, Hu, Shi, "RADARS: Memory Efficient Reinforcement Learning Aided Differentiable Neural
//! Architecture Search", IJCNN 2022, arXiv:2109.05691. Accuracy and time, and that two DNAS baselines do not
//! complete, are its abstract's; the sizes are its text's. The cells of its Table II are not repeated here.

use super::document::Document;
use super::tables::{difference, named};
use crate::quantity::bytes;
use crate::table::{Column, Table};
use radars_search::comparison::Summary;

const RADARS: &str =
    "up to +3.41 points of accuracy over the RL-based method, 2.5x less search time";
const QUANTNAS: &str = "the RL-based method: completes";
const DNAS: &str =
    "does not complete: out of memory (*); 112 GB for the whole space, 1.43 GB a path";

const NOTE: &str = "\
the paper's: CIFAR-10 and ImageNet on a GPU of 12 GB, where RADARS completes and two DNAS baselines do not, for
memory or time. From the abstract and the text of Yan, Jiang, Hu, Shi, IJCNN 2022, arXiv:2109.05691; the cells
of its Table II are not repeated here. Other data and machines than here: compare orders and ratios.
(*) its Table II prints OOT (out of time) for DNAS where its text says out of memory.
";

/// The paper's figures of Table II, a line for each measured row that it has a counterpart for.
pub fn table_2(document: &Document) -> String {
    let mut table = Table::new(&[
        Column::left("method"),
        Column::left("measured here"),
        Column::left("the paper's"),
    ]);
    for row in &document.methods {
        let Some(theirs) = of_paper(&row.method) else {
            continue;
        };
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            measured(document, row),
            theirs.to_owned(),
        ]);
    }
    format!("\nTable II\n{table}{NOTE}")
}

fn of_paper(method: &str) -> Option<&'static str> {
    match method {
        "radars" => Some(RADARS),
        "quantnas" => Some(QUANTNAS),
        "dnas" => Some(DNAS),
        _ => None,
    }
}

/// The measured counterpart of what the paper says.
fn measured(document: &Document, row: &Summary) -> String {
    if let Some(needed) = row.needed_bytes {
        return format!("does not complete: OOM, needs {}", bytes(needed));
    }
    if row.outcome != "done" {
        return format!("does not complete: {}", row.outcome);
    }
    let bound = bytes(usize::try_from(row.bound_bytes).unwrap_or(usize::MAX));
    let completes = format!("completes in {bound}");
    if row.method != "radars" {
        let reach = document.reaches.iter().find(|reach| {
            let same = reach.reward_alpha == row.reward_alpha && reach.settings == row.settings;
            same && reach.method == row.method
        });
        return match reach {
            Some(reach) => format!(
                "{completes}; reaches RADARS's reward with {} of {} seeds",
                reach.reached, reach.seeds
            ),
            None => completes,
        };
    }
    let against = document.differences.iter().find(|other| {
        let same = other.reward_alpha == row.reward_alpha && other.settings == row.settings;
        same && other.method == "quantnas"
    });
    match against {
        Some(other) => format!(
            "{completes}; {} points of accuracy against quantnas",
            difference(&other.accuracy, 100.0, 2)
        ),
        None => completes,
    }
}
