//! What is told by the clock or by the epoch, not by the episode: the best reward so far, the losses of DNAS.

use super::part::figure;
use crate::Run;
use crate::plot::{Axis, Chart, Key, Scale, Shape, Sign, Size, Unit, colour};
use crate::run::Event;
use maud::{Markup, html};

/// The best reward so far over the seconds of the search, of each fidelity.
pub fn best_reward(run: &Run) -> Option<Markup> {
    let (mut proxy, mut exact) = (Vec::new(), Vec::new());
    for line in &run.lines {
        let (course, reward) = match &line.event {
            Event::Episode(e) if e.refused.is_none() => (&mut proxy, e.reward),
            Event::Retrained(r) => (&mut exact, r.reward),
            Event::Derived(d) => (&mut exact, d.reward),
            _ => continue,
        };
        let best = course.last().map(|&(_, best)| best);
        if let Some(reward) = reward.filter(|&reward| best.is_none_or(|best| reward > best)) {
            course.push((line.elapsed_seconds, reward));
        }
    }
    if proxy.is_empty() && exact.is_empty() {
        return None;
    }
    // What was best stays so until the search ends.
    let ended = run
        .lines
        .iter()
        .find(|line| matches!(line.event, Event::SearchEnded(_)));
    let end = ended.map_or(run.elapsed_seconds(), |line| line.elapsed_seconds);
    for course in [&mut proxy, &mut exact] {
        course.extend(course.last().map(|&(_, best)| (end, best)));
    }
    let x = Axis {
        title: "time since the run began".into(),
        scale: Scale::exactly(0.0, end, Unit::Seconds, 4),
    };
    let y = Axis {
        title: "best reward so far".into(),
        scale: Scale::around(
            proxy.iter().chain(&exact).map(|point| point.1),
            Unit::Plain,
            4,
        ),
    };
    let chart = Chart::new(Size::SMALL, x, y);
    let marks = html! {
        g.c0 { (chart.steps(&proxy)) }
        g.c1 { (chart.steps(&exact)) }
    };
    let keys = [
        (&proxy, "c0", "by proxy reward"),
        (&exact, "c1", "trained to convergence"),
    ];
    let keys = keys.into_iter().filter(|(course, ..)| !course.is_empty());
    let keys: Vec<Key> = keys
        .map(|(_, colour, name)| Key::new(Sign::Line, colour, name))
        .collect();
    let svg = chart.svg("best reward so far over time", &marks);
    Some(figure("Best reward over time", &svg, &keys))
}

/// The losses of one DNAS, by epoch.
struct Losses {
    iteration: usize,
    weights: Vec<(f64, f64)>,
    alpha: Vec<(f64, f64)>,
}

/// The losses of every DNAS, weights in full and architecture weights dashed; nothing without DNAS.
pub fn dnas_loss(run: &Run) -> Option<Markup> {
    let exploitations = run.exploitations();
    let losses: Vec<Losses> = (exploitations.iter())
        .map(|exploitation| {
            let of = |alpha: bool| {
                let losses = exploitation
                    .epochs
                    .iter()
                    .enumerate()
                    .filter_map(|(epoch, of)| {
                        let loss = if alpha { of.alpha_loss } else { of.weight_loss };
                        Some((epoch as f64 + 1.0, loss?))
                    });
                losses.collect()
            };
            Losses {
                iteration: exploitation.iteration,
                weights: of(false),
                alpha: of(true),
            }
        })
        .collect();
    let all = || {
        losses
            .iter()
            .flat_map(|of| of.weights.iter().chain(&of.alpha))
    };
    let last = all().map(|point| point.0).fold(0.0, f64::max);
    if last < 1.0 {
        return None;
    }
    let x = Axis {
        title: "epoch of DNAS".into(),
        scale: Scale::exactly(0.7, last + 0.3, Unit::Whole, 6),
    };
    let y = Axis {
        title: "loss".into(),
        scale: Scale::around(all().map(|point| point.1), Unit::Plain, 4),
    };
    let chart = Chart::new(Size::SMALL, x, y);
    let marks = html! {
        @for (index, of) in losses.iter().enumerate() {
            g class=(colour(index)) { (drawn(&chart, &of.weights, false)) (drawn(&chart, &of.alpha, true)) }
        }
    };
    let named = losses.iter().enumerate();
    let mut keys: Vec<Key> = named
        .map(|(index, of)| {
            Key::new(
                Sign::Line,
                colour(index),
                format!("iteration {}", of.iteration + 1),
            )
        })
        .collect();
    if losses.iter().any(|of| !of.alpha.is_empty()) {
        keys.push(Key::new(
            Sign::Dashed,
            "quiet",
            "of the architecture weights",
        ));
    }
    let svg = chart.svg("losses of DNAS by epoch", &marks);
    Some(figure("DNAS loss", &svg, &keys))
}

/// The loss of a one-shot SuperNet's shared weights; nothing for other methods.
pub fn shared_loss(run: &Run) -> Option<Markup> {
    let epochs = run.events().filter_map(|event| match event {
        Event::SharedEpoch(epoch) => Some(epoch.loss),
        _ => None,
    });
    let numbered = epochs.enumerate();
    let points: Vec<(f64, f64)> = numbered
        .filter_map(|(epoch, loss)| Some((epoch as f64 + 1.0, loss?)))
        .collect();
    let last = points.last()?.0;
    let x = Axis {
        title: "epoch of the shared weights".into(),
        scale: Scale::exactly(0.7, last + 0.3, Unit::Whole, 6),
    };
    let y = Axis {
        title: "loss".into(),
        scale: Scale::around(points.iter().map(|point| point.1), Unit::Plain, 4),
    };
    let chart = Chart::new(Size::SMALL, x, y);
    let marks = html! { g.c0 { (drawn(&chart, &points, false)) } };
    let svg = chart.svg("loss of the shared weights by epoch", &marks);
    Some(figure("One-shot loss", &svg, &[]))
}

/// A line through points, or the one point.
fn drawn(chart: &Chart, points: &[(f64, f64)], dashed: bool) -> Markup {
    match points {
        [point] => chart.point(Shape::Dot, *point, ""),
        points => chart.line(points, dashed),
    }
}
