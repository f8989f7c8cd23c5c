//! The end of a search as tables: the winner layer by layer, and the figures of the run.

use crate::failure::Result;
use crate::progress::reason;
use crate::quantity::{bytes, count, seconds};
use crate::table::{Column, Table};
use radars_search::{Method, RunResult};
use radars_space::{Candidate, LayerCost, LayerKind, Precision, Space};
use std::fmt::Write;
use std::path::Path;

/// The winner, its costs and how it was found.
pub fn table(space: &Space, result: &RunResult, folder: Option<&Path>) -> Result<String> {
    let mut text = layers(space, result)?;
    for (name, value) in figures(result, folder) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:<17}{value}");
    }
    Ok(text)
}

fn layers(space: &Space, result: &RunResult) -> Result<String> {
    let architecture = &result.best.architecture;
    let cost = space.cost(architecture)?;
    // What is inside of layers is said where there are blocks.
    let has_blocks = (space.layers().iter()).any(|layer| layer.kind != LayerKind::Conv);
    let mut columns = vec![Column::left("layer")];
    columns.extend(["channels", "output", "kernel"].map(Column::right));
    columns.extend(has_blocks.then(|| Column::right("inside")));
    columns.extend(["activation bits", "weight bits", "MACs", "AOPS"].map(Column::right));
    let mut table = Table::new(&columns);
    let costs = |of: &LayerCost| [count(of.macs), share(of.aops, cost.aops)];
    let candidates = architecture.layers().iter();
    let shapes = space.shapes()?.iter();
    let layers = space.layers().iter().zip(shapes).zip(candidates);
    for (index, (((layer, shape), candidate), of)) in layers.zip(&cost.layers).enumerate() {
        let shape = [
            format!("{} {}", layer.kind, index + 1),
            layer.channels.to_string(),
            format!("{}x{}", shape.output.height, shape.output.width),
            format!("{0}x{0}", candidate.kernel),
        ];
        let inside = has_blocks.then(|| channels_inside(candidate));
        let precisions = [bits(candidate.activation()), bits(candidate.weight())];
        let fixed = shape.into_iter().chain(inside).chain(precisions);
        table.row(fixed.chain(costs(of)));
    }
    let precision = space.is_quantised().then_some(Space::CLASSIFIER);
    let classes = space.classes()?.to_string();
    let shape = [
        "classifier".to_owned(),
        classes,
        "1x1".to_owned(),
        "-".to_owned(),
    ];
    let inside = has_blocks.then(|| "-".to_owned());
    let fixed = shape
        .into_iter()
        .chain(inside)
        .chain([bits(precision), bits(precision)]);
    table.row(fixed.chain(costs(&cost.classifier)));
    Ok(table.to_string())
}

/// The channels within a block: how many, or times what goes in.
fn channels_inside(candidate: &Candidate) -> String {
    match (candidate.expansion, candidate.inner_channels) {
        (Some(expansion), _) => format!("x{expansion}"),
        (None, Some(channels)) => channels.to_string(),
        (None, None) => "-".to_owned(),
    }
}

fn figures(result: &RunResult, folder: Option<&Path>) -> Vec<(&'static str, String)> {
    let (best, memory, search, time) = (&result.best, &result.memory, &result.search, &result.time);
    let tested = match best.test_accuracy {
        Some(test) => {
            let top5 = best.test_top5_accuracy;
            let top5 = top5.map_or_else(String::new, |top5| format!(" (top 5: {top5:.4})"));
            format!("{test:.4}{top5} on the test set")
        }
        None => "interrupted before the end of the final training".to_owned(),
    };
    let accuracy = match (best.val_accuracy, best.test_accuracy) {
        (None, _) => tested,
        (Some(found), Some(_)) => format!("{tested}, {found:.4} in the search"),
        (Some(found), None) => format!("{found:.4} in the search; {tested}"),
    };
    let mut figures = vec![
        ("AOPS", count(best.aops)),
        ("MACs", count(best.macs)),
        ("parameters", count(best.params)),
        ("accuracy", accuracy),
    ];
    figures.extend(best.reward.map(|reward| ("reward", format!("{reward:.4}"))));
    figures.push((
        "memory",
        format!(
            "peak {}, planned {}, bound {}",
            bytes(memory.actual_peak_bytes),
            bytes(memory.planned_peak_bytes),
            bytes(memory.bound_bytes)
        ),
    ));
    if result.method != Method::Given {
        figures.push((
            "search",
            format!(
                "{}: {} iterations, {} episodes, {} trained to convergence; {}",
                seconds(time.search_seconds),
                search.iterations,
                search.episodes,
                search.retrained,
                reason(search.stop)
            ),
        ));
    }
    figures.extend([
        ("final training", seconds(time.final_training_seconds)),
        ("device", result.device.clone()),
        ("fingerprint", result.fingerprint.clone()),
        (
            "run folder",
            folder.map_or_else(|| "none".to_owned(), |folder| folder.display().to_string()),
        ),
    ]);
    figures
}

