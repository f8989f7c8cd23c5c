//! SN and its SuperNet, iteration by iteration.

use super::part::section as part;
use crate::Run;
use crate::quantity::{bytes, plural, short};
use crate::run::{Exploitation, Pruned};
use maud::{Markup, html};
use radars_space::Architecture;

/// One card an iteration; nothing for a method without SuperNets.
pub fn section(run: &Run) -> Markup {
    let exploitations = run.exploitations();
    let pruned: Vec<(&Exploitation<'_>, &Pruned)> = (exploitations.iter())
        .filter_map(|exploitation| Some((exploitation, exploitation.pruned?)))
        .collect();
    if pruned.is_empty() {
        return html! {};
    }
    let cards = html! {
        @for (exploitation, pruned) in &pruned {
            h3 { "Iteration " (exploitation.iteration + 1) }
            div.card { (card(run, exploitation, pruned)) }
        }
    };
    if pruned
        .iter()
        .all(|(_, pruned)| pruned.architectures.is_empty())
    {
        return part(
            "The SuperNet",
            "It holds every candidate of the space.",
            &cards,
        );
    }
    let about = "The architectures that span the pruned subspace, best exact reward first, and the SuperNet of their \
                 candidates.";
    part("SN and its SuperNet", about, &cards)
}

fn card(run: &Run, exploitation: &Exploitation<'_>, pruned: &Pruned) -> Markup {
    let layers: Vec<String> = pruned.candidates.iter().map(ToString::to_string).collect();
    html! {
        div.two {
            div {
                dl style="grid-template-columns: minmax(0, 1fr)" {
                    (fact("spanned by", (!pruned.architectures.is_empty()).then(|| spanned_by(pruned))))
                    (fact("candidates", (!layers.is_empty()).then(|| format!("{} by layer", layers.join(" · ")))))
                    (fact("mixing", pruned.mixing.clone()))
                    (fact("on the device at once", pruned.micro_batch.filter(|&images| images > 0).map(|images| plural(images, "image"))))
                    (fact("recomputed", recomputed(pruned)))
                    (fact("paths", pruned.paths.map(short)))
                    (fact("search", exploitation.skipped.map(|skipped| format!("none: {}", words(&skipped.why)))))
                    (fact("derived", exploitation.derived.map(|derived| {
                        let reward = derived.reward.map(|reward| format!("reward {reward:.4}"));
                        let accuracy = derived.accuracy.map(|accuracy| format!("accuracy {accuracy:.4}"));
                        let refused = derived.refused.as_ref().map(|refusal| format!("refused: {}", refusal.why));
                        let said: Vec<String> = [reward, accuracy, refused].into_iter().flatten().collect();
                        said.join(", ")
                    })))
                }
            }
            div { (bars(run, exploitation, pruned)) }
        }
        @if !pruned.architectures.is_empty() {
            h3 { "SN" }
            ol.architectures {
                @for architecture in &pruned.architectures { li { (listed(architecture)) } }
            }
        }
        @if let Some(derived) = exploitation.derived {
            h3 { "Derived by DNAS" }
            (listed(&derived.architecture))
        }
    }
}

/// How many architectures, of how many, and by which rule.
fn spanned_by(pruned: &Pruned) -> String {
    let members = pruned.architectures.len();
    let of = match pruned.left_out {
        0 => plural(members, "architecture"),
        left_out => format!("{members} of {} architectures", members + left_out),
    };
    match &pruned.rule {
        Some(rule) => format!("{of}, rule {rule}"),
        None => of,
    }
}

/// Why there is no search, in words.
fn words(why: &str) -> &str {
    match why {
        "one-path" => "one candidate in every layer",
        "same-supernet" => "the same candidates as before",
        "no-supernets" => "not offered by the evaluator",
        other => other,
    }
}

/// The layers that are computed again on the way back, where there are any.
fn recomputed(pruned: &Pruned) -> Option<String> {
    let layers: Vec<String> = (pruned.recompute.iter())
        .map(|layer| (layer + 1).to_string())
        .collect();
    let noun = if layers.len() == 1 { "layer" } else { "layers" };
    (!layers.is_empty()).then(|| format!("{noun} {}", layers.join(", ")))
}

fn fact(name: &str, value: Option<String>) -> Markup {
    html! {
        @if let Some(value) = value { div { dt { (name) } dd { (value) } } }
    }
}

/// An architecture that wraps between its candidates.
fn listed(architecture: &Architecture) -> Markup {
    html! {
        code {
            @for (index, candidate) in architecture.layers().iter().enumerate() {
                @if index > 0 { " | " }
                span.candidate { (candidate) }
            }
        }
    }
}

/// Planned, seen and refused bytes against the bound.
fn bars(run: &Run, exploitation: &Exploitation<'_>, pruned: &Pruned) -> Markup {
    let bound = run.bound_bytes();
    let actual = exploitation.memory().map(|memory| memory.actual_peak_bytes);
    let rows = [
        (
            "c0",
            "planned",
            pruned.planned_peak_bytes.filter(|&bytes| bytes > 0),
        ),
        ("c2", "seen in the run", actual),
        ("c4", "with one more: refused", pruned.refused_bytes),
        ("c7", "bound", bound),
    ];
    let largest = rows.iter().filter_map(|row| row.2).max().unwrap_or(1);
    html! {
        div.bars {
            @for (colour, name, value) in rows {
                @if let Some(value) = value {
                    span.quiet { (name) }
                    span.bar {
                        i class=(colour) style=(format!("width:{:.2}%", 100.0 * value as f64 / largest as f64)) {}
                    }
                    span { (bytes(value)) }
                }
            }
        }
        @if pruned.refused_bytes.is_none() && !pruned.architectures.is_empty() {
            p.note { "All of the best architectures fit, so none was refused." }
        }
    }
}
