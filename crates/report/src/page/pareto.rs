//! Every architecture that was measured: error against AOPS.

use super::part::{section as part, wide_figure};
use crate::compared::{pareto_keys, pareto_parts};
use crate::{PlotText, Run, Series};
use maud::{Markup, html};

/// The Pareto picture; nothing before anything was measured.
pub fn section(run: &Run) -> Markup {
    let measured = run.measured();
    let of = |name: &str, exact: bool| Series {
        name: name.into(),
        points: (measured.iter())
            .filter(|one| one.exact == exact)
            .map(|one| (one.aops, 1.0 - one.accuracy))
            .collect(),
        winners: Vec::new(),
    };
    let mut series = vec![
        of("trained briefly, in an episode", false),
        of("trained to convergence", true),
    ];
    series.retain(|series| !series.points.is_empty());
    let best = run.best();
    if let (Some(last), Some(best)) = (series.last_mut(), best)
        && let Some(accuracy) = best.accuracy
    {
        last.winners.push((best.aops as f64, 1.0 - accuracy));
    }
    if series.is_empty() {
        return html! {};
    }
    let text = PlotText {
        y: "error on the rewards split".into(),
        ..PlotText::pareto()
    };
    let plot = |size| pareto_parts(&series, &text, size, false).unwrap_or_default();
    let content = wide_figure("", plot, &pareto_keys(&series));
    let about = "Every architecture that was measured, and the front of each fidelity: down and to the left is better.";
    part("Error against AOPS", about, &content)
}