/// `9 (3.6)`: the width, and integer and fraction bits.
fn bits(precision: Option<Precision>) -> String {
    precision.map_or_else(|| "float".to_owned(), |p| format!("{} ({p})", p.width()))
}

fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / (whole as f64).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use radars_search::{Best, MemoryUse, PhaseTimes, SearchCounts, Stop, Times};
    use radars_space::{Architecture, Candidate};
    use radars_supernet::Mixing;

    fn all_3x3() -> RunResult {
        let precision = Precision {
            integer: 3,
            fraction: 6,
        };
        let candidate = Candidate::quantised(3, precision, precision);
        RunResult {
            schema: RunResult::SCHEMA,
            method: Method::Radars,
            preset: Some("cifar10-quant".into()),
            mixing: Mixing::Factorised.into(),
            seed: 0,
            device: "cpu".into(),
            fingerprint: "f00d".into(),
            best: Best {
                architecture: Architecture::uniform(candidate, 6),
                reward: Some(0.5),
                val_accuracy: Some(0.875),
                test_accuracy: Some(0.86),
                test_top5_accuracy: None,
                aops: 67_832_320 * 81,
                macs: 67_832_320,
                params: 1,
            },
            front: vec![],
            memory: MemoryUse {
                bound_bytes: 96 << 20,
                planned_peak_bytes: 3 << 19,
                actual_peak_bytes: 3 << 19,
                high_water_bytes: 2 << 20,
            },
            search: SearchCounts {
                iterations: 1,
                episodes: 2,
                retrained: 3,
                spent: 0,
                traffic: Default::default(),
                stop: Stop::Interrupted,
            },
            time: Times {
                search_seconds: 90.0,
                final_training_seconds: 1.5,
                phases: PhaseTimes::default(),
            },
        }
    }

    /// The first layer of Table I: 3 * 64 * 9 weights at 32 x 32 pixels are 1,769,472 MACs, 2.6 % of
    /// 67,832,320.
    #[test]
    fn layers_have_their_costs_and_shares() {
        let text = layers(&Space::preset("cifar10-quant").unwrap(), &all_3x3()).unwrap();
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = text.lines().find(|line| line.contains("conv 1")).unwrap();
        assert_eq!(
            words(first),
            "conv 1 64 32x32 3x3 9 (3.6) 9 (3.6) 1,769,472 2.6 %"
        );
        let last = text
            .lines()
            .find(|line| line.contains("classifier"))
            .unwrap();
        assert_eq!(
            words(last),
            "classifier 10 1x1 - 9 (3.6) 9 (3.6) 2,560 0.0 %"
        );
    }

    #[test]
    fn figures_say_what_an_interrupted_run_lacks() {
        let mut result = all_3x3();
        let of = |result: &RunResult, name| {
            let figures = figures(result, Some(Path::new("runs/x")));
            figures.into_iter().find(|(n, _)| *n == name).unwrap().1
        };
        assert_eq!(
            of(&result, "memory"),
            "peak 1.5 MiB, planned 1.5 MiB, bound 96.0 MiB"
        );
        assert_eq!(
            of(&result, "accuracy"),
            "0.8600 on the test set, 0.8750 in the search"
        );
        result.best.test_accuracy = None;
        assert!(of(&result, "accuracy").contains("interrupted"));
        (result.best.reward, result.best.val_accuracy) = (None, None);
        result.method = Method::Given;
        assert_eq!(
            of(&result, "accuracy"),
            "interrupted before the end of the final training"
        );
        let figures = figures(&result, None);
        let named = |name| figures.iter().any(|(n, _)| *n == name);
        assert!(!named("reward") && !named("search"));
    }
}
