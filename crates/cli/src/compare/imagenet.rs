//! The paper's ImageNet experiment beside the measured figures.
//!
//! # Source
//! Yan, Jiang, Hu, Shi, IJCNN 2022, arXiv:2109.05691, section IV-B. Of Tables IV and V only the four sizes are repeated
//! here; what they are sizes of is told by the paper.

use super::document::Document;
use super::tables::named;
use crate::failure::Result;
use crate::quantity::{bytes, count};
use crate::table::{Column, Table};
use radars_space::{ReferenceNetwork, Space};

/// What the paper says of memory.
pub const MEMORY: &str = "\
the paper's figures for its search on ImageNet: 58.2, 11.0, 7.01 and 6.73 GB (arXiv:2109.05691, section IV-B);
they hold a CUDA context and a framework, a plan's hold what a network allocates.";

/// Memory: the most that each method had in use, beside the paper's figures.
pub fn table_4(document: &Document) -> String {
    let mut table = Table::new(&[
        Column::left("method"),
        Column::left("outcome"),
        Column::right("most bytes in use"),
        Column::right("bound"),
    ]);
    for row in &document.methods {
        let peak = row.needed_bytes.or(row.peak_bytes);
        table.row([
            named(&row.method, row.reward_alpha, &row.settings),
            row.outcome.to_string(),
            peak.map_or_else(|| "-".to_owned(), bytes),
            bytes(usize::try_from(row.bound_bytes).unwrap_or(usize::MAX)),
        ]);
    }
    format!("\nTable IV: memory\n{table}{MEMORY}\n")
}

/// Accuracy and MACs: the winners of each method, beside networks of the literature on images of the same size.
pub fn table_5(document: &Document, space: &Space) -> Result<String> {
    let mut table = Table::new(&[
        Column::left("network"),
        Column::right("top 1"),
        Column::right("top 5"),
        Column::right("MACs"),
        Column::left("from"),
    ]);
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", 100.0 * share))
    };
    for run in &document.runs {
        let Some(result) = &run.result else { continue };
        let best = &result.best;
        table.row([
            format!("{}, seed {}", run.method, run.seed),
            percent(best.test_accuracy),
            percent(best.test_top5_accuracy),
            count(best.macs),
            "measured here, test images".to_owned(),
        ]);
    }
    for network in ReferenceNetwork::ALL {
        table.row([
            network.name().to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            count(network.macs(space.input()?, space.classes()?)?),
            "counted here, not trained".to_owned(),
        ]);
    }
    let (images, classes) = (space.input()?, space.classes()?);
    Ok(format!(
        "\nTable V: accuracy and MACs\n{table}Images of {images}, {classes} classes. The paper's own, on ImageNet: up to \
         3.41 points of accuracy over the RL-based method, in\n2.5 times less search time, on CIFAR-10 and ImageNet \
         (its abstract, arXiv:2109.05691). The cells of its Tables IV and V are not\nrepeated here. At 224x224x3 and \
         1000 classes MobileNetV2 has 300,774,272 MACs and ResNet-34 3,663,761,408.\n"
    ))
}
