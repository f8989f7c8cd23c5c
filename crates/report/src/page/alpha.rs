//! Mixing weights over the epochs of DNAS, as heat maps by layer.

use super::part::section as part;
use crate::Run;
use crate::plot::{HeatMap, HeatRow};
use crate::run::{Exploitation, Pruned};
use maud::{Markup, html};
use radars_space::{Candidate, Precision, Space};

/// Most rows of a map: beyond, those that were largest at the end, and the sum of the rest.
const ROWS: usize = 12;
/// Most columns of a map: beyond, evenly chosen epochs.
const COLUMNS: usize = 120;

/// One map a layer, or one a hyper-parameter type where the types have weights of their own.
pub fn section(run: &Run) -> Markup {
    let exploitations = run.exploitations();
    let with_alpha: Vec<&Exploitation<'_>> = (exploitations.iter())
        .filter(|exploitation| {
            exploitation
                .epochs
                .iter()
                .any(|epoch| !epoch.alpha.is_empty())
        })
        .collect();
    if with_alpha.is_empty() {
        return html! {};
    }
    let content = html! {
        @for exploitation in &with_alpha { (iteration(exploitation, run.space.as_ref())) }
    };
    let about = "Mixing weights without noise: the stronger the colour, the larger. At the right the last value; the mark is \
                 what DNAS chose.";
    part("Architecture weights", about, &content)
}

fn iteration(exploitation: &Exploitation<'_>, space: Option<&Space>) -> Markup {
    let epochs = &exploitation.epochs;
    let layers = epochs
        .iter()
        .map(|epoch| epoch.alpha.len())
        .max()
        .unwrap_or(0);
    let maps: Vec<(usize, Vec<HeatMap>)> = (0..layers)
        .map(|layer| (layer, maps(exploitation, space, layer)))
        .collect();
    let single: Vec<String> = (maps.iter())
        .filter(|(_, maps)| maps.is_empty())
        .map(|(layer, _)| (layer + 1).to_string())
        .collect();
    let warm_up = epochs.iter().filter(|epoch| !epoch.alpha_trained).count();
    html! {
        h3 { "Iteration " (exploitation.iteration + 1) }
        div.grid {
            @for (layer, maps) in maps.iter().filter(|(_, maps)| !maps.is_empty()) {
                figure {
                    figcaption { "layer " (layer + 1) }
                    @for map in maps { (map.svg()) }
                }
            }
        }
        @if !single.is_empty() {
            p.note { "No map for layer " (single.join(", ")) ": a single candidate, so nothing to weigh." }
        }
        @if warm_up > 0 && warm_up == epochs.len() {
            p.note { "All epochs so far are warm-up: the architecture weights are not trained in them." }
        } @else if warm_up == 1 {
            p.note { "Epoch 1 is warm-up: the architecture weights are not trained in it." }
        } @else if warm_up > 1 {
            p.note { "Epochs 1 to " (warm_up) " are warm-up: the architecture weights are not trained in them." }
        }
    }
}

/// The maps of a layer: none where there is a single candidate.
fn maps(exploitation: &Exploitation<'_>, space: Option<&Space>, layer: usize) -> Vec<HeatMap> {
    let epochs = &exploitation.epochs;
    let vectors = epochs
        .iter()
        .filter_map(|epoch| Some(epoch.alpha.get(layer)?.len()));
    let vectors = vectors.max().unwrap_or(0);
    let names = exploitation
        .pruned
        .map(|pruned| names(pruned, space, layer, vectors));
    let of_type = |vector| {
        let names = names.as_ref().and_then(|names| names.get(vector));
        map(exploitation, layer, vector, names)
    };
    let mut maps: Vec<HeatMap> = (0..vectors).filter_map(of_type).collect();
    let left = maps.iter().map(|map| map.left).fold(0.0, f64::max);
    maps.iter_mut().for_each(|map| map.left = left);
    if let Some(last) = maps.last_mut() {
        last.numbered = true;
    }
    maps
}

fn map(
    exploitation: &Exploitation<'_>,
    layer: usize,
    vector: usize,
    names: Option<&Vec<String>>,
) -> Option<HeatMap> {
    let epochs = &exploitation.epochs;
    let weights: Vec<&[Option<f32>]> = (epochs.iter())
        .map(|epoch| {
            let vectors = epoch.alpha.get(layer).and_then(|layer| layer.get(vector));
            vectors.map_or(&[][..], Vec::as_slice)
        })
        .collect();
    let candidates = weights
        .iter()
        .map(|weights| weights.len())
        .max()
        .unwrap_or(0);
    if candidates < 2 {
        return None;
    }
    let columns = chosen_columns(weights.len());
    let values = |candidate: usize| -> Vec<Option<f64>> {
        let at = |&column: &usize| Some(f64::from((*weights[column].get(candidate)?)?));
        columns.iter().map(at).collect()
    };
    let last = |values: &[Option<f64>]| values.last().copied().flatten().unwrap_or(0.0);
    let mut rows: Vec<HeatRow> = (0..candidates)
        .map(|candidate| HeatRow {
            name: (names.filter(|names| names.len() == candidates)).map_or_else(
                || format!("candidate {}", candidate + 1),
                |names| names[candidate].clone(),
            ),
            values: values(candidate),
            chosen: false,
        })
        .collect();
    // The first of equals, as an argmax takes it.
    let largest = (0..candidates)
        .rev()
        .max_by(|&a, &b| last(&rows[a].values).total_cmp(&last(&rows[b].values)));
    if let Some(row) = largest.and_then(|largest| rows.get_mut(largest)) {
        row.chosen = exploitation.derived.is_some();
    }
    if candidates > ROWS {
        rows.sort_by(|a, b| last(&b.values).total_cmp(&last(&a.values)));
        let rest = rows.split_off(ROWS - 1);
        rows.push(sum(&rest));
    }
    let number =
        |column: Option<&usize>| column.map_or_else(String::new, |column| (column + 1).to_string());
    let left = HeatMap::left(&rows);
    Some(HeatMap {
        label: format!("mixing weights of layer {} by epoch", layer + 1),
        rows,
        ends: [number(columns.first()), number(columns.last())],
        across: "epoch".into(),
        left,
        numbered: false,
    })
}

