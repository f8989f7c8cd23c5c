//! The pictures of a comparison: Pareto fronts, and rewards over what was spent.

use radars_report::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg};
use radars_search::comparison::{Compared, Reached, Run};

/// Every searched architecture, error against AOPS, with each method's front and winners.
///
/// Accuracies are those of the search, on its validation images: only they are there for all.
pub fn pareto(compared: &Compared) -> String {
    let series: Vec<Series> = names(compared)
        .into_iter()
        .map(|name| {
            let runs = || runs_of(compared, &name);
            let results = runs().filter_map(|run| run.result.as_ref());
            let winners = results.map(|r| (r.best.aops as f64, 1.0 - r.best.val_accuracy));
            let found = runs().flat_map(|run| &run.history.found);
            Series {
                points: found.map(|f| (f.aops as f64, 1.0 - f.accuracy)).collect(),
                winners: winners.collect(),
                name,
            }
        })
        .collect();
    let text = PlotText {
        title: "Every architecture that was measured in a search".into(),
        y: "error on validation images".into(),
        ..PlotText::pareto()
    };
    pareto_svg(&series, &text)
}

/// The best reward so far over training MACs, the mean over runs.
pub fn reward_over_macs(compared: &Compared) -> String {
    let text = PlotText::reward_over_macs();
    curves_svg(&curves(compared, |point| point.spent_macs as f64), &text)
}

/// The best reward so far over seconds, the mean over runs.
pub fn reward_over_seconds(compared: &Compared) -> String {
    let text = PlotText::reward_over_seconds();
    curves_svg(&curves(compared, |point| point.seconds), &text)
}

/// The names of all methods, in their order.
fn names(compared: &Compared) -> Vec<String> {
    let mut names = Vec::new();
    for run in &compared.runs {
        let name = run.spec.entrant.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn runs_of<'a>(compared: &'a Compared, name: &str) -> impl Iterator<Item = &'a Run> {
    let runs = compared.runs.iter();
    runs.filter(move |run| run.spec.entrant.to_string() == name)
}

fn curves(compared: &Compared, x: impl Fn(&Reached) -> f64) -> Vec<Curve> {
    let groups: Vec<String> = groups(compared);
    let mut curves = Vec::new();
    for group in &groups {
        for name in names(compared) {
            let runs = runs_of(compared, &name).filter(|r| r.spec.group.to_string() == *group);
            let steps = runs.map(|run| {
                let points = run.history.curve.iter();
                points.map(|point| (x(point), point.reward)).collect()
            });
            let points = mean_curve(steps.collect());
            let name = match group.is_empty() {
                true => name,
                false => format!("{name}, {group}"),
            };
            if !points.is_empty() {
                curves.push(Curve { name, points });
            }
        }
    }
    curves
}

fn groups(compared: &Compared) -> Vec<String> {
    let mut groups = Vec::new();
    for run in &compared.runs {
        let group = run.spec.group.to_string();
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// The mean of step functions wherever one of them rises, from where all have begun; the band reaches from the
/// lowest to the highest.
fn mean_curve(runs: Vec<Vec<(f64, f64)>>) -> Vec<CurvePoint> {
    let runs: Vec<_> = runs.into_iter().filter(|run| !run.is_empty()).collect();
    let begun = runs.iter().map(|run| run[0].0).fold(0.0, f64::max);
    let mut rises: Vec<f64> = runs.iter().flatten().map(|&(x, _)| x.max(begun)).collect();
    rises.sort_by(f64::total_cmp);
    rises.dedup();
    let at = |x: f64| {
        let values = runs.iter().filter_map(move |run| {
            let until = run.iter().take_while(|&&(at, _)| at <= x);
            until.last().map(|&(_, reward)| reward)
        });
        let values: Vec<f64> = values.collect();
        CurvePoint {
            x,
            mean: values.iter().sum::<f64>() / values.len() as f64,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    };
    rises.into_iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand. One run has 0.2 from 1 on and 0.6 from 5 on, the other 0.4 from 3 on: from 3 on both have begun,
    /// with a mean of 0.3, and from 5 on of 0.5.
    #[test]
    fn the_mean_of_steps_begins_where_all_have_begun() {
        let points = mean_curve(vec![vec![(1.0, 0.2), (5.0, 0.6)], vec![(3.0, 0.4)], vec![]]);
        let words: Vec<String> = points
            .iter()
            .map(|p| format!("{} {:.1} {:.1} {:.1}", p.x, p.low, p.mean, p.high))
            .collect();
        assert_eq!(words, ["3 0.2 0.3 0.4", "5 0.4 0.5 0.6"]);
        assert!(mean_curve(vec![]).is_empty());
    }
}
