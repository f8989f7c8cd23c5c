//! What a one-shot SuperNet said of its paths.

use super::part::{facts, section as part};
use super::run_facts::moved;
use crate::Run;
use crate::quantity::{bytes, count};
use maud::{Markup, html};

/// The screening of paths with inherited weights; nothing for other methods.
pub fn section(run: &Run) -> Markup {
    let Some(screened) = run.screened() else {
        return html! {};
    };
    let all = [
        ("best path", screened.best.as_ref().map(ToString::to_string)),
        (
            "paths",
            screened
                .paths
                .map(|paths| format!("{} were measured", count(paths as u64))),
        ),
        (
            "its accuracy",
            screened
                .accuracy
                .map(|accuracy| format!("{accuracy:.4}, with inherited weights")),
        ),
        (
            "its reward",
            screened.reward.map(|reward| format!("{reward:.4}")),
        ),
        (
            "memory",
            screened.memory.map(|memory| {
                let (actual, planned) = (memory.actual_peak_bytes, memory.planned_peak_bytes);
                format!(
                    "peak {}, planned {} for the largest path",
                    bytes(actual),
                    bytes(planned)
                )
            }),
        ),
        ("moved", screened.traffic.and_then(moved)),
    ];
    let known = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    let known: Vec<(&str, String)> = known.collect();
    let about = "One SuperNet shares its weights among all paths; paths are ranked by what they reach with them, and the \
                 best are trained to convergence.";
    part(
        "Shared weights",
        about,
        &html! { div.card.outcome { (facts(&known)) } },
    )
}
