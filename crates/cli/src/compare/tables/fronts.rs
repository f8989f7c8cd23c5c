//! Fronts over several trade-offs.

use super::differences::{difference, probability, verdict};
use super::{named, or_dash, signed_interval, spread};
use crate::compare::document::Document;
use crate::quantity::count;
use crate::table::{Column, Table};
use radars_search::comparison::{Front, Fronts, VolumeDifference};

/// Hypervolumes, and their differences.
pub fn tables(document: &Document) -> String {
    let Some(fronts) = &document.fronts else {
        return String::new();
    };
    let mut table = Table::new(&[
        Column::left("front of"),
        Column::right("hypervolume"),
        Column::right("95 % interval"),
        Column::right("seeds"),
        Column::left("test error % at AOPS"),
    ]);
    for row in &fronts.methods {
        table.row([
            named(&row.method, None, &row.settings),
            spread(row.mean_hypervolume, row.se_hypervolume, 4),
            or_dash(row.interval_hypervolume.map(|i| super::interval(i, 4))),
            row.hypervolumes.len().to_string(),
            points(row),
        ]);
    }
    format!(
        "\n{table}{}{}{}",
        notes(fronts),
        differences("RADARS minus", &fronts.differences, "RADARS"),
        differences("minus uniform", &fronts.over_uniform, "")
    )
}

fn notes(fronts: &Fronts) -> String {
    format!(
        "hypervolume of each seed's judged winners over the trade-offs, mean ± standard error, as a share of the \
         rectangle up to an error of\n{:.2} % and {} AOPS, 1.1 times the worst of all winners; both axes linear, larger \
         is better. Fronts are over all seeds\n",
        100.0 * fronts.reference_error,
        count(fronts.reference_aops.round() as u64)
    )
}

/// `12.3 at 55 M, 11.9 at 96 M`.
fn points(row: &Front) -> String {
    let points = row.points.iter();
    let points = points.map(|p| format!("{:.2} at {:.1} M", 100.0 * p.error, p.aops as f64 / 1e6));
    points.collect::<Vec<_>>().join(", ")
}

fn differences(head: &str, rows: &[VolumeDifference], who: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        Column::left(head),
        Column::right("hypervolume"),
        Column::right("95 % interval"),
        Column::right("p"),
        Column::left(""),
        Column::right("pairs"),
    ]);
    for row in rows {
        let volume = &row.hypervolume;
        table.row([
            named(&row.method, None, &row.settings),
            difference(volume, 1.0, 4),
            or_dash(volume.and_then(|v| Some(signed_interval(v.interval?, 4)))),
            probability(volume),
            verdict(volume, who).trim().to_owned(),
            volume.map_or(0, |paired| paired.pairs).to_string(),
        ]);
    }
    format!("\n{table}")
}