fn sum(rows: &[HeatRow]) -> HeatRow {
    let columns = rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
    let of = |column: usize| {
        let values = rows
            .iter()
            .filter_map(|row| row.values.get(column).copied().flatten());
        Some(values.sum())
    };
    HeatRow {
        name: format!("{} others", rows.len()),
        values: (0..columns).map(of).collect(),
        chosen: rows.iter().any(|row| row.chosen),
    }
}

/// The epochs that are drawn: all, or evenly chosen ones with the last.
fn chosen_columns(epochs: usize) -> Vec<usize> {
    let stride = epochs.div_ceil(COLUMNS).max(1);
    let mut columns: Vec<usize> = (0..epochs).step_by(stride).collect();
    if let Some(last) = columns.last_mut() {
        *last = epochs - 1;
    }
    columns
}

/// What the entries of each vector stand for: the candidates, or the choices of each type that occur among
/// them, in order of first appearance in SN, or in the space where all of it is held.
fn names(pruned: &Pruned, space: Option<&Space>, layer: usize, vectors: usize) -> Vec<Vec<String>> {
    let of_sn = pruned
        .architectures
        .iter()
        .filter_map(|a| a.layers().get(layer));
    let mut candidates: Vec<Candidate> = of_sn.copied().collect();
    if candidates.is_empty() {
        let layer = space.and_then(|space| space.layers().get(layer));
        candidates = layer
            .map(|layer| layer.choices.candidates())
            .unwrap_or_default();
    }
    if candidates.iter().any(|c| c.expansion.is_some()) {
        return names_of_blocks(&candidates, vectors);
    }
    let candidates = || candidates.iter();
    if vectors == 1 && pruned.mixing.as_deref() != Some("factorised") {
        return vec![distinct(candidates().map(ToString::to_string))];
    }
    let named = |letter: char, precision: Option<Precision>| {
        precision.map(|precision| format!("{letter}{precision}"))
    };
    vec![
        distinct(candidates().map(|c| format!("k{}", c.kernel))),
        distinct(candidates().filter_map(|c| named('a', c.activation()))),
        distinct(candidates().filter_map(|c| named('w', c.weight()))),
    ]
}

/// The names of blocks; with more than one vector, blocks that differ in the kernel alone are one branch, and each
/// branch with several kernels has a vector of its own after the one of the branches.
fn names_of_blocks(candidates: &[Candidate], vectors: usize) -> Vec<Vec<String>> {
    if vectors == 1 {
        return vec![distinct(candidates.iter().map(ToString::to_string))];
    }
    let branch = |candidate: &Candidate| {
        let name = candidate.to_string();
        let any_kernel = name.split_once(' ').map_or("", |(_, rest)| rest);
        any_kernel.to_owned()
    };
    let branches = distinct(candidates.iter().map(branch));
    let kernels = branches.iter().map(|of| {
        let members = candidates.iter().filter(|c| branch(c) == *of);
        distinct(members.map(ToString::to_string))
    });
    let several = kernels.filter(|kernels| kernels.len() > 1).collect();
    [vec![branches.clone()], several].concat()
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut distinct = Vec::new();
    for name in names {
        if !distinct.contains(&name) {
            distinct.push(name);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_named_by_what_their_kernels_share() {
        let block = |kernel, expansion| Candidate::float(kernel).with_expansion(expansion);
        let candidates = [block(3, 3), block(3, 6), block(5, 3), block(3, 3)];
        assert_eq!(
            names_of_blocks(&candidates, 2),
            [vec!["e3", "e6"], vec!["k3 e3", "k5 e3"]]
        );
        assert_eq!(
            names_of_blocks(&candidates, 1),
            [["k3 e3", "k3 e6", "k5 e3"]]
        );
    }

    #[test]
    fn columns_are_all_or_evenly_chosen() {
        assert_eq!(chosen_columns(3), [0, 1, 2]);
        assert!(chosen_columns(0).is_empty());
        let columns = chosen_columns(250); // every third
        assert_eq!(
            (columns.len(), columns[1], columns.last()),
            (84, 3, Some(&249))
        );
    }
}
