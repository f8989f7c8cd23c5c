//! The paper's ImageNet experiment, Tables IV and V, beside the measured figures.

use super::cells::{SLIPS_5, TABLE_4, TABLE_5};
use super::document::Document;
use super::paper::{searched, significant};
use crate::failure::Result;
use crate::quantity::count;
use crate::table::{Column, Table};
use radars_space::{ReferenceNetwork, Space};

const NOTE_4: &str = "\
the paper: ImageNet, two RTX 2080 Ti, from its Table IV (Yan, Jiang, Hu, Shi, IJCNN 2022, arXiv:2109.05691); OOM out
of memory, OOT out of time. RADARS there has 1.4 points more accuracy than QuantNAS, in 54 % of its time.
";

const NOTE_5: &str = "\
the paper: from its Table V (arXiv:2109.05691), which takes all but its own from the literature; what it calls AOPS
are multiply-accumulates there, since nothing is quantised.
";

/// What the paper says of memory, and what has to be known to compare a plan with it.
pub fn memory() -> String {
    let of = |method: &str| {
        let row = TABLE_4.iter().find(|row| row.method == method);
        row.map_or_else(String::new, |row| {
            format!("{} {} GB", row.model, row.gigabytes)
        })
    };
    let methods = ["dnas", "radars", "one-shot", "quantnas"].map(of);
    format!(
        "the paper's searches on ImageNet: {} (its Table IV, arXiv:2109.05691);\n\
         they hold a CUDA context and a framework, a plan's hold what a network allocates.",
        methods.join(", ")
    )
}

/// Table IV.
pub fn table_4(document: &Document) -> String {
    let table = searched(document, &TABLE_4);
    format!(
        "\nTable IV: methods on ImageNet\n{table}{NOTE_4}{}\n",
        memory()
    )
}

/// Accuracy and MACs: the paper's networks, and those of the literature that are counted here on images of the same
/// size; then the winners.
pub fn table_5(document: &Document, space: &Space) -> Result<String> {
    let mut table = Table::new(&[
        Column::left("network"),
        Column::left("figures of"),
        Column::right("top 1 %"),
        Column::right("top 5 %"),
        Column::right("MACs, G"),
        Column::right("MACs"),
    ]);
    let nothing = || "-".to_owned();
    for network in TABLE_5 {
        let cells = [network.top1, network.top5, network.aops].map(str::to_owned);
        let from = format!("the paper, {}", network.kind);
        let first = [network.model.to_owned(), from];
        table.row(first.into_iter().chain(cells).chain([nothing()]));
    }
    let giga = |macs: u64| significant(macs as f64 / 1e9);
    for network in ReferenceNetwork::ALL {
        let macs = network.macs(space.input()?, space.classes()?)?;
        table.row([
            network.name().to_owned(),
            "here, counted, not trained".to_owned(),
            nothing(),
            nothing(),
            giga(macs),
            count(macs),
        ]);
    }
    let percent =
        |share: Option<f64>| share.map_or_else(nothing, |share| format!("{:.2}", 100.0 * share));
    for run in &document.runs {
        let Some(result) = &run.result else { continue };
        let best = &result.best;
        let [top1, top5] = run.tested();
        table.row([
            format!("{}, seed {}", run.method, run.seed),
            "here, test images".to_owned(),
            percent(top1),
            percent(top5),
            giga(best.macs),
            count(best.macs),
        ]);
    }
    let (images, classes) = (space.input()?, space.classes()?);
    Ok(format!(
        "\nTable V: accuracy and MACs\n{table}here: images of {images}, {classes} classes; at 224x224x3 and 1000 \
         classes MobileNetV2 has 300,774,272 MACs and\nResNet-34 3,663,761,408.\n{NOTE_5}{SLIPS_5}"
    ))
}
