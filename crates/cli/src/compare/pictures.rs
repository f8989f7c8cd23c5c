//! The pictures of a comparison: Pareto fronts, of judged winners and of the search, and rewards over what was spent.

use radars_report::{Curve, CurvePoint, PlotText, Series, curves_svg, pareto_svg};
use radars_search::RunResult;
use radars_search::comparison::{Compared, Reached, Run};

/// All pictures, a name and an SVG file each.
pub fn all(compared: &Compared) -> Vec<(String, String)> {
    let fronts = match judged(compared) {
        Some(judged) => vec![("pareto.svg", judged), ("searched.svg", searched(compared))],
        None => vec![("pareto.svg", searched(compared))],
    };
    let fronts = fronts.into_iter();
    let fronts = fronts.map(|(name, picture)| (name.to_owned(), picture));
    fronts.chain(rewards(compared)).collect()
}

/// The judged winners of all seeds and trade-offs, test error against AOPS, with each method's front; none where
/// winners were not judged.
fn judged(compared: &Compared) -> Option<String> {
    let of_method = |name: String| {
        let judged = runs_of(compared, &name).filter_map(|run| {
            let judged = run.judged.as_ref()?;
            Some((run.result.as_ref()?.best.aops as f64, 1.0 - judged.accuracy))
        });
        Series {
            points: judged.collect(),
            winners: Vec::new(),
            name,
        }
    };
    let series: Vec<Series> = names(compared).into_iter().map(of_method).collect();
    if series.iter().all(|series| series.points.is_empty()) {
        return None;
    }
    let text = PlotText {
        title: "The winners, trained anew to be judged".into(),
        y: "error on test images".into(),
        ..PlotText::pareto()
    };
    Some(pareto_svg(&series, &text))
}

/// Every searched architecture, error against AOPS, with each method's front and winners.
///
/// Accuracies are those of the search, on its validation images: only they are there for all.
fn searched(compared: &Compared) -> String {
    let series: Vec<Series> = names(compared)
        .into_iter()
        .map(|name| {
            let runs = || runs_of(compared, &name);
            let results = runs().filter_map(|run| run.result.as_ref());
            let winners =
                results.filter_map(|r| Some((r.best.aops as f64, 1.0 - r.best.val_accuracy?)));
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

/// The best reward of a training to convergence so far, over training MACs and over seconds, means over seeds. Rewards
/// of different trade-offs and settings say nothing about one another: each has pictures of its own.
fn rewards(compared: &Compared) -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for group in groups(compared) {
        let (over_macs, over_seconds) = (
            PlotText::reward_over_macs(),
            PlotText::reward_over_seconds(),
        );
        let macs = curves(
            compared,
            &group,
            |point| point.spent_macs as f64,
            |result| result.search.spent as f64,
        );
        let seconds = curves(
            compared,
            &group,
            |point| point.seconds,
            |result| result.time.search_seconds,
        );
        for (what, curves, text) in [
            ("macs", macs, over_macs),
            ("seconds", seconds, over_seconds),
        ] {
            let (title, y) = (group.clone(), "best exact reward so far".into());
            let name = match group.is_empty() {
                true => format!("reward-over-{what}.svg"),
                false => format!("reward-over-{what}-{}.svg", group.replace([' ', '='], "-")),
            };
            pictures.push((name, curves_svg(&curves, &PlotText { title, y, ..text })));
        }
    }
    pictures
}

/// The names of all methods that measured anything, in their order.
fn names(compared: &Compared) -> Vec<String> {
    let mut names = Vec::new();
    let measured = |run: &&Run| !run.history.found.is_empty();
    for run in compared.runs.iter().filter(measured) {
        let name = run.spec.entrant.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
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

fn runs_of<'a>(compared: &'a Compared, name: &str) -> impl Iterator<Item = &'a Run> {
    let runs = compared.runs.iter();
    runs.filter(move |run| run.spec.entrant.to_string() == name)
}

/// A curve for every method; `x` of a rise, `end` of a run.
fn curves(
    compared: &Compared,
    group: &str,
    x: impl Fn(&Reached) -> f64,
    end: impl Fn(&RunResult) -> f64,
) -> Vec<Curve> {
    let of_method = |name: String| {
        let runs = runs_of(compared, &name).filter(|run| run.spec.group.to_string() == group);
        let steps = runs.filter_map(|run| {
            let rises = run.history.curve.iter();
            Some(Steps {
                rises: rises.map(|point| (x(point), point.reward)).collect(),
                end: end(run.result.as_ref()?),
            })
        });
        let points = mean_curve(steps.collect());
        Curve { name, points }
    };
    names(compared).into_iter().map(of_method).collect()
}

/// A function that only rises, in steps.
struct Steps {
    /// Where it rises, and to what.
    rises: Vec<(f64, f64)>,
    /// Where it ends.
    end: f64,
}

/// The mean of step functions, as corners, from where all have begun to where the last one ends; the band
/// reaches from the lowest to the highest.
fn mean_curve(runs: Vec<Steps>) -> Vec<CurvePoint> {
    let runs: Vec<Steps> = runs
        .into_iter()
        .filter(|run| !run.rises.is_empty())
        .collect();
    let begun = runs.iter().map(|run| run.rises[0].0).fold(0.0, f64::max);
    let rises = runs.iter().flat_map(|run| &run.rises);
    let mut rises: Vec<f64> = rises.map(|&(x, _)| x.max(begun)).collect();
    rises.sort_by(f64::total_cmp);
    rises.dedup();
    let at = |x: f64| {
        let values = runs.iter().filter_map(|run| {
            let until = run.rises.iter().take_while(|&&(at, _)| at <= x);
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
    let mut corners: Vec<CurvePoint> = Vec::new();
    for x in rises {
        // Level until here, then up.
        let level = corners.last().map(|&before| CurvePoint { x, ..before });
        corners.extend(level);
        corners.push(at(x));
    }
    let end = runs.iter().map(|run| run.end).fold(0.0, f64::max);
    let level = corners.last().filter(|last| last.x < end);
    let level = level.map(|&last| CurvePoint { x: end, ..last });
    corners.extend(level);
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand. One run has 0.2 from 1 on and 0.6 from 5 on, the other 0.4 from 3 to its end at 7: from 3 on both
    /// have begun, with a mean of 0.3, and from 5 on of 0.5.
    #[test]
    fn the_mean_of_steps_begins_where_all_have_begun() {
        let run = |rises: &[(f64, f64)], end| Steps {
            rises: rises.to_vec(),
            end,
        };
        let points = mean_curve(vec![
            run(&[(1.0, 0.2), (5.0, 0.6)], 6.0),
            run(&[(3.0, 0.4)], 7.0),
            run(&[], 9.0),
        ]);
        let words: Vec<String> = points
            .iter()
            .map(|p| format!("{} {:.1} {:.1} {:.1}", p.x, p.low, p.mean, p.high))
            .collect();
        assert_eq!(
            words,
            [
                "3 0.2 0.3 0.4",
                "5 0.2 0.3 0.4",
                "5 0.4 0.5 0.6",
                "7 0.4 0.5 0.6"
            ]
        );
        assert!(mean_curve(vec![]).is_empty());
    }
}
